"""What the pictures say: the sentence, titles, captions and labels, as templates over a Result's numbers.

The page fills the same templates while a control is dragged, so they are data: a text is a list of parts, a part a list
of alternatives ``{"if": [name, relation, bound], "say": template}``, and the first alternative whose condition holds is
said. In a template ``{floor}`` stands for a number and ``{floor|exact}`` for the same in the colour of that role.
"""

import math
import operator
import re
from collections.abc import Mapping
from typing import Any

Part = list[dict[str, Any]]

NOTHING = 1e-9  # a distance below this is rounding

INTEGERS = [
    "classes",
    "samples",
    "draw",
    "draws",
    "averaged",
    "kept",
    "hit_count",
    "computed",
    "touched",
]


def _always(template: str) -> Part:
    return [{"say": template}]


SENTENCE: list[Part] = [
    [
        {
            "if": ["kept", "==", 0],
            "say": "In draw {draw} every sample was the target itself, so it teaches nothing: its gradient is 0, "
            "{error_draw|gradient} away from the full one.",
        },
        {"say": "The gradient of draw {draw} is {error_draw|gradient} away from the full one."},
    ],
    [
        {"if": ["averaged", "==", 1], "say": "One draw is no average yet: step or play to add more."},
        {"say": "The average of {averaged} draws is {error_mean|gradient} away."},
    ],
    [
        {
            "if": ["floor", "<", NOTHING],
            "say": "It goes to 0 with more draws: this noise is as good as the softmax itself, so nothing is biased.",
        },
        {
            "if": ["samples", "==", 1],
            "say": "With 1 sample even endless draws leave it {floor|exact} away: sampled softmax is biased.",
        },
        {
            "if": ["floor", ">=", NOTHING],
            "say": "With {samples} samples even endless draws leave it {floor|exact} away: sampled softmax is biased.",
        },
        {"say": "How close endless draws bring it, torch is working out."},
    ],
    _always("This draw computed {computed|model} of {classes} scores."),
]

TITLES: dict[str, list[Part]] = {
    "scores_full": [_always("Scores, full softmax: all {classes} classes")],
    "scores_sampled": [_always("Scores, sampled: {computed} of {classes} classes")],
    "noise": [
        [
            {"if": ["hit_count", "==", 0], "say": "Noise: samples come from here"},
            {"if": ["hit_count", "==", 1], "say": "Noise: 1 of {samples} samples hit the target"},
            {"say": "Noise: {hit_count} of {samples} samples hit the target"},
        ]
    ],
    "gradient_full": [_always("Gradient, full softmax: a spike and a forest")],
    "gradient_sampled": [_always("Gradient, sampled: {touched} of {classes} touched")],
    "convergence": [_always("Convergence: {error_mean} away")],
}

CAPTIONS: dict[str, str] = {
    "scores_full": "Green: the target. Drag a bar to change its score.",
    "scores_sampled": "Hatched: the correction. Outlined: not computed.",
    "noise": "Filled: sampled in this draw, and how often.",
    "gradient_full": "One pull on the target, a small push on all others.",
    "gradient_sampled": "Solid: this draw. Outline: average. Dots: expected.",
    "convergence": "Dotted: chance, 1/√R. Dashed: the bias that stays.",
}

CUSTOM_CAPTION = "Drag a bar to change its weight."
CLASSES_CAPTION = "Line: average. Dotted: full. Dashed: expected."

LABELS: dict[str, list[Part]] = {
    "scores_full": [
        _always("Bar chart of the scores of the full softmax, {classes} classes. The target scores {score_target}.")
    ],
    "scores_sampled": [
        _always(
            "Bar chart of the corrected scores of draw {draw}: {computed} of {classes} classes computed, sampled loss "
            "{loss_draw} against {loss_full} for the full softmax."
        )
    ],
    "noise": [
        _always(
            "Bar chart of the noise distribution; {samples} samples drawn, {hit_count} of them hit the target. "
            "Distance from the ideal noise, chi squared: {chi2}."
        )
    ],
    "gradient_full": [
        _always("Bar chart of the full gradient: {spike} on the target, and as much, spread, on all other classes.")
    ],
    "gradient_sampled": [
        _always(
            "Bar chart of the sampled gradient: draw {draw} is {error_draw} away from the full gradient, "
            "the average of {averaged} draws {error_mean}."
        )
    ],
    "convergence": [
        [
            {
                "if": ["floor", ">=", NOTHING],
                "say": "Line chart, both axes logarithmic: the average of {averaged} draws is {error_mean} away from "
                "the full gradient; the bias keeps it {floor} away however many draws are made.",
            },
            {
                "say": "Line chart, both axes logarithmic: the average of {averaged} draws is {error_mean} away from "
                "the full gradient."
            },
        ]
    ],
}

STRIP: list[dict[str, str]] = [
    {"name": "Loss, full", "value": "{loss_full}", "help": "Cross-entropy over all classes, in nats."},
    {"name": "Loss, this draw", "value": "{loss_draw}", "help": "Sampled softmax loss of this draw, in nats."},
    {"name": "Loss, expected", "value": "{loss_exact}", "help": "Its exact mean over all draws: never above the full."},
    {"name": "Samples kept", "value": "{kept} of {samples}", "help": "Samples that were not the target (k_eff)."},
    {
        "name": "Effective samples",
        "value": "{effective}",
        "help": "How many equally weighted samples this draw is worth: (sum w)² / sum w².",
    },
    {"name": "χ² of the noise", "value": "{chi2}", "help": "0 for noise proportional to the softmax off the target."},
    {"name": "Scores computed", "value": "{computed} of {classes}", "help": "The target and the distinct samples."},
]

_RELATIONS = {"<": operator.lt, "==": operator.eq, ">=": operator.ge}
_SLOT = re.compile(r"\{(\w+)(?:\|(\w+))?\}")


def number(value: float | None) -> str:
    """A number in three significant digits, the same as the page writes it.

    Args:
        value: any number; None or NaN where it is not known yet.

    Returns:
        Digits with a true minus sign; thousands apart; an exponent from a million up and below a thousandth.

    >>> number(0.20452), number(-1450.4), number(2e-7), number(0.0), number(None)
    ('0.205', '−1,450', '2.00e−7', '0', '…')
    """
    if value is None or math.isnan(value):
        return "…"
    if value == 0:
        return "0"
    size = abs(value)
    if math.isinf(size) or size >= 1e6 or size < 1e-3:
        text = f"{value:.2e}"
        text = re.sub(r"e([+-])0*(\d)", lambda m: f"e{m[1].replace('+', '')}{m[2]}", text)
    elif size >= 999.5:
        text = f"{math.floor(value + 0.5):,}"
    else:
        text = f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


def render(parts: list[Part], numbers: Mapping[str, float]) -> str:
    """The parts as one plain text.

    Args:
        parts: lists of alternatives; the first that holds is said.
        numbers: what the slots and the conditions name; a condition on a number that is missing does not hold.

    Returns:
        The texts of all parts, a space between them.

    >>> render([[{"say": "{classes} classes"}]], {"classes": 17091})
    '17,091 classes'
    """
    return " ".join(_fill(_chosen(part, numbers), numbers) for part in parts)


def _chosen(part: Part, numbers: Mapping[str, float]) -> str:
    for alternative in part:
        if _holds(alternative.get("if"), numbers):
            return str(alternative["say"])
    return ""


def _holds(condition: list[Any] | None, numbers: Mapping[str, float]) -> bool:
    if condition is None:
        return True
    name, relation, bound = condition
    return name in numbers and bool(_RELATIONS[relation](numbers[name], bound))


def _fill(template: str, numbers: Mapping[str, float]) -> str:
    def slot(match: re.Match[str]) -> str:
        name = match[1]
        value = numbers.get(name)
        return f"{value:,.0f}" if name in INTEGERS and value is not None else number(value)

    return _SLOT.sub(slot, template)
