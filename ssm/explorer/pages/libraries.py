"""Libraries: which of the losses each ships under the name "sampled softmax", as read in its source.

Each row was read in the file that it links to, at that very commit; what could not be read is not here.
"""

from ssm.explorer.pages.record import Table


def _read(repository: str, commit: str, path: str) -> tuple[str, str]:
    """The file's own name, and where it stands."""
    return path.rpartition("/")[2], f"https://github.com/{repository}/blob/{commit}/{path}"


_TENSORFLOW = _read(
    "tensorflow/tensorflow", "00343a48d39d9ff74ceb662c5140048295f2610a", "tensorflow/python/ops/nn_impl.py"
)

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
            _TENSORFLOW,
        ),
        (
            "AllenNLP",
            "SampledSoftmaxLoss",
            "log-q, the target's score too",
            "removed",
            "log-uniform, all different",
            _read(
                "allenai/allennlp",
                "05934f96a41fba1fb3c9916bcc2c8d2946db3407",
                "allennlp/modules/sampled_softmax_loss.py",
            ),
        ),
        (
            "MindSpore",
            "nn.SampledSoftmaxLoss",
            "log-q, the target's score too",
            "removed by the sampler, unless told otherwise",
            "uniform, all different",
            _read("mindspore-ai/mindspore", "04142b74f61efd0a6eedd125ae522955a9be7ed9", "mindspore/nn/loss/loss.py"),
        ),
        (
            "Merlin Transformers4Rec",
            "sampled_softmax=True",
            "log-q, the target's score too",
            "removed",
            "log-uniform, all different",
            _read(
                "NVIDIA-Merlin/Transformers4Rec",
                "8bf122f5dcb39feecfc6dabde734d79c2d1c4380",
                "transformers4rec/torch/model/prediction_task.py",
            ),
        ),
        (
            "Merlin Models",
            "ContrastiveOutput",
            "uncorrected; log-q with logq_sampling_correction=True",
            "removed, unless told otherwise",
            "the sampler's: the batch, popularity",
            _read(
                "NVIDIA-Merlin/models",
                "005926c04046ed2721809658a871659fb30bf5e5",
                "merlin/models/tf/outputs/contrastive.py",
            ),
        ),
        (
            "RecStudio",
            "SampledSoftmaxLoss",
            "log-q, the target's score too",
            "left in by the loss",
            "the sampler's",
            _read("ustcml/RecStudio", "004576b42c5e9bb700c6cc33f00a62414bdadc13", "recstudio/model/loss_func.py"),
        ),
        (
            "generative-recommenders",
            "SampledSoftmaxLoss",
            "uncorrected",
            "removed",
            "uniform, or the batch",
            _read(
                "meta-recsys/generative-recommenders",
                "ac829b415eca2796571a9d0836069f634ce1c302",
                "generative_recommenders/research/modeling/sequential/losses/sampled_softmax.py",
            ),
        ),
        (
            "RecTools",
            'loss="sampled_softmax"',
            "uncorrected",
            "left in",
            "uniform",
            _read(
                "MobileTeleSystems/RecTools",
                "41a5a639a78bd07fa313d12b5d39bc140199c5f5",
                "rectools/models/nn/transformers/lightning.py",
            ),
        ),
        (
            "TensorFlow",
            "tf.nn.nce_loss",
            "NCE, by its own name",
            "left in, unless told otherwise",
            "log-uniform, all different",
            _TENSORFLOW,
        ),
        (
            "gensim",
            "Word2Vec(negative=k)",
            "negative sampling, by its own name",
            "skipped",
            "counts to a power",
            _read("piskvorky/gensim", "37f90ec121eb7cd401448a947e80953e0c53ccdc", "gensim/models/word2vec_inner.pyx"),
        ),
    ),
)
