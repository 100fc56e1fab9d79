"""Estimators: what the six losses make of the same draws, and what each learns."""

from ssm.explorer.figures.by_estimator import DIVERGENCE, GRADIENTS, NAMES
from ssm.explorer.figures.templates import Part, Parts, always
from ssm.explorer.pages.libraries import LIBRARIES
from ssm.explorer.pages.record import Next, Page

_OFF = "the exact mean of all draws is {chosen_off%|exact} off the full gradient."
_GIVES = "gives {target_name} {model_target%|model} where the truth is {truth_target%}, {chosen_nats} nats off in all"
_EXACTLY = {"and": ["chosen_nats", "==", 0]}


def _is(estimator: str) -> dict[str, list[object]]:
    return {"if": ["estimator", "==", estimator]}


def _seen() -> Part:
    """What is seen of the loss that is chosen: the legend of the small pictures."""
    one = "draw {draw#|gradient} is shown, and"
    many = "draw {draw#|gradient} is shown, {shown_draws#|average} are averaged, and"
    return [
        {**_is(name), **more, "say": f"{title}: {seen} {_OFF}"}
        for name, title in NAMES.items()
        for seen, more in ((one, {"and": ["shown_draws", "==", 1]}), (many, {}))
    ]


SENTENCE: Parts = [
    _seen(),
    [
        {"if": ["learned_known", "==", 0], "say": ""},
        {"if": ["left_out", "==", 0], "say": "Trained to the end where the softmax is the truth,"},
        {"say": "Trained to the end where the softmax of these {learned_count#} classes alone is the truth,"},
    ],
    [
        {
            "if": ["samples", "<", "least_samples"],
            "and": ["estimator", "==", "naive_importance"],
            "say": "Trained where the softmax is the truth it goes nowhere: with fewer than {least_samples#} samples "
            "some classes are drawn more rarely than they are right, and their scores grow for ever.",
        },
        {"if": ["learned_known", "==", 0], "say": ""},
        {
            **_is("sampled_softmax"),
            "and": ["model_target", ">=", "truth_target"],
            "say": f"it {_GIVES}: too sure of it, and less so with more samples.",
        },
        {**_is("sampled_softmax"), "say": f"it {_GIVES}, and less so with more samples."},
        {**_is("naive_importance"), "say": f"it {_GIVES}, and less so with more samples."},
        {**_is("log_q"), **_EXACTLY, "say": "it learns the truth exactly."},
        {
            **_is("log_q"),
            "say": f"it {_GIVES}: exact with one sample, and further off with more, for hits are thrown away.",
        },
        {
            **_is("uncorrected"),
            "and": ["noise", "==", "uniform"],
            "say": f"it {_GIVES}: under uniform noise no correction and log-q are the same loss.",
        },
        {**_is("uncorrected"), "say": f"it {_GIVES}: it learns p / q, so what is sampled often is held too rare."},
        {**_is("nce"), "say": "it learns the truth, and its scores are log-probabilities without being normalised."},
        {
            **_is("negative_sampling"),
            **_EXACTLY,
            "say": "its softmax is the truth, for this noise is uniform; its scores are log(p / (k q)).",
        },
        {"say": f"it {_GIVES}: its scores are log(p / (k q)), not log p."},
    ],
]

ESTIMATORS = Page(
    name="estimators",
    title="Estimators",
    path="estimators",
    question="Six losses over the target and the same samples, some of them under one name: what does each do to the "
    "gradient, and what model does each end at?",
    panels=(*(panel.name for panel in GRADIENTS), "learned", DIVERGENCE.name),
    sentence=SENTENCE,
    strip=(
        {
            "name": "Off, sampled softmax",
            "value": "{off_sampled_softmax%}",
            "help": always("Its mean gradient from the full one: the bias, which more samples shrink."),
        },
        {
            "name": "Off, naive importance",
            "value": "{off_naive_importance%}",
            "help": always("The same samples without the target set apart."),
        },
        {
            "name": "Off, log-q",
            "value": "{off_log_q%}",
            "help": always("No bias but another loss: more samples do not shrink it."),
        },
        {
            "name": "Off, NCE",
            "value": "{off_nce%}",
            "help": always("Another loss on another scale: how far off says nothing of what it learns."),
        },
        {
            "name": "Samples for naive importance",
            "value": "{least_samples#}",
            "help": always("With fewer its loss falls without end, and there is nothing to learn."),
        },
    ),
    front=("estimator",),
    wide=(DIVERGENCE.name,),
    table=LIBRARIES,
    next=Next("And how is the sampled softmax written: which five steps are it in PyTorch?", "implementation"),
)
