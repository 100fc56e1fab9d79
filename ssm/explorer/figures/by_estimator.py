"""The panels of the estimators: what each makes of the same draws, and what each learns."""

from ssm.explorer.figures.compared import ESTIMATORS
from ssm.explorer.figures.records import CLASSES, SAMPLES, End, Panel, Trace, Variant, bars, dots, line
from ssm.explorer.figures.templates import Part, always
from ssm.explorer.figures.theme import Theme

NAMES = {
    "sampled_softmax": "Sampled softmax",
    "naive_importance": "Naive importance",
    "log_q": "Log-q",
    "uncorrected": "Uncorrected",
    "nce": "NCE",
    "negative_sampling": "Negative sampling",
}
_ENDS = {"naive_importance": "naive", "negative_sampling": "neg. sampling", "nce": "NCE"}
_LEARNS = {
    "sampled_softmax": "Tends to the full gradient. Learns the truth as k grows.",
    "naive_importance": "Tends there too. Learns nothing while k is small, then the truth.",
    "log_q": "Another loss. Learns the truth, exactly at k = 1.",
    "uncorrected": "Another loss. Learns p / q, exactly at k = 1.",
    "nce": "Class by class. Learns scores that are log p.",
    "negative_sampling": "Class by class. Learns scores that are log(p / (k q)).",
}
_ALIKE = {  # under uniform noise
    "log_q": "Another loss; no correction is the same one here: q is uniform.",
    "uncorrected": "The same as log-q here, for q is uniform. Else learns p / q.",
}
_ENDLESS = "Grey: the truth. No model: the loss falls without end."
_LOOKS = (
    (2.6, "solid"),
    (1.6, "1px,3px"),
    (1.3, "solid"),
    (1.8, "7px,2px"),
    (1.8, "2px,2px"),
    (1.8, "8px,2px,2px,2px"),
)


def _said_of(name: str) -> Part:
    """What a loss tends to and what it learns; under one noise two of them are one."""
    alike = {"if": ["noise", "==", "uniform"], "say": _ALIKE.get(name, "")}
    return [*([alike] if name in _ALIKE else []), {"say": _LEARNS[name]}]


def _gradient(name: str) -> Panel:
    def traces(theme: Theme) -> list[Trace]:
        return [
            bars("full gradient", "gradient_full", theme.step, line=theme.ghost, width=0.96),
            bars("this draw", f"one_{name}", theme.gradient, width=0.44),
            bars("average of draws", f"average_{name}", None, line=theme.gradient, stroke=1.6, width=0.72),
            line("exact expectation", "each_at", f"expected_{name}", theme.exact, width=2, dash="3px,2px"),
        ]

    return Panel(
        name=f"estimator_{name}",
        title=[_if_known(f"off_{name}", f"{NAMES[name]}: mean {{off_{name}%}} off", NAMES[name])],
        caption=[_said_of(name)],
        label=[
            always(
                f"Bar chart of the gradient of {NAMES[name]}: draw {{draw#}}, the average of {{shown_draws#}} draws, "
                f"and the exact mean, {{off_{name}%}} of the full gradient away from that."
            )
        ],
        needs=("draw", "estimators"),
        along=CLASSES,
        scale="each",
        unit="gradient",
        traces=traces,
    )


def _if_known(number: str, known: str, unknown: str) -> Part:
    return [{"if": [number, ">=", 0], "say": known}, {"say": unknown}]


def _learned(name: str) -> Panel:
    def traces(theme: Theme) -> list[Trace]:
        return [
            bars("truth", "truth", theme.step, line=theme.ghost, width=0.96),
            bars("what it learns", f"model_{name}", theme.model, width=0.44),
        ]

    there, first = [f"nats_{name}", ">=", 0], name == ESTIMATORS[0]
    return Panel(
        name="learned" if first else f"learned_{name}",
        title=[
            _if_known(
                f"nats_{name}", f"{NAMES[name]} learns: {{nats_{name}}} nats off", f"{NAMES[name]} learns nothing"
            )
        ],
        caption=[
            [
                {"if": there, "and": ["left_out", "==", 0], "say": "Grey: the truth. Blue: the optimum."},
                {"if": there, "say": "Grey: the truth among {learned_count#} classes. Blue: the optimum."},
                *([{"if": ["least_samples", ">=", 1], "say": _ENDLESS}] if name == "naive_importance" else []),
                {"say": "Nothing to learn: a class is all but impossible."},
            ]
        ],
        label=[
            always(
                f"Bar chart of the true distribution and of what {NAMES[name]} learns with {{samples#}} samples: their "
                f"Kullback-Leibler divergence is {{nats_{name}}} nats."
            )
        ],
        needs=("learned",),
        along=CLASSES,
        scale="probability",
        unit="probability",
        traces=traces,
        variant=None if first else Variant("learned", "estimator", name),
    )


def _divergence(theme: Theme) -> list[Trace]:
    looks = zip(ESTIMATORS, _LOOKS, strict=True)
    return [
        *(
            line(NAMES[name], "learned_at", f"apart_{name}", theme.model, width=width, dash=dash)
            for name, (width, dash) in looks
        ),
        dots("at this k", "now_at", "now", theme.model, theme.paper),
    ]


DIVERGENCE = Panel(
    name="divergence",
    title=[always("What each learns: how far from the truth")],
    caption=[always("Dots: with {samples#} samples. At the foot: a millionth of a nat or less.")],
    label=[
        always(
            "Line chart, both axes logarithmic: the Kullback-Leibler divergence from the truth to what each loss "
            "learns, over the number of samples. With {samples#}: sampled softmax {nats_sampled_softmax}, naive "
            "importance {nats_naive_importance}, log-q {nats_log_q}, uncorrected {nats_uncorrected}, NCE {nats_nce}, "
            "negative sampling {nats_negative_sampling} nats."
        )
    ],
    needs=("learned",),
    along=SAMPLES,
    scale="divergence",
    unit="KL divergence, nats",
    value_axis="log",
    traces=_divergence,
    ends=tuple(End(always(_ENDS.get(name, NAMES[name].lower())), f"apart_{name}", "model") for name in ESTIMATORS),
)

GRADIENTS = tuple(_gradient(name) for name in ESTIMATORS)
LEARNED = tuple(_learned(name) for name in ESTIMATORS)
