"""What the page says beside the panels: the fixed line, the sentence and the readouts, as templates.

The sentence is the legend too: the role of a number is the mark that shows it.
"""

from ssm.explorer.figures.templates import Parts

NOTHING = 1e-9  # a distance below this is rounding

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
        {
            "if": ["bias", "<", NOTHING],
            "say": "Endless draws would bring it to 0: off the target, this noise is the softmax itself.",
        },
        {
            "if": ["chi2", "<", NOTHING],
            "say": "Endless draws leave {bias|exact}, {relative_bias%} of the full gradient: the bias of draws in "
            "which every sample hits the target. Exclude hits and it is gone.",
        },
        {
            "if": ["bias", ">=", NOTHING],
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

STRIP: list[dict[str, str]] = [
    {
        "name": "Loss, full",
        "value": "{loss_full}",
        "help": "Cross-entropy over all classes, in nats.",
    },
    {
        "name": "Loss, this draw",
        "value": "{loss_draw}",
        "help": "Over the target and the samples: do not compare it with the full loss.",
    },
    {
        "name": "Loss, expected",
        "value": "{loss_exact}",
        "help": "Mean of the sampled loss over all draws: never above the full one.",
    },
    {
        "name": "Samples kept",
        "value": "{kept#} of {samples#}",
        "help": "Samples that are not the target; a hit is thrown away.",
    },
    {
        "name": "Effective samples",
        "value": "{effective}",
        "help": "As many equal weights would say as much: (Σw)² / Σw².",
    },
    {
        "name": "χ² of the noise",
        "value": "{chi2}",
        "help": "0 where the noise is the softmax off the target; bias and spread grow with it.",
    },
    {
        "name": "Scores computed",
        "value": "{computed#} of {n#}",
        "help": "The target and the distinct samples: what sampling saves.",
    },
    {
        "name": "Scores for the noise",
        "value": "{noise_scores#}",
        "help": "Scores computed only to draw from the noise: what it costs.",
    },
]

PARTS = {"what": WHAT, "sentence": SENTENCE, "strip": STRIP}
