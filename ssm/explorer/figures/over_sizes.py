"""The panels of costs: time and memory of a step over the number of classes, bias and error over its operations."""

from ssm.explorer.figures.cost_series import WAYS
from ssm.explorer.figures.curve_series import MOST_NOISES
from ssm.explorer.figures.records import PRICES, SIZES, End, Panel, Trace, dots, line
from ssm.explorer.figures.templates import Part, always
from ssm.explorer.figures.theme import Theme

SHORT = {
    "full": "full",
    "fused": "fused",
    "chunked": "in chunks",
    "dense": "sampled dense",
    "sparse": "sampled sparse",
}
_LOOKS = {
    "full": (2.6, "solid"),
    "fused": (1.4, "2px,3px"),
    "chunked": (1.6, "7px,3px"),
    "dense": (1.6, "7px,3px"),
    "sparse": (2.6, "solid"),
}
_SAMPLED = ("dense", "sparse")
_NOTHING = "Nothing is computed: it would take too much."
SAVED = 1.01  # times less: what is not would read as one time less
_NOISES = ((2.6, "solid"), (1.6, "solid"), (1.6, "7px,3px"), (1.6, "2px,3px"))  # the chosen one, then the others


def _ink(way: str, theme: Theme) -> str:
    return theme.model if way in _SAMPLED else theme.exact


def _curves(value: str, theme: Theme) -> list[Trace]:
    """A line and a dot for each size that was measured, the most telling way on top."""
    found = []
    for way, (width, dash) in _LOOKS.items():
        places = f"step_classes_{way}", f"{value}_{way}", _ink(way, theme)
        found.append(line(SHORT[way], *places, width=width, dash=dash))
        if dash == "solid":
            found.append(dots(f"{SHORT[way]}, measured", *places, theme.paper))
    return found


def _time(theme: Theme) -> list[Trace]:
    return [
        line("products alone", "products_at", "products", theme.muted, width=1.2, dash="6px,4px"),
        *_curves("step_time", theme),
        dots("as fast from here", "crossing_at", "crossing", theme.target, theme.paper),
    ]


def _memory(theme: Theme) -> list[Trace]:
    return [
        line("Adam's state", "state_at", "state", theme.muted, width=1.2, dash="6px,4px"),
        *_curves("step_memory", theme),
    ]


def _ends(value: str) -> tuple[End, ...]:
    return tuple(End(always(SHORT[way]), f"{value}_{way}", "model" if way in _SAMPLED else "exact") for way in WAYS)


def _said(way: str, name: str, unit: str) -> Part:
    return [{"if": [f"{name}_{way}", ">=", 0], "say": f"{SHORT[way]} {{{name}_{way}}} {unit},"}, {"say": ""}]


STEP_TIME = Panel(
    name="step_time",
    title=[
        [
            {"if": ["saving_sparse", ">=", SAVED], "say": "A step among {measured#} classes: {saving_sparse~}× less"},
            {"if": ["measured", ">=", 1], "say": "A step among {measured#} classes: nothing saved"},
            {"say": "Time of a training step"},
        ]
    ],
    caption=[always("Forward, backward and Adam. Dashed: 6 B n d operations, at the speed of products.")],
    label=[
        always("Line chart, both axes logarithmic: milliseconds of a training step over the number of classes."),
        *(_said(way, "time", "ms") for way in WAYS),
        [{"if": ["measured", ">=", 1], "say": "at {measured#} classes."}, {"say": "Nothing is measured yet."}],
    ],
    needs=("cost",),
    along=SIZES,
    scale="step_time",
    unit="ms",
    value_axis="log",
    traces=_time,
    lettering=(("readings", "crossing"),),
    ends=(*_ends("step_time"), End(always("products"), "products", "muted")),
)

STEP_MEMORY = Panel(
    name="step_memory",
    title=[
        [
            {"if": ["measured", ">=", 1], "say": "Memory: full {memory_full} MB, sampled {memory_sparse} MB"},
            {"say": "Memory of a training step"},
        ]
    ],
    caption=[always("Held beside the rows. Dashed: Adam's 2 n d numbers.")],
    label=[
        always("Line chart, both axes logarithmic: megabytes that a step holds over the number of classes."),
        *(_said(way, "memory", "MB") for way in WAYS),
        [{"if": ["measured", ">=", 1], "say": "at {measured#} classes."}, {"say": "Nothing is measured yet."}],
    ],
    needs=("cost",),
    along=SIZES,
    scale="step_memory",
    unit="MB",
    value_axis="log",
    traces=_memory,
    ends=(*_ends("step_memory"), End(always("Adam's state"), "state", "muted")),
)


def _priced(name: str, theme: Theme) -> list[Trace]:
    inks = [theme.noise_line, *[theme.muted] * (MOST_NOISES - 1)]
    rows = [(i, inks[i], *_NOISES[i]) for i in reversed(range(MOST_NOISES))]
    return [
        line("full", f"whole_{name}_at", f"whole_{name}", theme.exact, width=1.4),
        *(line(f"noise {i + 1}", f"price_{i}", f"{name}_{i}", ink, width=w, dash=dash) for i, ink, w, dash in rows),
    ]


def _noise_ends(name: str) -> tuple[End, ...]:
    roles = ["noise", *["muted"] * (MOST_NOISES - 1)]
    return tuple(End(always(f"{{noise_name_{i}}}"), f"{name}_{i}", role) for i, role in enumerate(roles))


BIAS_PRICE = Panel(
    name="bias_price",
    title=[
        [
            {"if": ["price_0", ">=", 1], "say": "{tolerance%} of bias costs {price_0~} full steps"},
            {"if": ["price_0", ">=", 0], "say": "{tolerance%} of bias costs {price_0%} of a full step"},
            {"if": ["noise_count", ">=", 1], "say": "No price keeps {tolerance%} of bias"},
            {"say": "Bias of a step, and what it costs"},
        ]
    ],
    caption=[
        [
            {"if": ["noise_count", ">=", 1], "say": "Drag the dashed line. Upright: the full softmax, without bias."},
            {"say": _NOTHING},
        ]
    ],
    label=[
        always(
            "Line chart, both axes logarithmic: the relative bias of {noise_count#} noises over the operations of a "
            "step, in parts of the full softmax's."
        ),
        [
            {"if": ["price_0", ">=", 0], "say": "{noise_name_0} noise keeps {tolerance%} from {price_0%} on."},
            {"if": ["noise_count", ">=", 1], "say": "{noise_name_0} noise does not come below {tolerance%}."},
            {"say": _NOTHING},
        ],
    ],
    needs=("curves",),
    along=PRICES,
    scale="bias",
    unit="bias, in parts of the full gradient",
    value_axis="log",
    traces=lambda theme: [
        *_priced("bias", theme),
        line("tolerance", "allowed_at", "tolerance", theme.muted, width=1.4, dash="6px,4px"),
        dots("price of the tolerance", "needed_price", "needed", theme.muted, theme.paper),
    ],
    ends=(*_noise_ends("bias"), End(always("{tolerance%} allowed"), "tolerance", "muted")),
    level="tolerance",
)

ERROR_PRICE = Panel(
    name="error_price",
    title=[always("Error of one draw, and what it costs")],
    caption=[always("Root mean square. A batch averages the noise in it.")],
    label=[
        always(
            "Line chart, both axes logarithmic: the root mean square error of one draw with {noise_count#} noises over "
            "the operations of a step, in parts of the full softmax's."
        )
    ],
    needs=("curves",),
    along=PRICES,
    scale="error",
    unit="in parts of the full gradient",
    value_axis="log",
    traces=lambda theme: _priced("error", theme),
    ends=_noise_ends("error"),
)

OVER_SIZES = (STEP_TIME, STEP_MEMORY, BIAS_PRICE, ERROR_PRICE)
