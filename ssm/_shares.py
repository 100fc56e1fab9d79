"""What each class gets of a draw, about every target and for many k at once: the integral behind what a loss learns.

In the letters of `ssm._sums` and by the rule of `ssm._quadrature`; the scores move at each step of the search, and
what stays is kept.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ssm import _quadrature, _ratios
from ssm._ratios import Problem

_STEP = 0.2  # of the quadrature
_HALVINGS = 4
_ROUGH = 1e-6  # of the change from every other node to all, whose square is left
_STEEPEST = 600.0  # exp is slow below -708
_LOG_STEEPEST = math.log(_STEEPEST)
_FADED = 1e-260  # exp(-600) is nothing, however small a share is
_LEAST = 1e-300


class Draws(NamedTuple):
    """What a sample adds about each target, in the letters of `ssm._sums`, where all scores are the same.

    Attributes:
        q: the chance of each class, 0 for the target itself [targets, classes].
        log_a: log a_c, -inf for the target itself [targets, classes].
        hit: q_t [targets].
        log_hit: log h [targets].
        log_beside: log of the mean of what a sample adds to T, or counts for in L [targets].
        start: A.
        each: l.
        forgets: whether a draw of hits alone adds nothing.
    """

    q: Tensor
    log_a: Tensor
    hit: Tensor
    log_hit: Tensor
    log_beside: Tensor
    start: float
    each: float
    forgets: bool


class Shares(NamedTuple):
    """What each class gets of a draw, ``s_c = N_c a_c / S``, about each target; the target itself 0."""

    mean: Tensor  # E[s_c] [ks, targets, classes]
    pairs: Tensor  # E[s_c s_d] [ks, targets, classes, classes]


def draws_of(problem: Problem) -> Draws:
    """What samples add about each target; the scores and the target of the problem do not matter."""
    level = problem._replace(x=torch.zeros_like(problem.x))
    sources = [level.q.without(t) if level.mode == "excluded" else level.q for t in range(len(level.x))]
    ratios = [_ratios.ratio_of(level._replace(target=t, source=source), 1) for t, source in enumerate(sources)]
    hit, log_hit = (level.x.new_tensor([getattr(ratio, name) for ratio in ratios]) for name in ("hit", "log_hit"))
    rest = level.x.new_tensor([ratio.rest * ratio.counts[0] for ratio in ratios])
    return Draws(
        _apart(torch.stack([ratio.q for ratio in ratios]), 0.0),
        _apart(torch.stack([ratio.log_a for ratio in ratios]), -math.inf),
        hit,
        log_hit,
        torch.maximum(hit.log() + log_hit, rest.log()),
        ratios[0].start,
        ratios[0].each,
        ratios[0].forgets,
    )


def _apart(rows: Tensor, own: float) -> Tensor:
    """What the other classes have of each target, and its own [targets, classes]."""
    n = len(rows)
    values = rows.new_full((n, n), own)
    values[~torch.eye(n, dtype=torch.bool, device=rows.device)] = rows.flatten()
    return values


def of(x: Tensor, draws: Draws, k: Tensor) -> Shares:
    """The shares of a draw about each target; the step of the rule is halved until it settles."""
    at_scores = draws._replace(log_a=draws.log_a + x[:, None] - x[:, :, None])  # [ks, targets, classes]
    for halving in range(_HALVINGS):
        shares, change = _integrate(at_scores, k, _STEP / 2**halving)
        if change <= _ROUGH:
            break
    return shares


def _integrate(draws: Draws, k: Tensor, step: float) -> tuple[Shares, float]:
    """Both means by the trapezoid rule, and the largest relative change from every other node to all."""
    log_v, weight = _nodes(draws, k, step)  # [ks, targets, nodes], [2, nodes]
    v, k = log_v.clamp(max=_STEEPEST).exp(), k[:, None, None]
    va = (log_v[..., None] + draws.log_a[:, :, None]).clamp_(max=_LOG_STEEPEST).exp_()  # [ks, targets, nodes, classes]
    vb = (va + (draws.each * v)[..., None]).clamp_(max=_STEEPEST)
    left = torch.threshold((-vb).exp(), _FADED, 0.0)
    log_g, start = _log_mean(vb, left, draws, log_v), draws.start * v
    by_one = k * ((k - 1) * log_g - start).exp()
    by_two = k * (k - 1) * weight[1] * ((k - 2).clamp(min=0) * log_g - start).exp()
    decay = left.mul_(va).mul_(draws.q[:, None])
    mean = (by_one[:, :, None] * weight) @ decay  # [ks, targets, 2, classes]
    alone = (by_one * weight[1])[:, :, None] @ va.mul_(decay)
    pairs = decay.mT @ (by_two[..., None] * decay)
    change = (mean[:, :, 0] - mean[:, :, 1]).abs().amax(2) / mean[:, :, 1].sum(2)
    return Shares(mean[:, :, 1], pairs + torch.diag_embed(alone[:, :, 0])), float(change.max())


def _nodes(draws: Draws, k: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Log v for each k and target, and the weights of an integral d log v by every other node and by all."""
    most, least = _reach(draws, k.log()[:, None])
    top = math.log(_quadrature.HIGHEST) + float((most - least).max())
    s = torch.arange(_quadrature.LOWEST, top + 2 * step, step, dtype=k.dtype, device=k.device)
    weight = (1 + (-s).exp()) * step
    half = 2 * weight
    half[1::2] = 0
    return s - (-s).exp() - most[..., None], torch.stack([half, weight])


def _reach(draws: Draws, log_k: Tensor) -> tuple[Tensor, Tensor]:
    """Log of 1 / v where the first of the integrands ends, and the last, as in `ssm._quadrature` [ks, targets]."""
    log_mean = (draws.q.log() + draws.log_a).logsumexp(2)
    most = torch.maximum(log_k + torch.maximum(log_mean, draws.log_beside), draws.log_a.amax(2))
    most = torch.maximum(most, draws.log_hit).clamp(min=0)
    if draws.start or draws.forgets:
        return most, torch.zeros_like(most)
    slowest = torch.zeros_like(most) if draws.each else torch.where(draws.q != 0, draws.log_a, 0.0).amin(2).clamp(max=0)
    return most, log_k + slowest


def _log_mean(vb: Tensor, left: Tensor, draws: Draws, log_v: Tensor) -> Tensor:
    """Log of G, the mean of exp(-v times what one sample adds) [ks, targets, nodes]."""
    q, hit = draws.q[..., None], draws.hit[:, None]
    vh = (log_v + draws.log_hit[:, None]).clamp(max=_LOG_STEEPEST).exp()
    lost = -((-vb).expm1() @ q).squeeze(3) - hit * (-vh).expm1()
    kept = (left @ q).squeeze(3) + hit * (-vh).exp()
    return torch.where(lost < 0.5, (-lost).log1p(), kept.clamp(min=_LEAST).log())
