"""Train: the losses at work, side by side on the next word of Moby-Dick."""

from ssm.explorer.figures.over_training import OVER_TRAINING
from ssm.explorer.figures.templates import Part, Parts
from ssm.explorer.pages.record import Next, Page
from ssm.explorer.settings import FIELDS, Frame

_SHOWN = ("losses", "negatives", "seed")


def _best(arm: str, words: str) -> Part:
    alone = "where the words' frequencies alone have {frequencies}."
    return [
        {
            "if": ["best", "==", arm],
            "and": ["trained", ">=", 2],
            "say": f"Of {{trained#}} losses the {words} leads on held-out text: perplexity {{perplexity_best|model}}, "
            + alone,
        },
        {
            "if": ["best", "==", arm],
            "say": f"{words[0].upper()}{words[1:]}: perplexity {{perplexity_best|model}} on held-out text, {alone}",
        },
    ]


def _ratio(arm: str, words: str) -> Part:
    return [
        {
            "if": [f"perplexity_{arm}_now", ">=", 0],
            "say": f"{words} learns scores that are log(p / q): as they stand their softmax has "
            f"{{perplexity_{arm}_now}}, with log q added {{corrected_{arm}_now|model}}.",
        },
        {"say": ""},
    ]


SENTENCE: Parts = [
    [
        *(one for arm, words in FIELDS["losses"].span()["words"].items() for one in _best(arm, words)),
        {
            "say": "Start it: each loss has 12 seconds of one core, in turns, on the same batches from the same start; "
            "two words in, one of 17,091 out."
        },
    ],
    [
        {
            "if": ["perplexity_full_now", ">=", 0],
            "say": "The full softmax has no bias and the dearest steps: {steps_full_now#} in its time.",
        },
        {"say": ""},
    ],
    [
        {
            "if": ["perplexity_sampled_uniform_now", ">=", "frequencies"],
            "say": "Uniform noise hardly ever draws a frequent word, and then with a weight of thousands: its loss "
            "falls while the model gets worse.",
        },
        {"say": ""},
    ],
    _ratio("uncorrected", "Without a correction a model"),
    _ratio("negative_sampling", "Negative sampling"),
    [
        {
            "if": ["trained", ">=", 1],
            "say": "The sampled losses are over {trained_negatives#} words instead of all, so each is on a scale of "
            "its own: only the full one compares.",
        },
        {"say": ""},
    ],
]

TRAIN = Page(
    name="train",
    title="Train",
    path="train",
    question="What do these losses make of a model in a minute of training, and which is worth its steps?",
    panels=tuple(panel.name for panel in OVER_TRAINING),
    sentence=SENTENCE,
    strip=(),
    front=_SHOWN,
    wide=("perplexity_seconds", "perplexity_steps"),
    frame=Frame(hidden=tuple(name for name in FIELDS if name not in _SHOWN), player=False),
    next=Next("Why does the bias stay, and what brings it down?", "bias"),
)
