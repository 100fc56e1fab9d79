"""Libraries: which of the losses each ships under the name "sampled softmax", as read in its source.

Each row was read in the file that it names, at the version it names; what could not be read is not here.
"""

from ssm.explorer.pages.record import Table

_HUB = "https://github.com"

LIBRARIES = Table(
    title="Which of these does a library call sampled softmax?",
    note="Read in the sources named. Most are the log-q form or have no correction; none sets the target apart.",
    heads=("library", "calls it", "is", "hits", "noise", "read in"),
    rows=(
        (
            "TensorFlow",
            "tf.nn.sampled_softmax_loss",
            "log-q, the target's score too",
            "removed, unless told otherwise",
            "log-uniform, all different",
            ("python/ops/nn_impl.py", f"{_HUB}/tensorflow/tensorflow/blob/master/tensorflow/python/ops/nn_impl.py"),
        ),
        (
            "AllenNLP",
            "SampledSoftmaxLoss",
            "log-q, the target's score too",
            "removed",
            "log-uniform, all different",
            (
                "modules/sampled_softmax_loss.py",
                f"{_HUB}/allenai/allennlp/blob/main/allennlp/modules/sampled_softmax_loss.py",
            ),
        ),
        (
            "MindSpore",
            "nn.SampledSoftmaxLoss",
            "log-q, the target's score too",
            "removed by the sampler, unless told otherwise",
            "uniform, all different",
            ("nn/loss/loss.py", f"{_HUB}/mindspore-ai/mindspore"),
        ),
        (
            "Merlin Transformers4Rec",
            "sampled_softmax=True",
            "log-q, the target's score too",
            "removed",
            "log-uniform, all different",
            (
                "torch/model/prediction_task.py",
                f"{_HUB}/NVIDIA-Merlin/Transformers4Rec/blob/v23.12.00/transformers4rec/torch/model/prediction_task.py",
            ),
        ),
        (
            "Merlin Models",
            "ContrastiveOutput",
            "uncorrected; log-q with logq_sampling_correction=True",
            "removed, unless told otherwise",
            "the sampler's: the batch, popularity",
            (
                "tf/outputs/contrastive.py",
                f"{_HUB}/NVIDIA-Merlin/models/blob/main/merlin/models/tf/outputs/contrastive.py",
            ),
        ),
        (
            "RecStudio",
            "SampledSoftmaxLoss",
            "log-q, the target's score too",
            "left in",
            "the sampler's",
            ("model/loss_func.py", f"{_HUB}/ustcml/RecStudio/blob/main/recstudio/model/loss_func.py"),
        ),
        (
            "generative-recommenders",
            "SampledSoftmaxLoss",
            "uncorrected",
            "removed",
            "uniform, or the batch",
            (
                "sequential/losses/sampled_softmax.py",
                f"{_HUB}/meta-recsys/generative-recommenders/blob/main/generative_recommenders/research/modeling/"
                "sequential/losses/sampled_softmax.py",
            ),
        ),
        (
            "RecTools",
            'loss="sampled_softmax"',
            "uncorrected",
            "left in",
            "uniform",
            (
                "transformers/lightning.py",
                f"{_HUB}/MobileTeleSystems/RecTools/blob/v0.17.0/rectools/models/nn/transformers/lightning.py",
            ),
        ),
        (
            "TensorFlow",
            "tf.nn.nce_loss",
            "NCE, by its own name",
            "left in, unless told otherwise",
            "log-uniform, all different",
            ("python/ops/nn_impl.py", f"{_HUB}/tensorflow/tensorflow/blob/master/tensorflow/python/ops/nn_impl.py"),
        ),
        (
            "gensim",
            "Word2Vec(negative=k)",
            "negative sampling, by its own name",
            "skipped",
            "counts to a power",
            (
                "models/word2vec_inner.pyx",
                f"{_HUB}/piskvorky/gensim/blob/4.4.0/gensim/models/word2vec_inner.pyx",
            ),
        ),
    ),
)
