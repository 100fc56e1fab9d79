"""The panels: those of one draw, and all of them by name, each defined once."""

from ssm.explorer.figures.by_estimator import DIVERGENCE, GRADIENTS, LEARNED
from ssm.explorer.figures.many import BALANCE, RANKED
from ssm.explorer.figures.masses import MASSES
from ssm.explorer.figures.over_draws import CONVERGENCE, CONVERGENCE_CLASSES
from ssm.explorer.figures.over_samples import OVER_SAMPLES
from ssm.explorer.figures.over_sizes import OVER_SIZES
from ssm.explorer.figures.over_training import OVER_TRAINING
from ssm.explorer.figures.records import CLASSES, Note, Panel, Trace, Variant, bars, line
from ssm.explorer.figures.templates import Part, Parts, always
from ssm.explorer.figures.texts import OTHERS
from ssm.explorer.figures.theme import Theme

_LONG = 10_000  # classes from which a count alone fills a title


def _noise(theme: Theme) -> list[Trace]:
    return [
        bars("noise probability", "noise_rest", None, line=theme.noise_line),
        bars("sampled in this draw", "noise_sampled", theme.noise, line=theme.noise_line),
        bars("hit, thrown away", "noise_hit", None, line=theme.target, stroke=2),
    ]


def _scores(prefix: str, theme: Theme) -> list[Trace]:
    return [
        bars("model score", f"{prefix}_others", theme.model),
        bars("target's score", f"{prefix}_target", theme.target),
    ]


def _sampled(prefix: str, theme: Theme) -> list[Trace]:
    return [
        bars("not computed", f"{prefix}_unsampled", None, line=theme.ghost),
        bars("model score", f"{prefix}_sampled", theme.model),
        bars("target's score", f"{prefix}_target", theme.target),
    ]


def _scores_sampled(theme: Theme) -> list[Trace]:
    return [*_sampled("score", theme), line("corrected score", "corrected_at", "corrected", theme.ink, width=2)]


def _weights_sampled(theme: Theme) -> list[Trace]:
    look = {"along": "block_at", "base": "block_base", "width": 0.5}
    blocks = bars("weight of one sample", "block", theme.correction, line=theme.correction_line, **look)
    return [*_sampled("weight", theme), blocks]


def _gradient_full(theme: Theme) -> list[Trace]:
    return [bars("full gradient", "gradient_full", theme.gradient)]


def _gradient_sampled(theme: Theme) -> list[Trace]:
    return [
        bars("full gradient", "gradient_full", theme.step, line=theme.ghost, width=0.96),
        bars("this draw", "gradient_draw", theme.gradient, width=0.44),
        bars("average of draws", "gradient_mean", None, line=theme.gradient, stroke=1.6, width=0.72),
        line("exact expectation", "expected_at", "expected", theme.exact, width=2, dash="3px,2px"),
    ]


_SAMPLED_READING: Parts = [
    [
        {"if": ["correction", "<", 0], "say": "{name}: {score} {correction}, corrected {corrected} (×{factor~})"},
        {"if": ["correction", "==", 0], "say": "{name}: {score}, no correction"},
        {"if": ["correction", ">=", 0], "say": "{name}: {score} + {correction} = {corrected} (×{factor~})"},
        {"if": ["is_target", "==", 1], "say": "{name}: {score}, the target, no correction"},
        {"say": "{name}: not computed in this draw"},
    ]
]

_GAP: Part = [*({**other, "say": "this gap is another loss's"} for other in OTHERS), {"say": "this gap is the bias"}]

NOISE = Panel(
    name="noise",
    title=[
        [
            {"if": ["hit_count", "==", 0], "say": "Noise: {samples#} drawn from here"},
            {"if": ["samples", "==", 1], "say": "Noise: the sample hit the target"},
            {"if": ["hit_count", "==", 1], "say": "Noise: 1 of {samples#} samples hit the target"},
            {"say": "Noise: {hit_count#} of {samples#} samples hit"},
        ]
    ],
    caption=[
        [
            {"if": ["noise", "==", "custom"], "say": "Filled: drawn. Drag a bar to change its weight."},
            {"if": ["hit_count", ">=", 1], "say": "Filled: drawn. Green, open: a hit, thrown away."},
            {"say": "Filled: drawn in this draw, and how often."},
        ]
    ],
    label=[
        always(
            "Bar chart of the noise distribution: {samples#} samples drawn, {hit_count#} of them hit the target. "
            "Distance from the ideal noise, chi squared: {chi2}."
        )
    ],
    reading=[
        [
            {"if": ["count", "==", 0], "say": "{name}: probability {noise}, not drawn"},
            {"say": "{name}: probability {noise}, drawn ×{count#}"},
        ]
    ],
    needs=("draw",),
    along=CLASSES,
    scale="noise",
    unit="probability",
    grip="weight",
    flight="start",
    traces=_noise,
    lettering=(("counts", "noise"), ("strikes", "noise_hit")),
    notes=(Note([always("drawn by chance")], "sampled"),),
)


def _counted(count: str, what: str) -> list[Part]:
    """A title that counts classes, without its last word where the number alone fills it."""
    return [[{"if": ["n", ">=", _LONG], "say": count}, {"say": f"{count} {what}"}]]


SCORES_FULL = Panel(
    name="scores_full",
    title=[always("Scores, full: all {n#} classes")],
    caption=[always("Green: the target. Drag a bar to change its score.")],
    label=[always("Bar chart of the scores of the full softmax, {n#} classes. The target scores {score_target}.")],
    reading=[always("{name}: score {score}, probability {probability%}")],
    along=CLASSES,
    scale="score",
    unit="score",
    grip="score",
    traces=lambda theme: _scores("score", theme),
)

WEIGHTS_FULL = Panel(
    name="weights_full",
    title=[always("Weights, full: all {n#} classes")],
    caption=[always("Each class's weight. Drag a bar to change it.")],
    label=[always("Bar chart of the weights of the full softmax, {n#} classes, relative to the target's.")],
    reading=[always("{name}: weight {weight}, probability {probability%}")],
    along=CLASSES,
    scale="weight",
    unit="weight, target's = 1",
    grip="score",
    traces=lambda theme: _scores("weight", theme),
    variant=Variant("scores_full", "scale", "weights"),
)

SCORES_SAMPLED = Panel(
    name="scores_sampled",
    title=_counted("Scores, sampled: {computed#} of {n#}", "computed"),
    caption=[
        [
            {"if": ["estimator", "==", "log_q"], "say": "Arrow: the correction, the target's too."},
            {"if": ["estimator", "==", "nce"], "say": "Arrow: the correction, the target's too."},
            {"if": ["estimator", "==", "uncorrected"], "say": "No correction. Outlined: not computed."},
            {"if": ["estimator", "==", "negative_sampling"], "say": "No correction. Outlined: not computed."},
            {"say": "Arrow: the correction. Outlined: not computed."},
        ]
    ],
    label=[
        always(
            "Bar chart of the corrected scores of draw {draw#}: {computed#} of {n#} classes computed, sampled loss "
            "{loss_draw}, not comparable with the full softmax's {loss_full}."
        )
    ],
    reading=_SAMPLED_READING,
    needs=("draw",),
    along=CLASSES,
    scale="score",
    unit="score, corrected",
    traces=_scores_sampled,
    lettering=(("arrows", "corrected_scores"), ("factors", "factor_at")),
    tools=("scale",),
    flight="end",
    notes=(
        Note(
            [
                [
                    {"if": ["factor", "<", 1], "say": "counts {factor~} times"},
                    {"say": "stands for {factor~} classes"},
                ]
            ],
            "arrow",
        ),
    ),
)

WEIGHTS_SAMPLED = Panel(
    name="weights_sampled",
    title=[always("Weights, sampled: {computed#} of {n#}")],
    caption=[always("A block for each sample. Outlined: not computed.")],
    label=[
        always(
            "Bar chart of the corrected weights of draw {draw#}, one block for each sample: {computed#} of {n#} "
            "classes computed, relative to the target's."
        )
    ],
    reading=_SAMPLED_READING,
    needs=("draw",),
    along=CLASSES,
    scale="weight",
    unit="weight, target's = 1",
    traces=_weights_sampled,
    lettering=(("factors", "weight_factor_at"),),
    variant=Variant("scores_sampled", "scale", "weights"),
)

GRADIENT_FULL = Panel(
    name="gradient_full",
    title=[always("Gradient, full: spike and forest")],
    caption=[always("One pull on the target, small pushes on the rest.")],
    label=[always("Bar chart of the full gradient: {spike} on the target, and as much, spread, on all other classes.")],
    reading=[always("{name}: {full}")],
    along=CLASSES,
    scale="gradient",
    unit="gradient",
    traces=_gradient_full,
)

GRADIENT_SAMPLED = Panel(
    name="gradient_sampled",
    title=_counted("Gradient, sampled: {touched#} of {n#}", "touched"),
    caption=[
        [
            {
                "if": ["bias", ">=", 0],
                "say": "Filled: draw. Open: mean. Grey: full. Dash: exact.",
            },
            {"say": "Filled: draw. Open: average. Grey: full."},
        ]
    ],
    label=[
        always(
            "Bar chart of the sampled gradient: draw {draw#} is off by {error_draw}, {relative_draw%} of the full "
            "gradient, the average of {averaged#} draws by {error_mean}, {relative_mean%}."
        )
    ],
    reading=[
        [
            {
                "if": ["has_expected", "==", 1],
                "say": "{name}: this draw {gradient}, average {mean}, expected {expected}, full {full}",
            },
            {"say": "{name}: this draw {gradient}, average {mean}, full {full}"},
        ]
    ],
    needs=("draw", "convergence", "moments"),
    along=CLASSES,
    scale="gradient",
    unit="gradient",
    traces=_gradient_sampled,
    tools=("zoom",),
    notes=(
        Note([_GAP], "bias"),
        Note([always("not touched in this draw")], "untouched"),
    ),
)

PANELS: dict[str, Panel] = {
    panel.name: panel
    for panel in (
        NOISE,
        SCORES_FULL,
        WEIGHTS_FULL,
        SCORES_SAMPLED,
        WEIGHTS_SAMPLED,
        GRADIENT_FULL,
        GRADIENT_SAMPLED,
        CONVERGENCE,
        CONVERGENCE_CLASSES,
        BALANCE,
        RANKED,
        MASSES,
        *OVER_SAMPLES,
        *GRADIENTS,
        *LEARNED,
        DIVERGENCE,
        *OVER_TRAINING,
        *OVER_SIZES,
    )
}
