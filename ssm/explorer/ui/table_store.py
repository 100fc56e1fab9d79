"""The viewers' own tables while the server runs: the newest few, by their mark."""

from collections import OrderedDict
from threading import Lock
from typing import final

from ssm.explorer.problems import Problem


@final
class Shelf:
    """The newest problems by mark; the oldest go.

    Args:
        room: classes of all problems together; the newest stays even if it alone has more.

    >>> from ssm.explorer import problems
    >>> shelf = Shelf(room=15)
    >>> shelf.put("a", problems.article())
    >>> shelf.put("b", problems.article())
    >>> shelf.get("a") is None, shelf.get("b").classes
    (True, 10)
    """

    def __init__(self, room: int = 5_000_000) -> None:
        """Start empty."""
        self._room = room
        self._held: OrderedDict[str, Problem] = OrderedDict()
        self._lock = Lock()

    def put(self, mark: str, problem: Problem) -> None:
        """Keep a problem, as the newest."""
        with self._lock:
            self._held[mark] = problem
            self._held.move_to_end(mark)
            while len(self._held) > 1 and sum(p.classes for p in self._held.values()) > self._room:
                self._held.popitem(last=False)

    def get(self, mark: str) -> Problem | None:
        """The problem of a mark, or None if it is no longer here."""
        with self._lock:
            if mark in self._held:
                self._held.move_to_end(mark)
            return self._held.get(mark)


SHELF = Shelf()
