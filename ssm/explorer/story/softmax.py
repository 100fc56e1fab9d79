"""What the full softmax does: the spike and the forest, and how the forest grows."""

from ssm.explorer.figures.templates import always
from ssm.explorer.settings import Settings
from ssm.explorer.story.record import Chapter, Level, Myth, Prediction, showing

_HORSE, _CAT = 7, 3
_SURE = 4.0  # a score that makes the article's target probable

SPIKE = Chapter(
    title="Spike and forest",
    claim="The gradient is one spike and a forest, and the two weigh the same.",
    words=[
        always(
            "A softmax turns scores into probabilities, and its loss asks that the target be probable. The gradient of "
            "that loss is simple. On the target, {target_name}, it is the probability minus one: a spike of "
            "{spike|gradient}, which pulls the score up. On each of the {others#} other classes it is the class's own "
            "probability, which pushes the score down. These pushes add up to {pull|gradient}, exactly the pull. "
            "Drag the bar of {target_name} upwards: both shrink. What a model already knows moves it no more."
        )
    ],
    settings=Settings(),
    frame=showing(("scores_full", "gradient_full"), {"edits", "target"}),
    predict=Prediction(
        question=[
            always(
                f"{{target_name}} scores {{score_target}}. With a score of {_SURE:g} instead, where would its bar in "
                "the gradient end?"
            )
        ],
        answer=Level("gradient_full", "spike", "the gradient of the target", "target"),
        settings=Settings(edits=((_HORSE, _SURE),)),
        why=[
            always(
                "At a score of {score_target} the model gives {target_name} {probability_target%}, and the spike is "
                "what is missing from 100 %."
            )
        ],
    ),
    myth=Myth(
        belief="All wrong classes are pushed down alike.",
        trial="Raise the score of one wrong class",
        settings=Settings(edits=((_CAT, _SURE),)),
        refutation=[
            always(
                "No: {most_pushed} is pushed by {most_push|gradient} and {least_pushed} by {least_push|gradient}. A push "
                "is a probability, so it falls on the rivals of the target."
            )
        ],
    ),
)
