"""The Explorer: from the noise over scores and gradient to what the average of many draws does."""

from ssm.explorer.figures import texts
from ssm.explorer.pages.record import Layout, Next, Page

EXPLORER = Page(
    name="explore",
    title="Explorer",
    path="",
    question=texts.WHAT,
    first=Next("New here? Begin with the Story.", "story"),
    panels=(
        "noise",
        "scores_full",
        "scores_sampled",
        "gradient_full",
        "gradient_sampled",
        "convergence",
        "balance",
        "ranks",
    ),
    sentence=texts.SENTENCE,
    strip=tuple(texts.STRIP),
    layout=Layout(
        columns=(
            ("Noise", ("noise",)),
            ("Scores", ("scores_full", "scores_sampled")),
            ("Gradient", ("gradient_full", "gradient_sampled")),
            ("Convergence", ("convergence",)),
        ),
        pairs=(("noise", "scores_sampled"), ("gradient_full", "gradient_sampled"), ("scores_full", "convergence")),
        smallest=("gradient_full", "gradient_sampled"),
    ),
    next=Next("How many samples keep the bias within a tolerance?", "bias"),
)
