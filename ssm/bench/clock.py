"""The time of a piece of work."""

import time
from collections.abc import Callable


def least(work: Callable[[], object], patience: float, runs: int = 1) -> float:
    """The least of many runs: what else the machine does can only add to it.

    Args:
        work: what is timed.
        patience: seconds for which it is repeated.
        runs: at least so many, however long they take.

    Returns:
        Seconds of one run.
    """
    end = time.perf_counter() + patience
    found = min(_once(work) for _ in range(runs))
    while time.perf_counter() < end:
        found = min(found, _once(work))
    return found


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
