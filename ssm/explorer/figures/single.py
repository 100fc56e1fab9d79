"""What texts can name of single classes: the rivals, the target's bars, the first sample.

The page has the same in assets/panels/single.js; a test holds the two against each other.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

View = Mapping[str, Any]
Names = Callable[[int], str]


def singles(view: View, names: Names) -> dict[str, Any]:
    """Numbers and names of single classes among those shown.

    Args:
        view: `experiment.as_plain` of a result.
        names: the name of each class.

    Returns:
        Numbers and names, None where there are none.
    """
    return {**_pushed(view["classes"], names), **_of_target(view), **_first(view["draw"] or {}, names)}


def _pushed(classes: View, names: Names) -> dict[str, Any]:
    """The classes that the full gradient pushes most and least; of equals the first."""
    slots = [slot for slot in range(len(classes["index"])) if slot != classes["target_slot"]]
    most, least = (pick(slots, key=classes["full"].__getitem__) for pick in (max, min))
    return {
        "most_pushed": names(classes["index"][most]),
        "most_push": classes["full"][most],
        "least_pushed": names(classes["index"][least]),
        "least_push": classes["full"][least],
    }


def _of_target(view: View) -> dict[str, Any]:
    """The target's bars in the sampled gradient, and how many of the shown classes the average has reached."""
    slot = view["classes"]["target_slot"]
    draw, run, moments = (view[name] or {} for name in ("draw", "convergence", "moments"))
    mean = run.get("mean") or []
    return {
        "target_gradient": draw["gradient"][slot] if draw else None,
        "target_mean": mean[slot] if mean else None,
        "target_expected": moments["mean"][slot] if moments else None,
        "reached": sum(value != 0 for value in mean) if mean else None,
    }


def _first(draw: View, names: Names) -> dict[str, Any]:
    """The first sample that counts: its score, its correction, and how many classes it stands for."""
    found = next((i for i, hit in enumerate(draw.get("sample_hit", [])) if not hit), None)
    if found is None:
        return dict.fromkeys(("first_name", "first_score", "first_correction", "first_factor", "first_corrected"))
    score, correction = draw["sample_score"][found], draw["sample_correction"][found]
    return {
        "first_name": names(draw["sample_class"][found]),
        "first_score": score,
        "first_correction": correction,
        "first_factor": math.exp(correction),
        "first_corrected": score + correction,
    }
