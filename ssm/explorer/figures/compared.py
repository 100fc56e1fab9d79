"""The series and numbers of the estimators side by side, and of what each learns.

The page makes the same in assets/panels/compared.js; a test holds the two against each other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ssm.estimators import ESTIMATORS as _ESTIMATORS

ESTIMATORS = tuple(_ESTIMATORS)
FLOOR = 1e-6  # nats: a divergence below it is drawn there
_HALF = 0.45  # slots, of the dash that is an expectation

View = Mapping[str, Any]
Series = dict[str, Any]


def of_estimators(view: View) -> Series:
    """The gradients of every estimator by slot.

    Args:
        view: `experiment.as_plain` of a result.

    Returns:
        Lists, None where nothing is drawn.
    """
    found, slots = view.get("estimators") or {}, len(view["classes"]["index"])
    series: Series = {"each_at": [x for i in range(slots) for x in (i - _HALF, i + _HALF, None)]}
    for row, name in enumerate(ESTIMATORS):
        one, average, expected = (_row(found.get(key), row, slots) for key in ("one", "average", "expected"))
        series |= {f"one_{name}": one, f"average_{name}": average}
        series[f"expected_{name}"] = [y for value in expected for y in (value, value, None)]
    return series


def of_learned(view: View) -> Series:
    """Truth and models by slot, and how far they are apart over the number of samples.

    Args:
        view: `experiment.as_plain` of a result.

    Returns:
        Lists, None where nothing is drawn.
    """
    found, index = view.get("learned") or {}, view["classes"]["index"]
    places = {c: i for i, c in enumerate(found.get("learned_class", ()))}
    slots = [places.get(c) for c in index]
    ks = found.get("learned_samples", [])
    series: Series = {"truth": _in_slots(found.get("truth"), slots), "learned_at": ks}
    for row, name in enumerate(ESTIMATORS):
        series[f"model_{name}"] = _in_slots(_row(found.get("models"), row, len(places)), slots)
        series[f"apart_{name}"] = [_floored(value) for value in _row(found.get("divergences"), row, len(ks))]
    now = [_floored(value) for value in found.get("divergence", ())]
    return series | {"now_at": [found["learned_with"]] * len(now) if found else [], "now": now}


def _row(rows: Sequence[list[Any]] | None, row: int, length: int) -> list[Any]:
    return rows[row] if rows else [None] * length


def _in_slots(values: Sequence[Any] | None, slots: list[int | None]) -> list[Any]:
    return [None if values is None or place is None else values[place] for place in slots]


def _floored(value: float | None) -> float | None:
    return None if value is None else max(value, FLOOR)


def compared_numbers(view: View, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What texts can name of them: each estimator's by its name, and that of the one that is chosen.

    Args:
        view: `experiment.as_plain` of a result.
        settings: what was asked for.

    Returns:
        Numbers by name; those that are not there are left out.
    """
    each, found = view.get("estimators") or {}, view.get("learned") or {}
    columns = (("off", each.get("apart_relative")), ("nats", found.get("divergence")))
    numbers = {f"{key}_{name}": rows[i] for key, rows in columns if rows for i, name in enumerate(ESTIMATORS)}
    if settings.get("estimator") in ESTIMATORS:
        chosen = settings["estimator"]
        numbers |= {f"chosen_{key}": numbers[f"{key}_{chosen}"] for key, rows in columns if rows}
        numbers |= _of_target(view, found, ESTIMATORS.index(chosen))
        numbers["learned_known"] = int(numbers.get("chosen_nats") is not None)
        numbers["shown_draws"] = settings["draws" if settings["average"] == "all" else "draw"]
    return {key: value for key, value in numbers.items() if value is not None}


def _of_target(view: View, found: View, row: int) -> dict[str, Any]:
    if not found:
        return {}
    place = found["learned_class"].index(view["classes"]["target"])
    count = len(found["learned_class"])
    return {"learned_count": count, "truth_target": found["truth"][place], "model_target": found["models"][row][place]}
