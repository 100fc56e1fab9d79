"""The losses, on scores: one value per example, in nats.

Samples that equal the target, hits, are rejected, as everywhere; the losses that judge each sample by itself
(`nce`, `negative_sampling`, `naive_importance`) keep them, as their formulas ask.

A temperature goes in before the correction: pass ``scores / temperature``. The correction itself is computed in
float64 and the losses in float32 at least, so that half precision neither overflows nor rounds it away.
"""

import torch
from torch import Tensor

from ssm import checks, estimators
from ssm.estimators import Candidates
from ssm.noise import Noise


def full_softmax(scores: Tensor, target: Tensor) -> Tensor:
    """The reference, which needs the score of every class.

    ``loss = -x_t + log(sum over c of exp(x_c))``

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes or devices do not fit.
        IndexError: a target is not a class.

    >>> scores = torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5]], dtype=torch.float64)
    >>> round(full_softmax(scores, torch.tensor([0])).item(), 6)
    0.574438
    """
    checks.score_rows(scores)
    checks.labels(target, scores)
    return estimators.full(_pick(scores, target), scores)


def sampled_softmax(  # noqa: PLR0913 - how the samples were drawn, beside the samples
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise,
    *,
    hits: checks.Masking = "rejected",
    tries: float | None = None,
) -> Tensor:
    """The article's loss: the target apart, the rest of the sum estimated from noise samples.

    ``loss = -x_t + log(exp(x_t) + sum over samples c != t of exp(x_c) (1 - q_t) / (k_eff q_c))``

    Samples that equal the target are rejected; k_eff counts the others. With none left the loss and its gradient
    are 0. For samples drawn with the target excluded, pass the noise they were excluded from: the formula is the
    same. The gradient tends to that of the full softmax as k grows, with a bias of order 1 / k.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        noise: q, what the samples were drawn from.
        hits: "rejected"; "kept" is a mistake worth seeing: its bias does not vanish.
        tries: for samples from `Noise.draw_unique`, its tries.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> loss = sampled_softmax(scores, torch.tensor(0), torch.tensor([1, 4, 0]), noise.uniform(5))
    >>> round(loss.item(), 6)
    0.780251

    Bengio and Senecal 2008; Jean et al. 2015; Orr 2021; Khrylchenko et al. 2025 (the same gradient).
    """
    return estimators.sampled_softmax(_candidates(scores, target, samples, noise, hits=hits, tries=tries))


def naive_importance(
    scores: Tensor, target: Tensor, samples: Tensor, noise: Noise, *, tries: float | None = None
) -> Tensor:
    """Importance sampling of the whole sum, the target not set apart.

    ``loss = -x_t + log(sum over samples c of exp(x_c) / (k q_c))``

    It tends to the full softmax as k grows, but with high variance, and a draw without the target has no lower
    bound. What it needs of k does not shrink as the model gets better.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples; hits count like any other.
        noise: q, what the samples were drawn from.
        tries: for samples from `Noise.draw_unique`, its tries.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> loss = naive_importance(scores, torch.tensor(0), torch.tensor([1, 4, 0]), noise.uniform(5))
    >>> round(loss.item(), 6)
    0.975194

    Bengio and Senecal 2008, "Adaptive importance sampling".
    """
    return estimators.naive_importance(_candidates(scores, target, samples, noise, hits="kept", tries=tries))


def log_q(  # noqa: PLR0913 - how the samples were drawn, beside the samples
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise,
    *,
    hits: checks.Masking = "rejected",
    tries: float | None = None,
) -> Tensor:
    """The correction on every class, the target's too: what TensorFlow and most recommenders do.

    ``loss = -y_t + log(exp(y_t) + sum over samples c != t of exp(y_c))``, ``y_c = x_c - log Q_c``

    Q_c is the number of times that c is expected among the samples. The loss is not near that of the full
    softmax, and often below it; its optimum is the true distribution when classes enter independently of each
    other, or uniformly without replacement. With uniform noise it equals `uncorrected`.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        noise: q, what the samples were drawn from; it must be able to draw the targets.
        hits: "rejected", or "kept" as candidates of their own.
        tries: for samples from `Noise.draw_unique`, its tries.

    Returns:
        The loss of each example in nats [...]; 0 with no sample left.

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> loss = log_q(scores, torch.tensor(0), torch.tensor([1, 4, 0]), noise.log_uniform(5))
    >>> round(loss.item(), 6)
    0.907124

    Jean et al. 2015, "On using very large target vocabulary"; Yi et al. 2019.
    """
    return estimators.log_q(_candidates(scores, target, samples, noise, hits=hits, tries=tries))


def uncorrected(scores: Tensor, target: Tensor, samples: Tensor, *, hits: checks.Masking = "rejected") -> Tensor:
    """A softmax over the target and the samples, as if there were no other class.

    ``loss = -x_t + log(exp(x_t) + sum over samples c != t of exp(x_c))``

    With uniform noise this is `log_q`; with any other it learns ``log(p_c / q_c)``, up to a constant.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        hits: "rejected", or "kept" as candidates of their own.

    Returns:
        The loss of each example in nats [...]; 0 with no sample left.

    Raises:
        ValueError: shapes, dtypes or devices do not fit.
        IndexError: a target or sample is not a class.

    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> round(uncorrected(scores, torch.tensor(0), torch.tensor([1, 4, 0])).item(), 6)
    0.464369

    Jean et al. 2015; Yi et al. 2019, "Sampling-bias-corrected neural modeling".
    """
    return estimators.uncorrected(_candidates(scores, target, samples, None, hits=hits, tries=None))


def nce(  # noqa: PLR0913 - how the samples were drawn, beside the samples
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise,
    *,
    hits: checks.Masking = "kept",
    tries: float | None = None,
) -> Tensor:
    """Noise-contrastive estimation: tell the target from the noise, one class at a time.

    ``loss = -log s(x_t - log(k q_t)) - sum over samples c of log s(log(k q_c) - x_c)``

    where ``s(y) = 1 / (1 + exp(-y))``. The scores become log-probabilities, if hits are kept.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        noise: q, what the samples were drawn from; it must be able to draw the targets.
        hits: "kept", or "rejected" to leave out samples that equal the target.
        tries: for samples from `Noise.draw_unique`, its tries.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit.
        IndexError: a target or sample is not a class.

    >>> from ssm import noise
    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> loss = nce(scores, torch.tensor(0), torch.tensor([1, 4, 0]), noise.uniform(5))
    >>> round(loss.item(), 6)
    5.698431

    Gutmann and Hyvarinen 2010, "Noise-contrastive estimation"; Mnih and Teh 2012.
    """
    return estimators.nce(_candidates(scores, target, samples, noise, hits=hits, tries=tries))


def negative_sampling(scores: Tensor, target: Tensor, samples: Tensor, *, hits: checks.Masking = "kept") -> Tensor:
    """The loss of word2vec: push the target up and each sample down.

    ``loss = -log s(x_t) - sum over samples c of log s(-x_c)``, ``s(y) = 1 / (1 + exp(-y))``

    If hits are kept, the scores become ``log(p_c / (k q_c))``: embeddings, not probabilities.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        hits: "kept", or "rejected" to leave out samples that equal the target.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes or devices do not fit.
        IndexError: a target or sample is not a class.

    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> round(negative_sampling(scores, torch.tensor(0), torch.tensor([1, 4, 0])).item(), 6)
    4.541195

    Mikolov et al. 2013, "Distributed representations of words and phrases".
    """
    return estimators.negative_sampling(_candidates(scores, target, samples, None, hits=hits, tries=None))


def in_batch(scores: Tensor, log_probs: Tensor | None = None, ids: Tensor | None = None) -> Tensor:
    """Two towers: the targets of a batch's other examples are the negatives of each.

    ``loss_i = -y_ii + log(sum over j of exp(y_ij))``, ``y_ij = x_ij - log q_j``

    without those j != i that are the same item as i. It is `log_q` with samples that come free, at
    the rate at which the data has them; without log_probs it is `uncorrected`, and learns ``p / q``.

    Args:
        scores: x_ij of query i and item j, the right ones on the diagonal [batch, batch].
        log_probs: log q_j, how likely a batch is to have item j in a place [batch].
        ids: the item in each place, to know the same one again; int64 [batch].

    Returns:
        The loss of each example in nats [batch]; 0 with no other item.

    Raises:
        ValueError: shapes, dtypes or devices do not fit.

    >>> scores = torch.tensor([[2.0, 1.0, 2.0], [0.0, 3.0, 0.0], [2.0, 0.0, 2.0]])
    >>> [round(loss, 4) for loss in in_batch(scores, ids=torch.tensor([7, 5, 7])).tolist()]
    [0.3133, 0.0949, 0.1269]

    Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations".
    """
    checks.score_rows(scores)
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
        checks.refuse("scores", "of shape [batch, batch]", checks.shape(scores), "score every query with every item")
    places = torch.arange(len(scores), device=scores.device) if ids is None else ids
    logs = torch.zeros_like(places, dtype=torch.float64) if log_probs is None else log_probs.double()
    for name, each in (("ids", places), ("log_probs", logs)):
        checks.same_device(name, each.device, scores.device)
        if each.shape != scores.shape[:1]:
            checks.refuse_shapes(name, "one for each example", each, scores)
    same = places[:, None] == places  # [batch, batch]
    return estimators.log_q(Candidates(scores.diagonal(), scores, logs, logs, same))


def _candidates(  # noqa: PLR0913 - all that the doors take
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    hits: checks.Masking,
    tries: float | None,
) -> Candidates:
    checks.score_rows(scores)
    checks.labels(target, scores)
    checks.sample_rows(samples, scores)
    rows = samples.expand(*scores.shape[:-1], samples.shape[-1])  # [..., k]
    found = (_pick(scores, target), scores.gather(-1, rows))
    checks.noise_fits(None if noise is None else noise.log_probs, scores.shape[-1], scores.device)
    return estimators.candidates(found, (target, samples), noise, hits=hits, tries=tries)


def _pick(scores: Tensor, target: Tensor) -> Tensor:
    return scores.gather(-1, target[..., None]).squeeze(-1)
