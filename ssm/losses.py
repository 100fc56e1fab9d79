"""The losses, on scores: one value per example, in nats."""

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

    >>> import torch
    >>> scores = torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5]], dtype=torch.float64)
    >>> round(full_softmax(scores, torch.tensor([0])).item(), 6)
    0.574438
    """
    checks.score_rows(scores)
    checks.labels(target, scores)
    return estimators.full(_pick(scores, target), scores)


def sampled_softmax(scores: Tensor, target: Tensor, samples: Tensor, noise: Noise) -> Tensor:
    """The article's loss: the target apart, the rest of the sum estimated from noise samples.

    ``loss = -x_t + log(exp(x_t) + sum over samples c != t of exp(x_c) (1 - q_t) / (k_eff q_c))``

    Samples that equal the target are rejected; k_eff counts the others. With none left the loss and
    its gradient are 0. For samples drawn with the target excluded pass ``noise.without(target)``.
    The gradient tends to that of the full softmax as k grows, with a bias of order 1 / k.

    Args:
        scores: x, floating point [..., classes].
        target: t, int64 [...].
        samples: c, int64 [..., k], or [k] shared by all examples.
        noise: q, what the samples were drawn from.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit.
        IndexError: a target or sample is not a class.

    >>> import torch
    >>> from ssm import noise
    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5], dtype=torch.float64)
    >>> loss = sampled_softmax(scores, torch.tensor(0), torch.tensor([1, 4, 0]), noise.uniform(5))
    >>> round(loss.item(), 6)
    0.780251

    Bengio and Senecal 2008; Jean et al. 2015; Orr 2021, "Sampled softmax loss".
    """
    return estimators.sampled_softmax(_candidates(scores, target, samples, noise))


def _candidates(scores: Tensor, target: Tensor, samples: Tensor, noise: Noise) -> Candidates:
    checks.score_rows(scores)
    checks.labels(target, scores)
    checks.sample_rows(samples, scores)
    checks.noise_classes(noise.classes, scores.shape[-1])
    checks.same_device("noise", noise.log_probs.device, scores.device)
    rows = samples.expand(*scores.shape[:-1], samples.shape[-1])  # [..., k]
    return Candidates(
        target_scores=_pick(scores, target),
        sample_scores=scores.gather(-1, rows),
        target_log_q=noise.log_probs[target],
        sample_log_q=noise.log_probs[samples],
        hits=samples == target[..., None],
    )


def _pick(scores: Tensor, target: Tensor) -> Tensor:
    return scores.gather(-1, target[..., None]).squeeze(-1)
