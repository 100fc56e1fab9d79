"""The series and numbers of a measurement of costs, made of the group of a View that its job found.

The page makes the same in assets/panels/cost_series.js; a test holds the two against each other.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ssm.explorer.experiment import COSTS

WAYS = tuple(COSTS)
SPAN = (1_000, 10_000_000)  # classes: the ends of the axis
ROOM = {"step_time": (0.1, 10_000), "step_memory": (0.1, 10_000)}  # what an axis has room for before there is anything

View = Mapping[str, Any]
Row = Mapping[str, Any]
Series = dict[str, list[Any]]


def cost_series(view: View) -> Series:
    """Time and memory of each way over the number of classes, and what formulas say.

    Args:
        view: `experiment.as_plain` of a result, with what a measurement found under "cost".

    Returns:
        Lists, milliseconds and megabytes; those of a way end in its name.
    """
    cost = view.get("cost") or {}
    found: Series = {}
    for way in WAYS:
        rows = _of(cost, way)
        found[f"step_classes_{way}"] = [row["classes"] for row in rows]
        found[f"step_time_{way}"] = [1e3 * _seconds(row) for row in rows]
        found[f"step_memory_{way}"] = [row["peak_bytes"] / 1e6 for row in rows]
    crossing = _crossing(_of(cost, "full"), _of(cost, "sparse"))
    size = cost.get("batch", 0) * cost.get("dim", 0)
    return found | {
        "products_at": list(SPAN) if cost.get("operations") else [],
        "products": [1e3 * 6 * size * n / cost["operations"] for n in SPAN] if cost.get("operations") else [],
        "state_at": list(SPAN) if cost else [],
        "state": [8 * cost["dim"] * n / 1e6 for n in SPAN] if cost else [],
        "crossing_at": [crossing[0]] if crossing else [],
        "crossing": [1e3 * crossing[1]] if crossing else [],
    }


def cost_numbers(view: View) -> dict[str, Any]:
    """What texts say of a measurement.

    Args:
        view: as `cost_series`.

    Returns:
        What was measured, and what the ways take where all of them were; ``measured`` is 0 before there is anything.
    """
    cost = view.get("cost") or {}
    full, sparse = _of(cost, "full"), _of(cost, "sparse")
    last = next((row for row in reversed(full) if any(one["classes"] == row["classes"] for one in sparse)), None)
    if last is None:
        return {"measured": 0}
    n = last["classes"]
    found = {"measured": n, "measured_most": sparse[-1]["classes"], "time_most": 1e3 * _seconds(sparse[-1])}
    found |= {f"measured_{name}": cost[name] for name in ("batch", "samples", "dim", "machine")}
    for way in WAYS:
        here = next((row for row in _of(cost, way) if row["classes"] == n), None)
        if here:
            found |= {f"time_{way}": 1e3 * _seconds(here), f"memory_{way}": here["peak_bytes"] / 1e6}
            found[f"saving_{way}"] = _seconds(last) / _seconds(here)
    crossing = _crossing(full, sparse)
    return found | {"crossing_classes": math.floor(crossing[0] + 0.5) if crossing else None}


def _of(cost: Row, way: str) -> list[Row]:
    return [row for row in cost.get("rows", []) if row["way"] == way]


def _seconds(row: Row) -> float:
    """Of the whole step: forward, backward and Adam."""
    return float(row["seconds"] + row["optimiser_seconds"])


def _crossing(full: Sequence[Row], sparse: Sequence[Row]) -> tuple[float, float] | None:
    """The number of classes from which the sampled step is the faster one, and its seconds; straight in logarithms."""
    pairs = [(a, b) for a in full for b in sparse if a["classes"] == b["classes"]]
    gaps = [math.log(_seconds(a) / _seconds(b)) for a, b in pairs]
    at = next((i for i in range(len(gaps) - 1, 0, -1) if gaps[i - 1] < 0 <= gaps[i]), None)
    if at is None:
        return None
    share = gaps[at - 1] / (gaps[at - 1] - gaps[at])
    return _mixed(pairs[at - 1][0]["classes"], pairs[at][0]["classes"], share), _mixed(
        _seconds(pairs[at - 1][1]), _seconds(pairs[at][1]), share
    )


def _mixed(low: float, high: float, share: float) -> float:
    """Between two positive numbers, in logarithms."""
    return math.exp((1 - share) * math.log(low) + share * math.log(high))
