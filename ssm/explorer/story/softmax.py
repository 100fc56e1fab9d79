"""What the full softmax does: the spike and the forest, and how the forest grows."""

from ssm.explorer.experiment.constants import MASS_ENDS
from ssm.explorer.figures.templates import always
from ssm.explorer.settings import Settings
from ssm.explorer.story.record import Chapter, Level, Myth, Prediction, showing

_HORSE, _CAT = 7, 3
_SURE = 4.0  # a score that makes the article's target probable
_FEW, _MORE, _MANY = 10, 1_000, 100_000
_TOP = MASS_ENDS[0]

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
                "No: {most_pushed} is pushed by {most_push|gradient} and {least_pushed} by {least_push|gradient}. A "
                "push is a probability, so it falls on the rivals of the target."
            )
        ],
    ),
)

GROWTH = Chapter(
    title="The forest grows",
    claim="With many classes the forest is ever more trees, each smaller, and every one needs a score.",
    words=[
        always(
            "These are {n#} classes with random scores. The target is pulled by {pull|gradient}. The {others#} others "
            "share a push of the same weight, and the largest of them is {most_push|gradient}. Slide the number of "
            "classes up. The spike soon has its full length and stays; the forest gets more and more trees, and none "
            "of them matters alone. That is the trouble: each of these tiny numbers needs a score. With {n#} classes a "
            "softmax computes {n#|model} scores to learn from one example, and a vocabulary or a shop has hundreds of "
            "thousands."
        )
    ],
    settings=Settings(problem="random", classes=_FEW),
    frame=showing(("gradient_full", "masses"), {"classes"}),
    predict=Prediction(
        question=[
            always(
                "Of {n#} classes, {most_pushed} is pushed most, by {most_push}. How large is the largest push among "
                f"{_MORE:,} classes?"
            )
        ],
        answer=Level("masses", "most_push", "the largest push", "all"),
        settings=Settings(problem="random", classes=_MORE),
        why=[always("All pushes together can never weigh more than 1, and now {others#} classes share that.")],
    ),
    myth=Myth(
        belief="Pushes as small as these can be left out.",
        trial=f"Take {_MANY:,} classes",
        settings=Settings(problem="random", classes=_MANY),
        refutation=[
            always(
                f"The {_TOP} largest pushes add up to {{mass_0|gradient}} of {{pull|gradient}}. Nearly all of the "
                "forest stands in trees too small to see: left out, the pull would have almost nothing against it."
            )
        ],
    ),
)
