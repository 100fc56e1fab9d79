"""Moments of the sampled softmax, exact: no Monte Carlo noise.

Samples that equal the target are rejected, as everywhere, unless hits="excluded" asks for noise that
never draws it.

With the scores shifted so that x_t = 0, let ``a_c = exp(x_c) / r_c`` (r: the noise given "not the
target") and ``b_c = 1 + a_c``. Each kept sample adds b_c to a sum S, and then ``g_c = N_c a_c / S``,
``g_t = k_eff / S - 1`` and ``loss = log(S / k_eff)``. As ``1 / S`` is the integral of ``exp(-v S)``
and the draws are independent, every moment is one integral over v of powers of the Laplace
transform ``G(v) = q_t + sum of q_c exp(-v b_c)``. Excluding the target from the noise is the case
q_t = 0; rejecting hits is its Binomial mixture, which the same integrals carry out.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ssm import _quadrature, checks
from ssm._quadrature import Ratio
from ssm.noise import Noise

_WIDEST_GAP = 3000.0  # of scores; the nodes grow with it
_TOLERANCE = 1e-9
_ROUNDING = 1e-13  # of a second moment: a variance that is no larger is none
_LEAST_CHANCE = 1e-300  # of drawing anything but the target
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


def moments(scores: Tensor, target: int, q: Noise, k: int, hits: checks.Hits = "rejected") -> Moments:
    """Mean and variance of the sampled softmax's gradient, and its mean loss.

    ``E[g_c] = k q_c a_c int exp(-v b_c) G(v)^(k-1) dv`` for c != t, and alike for the others; see
    the head of this module. The integrals take a double-exponential substitution and the
    trapezoid rule, its nodes doubled until the means of the gradient sum to 0.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        hits: "rejected" draws from q itself and leaves out the samples that equal the target;
            "excluded" draws from the noise given "not the target".

    Returns:
        The moments, float64; gradients are with respect to the scores, [classes].

    Raises:
        ValueError: an argument is out of its range, or the scores are too far apart.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> x, q = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]), noise.custom([0.4, 0.25, 0.15, 0.12, 0.08])
    >>> exact = moments(x, 0, q, k=4, hits="excluded")
    >>> round(exact.loss_mean, 10), round(exact.gradient_mean[0].item(), 10)
    (0.567340885, -0.4289615593)
    >>> round(moments(x, 0, q, k=4).loss_mean, 4)  # some of the four samples are hits and do not count
    0.5466

    Cressie et al. 1981, "The moment-generating function and negative integer moments"; Takahasi
    and Mori 1974, "Double exponential formulas for numerical integration".
    """
    x = checks.vector("scores", scores)
    checks.noise_classes(q.classes, len(x))
    checks.same_device("noise", q.log_probs.device, x.device)
    target = checks.target(target, len(x))
    _refuse_wide(float(x.max() - x[target]))
    ratio = _ratio(x, target, q, checks.sample_count(k), hits=checks.hits(hits))
    sums = _quadrature.integrate(ratio)
    _refuse_rough(sums.error)
    mean = _insert(sums.first, target, -sums.first.sum())
    second = _insert(sums.second, target, x.new_tensor(sums.target_second))
    off = _insert(sums.first, target, x.new_tensor(sums.target_first))
    variance = second - off**2
    variance = torch.where(variance > _ROUNDING * second, variance, 0.0)
    return Moments(mean, variance, sums.loss, sums.error)


def samples_needed(  # noqa: PLR0913 - two bounds beside the problem
    scores: Tensor,
    target: int,
    q: Noise,
    *,
    bias: float,
    noise: float,
    hits: checks.Hits = "rejected",
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
    20
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
        few, k = k, 2 * k
        if k > _MOST_SAMPLES:
            rule = f"bounds that {_MOST_SAMPLES:,} samples keep"
            checks.refuse("bias and noise", rule, checks.Said("none"), "widen them or change the noise")
    while k - few > 1:
        middle = (few + k) // 2
        few, k = (few, middle) if enough(middle) else (middle, k)
    return k


def _refuse_wide(gap: float) -> None:
    if gap > _WIDEST_GAP:
        rule, found = f"at most {_WIDEST_GAP:g} above the target's for exact moments", checks.Said(f"{gap:g} above")
        checks.refuse("scores", rule, found, "bring them closer together or use convergence.running_mean")


def _refuse_rough(error: float) -> None:
    if not error <= _TOLERANCE:
        rule, found = f"within {_TOLERANCE:.0e}", checks.Said(f"an error of {error:.1e}")
        checks.refuse("exact moments", rule, found, "bring the scores closer together or use convergence.running_mean")


def _ratio(x: Tensor, target: int, q: Noise, k: int, *, hits: checks.Hits) -> Ratio:
    r = q.without(target)
    source = r if hits == "excluded" else q
    chances = _drop(source.probs, target)
    log_a = (_drop(x, target) - x[target] - _drop(r.log_probs, target)).masked_fill(chances == 0, -math.inf)
    return Ratio(
        k,
        chances,
        log_a,
        rest=min(1.0, max(float(chances.sum()), _LEAST_CHANCE)),  # it may round to a little more
        hit=float(source.probs[target]),
        start=0.0,
        each=1.0,
        log_hit=-math.inf,
        counts=(1.0, 0.0),
    )


def _drop(values: Tensor, place: int) -> Tensor:
    return torch.cat([values[:place], values[place + 1 :]])


def _insert(values: Tensor, place: int, value: Tensor) -> Tensor:
    return torch.cat([values[:place], value[None], values[place:]])
