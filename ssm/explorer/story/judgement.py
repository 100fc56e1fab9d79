"""What stays wrong, what removes it at what price, and when to leave the sampled softmax alone."""

from ssm.explorer.figures import texts
from ssm.explorer.figures.templates import always
from ssm.explorer.settings import Settings
from ssm.explorer.story.record import Chapter, Level, Myth, Onward, Options, Prediction, Source, showing

_MORE = 12
_FEW, _SOME = 5, 50
_KERNELS = 300_000  # classes up to which fused kernels are reported; see the sources

BIASED = Chapter(
    title="Biased, but usable",
    claim="However many draws are averaged, a bias stays, but for one noise. It is known exactly, and falls with the "
    "samples.",
    words=[
        [
            {
                "if": ["biased", "==", 0],
                "say": "This noise has no bias: endless draws would bring the average to the full gradient itself.",
            },
            {
                "if": ["chi2", "<", texts.NOTHING],
                "and": ["biased", "==", 1],
                "say": "What stays, {bias|exact}, comes from draws in which every sample hits the target. Exclude hits "
                "before drawing, and it is gone.",
            },
            {
                "if": ["biased", "==", 1],
                "say": "Average as many draws as you like: the curve comes to rest {bias|exact} off, {relative_bias%} "
                "of the full gradient, because the gradient is a ratio of sums. This floor is no estimate: it is "
                "computed exactly.",
            },
            {"say": "The curve comes to rest on a floor, and torch is working out where."},
        ],
        [
            {"if": ["biased", "==", 0], "say": "What is left to chance, more draws or samples take away."},
            {
                "if": ["chi2", "<", texts.NOTHING],
                "say": "Each sample more makes such draws rarer; these are {samples#}.",
            },
            {"say": "More samples lower it, as 1 / k once they are many; these are {samples#}."},
        ],
        [
            {"if": ["biased", "==", 0], "say": "This draw is {relative_draw%} off, a typical one {relative_typical%}."},
            {
                "say": "This draw is {relative_draw%} off, a typical one {relative_typical%}: beside that the bias is "
                "soon small."
            },
        ],
        [
            {
                "if": ["noise_scores", ">=", 1],
                "say": "But to draw from this noise, all {noise_scores#|noise} scores were computed, which is what "
                "sampling was to save.",
            },
            {
                "say": "One noise has no floor: the softmax itself, with hits excluded before drawing. Choose both, "
                "and read the price here."
            },
        ],
    ],
    settings=Settings(),
    frame=showing(
        ("gradient_sampled", "convergence"), {"samples", "noise", "temperature", "hits", "draws", "draw", "average"}
    ),
    predict=Prediction(
        question=[
            always(f"With {{samples#}} samples the floor is at {{bias}}. With {_MORE} samples, where is it?"),
        ],
        answer=Level("convergence", "bias", "the floor", "all"),
        settings=Settings(samples=_MORE),
        why=[
            always(
                "{samples#} samples leave {relative_bias%} of the full gradient: the more samples the sum has, the "
                "less it wavers, and the bias comes from that alone."
            )
        ],
    ),
    myth=Myth(
        belief="Enough draws average the bias away.",
        trial="Average 10,000 draws",
        settings=Settings(draws=10_000),
        refutation=[
            always(
                "The average of {averaged#} draws is {error_mean|average} off, and the floor is {bias|exact}. Draws "
                "take away chance. Only more samples or a better noise take away bias."
            )
        ],
    ),
)

WHEN = Chapter(
    title="When, and when not",
    claim="Sample where scores are the cost, and judge the model by the full softmax.",
    words=[
        always(
            "What follows “white” in Moby-Dick: {n#} words, of which this draw scored {computed#|model}, repeats "
            "once. The bias of such gradients is {relative_bias%}. Sampling pays with very many classes. With few, "
            "score them all. On a "
            f"GPU fused kernels compute the exact loss over up to some {_KERNELS:,} classes and store no scores (state "
            "of 2026, sources below): try these first. Whatever you train with, evaluate with the full softmax. The "
            "sampled loss is another number: at k = {samples#} it is {loss_exact} on average, the full loss "
            "{loss_full}, and the model is the same."
        )
    ],
    settings=Settings(problem="white", noise="unigram", samples=_SOME),
    frame=showing(("balance", "convergence"), {"samples", "noise", "power", "draw", "average"}),
    predict=Prediction(
        question=[
            always(
                f"Take {_FEW} samples instead of {{samples#}} and leave the model as it is. What does its sampled "
                "loss, {loss_exact} on average, do?"
            )
        ],
        answer=Options(("It rises", "It falls", "It stays"), 1),
        settings=Settings(problem="white", noise="unigram", samples=_FEW),
        why=[
            always(
                "It is {loss_exact} now, and the full loss is still {loss_full}: a log of a sum that wavers is too "
                "small on average, the more so the fewer the samples."
            )
        ],
    ),
    myth=Myth(
        belief="The run with the lower sampled loss has the better model.",
        trial="Score the same model with 1 sample",
        settings=Settings(problem="white", noise="unigram", samples=1),
        refutation=[
            always(
                "With {samples#} sample the loss is {loss_exact} on average; the full one is {loss_full}, and not a "
                "score has changed. Sampled losses with different samples cannot be compared, and never say how good a "
                "model is."
            )
        ],
    ),
    sources=(
        Source(
            "Wijmans and others 2024, Cut your losses in large-vocabulary language models (256,000 classes)",
            "https://arxiv.org/abs/2411.09009",
        ),
        Source("Liger Kernel: fused linear cross-entropy", "https://github.com/linkedin/Liger-Kernel"),
        Source(
            "Krichene and Rendle 2022, On sampled metrics for item recommendation",
            "https://cacm.acm.org/research/on-sampled-metrics-for-item-recommendation/",
        ),
    ),
    onward=(
        Onward("Which noise, and how many samples, keep the bias within a tolerance?", "bias"),
        Onward("What do the losses of the libraries learn, some of them under the same name?", "estimators"),
        Onward("Move everything yourself", "explore"),
    ),
)
