"""The sheets of the implementation: each step's own program beside the tensors that it makes, and what comes back."""

from collections.abc import Callable
from inspect import getsource
from typing import Any

from ssm.explorer.experiment import five_steps
from ssm.explorer.figures.records import Along, Code, Content, Jump, Matrix, Panel, Scale
from ssm.explorer.figures.templates import Part, Parts, always

_NOTHING = Along("nothing", "none")
_EMPTY_ROW = {
    "problem": "article",
    "samples": 1,
    "noise": "uniform",
    "seed": 810,
    "draw": 5,
    "target": 7,
    "batch": 4,
    "dim": 4,
}


def _code(*functions: Callable[..., Any]) -> Code:
    where = functions[0].__module__.replace(".", "/") + ".py"
    return Code("\n\n\n".join(getsource(function).strip() for function in functions), where)


def _sheet(name: str, title: Part, said: Parts, *content: Content, label: Part | None = None) -> Panel:
    return Panel(
        name=name,
        title=[title],
        caption=said,
        label=[label or title],
        along=_NOTHING,
        scale="",
        unit="",
        traces=lambda _: [],
        needs=("steps",),
        content=content,
    )


def _per_example(value: str, name: str, columns: Any, shape: str, ink: str, **more: Any) -> Matrix:  # noqa: ANN401
    return Matrix(value, name, always(shape), "examples", columns, ink, **more)


EMBEDDINGS = _sheet(
    "step_embeddings",
    always("1 Embeddings: h and w"),
    [
        always(
            "A network gives {batch#} examples of {dim#} numbers each, h, and each of the {n#} classes has a row of w; "
            "here both are random. This step needs {rows_touched#} of the {n#} rows: those of the targets and of the "
            "samples."
        ),
        always("The deeper a cell, the further is its number from 0. Names in green are targets, in purple samples."),
    ],
    _code(five_steps.embeddings),
    _per_example("embedding", "h", "dims", "[{batch#}, {dim#}]", "model"),
    Matrix("weight", "w", always("[{n#}, {dim#}]"), "classes", "dims", "model"),
    label=always("{batch#} embeddings of {dim#} numbers, and a row of w for each of {n#} classes."),
)

TARGET = _sheet(
    "step_target",
    always("2 Target scores: {batch#} products"),
    [
        always(
            "Each example with the row of its own target: {target_name} for the first, whose score is "
            "{first_target|target}; the other targets are drawn at random, as data would bring them."
        )
    ],
    _code(five_steps.target_scores),
    _per_example("target_score", "x_t", "single", "[{batch#}]", "target"),
)

SAMPLES = _sheet(
    "step_samples",
    always("3 Shared noise: {cells#} scores, one product"),
    [
        [
            {
                "if": ["samples", "==", 1],
                "say": "One class is drawn for all {batch#} examples, so {cells#|model} scores read one row of w; a "
                "sample of its own for each example would read {cells#}.",
            },
            {
                "say": "{samples#|noise} classes are drawn once for all {batch#} examples, so {cells#|model} scores "
                "read {samples#} rows of w; samples of its own for each example would read {cells#}."
            },
        ],
        [
            {
                "if": ["noise", "==", "softmax"],
                "say": "The noise is the softmax of the Explorer's scores, not of these.",
            },
            {"say": ""},
        ],
    ],
    _code(five_steps.draw, five_steps.sample_scores),
    _per_example("sample_score", "x_c", "samples", "[{batch#}, {samples#}]", "model"),
)

CORRECTED = _sheet(
    "step_corrected",
    [
        {"if": ["hit_total", "==", 0], "say": "4 Reject and correct: no hit"},
        {"if": ["hit_total", "==", 1], "say": "4 Reject and correct: 1 hit"},
        {"say": "4 Reject and correct: {hit_total#} hits"},
    ],
    [
        [
            {"if": ["hit_total", "==", 0], "say": "None of the {cells#} samples is the target of its example."},
            {
                "if": ["hit_total", "==", 1],
                "say": "One of the {cells#} cells is a hit, a sample that is the example's own target. Samples that a "
                "batch shares cannot leave out the target of each example, so it is thrown away.",
            },
            {
                "say": "{hit_total#} of the {cells#} cells are hits, samples that are the example's own target. "
                "Samples that a batch shares cannot leave out the target of each example, so they are thrown away."
            },
        ],
        [
            {
                "if": ["kept_correction", ">=", 0],
                "say": "What is kept stands for all other classes: the first of them gets "
                "{kept_correction|correction} more, as if it were {kept_factor~} classes.",
            },
            {
                "if": ["kept_correction", "<", 0],
                "say": "What is kept stands for all other classes: the first of them is drawn so often that it gets "
                "{kept_correction|correction}, as if it were {kept_factor~} of a class.",
            },
            {"say": "Nothing is kept."},
        ],
    ],
    _code(five_steps.corrected),
    _per_example("correction", "correction", "samples", "[{batch#}, {samples#}]", "correction"),
    _per_example("corrected_score", "y_c", "samples", "[{batch#}, {samples#}]", "model"),
)

LOSS = _sheet(
    "step_loss",
    always("5 Cross-entropy of {candidates#} scores"),
    [
        always(
            "The target's score stands first, uncorrected; an ordinary cross-entropy does the rest. The mean loss is "
            "{batch_loss}, that of the full softmax over {n#} classes {batch_loss_full}: two measures, not to be "
            "compared."
        )
    ],
    _code(five_steps.losses),
    _per_example("candidate", "scores", "candidates", "[{batch#}, {candidates#}]", "model"),
    _per_example("loss", "loss", "single", "[{batch#}]", "ink"),
)

BACKWARD = _sheet(
    "step_backward",
    always("Backwards: {rows_touched#} of {n#} rows learn"),
    [
        always(
            "Autograd brings back one gradient for each of the {candidates#} scores of an example: below 0 it pulls "
            "the score up, above 0 it pushes it down; a hit gets 0. From them come those of h and of "
            "{rows_touched#|gradient} rows of w; the other {untouched#} rows have none, not even zeros."
        )
    ],
    _per_example("score_gradient", "scores.grad", "candidates", "[{batch#}, {candidates#}]", "gradient"),
    _per_example("embedding_gradient", "h.grad", "dims", "[{batch#}, {dim#}]", "gradient"),
    Matrix("weight_gradient", "w.grad", always("[{n#}, {dim#}]"), "classes", "dims", "gradient"),
)

BYTES = _sheet(
    "step_bytes",
    always("What the gradient of w weighs"),
    [
        always(
            "embedding(..., sparse=True) holds {rows_touched#|gradient} rows and their numbers, {row_bytes#} bytes "
            "each: {sparse_bytes#}, whatever the number of classes. Plain w[samples] fills a gradient of all rows "
            "with zeros: {dense_bytes#} bytes here, {dense_many#} at 1,000,000 classes, {thrifty_many#} times as much. "
            "The optimiser must be sparse too: SGD or SparseAdam."
        )
    ],
    Scale(
        (
            ("sparse_bytes", always("row-sparse: {sparse_bytes#} bytes"), "gradient"),
            ("dense_bytes", always("dense, {n#} classes: {dense_bytes#} bytes"), "ghost"),
        )
    ),
    Scale(
        (
            ("sparse_bytes", always("row-sparse: {sparse_bytes#} bytes"), "gradient"),
            ("dense_many", always("dense, 1,000,000 classes: {dense_many#} bytes"), "ghost"),
        )
    ),
    label=always("The gradient of w: {sparse_bytes#} bytes row-sparse, {dense_bytes#} bytes dense."),
)

REVERSED = _sheet(
    "step_reversed",
    [
        {"if": ["empty_examples", "==", 0], "say": "The other order: the same, until a row is empty"},
        {"say": "The other order: one empty row, nan for all"},
    ],
    [
        [
            {
                "if": ["empty_examples", "==", 0],
                "say": "Step 4 is easily written the other way round: reject first, then subtract the logarithm. Here "
                "every example keeps a sample, and both orders give the same gradients. Where all samples of an "
                "example are hits, it subtracts log 0 from minus infinity.",
            },
            {
                "say": "Every sample of {empty_examples#} of the {batch#} examples is a hit: minus infinity minus log "
                "0 is nan. The mean loss of the batch is nan, and so is the gradient of {reversed_rows#|gradient} "
                "row of w, which all examples share: one step later {reversed_after#|gradient} of {batch#} losses "
                "are nan. The form above gives that example the loss 0 and no gradient, and the batch "
                "{batch_loss}."
            },
        ]
    ],
    _code(five_steps.mistaken),
    _per_example("reversed_loss", "loss", "single", "[{batch#}]", "ink", missing="nan"),
    _per_example("reversed_gradient", "h.grad", "dims", "[{batch#}, {dim#}]", "gradient", missing="nan"),
    Jump("Show a row whose every sample is a hit", _EMPTY_ROW, "Back to the batch before", {"samples": 3, "draw": 1}),
)

SNIPPET = _sheet(
    "step_snippet",
    always("All of it, to run: torch alone"),
    [
        always(
            "The functions above, and the random numbers behind them: it prints the losses and gradients of this page. "
            "Use ssm.SampledSoftmax where it matters: the tests hold the two equal, and it does what these leave out."
        )
    ],
    Code("snippet"),
    label=always("The program that prints the numbers of this page."),
)

SHEETS: dict[str, Panel] = {
    sheet.name: sheet for sheet in (EMBEDDINGS, TARGET, SAMPLES, CORRECTED, LOSS, BACKWARD, BYTES, REVERSED, SNIPPET)
}
