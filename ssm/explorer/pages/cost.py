"""Cost: what a step takes on this machine, way by way, and what a smaller error costs."""

from typing import Any

from ssm.explorer.figures.over_sizes import OVER_SIZES, SAVED
from ssm.explorer.figures.templates import Parts, always
from ssm.explorer.pages.kernels import KERNELS
from ssm.explorer.pages.record import Next, Page
from ssm.explorer.settings import Frame

_MEASURED = ("negatives", "examples", "width")
_TAKES = (
    "Among {measured#} classes a step takes {time_full|exact} ms with every score and {time_sparse|model} ms with "
    "{measured_samples#}"
)
_HIDDEN = ("samples", "draw", "draws", "seed", "view", "scale", "batch", "dim")

SENTENCE: Parts = [
    [
        {
            "if": ["saving_sparse", ">=", SAVED],
            "say": f"{_TAKES}: {{saving_sparse~}} times less.",
        },
        {"if": ["measured", ">=", 1], "say": f"{_TAKES}: nothing is saved."},
        {"say": "Start it: a step of each kind is measured on the server, from 1,000 classes to 10,000,000."},
    ],
    [
        {
            "if": ["saving_dense", ">=", SAVED],
            "say": "With a dense gradient it saves {saving_dense~} times: zeros for every row, and Adam "
            "on all of them.",
        },
        {"say": ""},
    ],
    [
        {
            "if": ["crossing_classes", ">=", 1],
            "say": "Below {crossing_classes#} classes the full softmax is the faster one.",
        },
        {"say": ""},
    ],
    [
        {
            "if": ["price_0", ">=", 1],
            "say": "A bias of {tolerance%} with {noise_name_0} noise costs {price_0~|noise} full steps here, among "
            "{n#} classes: score them all.",
        },
        {
            "if": ["price_0", ">=", 0],
            "say": "A bias of {tolerance%} with {noise_name_0} noise costs {price_0%|noise} of a full step's "
            "operations here, among {n#} classes.",
        },
        {
            "if": ["noise_count", ">=", 1],
            "say": "No number of samples up to 10,000 keeps the bias of {noise_name_0} noise within {tolerance%}.",
        },
        {"say": ""},
    ],
]

_STRIP: tuple[dict[str, Any], ...] = (
    {
        "name": "Full softmax",
        "value": "{time_full} ms",
        "help": always("Every score, forward, backward and Adam."),
    },
    {
        "name": "Torch's linear_cross_entropy",
        "value": "{time_fused} ms",
        "help": always("Exact: in one piece it is the same as the full softmax."),
    },
    {
        "name": "The same in chunks",
        "value": "{time_chunked} ms",
        "help": [
            {
                "if": ["memory_chunked", ">=", 0],
                "say": "Exact: holds {memory_chunked} MB instead of {memory_full}, and computes no less.",
            },
            {"say": "Exact: never holds all scores at a time, and computes no less."},
        ],
    },
    {
        "name": "Sampled, dense gradients",
        "value": "{time_dense} ms",
        "help": always("Few scores, but zeros for all other rows, which Adam then moves."),
    },
    {
        "name": "Sampled, row-sparse",
        "value": "{time_sparse} ms",
        "help": [
            {"if": ["memory_sparse", ">=", 0], "say": "Only the rows used: it holds {memory_sparse} MB."},
            {"say": "Only the rows used."},
        ],
    },
)

COST = Page(
    name="cost",
    title="Cost",
    path="cost",
    question="A step with few scores instead of all: how much time and memory does it save, from how many classes on, "
    "and what does a smaller error cost?",
    panels=tuple(panel.name for panel in OVER_SIZES),
    sentence=SENTENCE,
    strip=_STRIP,
    front=("tolerance", *_MEASURED),
    wide=("step_time", "bias_price"),
    frame=Frame(hidden=_HIDDEN, player=False),
    table=KERNELS,
    next=Next("And what do such steps make of a model, in a minute of training?", "train"),
)
