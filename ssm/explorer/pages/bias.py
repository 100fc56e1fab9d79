"""The bias: how far the average stays off, over the number of samples, and how many a tolerance needs."""

from typing import Any

from ssm.explorer.figures.curve_series import MOST_NOISES
from ssm.explorer.figures.templates import Part, Parts, always
from ssm.explorer.figures.texts import NOTHING, OTHERS
from ssm.explorer.pages.record import Next, Page
from ssm.explorer.settings import Frame


def _rival(i: int) -> Part:
    """What another noise needs."""
    with_it, needs = f"With {{noise_name_{i}}} noise", f"k = {{needed_{i}#}}"
    return [
        {
            "if": [f"needed_{i}", ">=", 1],
            "and": [f"drawing_{i}", ">=", 1],
            "say": f"{with_it} {needs}, and all {{n#|model}} scores to draw from it.",
        },
        {"if": [f"needed_{i}", ">=", 1], "say": f"{with_it} {needs}."},
        {"if": ["noise_count", ">=", i + 1], "say": f"{with_it} no number up to 10,000."},
        {"say": ""},
    ]


_SENTENCE: Parts = [
    [
        {
            "if": ["needed_0", ">=", 1],
            "and": ["drawing_0", ">=", 1],
            "say": "For a bias of at most {tolerance%} of the full gradient, {noise_name_0} noise needs "
            "k = {needed_0#|noise}, and all {n#|model} scores to draw from it.",
        },
        {
            "if": ["needed_0", ">=", "n"],
            "say": "For a bias of at most {tolerance%} of the full gradient, {noise_name_0} noise needs "
            "k = {needed_0#|noise}, no fewer than the {n#} classes: score them all.",
        },
        {
            "if": ["needed_0", ">=", 1],
            "say": "For a bias of at most {tolerance%} of the full gradient, {noise_name_0} noise needs "
            "k = {needed_0#|noise}: {cost_0#|model} of {n#} scores.",
        },
        {
            "if": ["noise_count", ">=", 1],
            "say": "No number of samples up to 10,000 keeps the bias of {noise_name_0} noise within {tolerance%}.",
        },
        {"say": "How the bias falls with more samples, torch is working out."},
    ],
    *(_rival(i) for i in range(1, MOST_NOISES)),
    [
        *({**other, "say": "This loss has another gradient: more samples do not bring it nearer."} for other in OTHERS),
        {
            "if": ["chi2", "<", NOTHING],
            "and": ["biased", "==", 0],
            "say": "Here there is none: off the target, this noise is the softmax itself.",
        },
        {
            "if": ["chi2", "<", NOTHING],
            "and": ["biased", "==", 1],
            "say": "Now, at k = {samples#}, it is {relative_bias%|gradient}, all from draws in which every sample "
            "hits the target: exclude hits before drawing, and there is none.",
        },
        {
            "if": ["biased", "==", 1],
            "and": ["relative_bias", ">=", "tolerance"],
            "say": "Now, at k = {samples#}, it is {relative_bias%|gradient}, which is more; a typical draw is "
            "{error_now%} off.",
        },
        {
            "if": ["biased", "==", 1],
            "say": "Now, at k = {samples#}, it is {relative_bias%|gradient}; a typical draw is {error_now%} off.",
        },
        {"say": ""},
    ],
]

_STRIP: tuple[dict[str, Any], ...] = (
    {
        "name": "Bias at k samples",
        "value": "{bias_now%}",
        "help": always("Of the full gradient: what endless draws leave."),
    },
    {
        "name": "Spread of one draw",
        "value": "{spread_now%}",
        "help": always("Standard deviation of the whole gradient, likewise."),
    },
    {
        "name": "Error of one draw",
        "value": "{error_now%}",
        "help": always("Root mean square distance: bias and spread together."),
    },
    {
        "name": "Loss gap",
        "value": "{gap_now}",
        "help": [
            {
                "if": ["estimator", "==", "sampled_softmax"],
                "say": "The full loss less the expected sampled one, in nats: never below 0.",
            },
            {"say": "The full loss less the expected one of this estimator, in nats."},
        ],
    },
    {
        "name": "χ² of the noise",
        "value": "{chi2}",
        "help": always("0 where the noise is the softmax off the target; bias and spread grow with it."),
    },
    {
        "name": "Effective samples",
        "value": "{worth} of {samples#}",
        "help": always("k / (1 + χ²): as many of the ideal noise say as much, where k is large."),
    },
    {
        "name": "Scores for the noise",
        "value": "{noise_scores#}",
        "help": always("Scores computed only to draw from the noise: what it costs."),
    },
)

BIAS = Page(
    name="bias",
    title="Bias",
    path="bias",
    question="Even the average of endless draws misses the full gradient. By how much, for which noise, and how many "
    "samples are enough?",
    panels=("bias_curve", "noise_ideal", "class_bias", "spread_curve", "error_curve", "gap_curve"),
    sentence=_SENTENCE,
    strip=_STRIP,
    front=("tolerance",),
    frame=Frame(hidden=("draw", "draws", "seed", "view", "scale", "batch", "dim"), player=False),
    next=Next("Do other losses over the same samples come nearer, and what do they learn?", "estimators"),
)
