"""What the page says beside the panels: the fixed line, the sentence and the readouts, as templates.

The sentence is the legend too: the role of a number is the mark that shows it.
"""

from typing import Any

from ssm.explorer.figures.templates import Part, Parts, always

NOTHING = 1e-9  # of the full gradient: a distance below this is none
ROUNDING = 1e-15  # of numbers near 1

# Losses whose gradient does not tend to the full one: what their average does, and what they learn instead.
_LEARNED = {
    "log_q": "The log-q form is another loss: its average tends to {bias|exact} off the full gradient, "
    "{relative_bias%} of it, and more samples do not close that. What it learns is the true distribution all the same.",
    "uncorrected": "Without a correction this is another loss: its average tends to {bias|exact} off the full "
    "gradient, {relative_bias%} of it, and more samples do not close that. It learns p / q: only uniform noise "
    "leaves p.",
    "nce": "NCE is another loss, class by class: its average tends to {bias|exact} off the full gradient, "
    "{relative_bias%} of it, and more samples do not close that. It makes scores log-probabilities.",
    "negative_sampling": "Negative sampling is another loss, class by class: its average tends to {bias|exact} off the "
    "full gradient, {relative_bias%} of it, and more samples do not close that. It makes scores log(p / (k q)).",
}
OTHERS: Part = [{"if": ["estimator", "==", name], "and": ["biased", "==", 1]} for name in _LEARNED]


def _others() -> list[dict[str, Any]]:
    """What is said of each of these losses, where its gradient is another."""
    return [{**other, "say": said} for other, said in zip(OTHERS, _LEARNED.values(), strict=True)]


WHAT = (
    "A softmax scores every class. Sampled softmax scores the target and k classes drawn at random: "
    "what does that do to the gradient?"
)

SENTENCE: Parts = [
    [
        {
            "if": ["kept", "==", 0],
            "say": "In draw {draw#} every sample hit the target, so it teaches nothing: its gradient is 0, off by "
            "{error_draw|gradient}.",
        },
        {
            "if": ["estimator", "==", "naive_importance"],
            "and": ["target_drawn", "==", 0],
            "say": "Draw {draw#} scored {computed#|model} of {n#} classes and never drew the target, which its sum "
            "lacks: its gradient is off by {error_draw|gradient}, {relative_draw%} of the full gradient.",
        },
        {
            "say": "Draw {draw#} scored {computed#|model} of {n#} classes: its gradient is off by "
            "{error_draw|gradient}, {relative_draw%} of the full gradient."
        },
    ],
    [
        {"if": ["averaged", "==", 1], "say": "One draw is no average yet: draw again."},
        {
            "if": ["error_mean", "<", "bias"],
            "say": "The average of {averaged#} draws is off by {error_mean|average}, {relative_mean%}: nearer than its "
            "limit, by luck.",
        },
        {"say": "The average of {averaged#} draws is off by {error_mean|average}, {relative_mean%}."},
    ],
    [
        *_others(),
        {
            "if": ["estimator", "==", "naive_importance"],
            "and": ["biased", "==", 1],
            "say": "Naive importance sampling tends to the full gradient as samples grow; endless draws of "
            "{samples#} leave {bias|exact}, {relative_bias%}. It is wild where the target is not drawn.",
        },
        {
            "if": ["estimator", "==", "sampled_softmax"],
            "and": ["biased", "==", 0],
            "say": "Endless draws would bring it to 0: off the target, this noise is the softmax itself.",
        },
        {"if": ["biased", "==", 0], "say": "Endless draws would bring it to 0: here this loss has the full gradient."},
        {
            "if": ["chi2", "<", NOTHING],
            "and": ["biased", "==", 1],
            "say": "Endless draws leave {bias|exact}, {relative_bias%} of the full gradient: the bias of draws in "
            "which every sample hits the target. Exclude hits and it is gone.",
        },
        {
            "if": ["biased", "==", 1],
            "say": "Endless draws leave {bias|exact}, {relative_bias%} of the full gradient: the bias of a noise "
            "unlike the softmax. More samples shrink it, or a noise nearer to the softmax.",
        },
        {"say": "How far off endless draws leave it, torch is working out."},
    ],
    [
        {
            "if": ["noise_scores", ">=", 1],
            "say": "To draw from this noise, all {noise_scores#|noise} scores were computed.",
        },
        {"say": ""},
    ],
]

STRIP: list[dict[str, Any]] = [
    {
        "name": "Loss, full",
        "value": "{loss_full}",
        "help": always("Cross-entropy over all classes, in nats."),
    },
    {
        "name": "Loss, this draw",
        "value": "{loss_draw}",
        "help": always("Over the target and the samples: do not compare it with the full loss."),
    },
    {
        "name": "Loss, expected",
        "value": "{loss_exact}",
        "help": [
            {
                "if": ["estimator", "==", "sampled_softmax"],
                "say": "Mean of the sampled loss over all draws: never above the full one.",
            },
            {"say": "Mean of this loss over all draws, exactly."},
        ],
    },
    {
        "name": "Samples kept",
        "value": "{kept#} of {samples#}",
        "help": [
            {"if": ["estimator", "==", "naive_importance"], "say": "All of them: a hit is a sample like any other."},
            {"if": ["estimator", "==", "nce"], "say": "All of them: a hit is a sample like any other."},
            {"if": ["estimator", "==", "negative_sampling"], "say": "All of them: a hit is a sample like any other."},
            {"say": "Samples that are not the target; a hit is thrown away."},
        ],
    },
    {
        "name": "Effective samples",
        "value": "{effective}",
        "help": always("As many equal weights would say as much: (Σw)² / Σw²."),
    },
    {
        "name": "χ² of the noise",
        "value": "{chi2}",
        "help": [
            {
                "if": ["estimator", "==", "sampled_softmax"],
                "say": "0 where the noise is the softmax off the target; bias and spread grow with it.",
            },
            {"say": "0 where the noise is the softmax off the target."},
        ],
    },
    {
        "name": "Scores computed",
        "value": "{computed#} of {n#}",
        "help": always("The target and the distinct samples: what sampling saves."),
    },
    {
        "name": "Scores for the noise",
        "value": "{noise_scores#}",
        "help": always("Scores computed only to draw from the noise: what it costs."),
    },
]
