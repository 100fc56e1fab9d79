"""The panels over the number of draws: how far off the average is, and where single classes' averages go."""

from ssm.explorer.figures.records import DRAWS, End, Panel, Trace, Variant, dots, line
from ssm.explorer.figures.templates import always
from ssm.explorer.figures.texts import OTHERS
from ssm.explorer.figures.theme import Theme

WATCHED = 5
_LOOKS = ((2.6, "solid"), (1.3, "solid"), (1.8, "7px,2px"), (1.8, "2px,2px"), (1.8, "8px,2px,2px,2px"))


def _convergence(theme: Theme) -> list[Trace]:
    return [
        line("other seeds", "others_at", "others", theme.gradient, width=1, opacity=0.22),
        line("typical", "checkpoints", "typical", theme.muted, width=1.6, dash="2px,3px"),
        line("bias", "ends", "bias", theme.exact, width=1.6, dash="6px,4px"),
        line("this run", "checkpoints", "errors", theme.gradient, width=2.2),
        dots("average shown", "averaged_at", "averaged", theme.gradient, theme.paper),
    ]


def _convergence_classes(theme: Theme) -> list[Trace]:
    looks = [
        line(f"average of class {i + 1}", "checkpoints", f"watched_{i}", theme.gradient, width=width, dash=dash)
        for i, (width, dash) in enumerate(_LOOKS)
    ]
    return [
        line("full gradient", "watched_at", "watched_full", theme.ghost, width=3),
        *looks,
        line("exact expectation", "watched_at", "watched_expected", theme.exact, width=1.6, dash="3px,2px"),
    ]


CONVERGENCE = Panel(
    name="convergence",
    title=[always("Convergence: {error_mean} off, {relative_mean%}")],
    caption=[
        [
            {"if": ["biased", "==", 0], "say": "No bias: it goes to 0. Faint: other seeds."},
            *({**other, "say": "Dashed: another loss's limit. Faint: other seeds."} for other in OTHERS),
            {"if": ["biased", "==", 1], "say": "Dashed: the bias that stays. Faint: other seeds."},
            {"say": "How far the average of R draws is off."},
        ]
    ],
    label=[
        [
            *(
                {
                    **other,
                    "say": "Line chart, both axes logarithmic: the average of {averaged#} draws is off by "
                    "{error_mean}, {relative_mean%} of the full gradient; this loss has another gradient, {bias} away.",
                }
                for other in OTHERS
            ),
            {
                "if": ["biased", "==", 1],
                "say": "Line chart, both axes logarithmic: the average of {averaged#} draws is off by {error_mean}, "
                "{relative_mean%} of the full gradient; the bias keeps it {bias} off however many draws are made.",
            },
            {
                "say": "Line chart, both axes logarithmic: the average of {averaged#} draws is off by {error_mean}, "
                "{relative_mean%} of the full gradient."
            },
        ]
    ],
    needs=("convergence", "moments"),
    along=DRAWS,
    scale="distance",
    unit="distance from full gradient",
    value_axis="log",
    traces=_convergence,
    tools=("view",),
    ends=(
        End(always("this run"), "errors", "gradient"),
        End(always("typical"), "typical", "muted"),
        End([*({**other, "say": "limit"} for other in OTHERS), {"say": "bias"}], "bias", "exact"),
    ),
)

CONVERGENCE_CLASSES = Panel(
    name="convergence_classes",
    title=[always("Convergence of single classes")],
    caption=[always("Line: average. Grey: full. Dashed: expected.")],
    label=[
        always(
            "Line chart of {watched_count#} classes' gradients, averaged over 1 to {draws#} draws, draws logarithmic, "
            "with the full gradient and the exact expectation of each."
        )
    ],
    needs=("convergence", "moments"),
    along=DRAWS,
    scale="watched",
    unit="gradient",
    traces=_convergence_classes,
    ends=tuple(End(always(f"{{watched_name_{i}}}"), f"watched_{i}", "gradient") for i in range(WATCHED)),
    variant=Variant("convergence", "view", "classes"),
)
