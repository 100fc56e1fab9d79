"""The integral behind the exact moments: ratios of sums over independent samples.

A draw makes two sums, T for the target and O for the other classes. T starts at A; a sample of
another class c adds l to T and a_c to O; a sample that is the target, a hit, adds h to T. With
``S = T + O`` the gradient is ``g_c = N_c a_c / S`` and ``g_t = -O / S``, and the loss ``log(S / L)``,
where L starts at A too and counts samples. As ``1 / S`` is the integral of ``exp(-v S)`` and samples
are independent, every moment is one integral over v of powers of the Laplace transform of what one
sample adds, ``G(v) = sum of q_c exp(-v (l + a_c)) + q_t exp(-v h)``.

No moment is a difference of large numbers. In particular that of the target is taken about the
ratio of the mean sums, ``m = E[T] / (E[T] + E[O])``, to which 1 + g_t is near where k is large.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

_LOWEST = -3.6  # below it, v is out of sight of every moment
_HIGHEST = 46.0  # and where exp(-46) is left of a draw
_STEP = 0.2
_HALVINGS = 4
_GOAL = 1e-12
_NOTHING = 1e-24  # what is so small may be off by any part of itself
_CHUNK = 1 << 16  # entries of a [nodes, classes] block, so that memory is bounded and near
_STEEPEST = 600.0  # exp is slow below -708


@dataclass(frozen=True, eq=False)
class Ratio:
    """What a draw of k samples adds up, in the letters of this module's head.

    Attributes:
        k: the number of samples.
        q: the chance of each of the other classes, float64 [others].
        log_a: log a_c, -inf for a class that is never drawn [others].
        rest: the chance of any other class, 1 - q_t.
        hit: the chance of a hit, q_t.
        start: A, 0 or 1.
        each: l, 0 or 1.
        log_hit: log h, -inf where hits add nothing.
        counts: what a sample of another class and a hit add to L, each 0 or 1.
    """

    k: int
    q: Tensor
    log_a: Tensor
    rest: float
    hit: float
    start: float
    each: float
    log_hit: float
    counts: tuple[float, float]

    @property
    def forgets(self) -> bool:
        """Whether a draw of hits alone adds nothing; then its loss and gradient are 0."""
        return not self.start and self.log_hit == -math.inf and self.hit > 0

    @property
    def log_empty(self) -> float:
        """Log of the chance of such a draw."""
        if not self.forgets:
            return -math.inf
        return self.k * (math.log1p(-self.rest) if self.rest < 0.5 else math.log(self.hit))


class Sums(NamedTuple):
    """The moments, as they come out of the integrals.

    Attributes:
        first: E[g_c], float64 [others].
        second: E[g_c^2], float64 [others].
        target_first: E[1 + g_t - m].
        target_second: E[(1 + g_t - m)^2].
        loss: E[loss].
        error: how far the mean gradient is from adding up to 0, or the square of the relative
            change from half the nodes to all, whichever is larger.
    """

    first: Tensor
    second: Tensor
    target_first: float
    target_second: float
    loss: float
    error: float


class _Mean(NamedTuple):
    target: float  # m
    others: float  # 1 - m, in full precision


class _Nodes(NamedTuple):
    log_v: Tensor  # [nodes]
    v: Tensor
    vh: Tensor  # v times what a hit adds
    fade: Tensor  # exp(-v l)
    weight: Tensor  # of an integral d log v, by every other node and by all [2, nodes]


class _Sample(NamedTuple):
    """What one sample does at each node, E being exp(-v times what it adds) and z = (1 - m) T - m O."""

    log_g: Tensor  # of G, the mean of E [nodes]
    log_k: Tensor  # of K, the same for what it adds to L
    gap: Tensor  # log(G / K)
    target: Tensor  # the mean of v T E
    once: Tensor  # the mean of v z E
    twice: Tensor  # the mean of (v z)^2 E


def integrate(ratio: Ratio) -> Sums:
    """Every moment, by the trapezoid rule in a double-exponential variable, its step halved until it settles.

    ``v = exp(s - exp(-s)) / scale``: at s = 0 what a draw adds begins to show.

    Args:
        ratio: what a draw adds up.

    Returns:
        The moments and an estimate of their error.

    Takahasi and Mori 1974, "Double exponential formulas for numerical integration".
    """
    for halving in range(_HALVINGS):
        sums = _sums(_nodes(ratio, _STEP / 2**halving), ratio)
        if sums.error <= _GOAL:
            break
    return sums


def _nodes(ratio: Ratio, step: float) -> _Nodes:
    log_scale, log_k = _log_scale(ratio), math.log(ratio.k)
    slowest = 0.0 if ratio.each else float(torch.where(ratio.q > 0, ratio.log_a, 0.0).min().clamp(max=0))
    log_least = 0.0 if ratio.start or ratio.forgets else log_k + slowest  # the least that a draw can add up to
    top = math.log(_HIGHEST) - log_least + log_scale
    s = torch.arange(_LOWEST, top + 2 * step, step, dtype=torch.float64, device=ratio.q.device)
    log_v, weight = s - (-s).exp() - log_scale, (1 + (-s).exp()) * step
    half = 2 * weight
    half[1::2] = 0
    alive = _alive(log_v.exp(), ratio)
    log_v, v = log_v[alive], log_v[alive].clamp(max=_STEEPEST).exp()
    vh = (log_v + ratio.log_hit).clamp(max=_STEEPEST).exp().clamp(max=_STEEPEST)  # its square is a number too
    return _Nodes(log_v, v, vh, (-v * ratio.each).exp(), torch.stack([half[alive], weight[alive]]))


def _log_scale(ratio: Ratio) -> float:
    """Of 1 / v where the first of the integrands ends."""
    log_k = math.log(ratio.k)
    sizes = [float((ratio.q.log() + ratio.log_a).logsumexp(0))]
    sizes += [math.log(ratio.hit) + ratio.log_hit] if ratio.hit else []
    sizes += [math.log(ratio.rest)] if ratio.counts[0] else []
    # G^k ends at k times the mean of what a sample adds, and a class that is hardly ever drawn at what it adds.
    return max(0.0, log_k + max(sizes), ratio.log_hit, float(ratio.log_a.max()))


def _alive(v: Tensor, ratio: Ratio) -> Tensor:
    """Where more than exp(-46) is left of the draws that add something."""
    if not ratio.forgets:
        return torch.ones_like(v, dtype=torch.bool)
    log_all = ratio.k * _log_k(v, ratio)  # of E[exp(-v k_eff)], from which the draws of hits alone are taken
    return log_all + (-(ratio.log_empty - log_all).expm1()).log() > math.log(-math.expm1(ratio.log_empty)) - _HIGHEST


def _mean(ratio: Ratio) -> _Mean:
    hits = math.exp(math.log(ratio.hit) + ratio.log_hit) if ratio.hit else 0.0
    target = ratio.start / ratio.k + ratio.each * ratio.rest + hits
    odds = (ratio.q.log() + ratio.log_a).logsumexp(0) - (math.log(target) if target else -math.inf)
    return _Mean(float((-odds).sigmoid()), float(odds.sigmoid()))


def _parts(nodes: _Nodes, ratio: Ratio) -> Iterator[tuple[slice, Tensor]]:
    """Parts of the classes, each with its v a_c, [nodes, part]."""
    size = max(1, _CHUNK // len(nodes.v))
    for left in range(0, len(ratio.q), size):
        part = slice(left, left + size)
        yield part, _product(nodes, ratio.log_a[part]).clamp_(max=_STEEPEST)


def _product(nodes: _Nodes, log_a: Tensor) -> Tensor:
    if nodes.log_v[0] > -_STEEPEST and nodes.log_v[-1] < _STEEPEST:  # an exp for each class and node is spared
        return torch.outer(nodes.v, log_a.exp())
    return (nodes.log_v[:, None] + log_a).clamp_(max=_STEEPEST).exp_()


def _sample(nodes: _Nodes, ratio: Ratio, m: _Mean) -> _Sample:
    v = nodes.v
    lost, left, once, twice = (torch.zeros_like(v) for _ in range(4))
    for part, va in _parts(nodes, ratio):
        q, e = ratio.q[part], (-va).exp()
        vz = (m.others * ratio.each * v)[:, None] - m.target * va  # [nodes, part]
        lost -= (-va).expm1_() @ q
        left += e @ q
        once += e.mul_(vz) @ q
        twice += e.mul_(vz) @ q
    lost, left = nodes.fade * lost, nodes.fade * left
    hit, vz = ratio.hit * (-nodes.vh).exp(), m.others * nodes.vh
    return _Sample(
        *_logs(nodes, ratio, lost, left),
        target=ratio.each * v * left + nodes.vh * hit,
        once=nodes.fade * once + vz * hit,
        twice=nodes.fade * twice + vz**2 * hit,
    )


def _logs(nodes: _Nodes, ratio: Ratio, lost: Tensor, left: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logs of G, K and G / K, each exact where it is small."""
    v, (others, hit) = nodes.v, ratio.counts
    hit_lost, hit_left = -ratio.hit * (-nodes.vh).expm1(), ratio.hit * (-nodes.vh).exp()
    log_k = _log_k(v, ratio)
    log_g = _log(lost - ratio.rest * (-v * ratio.each).expm1() + hit_lost, left + hit_left)
    more = ratio.rest * _less(v * ratio.each, others * v) + ratio.hit * _less(nodes.vh, hit * v) - lost  # G - K
    part = more * (-log_k).exp()
    return log_g, log_k, torch.where(part.abs() < 0.5, part.log1p(), log_g - log_k)


def _less(a: Tensor, b: Tensor) -> Tensor:
    """``exp(-a) - exp(-b)``."""
    return (-b).exp() * (b - a).expm1()


def _log(lost: Tensor, left: Tensor) -> Tensor:
    """``log(1 - lost) = log(left)``, whichever is exact."""
    return torch.where(lost < 0.5, (-lost).log1p(), left.log())


def _log_k(v: Tensor, ratio: Ratio) -> Tensor:
    others, hit = ratio.counts
    if ratio.hit == 0 or others == hit:
        return -others * v
    return _log(-ratio.rest * (-v).expm1(), ratio.hit + ratio.rest * (-v).exp())


def _sums(nodes: _Nodes, ratio: Ratio) -> Sums:
    m, empty = _mean(ratio), math.exp(ratio.log_empty)
    sample = _sample(nodes, ratio, m)
    first, second = _others(nodes, sample, ratio)
    rows = _target(nodes, sample, ratio, m)
    loss, share, square, product, off = (rows @ nodes.weight[1]).tolist()
    unbalanced = share + float(first.sum()) + math.expm1(ratio.log_empty)
    return Sums(
        first,
        second[1],
        target_first=off + empty * m.others,
        target_second=square + product + empty * m.others**2,
        loss=loss,
        error=max(abs(unbalanced), _change(rows[:-1], second, nodes.weight) ** 2),
    )


def _change(rows: Tensor, second: Tensor, weight: Tensor) -> float:
    """The largest change, relative to what is added up, from every other node to all."""
    rough, fine = torch.cat([rows @ weight.T, second.sum(1)[None]]).unbind(1)
    sizes = torch.cat([rows.abs() @ weight[1], second[1].sum()[None]])
    return float(((fine - rough).abs() / (sizes + _NOTHING)).max())


def _others(nodes: _Nodes, sample: _Sample, ratio: Ratio) -> tuple[Tensor, Tensor]:
    """E[g_c] [others], and E[g_c^2] by every other node and by all [2, others]."""
    once = nodes.weight * (ratio.k * nodes.fade * _power(nodes, sample, ratio, 1))  # [2, nodes]
    twice = nodes.weight * (ratio.k * (ratio.k - 1) * nodes.fade**2 * _power(nodes, sample, ratio, 2))
    first, second = [], []
    for part, va in _parts(nodes, ratio):
        q, decay = ratio.q[part], (-va).exp_().mul_(va)  # v a_c exp(-v a_c)
        pairs = q * (twice @ decay**2)
        first.append(q * (once[1] @ decay))
        second.append(q * (once @ decay.mul_(va) + pairs))
    return torch.cat(first), torch.cat(second, 1)


def _target(nodes: _Nodes, sample: _Sample, ratio: Ratio, m: _Mean) -> Tensor:
    """What to integrate for E[loss], E[1 + g_t], E[(1 + g_t - m)^2] in two parts, E[1 + g_t - m]: [5, nodes]."""
    k, v = ratio.k, nodes.v
    g0, g1, g2 = (_power(nodes, sample, ratio, less) for less in range(3))
    start, alone = ratio.start * v, m.others * ratio.start * v  # v A, and v times z without a sample
    larger = torch.maximum(sample.log_g, sample.log_k)
    loss = sample.gap.sign() * (k * larger - start).exp() * (-k * sample.gap.abs()).expm1()
    share = start * g0 + k * sample.target * g1
    square = alone**2 * g0 + k * sample.twice * g1 + k * (k - 1) * sample.once**2 * g2
    return torch.stack([loss, share, square, 2 * k * alone * sample.once * g1, alone * g0 + k * sample.once * g1])


def _power(nodes: _Nodes, sample: _Sample, ratio: Ratio, less: int) -> Tensor:
    """``exp(-v A) G^(k - less)``."""
    exponent = max(ratio.k - less, 0)
    # A power of 0 is 1, and 0 log 0 is not.
    log = exponent * sample.log_g if exponent else torch.zeros_like(nodes.v)
    return (log - ratio.start * nodes.v).exp()
