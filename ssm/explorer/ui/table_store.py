"""The viewers' own tables while the server runs: the newest few, by their links."""

import sys
from collections import OrderedDict
from threading import Lock
from typing import final

from ssm.explorer.problems import Names, Problem


def size_of(problem: Problem) -> int:
    """The memory that a problem needs, in bytes.

    Args:
        problem: any.

    Returns:
        That of its names, scores and counts.

    >>> from ssm.explorer import problems
    >>> size_of(problems.random(1_000))
    16000
    """
    words = problem.names.words if isinstance(problem.names, Names) else ()
    numbers = sum(values.nbytes for values in (problem.scores, problem.counts) if values is not None)
    return numbers + sum(map(sys.getsizeof, words)) + 8 * len(words)


@final
class TableStore:
    """The newest problems by what links hold of them; the oldest go.

    Args:
        room: bytes of all problems together; the newest stays even if it alone has more.

    >>> from ssm.explorer import problems
    >>> store = TableStore(room=1_000)
    >>> store.put("a", problems.article())
    >>> store.put("b", problems.article())
    >>> store.get("a") is None, store.get("b").classes
    (True, 10)
    """

    def __init__(self, room: int = 256 * 2**20) -> None:
        """Start empty."""
        self._room = room
        self._held: OrderedDict[str, tuple[Problem, int]] = OrderedDict()
        self._lock = Lock()

    def put(self, link: str, problem: Problem) -> None:
        """Keep a problem, as the newest."""
        size = size_of(problem)
        with self._lock:
            self._held[link] = problem, size
            self._held.move_to_end(link)
            while len(self._held) > 1 and sum(size for _, size in self._held.values()) > self._room:
                self._held.popitem(last=False)

    def get(self, link: str) -> Problem | None:
        """The problem of a link, or None if it is no longer here."""
        with self._lock:
            if link not in self._held:
                return None
            self._held.move_to_end(link)
            return self._held[link][0]


TABLES = TableStore()
