"""Cost: what a step takes on this machine, way by way, and what a smaller error costs."""

from ssm.explorer.figures.over_sizes import OVER_SIZES
from ssm.explorer.figures.templates import Parts
from ssm.explorer.pages.record import Next, Page
from ssm.explorer.settings import Frame

_MEASURED = ("negatives", "examples", "width")
_HIDDEN = ("samples", "draw", "draws", "seed", "view", "scale", "batch", "dim")

SENTENCE: Parts = [
    [
        {
            "if": ["measured", ">=", 1],
            "say": "Among {measured#} classes a step takes {time_full|exact} ms with every score and "
            "{time_sparse|model} ms with {measured_samples#}: {saving_sparse~} times less.",
        },
        {"say": "Start it: a step of each kind is measured on the server, from 1,000 classes to 10,000,000."},
    ],
    [
        {
            "if": ["saving_dense", ">=", 1],
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

COST = Page(
    name="cost",
    title="Cost",
    path="cost",
    question="A step with few scores instead of all: how much time and memory does it save, from how many classes on, "
    "and what does a smaller error cost?",
    panels=tuple(panel.name for panel in OVER_SIZES),
    sentence=SENTENCE,
    strip=(),
    front=("tolerance", *_MEASURED),
    wide=("step_time", "bias_price"),
    frame=Frame(hidden=_HIDDEN, player=False),
    next=Next("And what do such steps make of a model, in a minute of training?", "train"),
)
