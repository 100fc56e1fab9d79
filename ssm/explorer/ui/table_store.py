"""The viewers' own tables while the server runs: the newest few, by their links."""

from collections import OrderedDict
from threading import Lock
from typing import final

from ssm.explorer.problems import Problem


@final
class TableStore:
    """The newest problems by what links hold of them; the oldest go.

    Args:
        room: classes of all problems together; the newest stays even if it alone has more.

    >>> from ssm.explorer import problems
    >>> store = TableStore(room=15)
    >>> store.put("a", problems.article())
    >>> store.put("b", problems.article())
    >>> store.get("a") is None, store.get("b").classes
    (True, 10)
    """

    def __init__(self, room: int = 5_000_000) -> None:
        """Start empty."""
        self._room = room
        self._held: OrderedDict[str, Problem] = OrderedDict()
        self._lock = Lock()

    def put(self, link: str, problem: Problem) -> None:
        """Keep a problem, as the newest."""
        with self._lock:
            self._held[link] = problem
            self._held.move_to_end(link)
            while len(self._held) > 1 and sum(p.classes for p in self._held.values()) > self._room:
                self._held.popitem(last=False)

    def get(self, link: str) -> Problem | None:
        """The problem of a link, or None if it is no longer here."""
        with self._lock:
            if link in self._held:
                self._held.move_to_end(link)
            return self._held.get(link)


TABLES = TableStore()
