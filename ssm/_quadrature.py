"""The integral behind the exact moments: ratios of sums over independent samples.

In the letters of `ssm._sums`: as ``1 / S`` is the integral of ``exp(-v S)`` and samples
are independent, every moment is one integral over v of powers of the Laplace transform of what one
sample adds, ``G(v) = sum of q_c exp(-v (l + a_c)) + q_t exp(-v h)``.

No moment is a difference of large numbers. In particular that of the target is taken about the
ratio of the mean sums, ``m = E[T] / (E[T] + E[O])``, to which 1 + g_t is near where k is large, or
about 1 where hits alone are the rule; where that proves to be far off, about its own mean.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ssm._sums import Ratio

LOWEST = -3.6  # below it, v is out of sight of every moment
HIGHEST = 46.0  # and where exp(-46) is left of a draw
_STEP = 0.2
_HALVINGS = 4
_GOAL = 1e-12
_NOTHING = 1e-24  # a loss so small may be off by any part of itself
_STEADY = 1e-8  # and so may the variance of the target, in parts of (m (1 - m))^2
_ASTRAY = 0.9  # of a second moment: if the mean is more of it, it is taken about the mean instead
_CHUNK = 1 << 16  # entries of a [nodes, classes] block, so that memory is bounded and near
_LEAST = 1e-300  # what interpolation leaves of nothing may be below it
_STEEPEST = 600.0  # exp is slow below -708


class Sums(NamedTuple):
    """The moments, as they come out of the integrals.

    Attributes:
        first: E[g_c] / q_c, float64 [others].
        once: the part of E[g_c^2] that goes with q_c, of each sample by itself [others].
        twice: the part that goes with q_c^2, of pairs of samples [others].
        target_first: E[1 + g_t - m].
        target_second: E[(1 + g_t - m)^2].
        loss: E[loss].
        error: how far the mean gradient is from adding up to 0, and the square of the relative
            change from half the nodes to all.
    """

    first: Tensor
    once: Tensor
    twice: Tensor
    target_first: float
    target_second: float
    loss: float
    error: float


class Mean(NamedTuple):
    target: Tensor  # m, for each number of samples [..., 1]
    others: Tensor  # 1 - m, in full precision


class Nodes(NamedTuple):
    log_v: Tensor  # [nodes]
    v: Tensor
    vh: Tensor  # v times what a hit adds
    fade: Tensor  # exp(-v l)
    weight: Tensor  # of an integral d log v, by every other node and by all [2, nodes]
    on_chunk: Callable[[], object] | None = None


class Sample(NamedTuple):
    """What one sample does at each node, E being exp(-v times what it adds) and z = (1 - m) T - m O."""

    log_g: Tensor  # of G, the mean of E [nodes]
    log_k: Tensor  # of K, the same for what it adds to L
    gap: Tensor  # log(G / K)
    target: Tensor  # the mean of v T E
    once: Tensor  # the mean of v z E
    twice: Tensor  # the mean of (v z)^2 E


def integrate(ratio: Ratio, on_chunk: Callable[[], object] | None = None) -> Sums:
    """Every moment, by the trapezoid rule in a double-exponential variable, its step halved until it settles.

    ``v = exp(s - exp(-s)) / scale``: at s = 0 what a draw adds begins to show.

    Args:
        ratio: what a draw adds up.
        on_chunk: called before each part of the classes; what it raises ends the work.

    Returns:
        The moments and an estimate of their error.

    Takahasi and Mori 1974, "Double exponential formulas for numerical integration".
    """
    for halving in range(_HALVINGS):
        sums = _sums(_nodes(ratio, _STEP / 2**halving)._replace(on_chunk=on_chunk), ratio)
        if sums.error <= _GOAL:
            break
    return sums


def _nodes(ratio: Ratio, step: float) -> Nodes:
    log_scale = log_most(ratio)
    top = math.log(HIGHEST) - log_least(ratio) + log_scale
    s = torch.arange(LOWEST, top + 2 * step, step, dtype=torch.float64, device=ratio.q.device)
    log_v, weight = s - (-s).exp() - log_scale, (1 + (-s).exp()) * step
    half = 2 * weight
    half[1::2] = 0
    alive = _alive(log_v.exp(), ratio)
    return nodes_at(log_v[alive], torch.stack([half[alive], weight[alive]]), ratio)


def nodes_at(log_v: Tensor, weight: Tensor, ratio: Ratio) -> Nodes:
    """What all moments need of v at the nodes."""
    v, vh = (place.clamp(max=_STEEPEST).exp() for place in (log_v, log_v + ratio.log_hit))
    vh = vh.clamp(max=_STEEPEST)  # or its square may be infinite
    return Nodes(log_v, v, vh, (-v * ratio.each).exp(), weight)


def log_least(ratio: Ratio) -> float:
    """Of the least that a draw can add up to; 1 / v where the last of the integrands ends."""
    slowest = 0.0 if ratio.each else float(torch.where(ratio.q != 0, ratio.log_a, 0.0).min().clamp(max=0))
    return 0.0 if ratio.start or ratio.forgets else math.log(ratio.k) + slowest


def log_most(ratio: Ratio) -> float:
    """Of 1 / v where the first of the integrands ends."""
    log_k = math.log(ratio.k)
    sizes = [ratio.log_mean]
    sizes += [math.log(ratio.hit) + ratio.log_hit] if ratio.hit else []
    sizes += [math.log(ratio.rest)] if ratio.counts[0] else []
    # G^k ends at k times the mean of what a sample adds, and a class that is hardly ever drawn at what it adds.
    return max(0.0, log_k + max(sizes), ratio.log_hit, float(ratio.log_a.max()))


def _alive(v: Tensor, ratio: Ratio) -> Tensor:
    """Where more than exp(-46) is left of the draws that add something."""
    if not ratio.forgets:
        return torch.ones_like(v, dtype=torch.bool)
    log_empty = ratio.k * ratio.log_forgotten
    log_all = ratio.k * _log_k(v, ratio)  # of E[exp(-v k_eff)], from which the draws of hits alone are taken
    return log_all + (-(log_empty - log_all).expm1()).log() > math.log(-math.expm1(log_empty)) - HIGHEST


def mean_share(ratio: Ratio, k: Tensor) -> Mean:
    """The ratio of the mean sums, for each number of samples; 1 where most draws are hits alone and g_t is 0."""
    hits = math.exp(math.log(ratio.hit) + ratio.log_hit) if ratio.hit else 0.0
    odds = ratio.log_mean - (ratio.start / k + ratio.each * ratio.rest + hits).log()
    missed = k * ratio.log_missed > -math.log(2)
    return Mean((-odds).sigmoid().masked_fill_(missed, 1.0), odds.sigmoid().masked_fill_(missed, 0.0))


def parts(nodes: Nodes, ratio: Ratio) -> Iterator[tuple[slice, Tensor]]:
    """Parts of the classes, each with its v a_c, [nodes, part]."""
    size = max(1, _CHUNK // len(nodes.v))
    for left in range(0, len(ratio.q), size):
        if nodes.on_chunk is not None:
            nodes.on_chunk()
        part = slice(left, left + size)
        yield part, _product(nodes, ratio.log_a[part]).clamp_(max=_STEEPEST)


def _product(nodes: Nodes, log_a: Tensor) -> Tensor:
    if nodes.log_v[0] > -_STEEPEST and nodes.log_v[-1] < _STEEPEST:  # an exp for each class and node is spared
        return torch.outer(nodes.v, log_a.exp())
    return (nodes.log_v[:, None] + log_a).clamp_(max=_STEEPEST).exp_()


def sample_at(nodes: Nodes, ratio: Ratio, m: Mean) -> Sample:
    v = nodes.v
    lost, left, once, twice = (torch.zeros_like(v) for _ in range(4))
    for part, va in parts(nodes, ratio):
        q, e = ratio.q[part], (-va).exp()
        vz = m.others * ratio.each * v[:, None] - m.target * va  # [nodes, part]
        lost -= (-va).expm1_() @ q
        left += e @ q
        once += e.mul_(vz) @ q
        twice += e.mul_(vz) @ q
    lost, left = nodes.fade * lost, nodes.fade * left
    hit, vz = ratio.hit * (-nodes.vh).exp(), m.others * nodes.vh
    return Sample(
        *_logs(nodes, ratio, lost, left),
        target=ratio.each * v * left + nodes.vh * hit,
        once=nodes.fade * once + vz * hit,
        twice=nodes.fade * twice + vz**2 * hit,
    )


def _logs(nodes: Nodes, ratio: Ratio, lost: Tensor, left: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logs of G, K and G / K, each exact where it is small."""
    v, (others, hit) = nodes.v, ratio.counts
    hit_lost, hit_left = -ratio.hit * (-nodes.vh).expm1(), ratio.hit * (-nodes.vh).exp()
    log_k = _log_k(v, ratio)
    log_g = _log(lost - ratio.rest * (-v * ratio.each).expm1() + hit_lost, left + hit_left)
    more_hit = math.expm1(ratio.log_hit) if hit else math.exp(ratio.log_hit)  # what a hit adds to S and not to L
    of_hits = ratio.hit * (-hit * v).exp() * (-v * more_hit).expm1()
    more = ratio.rest * _less(v * ratio.each, others * v) + of_hits - lost  # G - K
    part = more * (-log_k).exp()
    return log_g, log_k, torch.where(part.abs() < 0.5, part.log1p(), log_g - log_k)


def _less(a: Tensor, b: Tensor) -> Tensor:
    """``exp(-a) - exp(-b)``."""
    return (-b).exp() * (b - a).expm1()


def _log(lost: Tensor, left: Tensor) -> Tensor:
    """``log(1 - lost) = log(left)``, whichever is exact."""
    return torch.where(lost < 0.5, (-lost).log1p(), left.clamp(min=_LEAST).log())


def _log_k(v: Tensor, ratio: Ratio) -> Tensor:
    others, hit = ratio.counts
    if ratio.hit == 0 or others == hit:
        return -others * v
    return _log(-ratio.rest * (-v).expm1(), ratio.hit + ratio.rest * (-v).exp())


def _sums(nodes: Nodes, ratio: Ratio, centre: Mean | None = None) -> Sums:
    k = ratio.q.new_tensor([ratio.k])
    m, log_empty = centre or mean_share(ratio, k), ratio.k * ratio.log_forgotten
    sample = sample_at(nodes, ratio, m)
    first, once, twice = _others(nodes, sample, ratio, k)
    rows = target_rows(nodes, sample, (ratio, k, m))
    loss, share, square, product, off = (rows @ nodes.weight[1]).tolist()
    missed = math.exp(log_empty) * float(m.others)
    others = float(ratio.q @ first)
    if centre is None and (off + missed) ** 2 > _ASTRAY * (square + product + missed * float(m.others)):
        return _sums(nodes, ratio, Mean(k.new_tensor([share + math.exp(log_empty)]), k.new_tensor([others])))
    unbalanced = share + others + math.expm1(log_empty)
    second = once @ ratio.q + twice @ ratio.squares
    return Sums(
        first,
        once[1],
        twice[1],
        target_first=off + missed,
        target_second=square + product + missed * float(m.others),
        loss=loss,
        error=abs(unbalanced) + float(change(rows[:-1], second, nodes.weight, m)) ** 2,
    )


def change(rows: Tensor, second: Tensor, weight: Tensor, m: Mean) -> Tensor:
    """The largest change, relative to what is added up, from every other node to all."""
    found = torch.cat([rows @ weight.T, second[None]])  # [5, ..., 2]
    sizes = torch.cat([rows.abs() @ weight[1], second[None, ..., 1].abs()])  # [5, ...]
    spread = (_STEADY * (m.target * m.others) ** 2 + _NOTHING**2)[..., 0]
    least = torch.stack([torch.full_like(spread, _NOTHING)] * 2 + [spread] * 2 + [torch.full_like(spread, _NOTHING)])
    return (found.diff()[..., 0].abs() / (sizes + least)).max()


def _others(nodes: Nodes, sample: Sample, ratio: Ratio, k: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """E[g_c] / q_c [others], and both parts of E[g_c^2] by every other node and by all [2, others]."""
    by_one = nodes.weight * (k * nodes.fade * power(nodes, sample, ratio, k - 1))  # [2, nodes]
    by_two = nodes.weight * (k * (k - 1) * nodes.fade**2 * power(nodes, sample, ratio, k - 2))
    first, once, twice = [], [], []
    for _, va in parts(nodes, ratio):
        decay = (-va).exp_().mul_(va)  # v a_c exp(-v a_c)
        twice.append(by_two @ decay**2)
        first.append(by_one[1] @ decay)
        once.append(by_one @ decay.mul_(va))
    return torch.cat(first), torch.cat(once, 1), torch.cat(twice, 1)


def target_rows(nodes: Nodes, sample: Sample, of: tuple[Ratio, Tensor, Mean]) -> Tensor:
    """What to integrate for E[loss], E[1 + g_t], E[(1 + g_t - m)^2] in two parts, E[1 + g_t - m]: [5, ..., nodes]."""
    (ratio, k, m), v = of, nodes.v
    g0, g1, g2 = (power(nodes, sample, ratio, k - less) for less in range(3))
    start, alone = ratio.start * v, m.others * ratio.start * v  # v A, and v times z without a sample
    larger = torch.maximum(sample.log_g, sample.log_k)
    loss = sample.gap.sign() * (k * larger - start).exp() * (-k * sample.gap.abs()).expm1()
    share = start * g0 + k * sample.target * g1
    square = alone**2 * g0 + k * sample.twice * g1 + k * (k - 1) * sample.once**2 * g2
    return torch.stack([loss, share, square, 2 * k * alone * sample.once * g1, alone * g0 + k * sample.once * g1])


def power(nodes: Nodes, sample: Sample, ratio: Ratio, exponent: Tensor) -> Tensor:
    """``exp(-v A) G^exponent`` [..., nodes]; a power of 0 is 1, and 0 log 0 is not."""
    log = torch.where(exponent > 0, exponent * sample.log_g, 0.0)
    return (log - ratio.start * nodes.v).exp()
