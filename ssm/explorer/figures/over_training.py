"""The panels of the training: perplexity over seconds and over steps, the losses that were trained on, and the bias."""

from ssm.explorer.figures.records import SECONDS, STEPS, Along, End, Panel, Trace, line
from ssm.explorer.figures.templates import Part, always
from ssm.explorer.figures.theme import Theme
from ssm.explorer.figures.training_series import ARMS

SHORT = {
    "full": "full",
    "sampled_unigram": "unigram",
    "sampled_log_uniform": "log-uniform",
    "sampled_uniform": "uniform",
    "log_q": "log-q",
    "uncorrected": "uncorrected",
    "nce": "NCE",
    "negative_sampling": "neg. sampling",
}
_LOOKS = {
    "full": (2.6, "solid"),
    "sampled_unigram": (2.2, "solid"),
    "sampled_log_uniform": (1.8, "7px,2px"),
    "sampled_uniform": (1.8, "2px,2px"),
    "log_q": (1.8, "8px,2px,2px,2px"),
    "uncorrected": (1.8, "7px,3px"),
    "nce": (1.4, "1px,3px"),
    "negative_sampling": (1.4, "4px,4px"),
}


def _ink(arm: str, theme: Theme) -> str:
    return theme.exact if arm == "full" else theme.model


def _curves(value: str, along: str, theme: Theme, **look: float) -> list[Trace]:
    """A line for each loss, the full softmax on top."""
    found = []
    for arm in reversed(ARMS):
        width, dash = _LOOKS[arm]
        style = {"width": width, "dash": dash} | look
        found.append(line(SHORT[arm], f"{along}_{arm}", f"{value}_{arm}", _ink(arm, theme), **style))
    return found


def _frequencies(along: str, theme: Theme) -> Trace:
    name, at = "word frequencies alone", f"frequencies_{along}"
    return line(name, at, f"frequencies_over_{along}", theme.muted, width=1.2, dash="6px,4px")


def _ends(value: str) -> tuple[End, ...]:
    return tuple(End(always(SHORT[arm]), f"{value}_{arm}", "exact" if arm == "full" else "model") for arm in ARMS)


def _said(arm: str, name: str) -> Part:
    number = f"{name}_{arm}_now"
    return [{"if": [number, ">=", 0], "say": f"{SHORT[arm]} {{{number}}},"}, {"say": ""}]


def _perplexity(along: Along) -> Panel:
    of = along.name
    return Panel(
        name=f"perplexity_{of}",
        title=[always(f"Perplexity on held-out text, over {of}")],
        caption=[always("Full softmax of the scores as they stand. Dashed: frequencies alone.")],
        label=[
            always(f"Line chart, both axes logarithmic: held-out perplexity of each loss over its {of}. Now:"),
            *(_said(arm, "perplexity") for arm in ARMS),
            always("and of the word frequencies alone {frequencies}."),
        ],
        needs=("training",),
        along=along,
        scale="perplexity",
        unit="perplexity",
        value_axis="log",
        traces=lambda theme: [_frequencies(of, theme), *_curves("perplexity", f"trained_{of}", theme)],
        ends=_ends("perplexity"),
    )


PERPLEXITY_SECONDS, PERPLEXITY_STEPS = _perplexity(SECONDS), _perplexity(STEPS)

TRAINED_LOSS = Panel(
    name="trained_loss",
    title=[always("Loss trained on, and the full loss")],
    caption=[always("Thin: its own sampled loss. Pale: full loss, held out.")],
    label=[
        always("Line chart over steps: the loss that each is trained on, beside its full loss on held-out text. Now:"),
        *(_said(arm, "loss") for arm in ARMS),
        always("in nats: they cannot be compared with one another."),
    ],
    needs=("training",),
    along=STEPS,
    scale="trained_loss",
    unit="nats",
    traces=lambda theme: [
        *_curves("held_out_loss", "trained_steps", theme, width=5, opacity=0.25),
        *_curves("trained_loss", "trained_steps", theme),
    ],
    ends=_ends("trained_loss"),
)

TRAINED_BIAS = Panel(
    name="trained_bias",
    title=[always("Bias of the gradient as it learns")],
    caption=[always("Exact, on two held-out contexts; the full softmax has none.")],
    label=[
        always("Line chart, both axes logarithmic: distance of the mean gradient from the full one over steps. Now:"),
        *(_said(arm, "bias") for arm in ARMS[1:]),
        always("in parts of the full gradient."),
    ],
    needs=("training",),
    along=STEPS,
    scale="trained_bias",
    unit="in parts of the full gradient",
    value_axis="log",
    traces=lambda theme: _curves("trained_bias", "trained_bias_at", theme),
    ends=_ends("trained_bias"),
)

OVER_TRAINING = (PERPLEXITY_SECONDS, TRAINED_LOSS, PERPLEXITY_STEPS, TRAINED_BIAS)
