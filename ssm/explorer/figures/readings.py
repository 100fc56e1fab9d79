"""What is read off one class that is lit: its numbers by name, as assets/panels/series.js has them too."""

from typing import Any

from ssm.explorer.figures.curve_series import of_classes
from ssm.explorer.figures.series import Names, View, exp


def reading(view: View, slot: int, names: Names) -> dict[str, Any]:
    """What the reading of one class can name.

    Args:
        view: `experiment.as_plain` of a result.
        slot: the place of the class among the bars.
        names: the name of each class.

    Returns:
        Numbers by name, None where there are none.
    """
    classes, draw = view["classes"], view["draw"] or {}
    run, moments = view["convergence"] or {}, view["moments"] or {}
    at = {name: (group.get(key) or {slot: None})[slot] for name, group, key in _columns(classes, draw, run, moments)}
    correction = at["correction"]
    return at | {
        "name": names(classes["index"][slot]),
        "is_target": int(slot == classes["target_slot"]),
        "weight": exp(at["score"] - classes["score_target"]),
        "factor": None if correction is None else exp(correction),
        "count": at["count"] or 0,
        "has_expected": int(at["expected"] is not None),
        **{key: values[slot] for key, values in of_classes(view).items()},
    }


def _columns(classes: View, draw: View, run: View, moments: View) -> tuple[tuple[str, View, str], ...]:
    """The name of each number of a class, with the group and the column that it comes from."""
    return (
        *((key, classes, key) for key in ("score", "probability", "noise", "full")),
        *((key, draw, key) for key in ("count", "correction", "corrected", "gradient")),
        ("mean", run, "mean"),
        ("expected", moments, "mean"),
        ("variance", moments, "variance"),
    )
