"""Moments of the sampled softmax, exact: no Monte Carlo noise.

With the scores shifted so that x_t = 0, let ``a_c = exp(x_c) / r_c`` (r: the noise given "not the
target") and ``b_c = 1 + a_c``. Each kept sample adds b_c to a sum S, and then ``g_c = N_c a_c / S``,
``g_t = k_eff / S - 1`` and ``loss = log(S / k_eff)``. As ``1 / S`` is the integral of ``exp(-v S)``
and the draws are independent, every moment is one integral over v of powers of the Laplace
transform ``G(v) = q_t + sum of q_c exp(-v b_c)``. Excluding the target from the noise is the case
q_t = 0; rejecting hits is its Binomial mixture, which the same integrals carry out.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ssm import checks
from ssm.noise import Noise

_LOWEST = -6.5  # at smaller s, v is out of sight of every moment
_HIGHEST = 45.0  # at larger v, exp(-v) is
_FEWEST_NODES = 128
_WIDEST_GAP = 3000.0  # of scores; the nodes grow with it
_WIDEST_STEP = 0.125  # the second moments are the last to settle: at 0.2 they keep 10 digits, here 13
_DOUBLINGS = 4
_GOAL = 1e-13
_TOLERANCE = 1e-9
_ROUNDING = 1e-13  # of a difference of squares: a variance that is no larger is none
_CHUNK = 1 << 16  # entries of a [nodes, classes] block, so that memory is bounded and near
_OVERFLOW = 700.0
_MOST_SAMPLES = 10**9


@dataclass(frozen=True, eq=False)
class Moments:
    """Exact moments of one draw of k samples.

    Attributes:
        gradient_mean: E[g_c], float64 [classes].
        gradient_variance: Var[g_c], float64 [classes].
        loss_mean: E[loss] in nats.
        error_estimate: |sum of E[g_c]|, which is 0 but for the error of the quadrature.
    """

    gradient_mean: Tensor
    gradient_variance: Tensor
    loss_mean: float
    error_estimate: float


class _Setting(NamedTuple):
    log_a: Tensor  # [others]
    q: Tensor  # [others]
    q_t: float
    rest: float  # 1 - q_t
    k: int
    log_scale: float  # of 1 / v where the first of the integrands ends


class _Nodes(NamedTuple):
    log_v: Tensor  # [nodes]
    weight: Tensor  # of a sum that stands for an integral d log v, [nodes]


class _Powers(NamedTuple):
    s: Tensor  # G - q_t, [nodes]
    g0: Tensor  # G^k
    g1: Tensor  # G^(k-1)
    g2: Tensor  # (k-1) G^(k-2)


class _Sums(NamedTuple):
    first: Tensor  # E[g_c], [others]
    second: Tensor  # E[g_c^2], [others]
    target_first: Tensor  # E[k_eff / S; k_eff > 0]
    target_second: Tensor  # E[(k_eff / S)^2; k_eff > 0]
    loss: Tensor  # E[loss]


def moments(scores: Tensor, target: int, q: Noise, k: int, hits: checks.Hits = "excluded") -> Moments:
    """Mean and variance of the sampled softmax's gradient, and its mean loss.

    ``E[g_c] = k q_c a_c int exp(-v b_c) G(v)^(k-1) dv`` for c != t, and alike for the others; see
    the head of this module. The integrals take a double-exponential substitution and the
    trapezoid rule, its nodes doubled until the means of the gradient sum to 0.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        hits: "excluded" draws from the noise given "not the target"; "rejected" draws from q
            itself and masks the samples that equal the target.

    Returns:
        The moments, float64; gradients are with respect to the scores, [classes].

    Raises:
        ValueError: an argument is out of its range, or the scores are too far apart.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> x, q = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]), noise.custom([0.4, 0.25, 0.15, 0.12, 0.08])
    >>> exact = moments(x, 0, q, k=4)
    >>> round(exact.loss_mean, 10), round(exact.gradient_mean[0].item(), 10)
    (0.567340885, -0.4289615593)

    Cressie et al. 1981, "The moment-generating function and negative integer moments"; Takahasi
    and Mori 1974, "Double exponential formulas for numerical integration".
    """
    x = checks.vector("scores", scores)
    checks.noise_classes(q.classes, len(x))
    checks.same_device("noise", q.log_probs.device, x.device)
    target = checks.target(target, len(x))
    checks.gap(float(x.max() - x[target]), _WIDEST_GAP)
    setting = _setting(x, target, q, checks.sample_count(k), hits=checks.hits(hits))
    some = -math.expm1(k * math.log(setting.q_t)) if setting.q_t else 1.0  # P(k_eff > 0)
    sums = _integrate(setting, some)
    g_t = sums.target_first - some
    square_t = sums.target_second - 2 * sums.target_first + some  # E[g_t^2]
    rounding = _insert(sums.second, target, torch.ones_like(g_t)).mul_(_ROUNDING)
    variance = _insert(sums.second - sums.first**2, target, square_t - g_t**2)
    variance = torch.where(variance > rounding, variance, 0.0)
    mean = _insert(sums.first, target, g_t)
    return Moments(mean, variance, float(sums.loss), _imbalance(sums, some))


def samples_needed(  # noqa: PLR0913 - two bounds beside the problem
    scores: Tensor,
    target: int,
    q: Noise,
    *,
    bias: float,
    noise: float,
    hits: checks.Hits = "excluded",
) -> int:
    """The smallest k whose gradient is near that of the full softmax, in the mean and in each draw.

    ``|E[g] - G| <= bias |G|`` and ``sqrt(sum of Var g_c) <= noise |G|``, where G is the full gradient
    and ``|.|`` the L2 norm; by doubling k and bisection on the exact moments.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        bias: the largest relative bias, above 0.
        noise: the largest relative standard deviation, above 0.
        hits: as in `moments`.

    Returns:
        k.

    Raises:
        ValueError: an argument is out of its range, or k would be above a thousand million.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> samples_needed(torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]), 0, noise.uniform(5), bias=0.01, noise=0.5)
    16
    """
    bounds = checks.positive("bias", bias, "0.01 is one hundredth"), checks.positive("noise", noise, "1 is as large")
    full = torch.as_tensor(scores, dtype=torch.float64).detach().softmax(0)
    full[checks.target(target, len(full))] -= 1
    size = full.norm()

    def enough(k: int) -> bool:
        found = moments(scores, target, q, k, hits)
        off, spread = (found.gradient_mean - full).norm(), found.gradient_variance.sum().sqrt()
        return bool(off <= bounds[0] * size + _ROUNDING and spread <= bounds[1] * size + _ROUNDING)

    few, k = 0, 1
    while not enough(k):
        few, k = k, checks.reachable(2 * k, _MOST_SAMPLES)
    while k - few > 1:
        middle = (few + k) // 2
        few, k = (few, middle) if enough(middle) else (middle, k)
    return k


def _setting(x: Tensor, target: int, q: Noise, k: int, *, hits: checks.Hits) -> _Setting:
    log_r = _drop(q.without(target).log_probs, target)
    log_a = _drop(x, target) - x[target] - log_r
    log_a = log_a.masked_fill(log_r == -math.inf, -math.inf)  # a class that is never drawn
    log_q, q_t = (log_r, 0.0) if hits == "excluded" else (_drop(q.log_probs, target), float(q.probs[target]))
    others = log_q.exp()
    log_b = torch.logaddexp(log_a, torch.zeros_like(log_a))
    # G^k ends where v k sum q_c b_c is about 1, and a class that is hardly ever drawn where v b_c is.
    log_scale = max(math.log(k) + float((log_q + log_b).logsumexp(0)), float(log_b.max()))
    rest = min(1.0, float(others.sum()))  # which may round to a little more
    return _Setting(log_a, others, q_t, rest, k, log_scale)


def _drop(values: Tensor, place: int) -> Tensor:
    return torch.cat([values[:place], values[place + 1 :]])


def _insert(values: Tensor, place: int, value: Tensor) -> Tensor:
    return torch.cat([values[:place], value[None], values[place:]])


def _imbalance(sums: _Sums, some: float) -> float:
    return abs(float(sums.first.sum() + sums.target_first - some))


def _integrate(setting: _Setting, some: float) -> _Sums:
    top = max(5.0, math.log(_HIGHEST) + setting.log_scale)
    count = max(_FEWEST_NODES, math.ceil((top - _LOWEST) / _WIDEST_STEP))
    for _ in range(_DOUBLINGS):
        nodes = _nodes(count, top, setting)
        powers = _powers(nodes, setting)
        sums = _Sums(*_others(nodes, powers, setting), *_target(nodes, powers, setting))
        if _imbalance(sums, some) <= _GOAL:
            break
        count *= 2
    checks.converged(_imbalance(sums, some), _TOLERANCE)
    return sums


def _nodes(count: int, top: float, setting: _Setting) -> _Nodes:
    s = torch.linspace(_LOWEST, top, count, dtype=torch.float64, device=setting.q.device)
    weight = (1 + (-s).exp()) * ((top - _LOWEST) / (count - 1))
    return _Nodes(s - (-s).exp() - setting.log_scale, weight)


def _chunks(nodes: _Nodes, setting: _Setting) -> Iterator[tuple[slice, Tensor]]:
    """Parts of the classes, each with its ``v a_c``, [nodes, part]."""
    size = max(1, _CHUNK // len(nodes.log_v))
    for left in range(0, len(setting.q), size):
        part = slice(left, left + size)
        log_va = nodes.log_v[:, None] + setting.log_a[part]
        yield part, log_va.clamp_(max=_OVERFLOW).exp_()


def _powers(nodes: _Nodes, setting: _Setting) -> _Powers:
    v, k = nodes.log_v.exp(), setting.k
    fall = torch.zeros_like(v)  # 1 - G, in full precision where G is close to 1
    for part, va in _chunks(nodes, setting):
        fall -= va.add_(v[:, None]).neg_().expm1_() @ setting.q[part]
    log_g = (-fall.clamp(max=1)).log1p()
    g0, g1, g2 = (_power(log_g, max(k - less, 0)) for less in range(3))
    return _Powers(setting.rest - fall, g0, g1, (k - 1) * g2)


def _power(log_base: Tensor, exponent: int) -> Tensor:
    # exp(0 * log 0) is NaN, and a power of 0 is 1.
    return (exponent * log_base).exp() if exponent else torch.ones_like(log_base)


def _others(nodes: _Nodes, powers: _Powers, setting: _Setting) -> tuple[Tensor, Tensor]:
    v = nodes.log_v.exp()[:, None]
    once, twice = nodes.weight * powers.g1, nodes.weight * powers.g2
    first, second = [], []
    for part, va in _chunks(nodes, setting):
        kq = setting.k * setting.q[part]
        decay = (va + v).neg_().exp_().mul_(va)  # v a_c exp(-v b_c), [nodes, part]
        first.append(kq * (once @ decay))
        pairs = setting.q[part] * (twice @ decay**2)
        second.append(kq * (once @ decay.mul_(va) + pairs))
    return torch.cat(first), torch.cat(second)


def _target(nodes: _Nodes, powers: _Powers, setting: _Setting) -> tuple[Tensor, Tensor, Tensor]:
    v, k = nodes.log_v.exp(), setting.k
    once = k * v * powers.s * powers.g1
    twice = k * v**2 * (powers.s * powers.g1 + powers.s**2 * powers.g2)
    kept = (k * (setting.rest * (-v).expm1()).log1p()).exp()  # E[exp(-v k_eff)]
    return nodes.weight @ once, nodes.weight @ twice, nodes.weight @ (kept - powers.g0)
