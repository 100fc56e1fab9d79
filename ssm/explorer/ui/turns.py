"""Turns: work that takes long waits in line, one viewer's at a time, so that all other work finds the server free."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Condition
from typing import final

SECONDS_OF_LIGHT_WORK = 0.15
_SECONDS_BETWEEN_LOOKS = 0.05  # of one who waits: whether its viewer still does

Ask = Callable[[], None]


@final
class Turns:
    """A line: who came first is first, and one is at work at a time.

    >>> turns = Turns()
    >>> with turns.work(lambda: None, long=True) as on_chunk:
    ...     on_chunk()
    """

    def __init__(self) -> None:
        """Start with nobody in line."""
        self._line: list[object] = []
        self._moved = Condition()

    @contextmanager
    def work(self, wanted: Ask, *, long: bool) -> Iterator[Ask]:
        """Work that takes its turn: at once if it is known to be long, else when it has become so.

        Args:
            wanted: called again and again; what it raises ends the work, and the waiting too.
            long: whether it is known to be.

        Yields:
            What to call between chunks of the work.
        """
        light_until = time.monotonic() + SECONDS_OF_LIGHT_WORK
        with ExitStack() as held:
            if long:
                held.enter_context(self._turn(wanted))

            def on_chunk() -> None:
                nonlocal long
                wanted()
                if not long and time.monotonic() > light_until:
                    long = True
                    held.enter_context(self._turn(wanted))

            yield on_chunk

    @contextmanager
    def _turn(self, wanted: Ask) -> Iterator[None]:
        ticket = object()
        with self._moved:
            self._line.append(ticket)
        try:
            while not self._is_first(ticket):
                wanted()
            yield
        finally:
            with self._moved:
                self._line.remove(ticket)
                self._moved.notify_all()

    def _is_first(self, ticket: object) -> bool:
        with self._moved:
            return self._moved.wait_for(lambda: self._line[0] is ticket, _SECONDS_BETWEEN_LOOKS)
