"""The series and numbers of a training, made of the group of a View that its job found.

The page makes the same in assets/panels/training_series.js; a test holds the two against each other.
"""

import math
from collections.abc import Mapping
from typing import Any

from ssm.explorer.experiment import WAYS

ARMS = tuple(WAYS)
PERPLEXITIES = (1_000.0, 10_000.0)  # what their axis has room for before there is any

View = Mapping[str, Any]
Series = dict[str, Any]
_NONE: Mapping[str, list[Any]] = {name: [] for name in ("steps", "seconds", "perplexity", "corrected", "loss", "bias")}


def training_series(view: View) -> Series:
    """The curve of every loss, empty for those that are not trained.

    Args:
        view: `experiment.as_plain` of a result, with what a training found under "training".

    Returns:
        Lists; those of a loss end in its name.
    """
    training = view.get("training") or {}
    arms = training.get("arms", {})
    found: Series = {}
    for arm in ARMS:
        found |= _of_arm(arm, arms.get(arm, _NONE))
    for along in ("steps", "seconds"):
        ends = [x for curve in arms.values() for x in curve[along]]
        found[f"frequencies_{along}"] = [min(ends), max(ends)] if ends else []
        found[f"frequencies_over_{along}"] = [training["frequencies"]] * 2 if ends else []
    return found


def _of_arm(arm: str, curve: Mapping[str, list[Any]]) -> Series:
    measured = [(step, bias) for step, bias in zip(curve["steps"], curve["bias"], strict=True) if bias is not None]
    return {
        f"trained_steps_{arm}": curve["steps"],
        f"trained_seconds_{arm}": curve["seconds"],
        f"perplexity_{arm}": curve["perplexity"],
        f"trained_loss_{arm}": curve["loss"],
        f"held_out_loss_{arm}": [math.log(perplexity) for perplexity in curve["perplexity"]],
        f"trained_bias_at_{arm}": [step for step, _ in measured],
        f"trained_bias_{arm}": [bias for _, bias in measured],
    }


def training_numbers(view: View) -> dict[str, Any]:
    """What texts say of a training.

    Args:
        view: as `training_series`.

    Returns:
        For each loss with a mark its steps, perplexities, loss and bias now; which is best, and what all were trained
        with; none before the first mark.
    """
    training = view.get("training") or {}
    marked = {arm: curve for arm, curve in training.get("arms", {}).items() if curve["steps"]}
    if not marked:
        return {"trained": 0}
    best = min(marked, key=lambda arm: float(marked[arm]["perplexity"][-1]))
    found = {"trained": len(marked), "best": best, "frequencies": training["frequencies"]}
    found |= {f"trained_{name}": training[name] for name in ("negatives", "seed")}
    for arm, curve in marked.items():
        found |= {f"{name}_{arm}_now": curve[name][-1] for name in ("steps", "perplexity", "corrected", "loss")}
        found[f"bias_{arm}_now"] = next((bias for bias in reversed(curve["bias"]) if bias is not None), None)
    return found | {"perplexity_best": marked[best]["perplexity"][-1]}
