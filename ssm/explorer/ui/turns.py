"""Turns: one viewer's work at a time. Threads that all compute at once would spend their time changing places."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Lock
from typing import final

SECONDS_OF_LIGHT_WORK = 0.15
_SECONDS_BETWEEN_LOOKS = 0.05  # of one who waits: whether its viewer still does

Ask = Callable[[], None]


@final
class Line:
    """Who came first is first, and one is at work at a time."""

    def __init__(self) -> None:
        """Start with nobody in line."""
        self._waiting: list[Event] = []  # the first of them is at work
        self._lock = Lock()

    def __len__(self) -> int:
        """How many wait or are at work."""
        return len(self._waiting)

    @contextmanager
    def turn(self, wanted: Ask) -> Iterator[None]:
        """Wait for the turn and keep it for the length of a `with`.

        Args:
            wanted: called again and again; what it raises ends the waiting.
        """
        ticket = Event()
        with self._lock:
            self._waiting.append(ticket)
            self._waiting[0].set()
        try:
            while not ticket.wait(_SECONDS_BETWEEN_LOOKS):
                wanted()
            yield
        finally:
            with self._lock:
                self._waiting.remove(ticket)
                if self._waiting:
                    self._waiting[0].set()


@final
class Turns:
    """Two lines: one for work that is light, and one for what is long or has turned out to be.

    >>> turns = Turns()
    >>> with turns.work(lambda: None, long=True) as on_chunk:
    ...     on_chunk()
    """

    def __init__(self) -> None:
        """Start with nobody in either."""
        self.light, self.long = Line(), Line()

    @contextmanager
    def work(self, wanted: Ask, *, long: bool) -> Iterator[Ask]:
        """Work that takes its turn; light work that takes long makes way and goes on when it is its turn among such.

        Args:
            wanted: called again and again; what it raises ends the work, and the waiting too.
            long: whether it is known to be.

        Yields:
            What to call between chunks of the work.
        """
        with ExitStack() as held:
            held.enter_context((self.long if long else self.light).turn(wanted))
            light_until = time.monotonic() + SECONDS_OF_LIGHT_WORK

            def on_chunk() -> None:
                nonlocal long
                wanted()
                if not long and time.monotonic() > light_until:
                    long = True
                    held.close()
                    held.enter_context(self.long.turn(wanted))

            yield on_chunk
