"""The implementation: five steps of PyTorch, live on a small batch, and the gradients that they leave."""

from typing import Any

from ssm.explorer.figures.templates import Parts, always
from ssm.explorer.pages.record import Next, Page
from ssm.explorer.settings import Frame

_SENTENCE: Parts = [
    always(
        "Five steps score {products#|model} pairs of example and class instead of {full_products#}, and their loss "
        "leaves a gradient on {rows_touched#|gradient} of {n#} rows of the projection."
    ),
    [
        {
            "if": ["hit_total", "==", 0],
            "say": "Of the {cells#} pairs of example and sample none is a hit.",
        },
        {
            "if": ["empty_examples", ">=", 1],
            "say": "In {empty_examples#} of {batch#} examples every sample hit the target: written in the other order, "
            "step 4 makes the whole batch nan.",
        },
        {
            "if": ["hit_total", "==", 1],
            "say": "Of the {cells#} pairs of example and sample one is a hit, the target itself, and is thrown away.",
        },
        {
            "say": "Of the {cells#} pairs of example and sample {hit_total#} are hits, the targets themselves, and are "
            "thrown away."
        },
    ],
]

_STRIP: tuple[dict[str, Any], ...] = (
    {
        "name": "Loss, this batch",
        "value": "{batch_loss}",
        "help": always("Mean over the batch, in nats; not comparable with the full loss."),
    },
    {
        "name": "Loss, full softmax",
        "value": "{batch_loss_full}",
        "help": always("Of the same embeddings over all classes: what to evaluate by."),
    },
    {
        "name": "Rows of w read",
        "value": "{rows_touched#} of {n#}",
        "help": always("Those of targets and samples; the others need not even be on this machine."),
    },
    {
        "name": "Gradient of w",
        "value": "{sparse_bytes#} bytes",
        "help": always("Row-sparse: rows with their numbers, in float64."),
    },
)

IMPLEMENTATION = Page(
    name="implementation",
    title="Implementation",
    path="implementation",
    question="What does sampled softmax take in PyTorch? Five steps, with the code that runs and the tensors it makes.",
    panels=(
        "step_embeddings",
        "step_target",
        "step_samples",
        "step_corrected",
        "step_loss",
        "step_backward",
        "step_bytes",
        "step_reversed",
        "step_snippet",
    ),
    sentence=_SENTENCE,
    strip=_STRIP,
    frame=Frame(hidden=("estimator", "hits", "draws", "spread", "view", "scale"), player=False),
    next=Next("And what does a step cost: how much time and memory do few scores save?", "cost"),
)
