"""The losses, on scores: one value per example, in nats.

Samples that equal the target, hits, are rejected, as everywhere; the losses that judge each sample by itself
(`nce`, `negative_sampling`, `naive_importance`) keep them, as their formulas ask.

A temperature goes in before the correction: pass ``scores / temperature``. The correction itself is computed in
float64 and the losses in float32 at least, so that half precision neither overflows nor rounds it away.
Of several classes that are right for an example pass those beside its target as positives, short rows filled with
-1: samples among them are hits whatever `hits` says, and the loss is of the target and the classes that are wrong.
"""

import torch
from torch import Tensor

from ssm import checks, estimators, multilabel, towers
from ssm.estimators import Candidates
from ssm.noise import Noise

in_batch = towers.in_batch


def full_softmax(scores: Tensor, target: Tensor, *, positives: Tensor | None = None) -> Tensor:
    """The reference, which needs the score of every class.

    ``loss = -x_t + log(sum over c of exp(x_c))``

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        positives: other classes that are right, int64 [..., m]; fill short rows with -1.

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
    if positives is not None:
        multilabel.check(positives, target, scores.shape[-1])
        scores = scores.masked_fill(multilabel.mask(positives, target, 0, scores.shape[-1]), -torch.inf)
    return estimators.full(estimators.pick(scores, target), scores)


def sampled_softmax(  # noqa: PLR0913 - how the samples were drawn, beside the samples
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise,
    *,
    hits: checks.Masking = "rejected",
    tries: float | None = None,
    positives: Tensor | None = None,
) -> Tensor:
    """The article's loss: the target apart, the rest of the sum estimated from noise samples.

    ``loss = -x_t + log(exp(x_t) + sum over samples c != t of exp(x_c) (1 - q_t) / (k_eff q_c))``

    Samples that equal the target are rejected; k_eff counts the others. With none left the loss and its gradient
    are 0. For samples drawn with the target excluded pass the noise they were excluded from. The gradient tends to
    that of the full softmax as k grows, with a bias of order 1 / k.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        noise: q, what the samples were drawn from.
        hits: "rejected"; "kept" is a mistake worth seeing: its bias does not vanish.
        tries: for samples from `Noise.draw_unique`, its tries.
        positives: other classes that are right, int64 [..., m]; fill short rows with -1.

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
    return estimators.sampled_softmax(
        _candidates(scores, target, samples, noise, hits=hits, tries=tries, positives=positives)
    )


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
    positives: Tensor | None = None,
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
        positives: other classes that are right, int64 [..., m]; fill short rows with -1.

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
    return estimators.log_q(_candidates(scores, target, samples, noise, hits=hits, tries=tries, positives=positives))


def uncorrected(
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    *,
    hits: checks.Masking = "rejected",
    positives: Tensor | None = None,
) -> Tensor:
    """A softmax over the target and the samples, as if there were no other class.

    ``loss = -x_t + log(exp(x_t) + sum over samples c != t of exp(x_c))``

    With uniform noise this is `log_q`; with any other it learns ``log(p_c / q_c)``, up to a constant.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        hits: "rejected", or "kept" as candidates of their own.
        positives: other classes that are right, int64 [..., m]; fill short rows with -1.

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
    return estimators.uncorrected(_candidates(scores, target, samples, None, hits=hits, positives=positives))


def nce(  # noqa: PLR0913 - how the samples were drawn, beside the samples
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise,
    *,
    hits: checks.Masking = "kept",
    tries: float | None = None,
    positives: Tensor | None = None,
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
        positives: other classes that are right, int64 [..., m]; fill short rows with -1.

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
    return estimators.nce(_candidates(scores, target, samples, noise, hits=hits, tries=tries, positives=positives))


def negative_sampling(  # noqa: PLR0913 - how the samples were drawn, beside the samples
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    *,
    hits: checks.Masking = "kept",
    power: float = 1.0,
    positives: Tensor | None = None,
) -> Tensor:
    """The loss of word2vec: push the target up and each sample down.

    ``loss = -power log s(x_t) - sum over samples c of log s(-x_c)``, ``s(y) = 1 / (1 + exp(-y))``

    If hits are kept, the scores become ``log(power p_c / (k q_c))``: embeddings, not probabilities.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        hits: "kept", or "rejected" to leave out samples that equal the target.
        power: above 0; with that of `ssm.estimators.gbce_power` this is gBCE.
        positives: other classes that are right, int64 [..., m]; fill short rows with -1.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes or devices do not fit.
        IndexError: a target or sample is not a class.

    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> round(negative_sampling(scores, torch.tensor(0), torch.tensor([1, 4, 0])).item(), 6)
    4.541195

    Mikolov et al. 2013, "Distributed representations of words and phrases"; Petrov and Macdonald 2023 (the power).
    """
    found = _candidates(scores, target, samples, None, hits=hits, positives=positives)
    return estimators.negative_sampling(found, power)


def _candidates(  # noqa: PLR0913 - all that the doors take
    scores: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    hits: checks.Masking,
    tries: float | None = None,
    positives: Tensor | None = None,
) -> Candidates:
    checks.score_rows(scores)
    checks.labels(target, scores)
    checks.sample_rows(samples, scores)
    rows = samples.expand(*scores.shape[:-1], samples.shape[-1])  # [..., k]
    found = (estimators.pick(scores, target), scores.gather(-1, rows))
    checks.noise_fits(None if noise is None else noise.log_probs, scores.shape[-1], scores.device)
    made = estimators.candidates(found, (target, samples), noise, hits=hits, tries=tries)
    if positives is None:
        return made
    multilabel.check(positives, target, scores.shape[-1])
    return multilabel.spare(made, target, samples, positives, noise)
