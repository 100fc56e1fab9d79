"""From a sum over all classes to one over a few: sampling, the target kept, the correction, and what goes back."""

import math

from ssm.explorer.figures.templates import always
from ssm.explorer.settings import Settings
from ssm.explorer.story.record import Chapter, Level, Myth, Options, Prediction, showing

_HORSE = 7
_LUCKY = 8  # the first of the usual draws that has the target among its samples
_SURE = 6.0  # a score at which the article's target is all but certain
_PANELS = ("noise", "scores_sampled", "gradient_sampled", "convergence")
_DRAWS = 200

NAIVE = Chapter(
    title="Sample a few trees",
    claim="A few classes, drawn at random, can stand for the whole sum; the gradient then depends on luck.",
    words=[
        always(
            "Do not add up all {n#} classes. Draw {samples#} at random, repeats allowed, and let each stand for "
            "several: {first_name} counts {first_factor~} times. Such a sum is right on average; this is importance "
            "sampling."
        ),
        [
            {
                "if": ["target_drawn", "==", 0],
                "say": "But this draw has missed {target_name}. Its bar reaches {target_gradient|gradient}, as if the "
                "target had no probability at all.",
            },
            {
                "say": "By luck this draw has {target_name} among its samples: its bar ends at "
                "{target_gradient|gradient}, where the full gradient has {spike}."
            },
        ],
        always(
            "Draw again, a few times. The bars jump, above all the target's, and it is chance whether it is in the "
            "sum. This draw is off by {relative_draw%} of the full gradient, the average of {averaged#} by "
            "{relative_mean%}. "
        ),
    ],
    settings=Settings(estimator="naive_importance", draw=_LUCKY),
    frame=showing(_PANELS, {"samples", "draw", "average"}),
    predict=Prediction(
        question=[
            always(
                "Draw {draw#} has {target_name} among its samples. Draw 1 has not. Where does the bar of {target_name} "
                "in the sampled gradient end then?"
            )
        ],
        answer=Level("gradient_sampled", "target_gradient", "the gradient of the target", "target"),
        settings=Settings(estimator="naive_importance"),
        why=[
            always(
                "The gradient is the estimated probability minus one, and a target that is not in the sum is estimated "
                "at nothing, though its probability is {probability_target%}."
            )
        ],
    ),
    myth=Myth(
        belief="A sum that is right on average gives a gradient that is right on average.",
        trial="Average 10,000 draws",
        settings=Settings(estimator="naive_importance", draws=10_000),
        refutation=[
            always(
                "The average of {averaged#} draws is still {error_mean|average} off, {relative_mean%}, and endless "
                "draws would leave {bias|exact}. The gradient is a ratio of two sums, and the average of ratios is not "
                "the ratio of averages."
            )
        ],
    ),
)

KEPT = Chapter(
    title="Keep the target",
    claim="The target is known, so it need not be drawn: kept apart, it makes the error shrink as the model learns.",
    words=[
        [
            {
                "if": ["estimator", "==", "naive_importance"],
                "say": "Why leave to chance what is known? The target's score costs one more. Put it into the sum "
                "once, exactly, and let the samples stand for the other {others#} classes alone; a sample that hits "
                "the target is thrown away. Choose “sampled softmax” as the estimator: the draws stay the same.",
            },
            {
                "if": ["estimator", "==", "sampled_softmax"],
                "say": "The target is now in the sum once, exactly, and the samples stand for the other {others#} "
                "classes alone; one that hits the target is thrown away. The draws are those of the naive estimator: "
                "choose it to compare.",
            },
            {"say": "This is another loss. Compare naive importance with sampled softmax: the draws stay the same."},
        ],
        always(
            "Endless draws would be off by {bias|exact}, {relative_bias%} of the full gradient. Now drag the bar of "
            "{target_name} up; the model gives it {probability_target%}. As that nears 100 %, little is left to "
            "estimate, and with the target kept the error shrinks along. In the naive form it stays, however small the "
            "gradient has become."
        ),
    ],
    settings=Settings(estimator="naive_importance"),
    frame=showing(("scores_full", *_PANELS[1:]), {"estimator", "samples", "edits", "draw", "average"}),
    predict=Prediction(
        question=[
            always(
                "In draw {draw#} the naive gradient of {target_name} is {target_gradient}. Keep the target, with the "
                "same samples: where does its bar end?"
            )
        ],
        answer=Level("gradient_sampled", "target_gradient", "the gradient of the target", "target"),
        settings=Settings(),
        why=[
            always("With its own weight in the sum the target has a share of it; the full gradient has {spike} here.")
        ],
    ),
    myth=Myth(
        belief="The surer the model, the better any estimate of its gradient.",
        trial="Make the model sure, with naive importance",
        settings=Settings(estimator="naive_importance", edits=((_HORSE, _SURE),)),
        refutation=[
            always(
                "{target_name} has {probability_target%} now, and the full gradient is only {norm_full} long. The "
                "naive one is off by {bias|exact}, {relative_bias%} of that. Choose sampled softmax and read the same "
                "number again."
            )
        ],
    ),
)

CORRECTION = Chapter(
    title="The correction",
    claim="A sample stands for many classes; on the scores that is an arrow, the log of how many.",
    words=[
        [
            {
                "if": ["first_correction", "==", 0],
                "say": "There is no correction: a sample counts as one class, however many it stands for. The loss is "
                "another now. It comes to rest where the scores are those of p / q, so a class that is drawn often is "
                "learned to be less probable than it is.",
            },
            {
                "say": "A sample stands for more classes than itself, so its weight is multiplied. {first_name} counts "
                "{first_factor~} times. A factor on a weight is a shift of the score: its log, "
                "{first_correction|correction}, is added to {first_score|model} and gives {first_corrected}. That is "
                "the arrow.",
            },
        ],
        [
            {"if": ["estimator", "==", "sampled_softmax"], "say": "The target is not sampled, and has none."},
            {"say": ""},
        ],
        [
            {"if": ["first_correction", "==", 0], "say": "Choose another estimator, and the arrows are back."},
            {
                "say": f"Twice as many samples make every arrow log 2 = {math.log(2):.2f} shorter; twice as many "
                "classes make it about as much longer: choose random scores and slide both. Under a noise that prefers "
                "some classes, the rarely drawn have the longer arrows."
            },
        ],
    ],
    settings=Settings(hits="excluded"),
    frame=showing(("scores_sampled", "noise"), {"problem", "classes", "samples", "noise", "estimator", "hits", "draw"}),
    predict=Prediction(
        question=[
            always(f"Draw {2 * Settings().samples} samples instead of {{samples#}}: what becomes of every arrow?"),
        ],
        answer=Options(
            ("It is half as long", f"It is {math.log(2):.2f} shorter, however long it was", "It stays as it is"), 1
        ),
        settings=Settings(hits="excluded", samples=2 * Settings().samples),
        why=[
            always(
                "Each of {samples#} samples counts {first_factor~} times, and the arrow is "
                "{first_correction|correction} long: half of a factor is log 2 less of its log."
            )
        ],
    ),
    myth=Myth(
        belief="The correction is fine print; a model learns as well without it.",
        trial="Switch it off, under log-uniform noise",
        settings=Settings(estimator="uncorrected", noise="log_uniform"),
        refutation=[
            always(
                "Endless draws would now be {bias|exact} off, {relative_bias%} of the full gradient, and more samples "
                "do not close that. The model learns p / q instead of p."
            )
        ],
    ),
)

BACKWARD = Chapter(
    title="The backward pass",
    claim="Only the target and its samples get a gradient, each larger than its share; repeated, they fill the forest.",
    words=[
        always(
            "What was not scored gets no gradient. This draw touches {touched#} of {n#} classes, and the rows of all "
            "others are neither read nor written: this is what sampling saves. What is touched is pushed harder, since "
            "it stands for others too. The pushes of this draw add up to {pull_draw|gradient}; those of the full "
            "gradient to {pull}. No single draw resembles it."
        ),
        [
            {
                "if": ["averaged", "==", 1],
                "say": "Play: the next draws touch other classes, and the open bars, their average, fill the forest.",
            },
            {
                "say": "But the open bars are the average of {averaged#} draws. They reach {reached#} classes and are "
                "{relative_mean%} off."
            },
        ],
        always("A training run is such an average: it takes a small step along each draw."),
    ],
    settings=Settings(average="so_far"),
    frame=showing(("noise", "gradient_full", "gradient_sampled", "convergence"), {"samples", "draw", "average"}),
    predict=Prediction(
        question=[
            always(
                "In one draw the bar of {target_name} is at {target_gradient}, in the full gradient at {spike}. Where "
                f"is its average after {_DRAWS} draws?"
            )
        ],
        answer=Level("gradient_sampled", "target_mean", "the average gradient of the target", "target"),
        settings=Settings(average="so_far", draw=_DRAWS),
        why=[
            always(
                "It has settled, but not on {spike}: endless draws would bring it to {target_expected|exact}. The next "
                "chapter says why."
            )
        ],
    ),
    myth=Myth(
        belief="Classes that are not drawn never learn.",
        trial=f"Go on to draw {_DRAWS}",
        settings=Settings(average="so_far", draw=_DRAWS),
        refutation=[
            always(
                "After {averaged#} draws the average reaches {reached#} of {n#} classes. Each is drawn sooner or "
                "later, and is then pushed for several at once."
            )
        ],
    ),
)
