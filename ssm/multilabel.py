"""Other classes that are right for an example beside its target, which no loss should push down."""

from dataclasses import replace

import torch
from torch import Tensor

from ssm import checks
from ssm.estimators import Candidates
from ssm.noise import Noise


def spare(found: Candidates, target: Tensor, samples: Tensor, positives: Tensor, noise: Noise | None) -> Candidates:
    """The same candidates, without the samples that are right for their example too.

    They are hits as the target itself would be: k_eff counts the others, and the chance of such a sample,
    ``1 - q_t``, becomes ``1 - q_t - sum of q_d over the other positives d``. So the sampled softmax estimates
    ``-x_t + log(sum over c of exp(x_c))`` over the target and the classes that are wrong.

    Args:
        found: what the losses read [...].
        target: t, int64 [...].
        samples: c, int64 [k] or [..., k].
        positives: int64 [..., m]; an entry below 0 stands for none, one that comes twice or is the
            target counts once.
        noise: q, or None for losses that correct nothing.

    Returns:
        Candidates [...].

    >>> from ssm import estimators, noise
    >>> target, samples, q = torch.tensor(0), torch.tensor([1, 2, 3]), noise.uniform(5)
    >>> scores = torch.zeros(()), torch.zeros(3)
    >>> found = estimators.candidates(scores, (target, samples), q, hits="rejected")
    >>> found = spare(found, target, samples, torch.tensor([3, 4, -1]), q)
    >>> round(estimators.sampled_softmax(found).exp().item(), 6)  # 0 and the wrong ones, 1 and 2
    3.0
    """
    hits = found.hits | among(samples, positives)
    rest = None if noise is None else _rest(found.target_log_q, target, positives, noise)
    return replace(found, hits=hits, rest=rest)


def among(samples: Tensor, positives: Tensor) -> Tensor:
    """Which samples are positives of their example.

    Args:
        samples: int64 [k] or [..., k].
        positives: int64 [..., m].

    Returns:
        Bool [..., k], or as samples where m is 0.

    >>> among(torch.tensor([1, 2, 3]), torch.tensor([[3, -1], [1, 2]])).int().tolist()
    [[0, 0, 1], [1, 1, 0]]
    """
    found = torch.zeros_like(samples, dtype=torch.bool)
    for each in positives.unbind(-1):  # one after another: [..., k, m] might not fit
        found = found | (samples == each[..., None])
    return found


def mask(positives: Tensor, target: Tensor, first: int, size: int) -> Tensor:
    """Where the positives are in a row of classes, their targets left out.

    Args:
        positives: int64 [..., m].
        target: t, int64 [...].
        first: the class that the row begins with.
        size: how many classes it has.

    Returns:
        Bool [..., size].

    >>> mask(torch.tensor([[4, 2, -1]]), torch.tensor([2]), 3, 4).int().tolist()
    [[0, 1, 0, 0]]
    """
    inside = (positives >= first) & (positives < first + size) & (positives != target[..., None])
    places = torch.where(inside, positives - first, size)  # the others go to a place that is cut off
    row = torch.zeros(*target.shape, size + 1, dtype=torch.bool, device=target.device)
    return row.scatter(-1, places, value=True)[..., :size]


def _rest(target_log_q: Tensor, target: Tensor, positives: Tensor, noise: Noise) -> Tensor:
    """``1 - q_t - sum of q_d``."""
    ordered = positives.sort(-1).values
    other = (ordered >= 0) & (ordered != target[..., None])
    other[..., 1:] &= ordered[..., 1:] != ordered[..., :-1]
    chances = noise.log_probs[ordered.clamp(min=0)].exp().masked_fill(~other, 0.0)
    # With no class left nothing is drawn that would count, and rounding must not go below 0.
    return (-target_log_q.expm1() - chances.sum(-1)).clamp(min=0)


def check(positives: Tensor, target: Tensor, classes: int) -> None:
    """Some classes for each target, or entries below 0."""
    checks.same_device("positives", positives.device, target.device)
    if positives.dtype != torch.int64:
        checks.refuse("positives", "of dtype torch.int64", positives.dtype, "convert with .long()")
    if positives.ndim == 0 or positives.shape[:-1] != target.shape:
        found = checks.Said(f"the shapes {tuple(positives.shape)} and {tuple(target.shape)}")
        checks.refuse("positives", "some classes per target", found, "fill short rows with -1")
    if checks.visible(positives) and positives.numel() and (most := int(positives.max())) >= classes:
        rule, way_out = f"classes up to {classes - 1}", "count classes from 0, and fill short rows with -1"
        checks.refuse("positives", rule, most, way_out, error=IndexError)
