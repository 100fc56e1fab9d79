"""The panels for many classes: the balance of pull and pushes, and all pushes by rank."""

from ssm.explorer.figures.records import RANKS, SHARES, End, Panel, Trace, bars, dots, line
from ssm.explorer.figures.templates import always
from ssm.explorer.figures.theme import Theme


def _balance(theme: Theme) -> list[Trace]:
    look = {"along": "share_at", "base": "share_base", "width": 0.36}
    drawn = {"along": "drawn_at", "base": "drawn_base", "width": 0.36}
    rest = {"along": "rest_at", "base": "rest_base", "width": 0.36}
    return [
        bars("full softmax", "share", theme.step, line=theme.ghost, **look),
        bars("this draw", "drawn", theme.gradient, line=theme.paper, **drawn),
        bars("this draw, all others", "rest", None, line=theme.gradient, stroke=1.6, **rest),
    ]


def _ranks(theme: Theme) -> list[Trace]:
    return [
        line("full gradient", "ranked_at", "ranked", theme.ghost, width=3),
        dots("sampled in this draw", "dot_at", "dot", theme.gradient, theme.paper),
    ]


BALANCE = Panel(
    name="balance",
    title=[always("Balance: one pull, {others#} pushes")],
    caption=[
        [
            {"if": ["estimator", "==", "nce"], "say": "Full: the pull is the sum of the pushes."},
            {"if": ["estimator", "==", "negative_sampling"], "say": "Full: the pull is the sum of the pushes."},
            {"say": "The pull is the sum of the pushes."},
        ]
    ],
    label=[
        always(
            "Stacked bars: the target's pull {pull}; the pushes of ranks 1 to 10 {mass_0}, 11 to 100 {mass_1}, 101 to "
            "1,000 {mass_2} and of the rest {mass_3}; this draw pushes {touched_others#} classes instead of {others#}."
        )
    ],
    needs=("draw", "ranked"),
    along=SHARES,
    scale="share",
    unit="gradient, without its sign",
    traces=_balance,
    lettering=(("rows", ""), ("blocks", "")),
)

RANKED = Panel(
    name="ranks",
    title=[always("Pushes by rank: {touched_others#} of {others#} sampled")],
    caption=[always("Grey: full softmax. Dots: this draw's samples.")],
    label=[
        always(
            "Both axes logarithmic: the pushes of all {others#} other classes from the largest to the smallest; dots "
            "are the {touched_others#} sampled ones as large as this draw makes them."
        )
    ],
    needs=("draw", "ranked"),
    along=RANKS,
    scale="rank",
    unit="push",
    value_axis="log",
    traces=_ranks,
    ends=(End(always("full"), "ranked", "muted"),),
)
