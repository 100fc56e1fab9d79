"""The panels over the number of samples: bias, spread and loss gap of several noises, and the bias of each class."""

from ssm.explorer.figures.curve_series import EXPANDED, MOST_NOISES
from ssm.explorer.figures.records import CLASSES, SAMPLES, End, Panel, Trace, bars, dots, line
from ssm.explorer.figures.templates import Parts, always
from ssm.explorer.figures.theme import Theme

_LOOKS = ((2.6, "solid"), (1.6, "solid"), (1.6, "7px,3px"), (1.6, "2px,3px"))  # of the chosen noise, then the others
_EXPANSION = "1px,4px"


def _inks(theme: Theme) -> list[str]:
    return [theme.noise_line, *[theme.muted] * (MOST_NOISES - 1)]


def _curves(name: str, theme: Theme) -> list[Trace]:
    """The curve of each noise, the chosen one on top, and where the chosen number of samples stands on that."""
    inks = _inks(theme)
    rows = [(i, inks[i], *_LOOKS[i]) for i in reversed(range(MOST_NOISES))]
    expansions = [
        line(f"expansion of noise {i + 1}, {how}", "curve_k", f"{name}_{how}_{i}", inks[i], **look)
        for i in reversed(range(MOST_NOISES))
        for how, look in (("far", {"width": 3, "opacity": 0.25}), ("near", {"width": 5, "opacity": 0.35}))
        if name in EXPANDED
    ]
    return [
        *expansions,
        *(line(f"noise {i + 1}", "curve_k", f"{name}_{i}", ink, width=w, dash=dash) for i, ink, w, dash in rows),
        dots("samples now", f"{name}_now_at", f"{name}_now", theme.noise_line, theme.paper),
    ]


def _bias(theme: Theme) -> list[Trace]:
    return [
        *_curves("bias", theme),
        line("tolerance", "tolerance_at", "tolerance", theme.muted, width=1.4, dash="6px,4px"),
        dots("samples needed", "needed_at", "needed", theme.muted, theme.paper),
    ]


def _ends(name: str) -> tuple[End, ...]:
    roles = ["noise", *["muted"] * (MOST_NOISES - 1)]
    return tuple(End(always(f"{{noise_name_{i}}}"), f"{name}_{i}", role) for i, role in enumerate(roles))


_NEEDED: Parts = [
    [
        {"if": ["needed_0", ">=", 1], "say": "Bias: k = {needed_0#} for {tolerance%}"},
        {"say": "Bias: nowhere below {tolerance%}"},
    ]
]

BIAS_CURVE = Panel(
    name="bias_curve",
    title=_NEEDED,
    caption=[always("Drag the dashed line. Pale band: the 1 / k law.")],
    label=[
        [
            {
                "if": ["needed_0", ">=", 1],
                "say": "Line chart, both axes logarithmic: the relative bias of {noise_count#} noises over the number "
                "of samples. {noise_name_0} noise keeps {tolerance%} from {needed_0#} samples on.",
            },
            {
                "say": "Line chart, both axes logarithmic: the relative bias of {noise_count#} noises over the number "
                "of samples. {noise_name_0} noise does not come below {tolerance%}."
            },
        ]
    ],
    needs=("curves", "moments"),
    along=SAMPLES,
    scale="bias",
    unit="bias, in parts of the full gradient",
    value_axis="log",
    traces=_bias,
    lettering=(("readings", "needed"),),
    ends=(*_ends("bias"), End(always("{tolerance%} allowed"), "tolerance", "muted")),
    level="tolerance",
)

NOISE_IDEAL = Panel(
    name="noise_ideal",
    title=[always("Noise and ideal: χ² is {chi2}")],
    caption=[
        [
            {"if": ["noise", "==", "custom"], "say": "Drag bars to the outlines: the bias goes."},
            {"say": "Outlined: ideal. Custom noise can be dragged."},
        ]
    ],
    label=[
        always(
            "Bar chart of the noise distribution, filled, and of the ideal one, outlined. Distance, chi squared: "
            "{chi2}."
        )
    ],
    reading=[always("{name}: noise {noise}, ideal {ideal}")],
    along=CLASSES,
    scale="sampler",
    unit="probability",
    grip="weight",
    traces=lambda theme: [
        bars("noise", "noise", theme.noise, line=theme.noise_line, width=0.5),
        bars("ideal noise", "ideal", None, line=theme.model, stroke=1.6, width=0.84),
    ],
)

CLASS_BIAS = Panel(
    name="class_bias",
    title=[always("Bias of each class at k = {samples#}")],
    caption=[
        [
            {
                "if": ["estimator", "==", "sampled_softmax"],
                "say": "Below 0: pushed too little, drawn too rarely.",
            },
            {"say": "How far the average of endless draws is off."},
        ]
    ],
    label=[always("Bar chart of the expected gradient less the full one, class by class, with {samples#} samples.")],
    reading=[
        [
            {"if": ["is_target", "==", 1], "say": "{name}, the target: expected {expected}, full {full}"},
            {"if": ["class_bias", ">=", 0], "say": "{name}: pushed {class_bias} too much, {full} would be right"},
            {"say": "{name}: {class_bias}, too little, {full} would be right"},
        ]
    ],
    needs=("moments",),
    along=CLASSES,
    scale="class_bias",
    unit="expected − full gradient",
    traces=lambda theme: [bars("bias of the class", "class_bias", theme.gradient)],
)

SPREAD_CURVE = Panel(
    name="spread_curve",
    title=[always("Spread of one draw: {spread_now%}")],
    caption=[always("Standard deviation, at last falling as 1 / √k.")],
    label=[
        always(
            "Line chart, both axes logarithmic: the standard deviation of one draw, {spread_now%} at {samples#} "
            "samples."
        )
    ],
    needs=("curves", "moments"),
    along=SAMPLES,
    scale="error",
    unit="in parts of the full gradient",
    value_axis="log",
    traces=lambda theme: _curves("spread", theme),
    ends=_ends("spread"),
)

ERROR_CURVE = Panel(
    name="error_curve",
    title=[always("Error of one draw: {error_now%}")],
    caption=[always("Root mean square: √(bias² + spread²).")],
    label=[
        always(
            "Line chart, both axes logarithmic: the root mean square error of one draw, {error_now%} at {samples#} "
            "samples."
        )
    ],
    needs=("curves", "moments"),
    along=SAMPLES,
    scale="error",
    unit="in parts of the full gradient",
    value_axis="log",
    traces=lambda theme: _curves("error", theme),
    ends=_ends("error"),
)

GAP_CURVE = Panel(
    name="gap_curve",
    title=[always("Loss gap: {gap_now} nats")],
    caption=[
        [
            {
                "if": ["estimator", "==", "sampled_softmax"],
                "say": "The sampled loss is too low, whatever the model.",
            },
            {"say": "How far the expected loss is from the full one."},
        ]
    ],
    label=[
        always(
            "Line chart, both axes logarithmic: expected and full loss differ by {gap_now} nats at {samples#} samples."
        )
    ],
    needs=("curves", "moments"),
    along=SAMPLES,
    scale="gap",
    unit="nats",
    value_axis="log",
    traces=lambda theme: _curves("gap", theme),
    ends=_ends("gap"),
)

OVER_SAMPLES = (BIAS_CURVE, NOISE_IDEAL, CLASS_BIAS, SPREAD_CURVE, ERROR_CURVE, GAP_CURVE)
