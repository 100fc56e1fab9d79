"""The losses from embeddings and a projection: only the rows of target and samples are touched.

`sampled_loss` treats samples that equal the target as `ssm.losses` does: rejected, but for the losses that judge
each sample by itself.

A dense gradient of the projection costs ``classes x dim`` to fill with zeros, whatever the number
of samples. Row-sparse gradients cost the same at any number of classes; they need an optimiser that
leaves the other rows alone too, such as `torch.optim.SparseAdam` or `SGD`.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ssm import _drawn, _fused, checks, estimators, evaluation
from ssm.estimators import Candidates
from ssm.noise import Noise


def candidates(  # noqa: PLR0913 - a layer, a draw, and how each is meant
    embeddings: Tensor,
    projection: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    bias: Tensor | None = None,
    temperature: float = 1.0,
    hits: checks.Masking = "rejected",
    tries: float | None = None,
    sparse: bool = True,
) -> Candidates:
    """The scores that a loss of `ssm.estimators` needs, ``x_c = (h . w_c + b_c) / temperature``.

    Pass what comes out to any of them: ``estimators.nce(candidates(...))``. With samples shared by
    the batch their scores are one matrix product, so sharing and a larger k beat samples of each
    example.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        target: t, int64 [...].
        samples: c, int64 [k] shared by all examples, or [..., k].
        noise: q, what the samples were drawn from; None for losses that correct nothing.
        bias: b [classes].
        temperature: above 0; it goes in before the correction.
        hits: whether samples that equal the target are "rejected" or "kept", as "nce", "negative_sampling" and
            "naive_importance" want them.
        tries: for samples from `Noise.draw_unique`, its tries.
        sparse: whether the gradients of projection and bias are sparse tensors of the rows that
            were used; they must then be leaves.

    Returns:
        Candidates [...], which know their gradient.

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit, an embedding is not
            finite, an option is out of its range, or gradients cannot be sparse.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> w = torch.zeros(1000, 4, requires_grad=True)
    >>> q = noise.uniform(1000)
    >>> c = q.draw((9,), generator=torch.Generator().manual_seed(0))
    >>> found = candidates(torch.ones(2, 4), w, torch.tensor([5, 7]), c, q)
    >>> estimators.sampled_softmax(found).sum().backward()
    >>> w.grad.is_sparse, w.grad.coalesce().values().shape
    (True, torch.Size([11, 4]))

    Jean et al. 2015; Abadi et al. 2016, "TensorFlow" (its sampled_softmax_loss).
    """
    tau = checks.temperature(temperature)
    check((embeddings, projection, bias), target, samples, noise, sparse=sparse)
    x_t, x_c = _scores(embeddings, projection, target, samples, sparse=sparse)
    if bias is not None:
        x_t, x_c = x_t + _pick(bias, target, sparse=sparse), x_c + _pick(bias, samples, sparse=sparse)
    if tau != 1:
        x_t, x_c = x_t / tau, x_c / tau
    return estimators.candidates((x_t, x_c), (target, samples), noise, hits=hits, tries=tries)


def sampled_loss(  # noqa: PLR0913 - as `candidates`
    embeddings: Tensor,
    projection: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    estimator: str = "sampled_softmax",
    bias: Tensor | None = None,
    temperature: float = 1.0,
    hits: checks.Masking | None = None,
    tries: float | None = None,
    sparse: bool = True,
) -> Tensor:
    """``estimators.ESTIMATORS[estimator](candidates(...))``, in fewer passes over the scores where that can be.

    A softmax over samples that the batch shares is one function with its gradient, if it is in float32
    or float64, without autocast, and neither compiled nor under a transform of `torch.func`. A gradient
    of its gradient comes from the plain formulas.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        target: t, int64 [...].
        samples: c, int64 [k] shared by all examples, or [..., k].
        noise: q, what the samples were drawn from; None for losses that correct nothing.
        estimator: the name of a loss of `ssm.estimators`.
        bias: b [classes].
        temperature: above 0.
        hits: whether samples that equal the target are "rejected" or "kept"; None is what suits the estimator.
        tries: for samples from `Noise.draw_unique`, its tries.
        sparse: whether gradients are sparse tensors of the rows that were used.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: as `candidates`, or there is no such estimator.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> w, q = torch.zeros(1000, 4, requires_grad=True), noise.uniform(1000)
    >>> loss = sampled_loss(torch.ones(2, 4), w, torch.tensor([5, 7]), torch.tensor([7, 1, 1]), q, estimator="log_q")
    >>> loss.exp().tolist()
    [4.0, 3.0]
    >>> loss.sum().backward()
    >>> w.grad.coalesce().indices().tolist()
    [[1, 5, 7]]
    """
    name = checks.estimator(estimator, tuple(estimators.ESTIMATORS))
    how = checks.masking(checks.handling(hits, name))

    def plain(h: Tensor, w: Tensor, b: Tensor | None, t: Tensor) -> Tensor:
        options = {"bias": b, "temperature": temperature, "hits": how, "tries": tries, "sparse": sparse}
        return estimators.ESTIMATORS[name](candidates(h, w, t, samples, noise, **options))  # type: ignore[arg-type]

    if not _fused.holds(name, embeddings, projection, samples):
        return plain(embeddings, projection, bias, target)
    tau, rejected = checks.temperature(temperature), how == "rejected"
    check((embeddings, projection, bias), target, samples, noise, sparse=sparse)
    drawn = _drawn.draw(target.flatten(), samples, noise, rejected=rejected, tries=tries)
    step = _fused.plan(name, drawn, projection.dtype, temperature=tau, sparse=sparse, plain=plain)
    if target.ndim == 1:
        return _fused.loss(embeddings, projection, bias, step)
    found = _fused.loss(embeddings.reshape(-1, embeddings.shape[-1]), projection, bias, step)
    return found.reshape(target.shape)


def check(
    layer: tuple[Tensor, Tensor, Tensor | None],
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    sparse: bool,
) -> None:
    """Refuse a layer, a batch and a draw that do not fit together.

    Args:
        layer: embeddings, projection and bias.
        target: t [...].
        samples: c, [k] or [..., k].
        noise: q, if there is any.
        sparse: whether gradients have to be sparse.
    """
    embeddings, projection, bias = layer
    scores = evaluation.layer_scores(embeddings, projection, bias)
    checks.labels(target, scores)
    checks.sample_rows(samples, scores)
    checks.noise_fits(None if noise is None else noise.log_probs, len(projection), embeddings.device)
    if sparse:
        _refuse_no_sparse(projection, bias)


def _refuse_no_sparse(projection: Tensor, bias: Tensor | None) -> None:
    for name, each in (("projection", projection), ("bias", bias)):
        if each is not None and each.requires_grad and not each.is_leaf:
            found = checks.Said("the result of an operation")
            way_out = "pass sparse=False where it is normalised or otherwise computed"
            checks.refuse(name, "a leaf, such as a parameter, for sparse gradients", found, way_out)
    if projection.dtype == torch.float16 and projection.device.type == "cpu":
        way_out = "convert with .bfloat16(), use torch.autocast, or pass sparse=False"
        checks.refuse(
            "projection", "float32, float64 or bfloat16 for sparse gradients on a CPU", projection.dtype, way_out
        )


def _scores(h: Tensor, w: Tensor, target: Tensor, samples: Tensor, *, sparse: bool) -> tuple[Tensor, Tensor]:
    x_t = (h * functional.embedding(target, w, sparse=sparse)).sum(-1)  # [...]
    rows = functional.embedding(samples, w, sparse=sparse)  # [k, dim] or [..., k, dim]
    if samples.ndim == 1:
        return x_t, h @ rows.T  # [..., k]
    return x_t, (rows @ h[..., None]).squeeze(-1)


def _pick(bias: Tensor, classes: Tensor, *, sparse: bool) -> Tensor:
    return torch.gather(bias, 0, classes.flatten(), sparse_grad=sparse).reshape(classes.shape)
