"""Spike against forest, at any number of classes: the pull, and the pushes one after another.

The page has the same series in assets/panels/masses.js; a test holds the two against each other.
"""

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from ssm.explorer.figures.records import Along, Panel, Trace, bars
from ssm.explorer.figures.templates import always
from ssm.explorer.figures.theme import Theme

PULL, PUSHES = range(2)  # rows, from the top

View = Mapping[str, Any]
Names = Callable[[int], str]


def masses(view: View, names: Names) -> dict[str, list[Any]]:
    """The pull, the pushes of the shown classes from the largest on, and those of all others as one.

    Args:
        view: `experiment.as_plain` of a result.
        names: the name of each class.

    Returns:
        Lists by name.
    """
    classes = view["classes"]
    full, index = classes["full"], classes["index"]
    slots = [slot for slot in range(len(full)) if slot != classes["target_slot"]]
    slots.sort(key=lambda slot: (-np.float32(full[slot]), index[slot]))  # what differs by rounding alone is equal
    pushes = [full[slot] for slot in slots]
    stacked = [*accumulate(pushes, initial=0)]
    rest = [-classes["spike"] - stacked[-1]] if classes["hidden"] else []
    return {
        "pull_at": [PULL],
        "pull_mass": [-classes["spike"]],
        "push_at": [PUSHES for _ in pushes],
        "push_base": stacked[:-1],
        "push_mass": pushes,
        "push_names": [names(index[slot]) for slot in slots],
        "pushed_rest_at": [PUSHES for _ in rest],
        "pushed_rest_base": [stacked[-1] for _ in rest],
        "pushed_rest": rest,
    }


def _masses(theme: Theme) -> list[Trace]:
    push = {"along": "push_at", "base": "push_base", "width": 0.4}
    rest = {"along": "pushed_rest_at", "base": "pushed_rest_base", "width": 0.4}
    return [
        bars("pull", "pull_mass", theme.target, along="pull_at", width=0.4),
        bars("push of one class", "push_mass", theme.gradient, line=theme.paper, **push),
        bars("pushes of all others", "pushed_rest", theme.step, line=theme.gradient, stroke=1.6, **rest),
    ]


MASSES = Panel(
    name="masses",
    title=[always("Balance: one pull, {others#} pushes")],
    caption=[
        [
            {"if": ["hidden", "==", 0], "say": "Above: the spike. Below: the forest, by class."},
            {"say": "Above: the spike. Below: the forest. Grey: others."},
        ]
    ],
    label=[
        always(
            "Two bars of equal length: the target's pull {pull}, and the pushes on all {others#} others, the largest "
            "of them {most_push} on {most_pushed}."
        )
    ],
    along=Along("masses", "rows", turned="always"),
    scale="mass",
    unit="gradient, without its sign",
    traces=_masses,
    lettering=(("rows", ""), ("pushes", "")),
)
