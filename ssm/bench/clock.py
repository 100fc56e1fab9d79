"""The time of a piece of work."""

import sys
import time
from collections.abc import Callable

Clock = Callable[[], float]


def wall() -> float:
    """Seconds that pass, whoever has the processor."""
    return time.perf_counter()


def own() -> float:
    """Seconds of the processor that this process had, those of all its threads added up.

    Of work in one thread it is the time without waits for others; of work in several it is no time that passes, and of
    a GPU it knows nothing.
    """
    if sys.platform == "win32":  # it counts in 64ths of a second, and most steps would take none
        return wall()
    return time.process_time()


def least(work: Callable[[], object], patience: float, runs: int = 1, clock: Clock = wall) -> float:
    """The least of many runs: what else the machine does can only add to it.

    Args:
        work: what is timed.
        patience: seconds for which it is repeated.
        runs: at least so many, however long they take.
        clock: whose seconds: `wall`, or `own` where one thread does all of the work.

    Returns:
        Seconds of one run.
    """
    end = clock() + patience
    found = min(_once(work, clock) for _ in range(runs))
    while clock() < end:
        found = min(found, _once(work, clock))
    return found


def _once(work: Callable[[], object], clock: Clock) -> float:
    start = clock()
    work()
    return clock() - start
