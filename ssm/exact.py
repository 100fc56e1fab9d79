"""Moments of the estimators, exact: no Monte Carlo noise.

Samples that equal the target are rejected, as everywhere, unless hits="excluded" asks for noise that
never draws it, or hits="kept" counts them; `nce`, `negative_sampling` and `naive_importance` keep them.

The losses that judge each sample by itself are sums over independent samples, so their moments are
sums too. All others are ratios, which one integral serves, see `ssm._ratios` and `ssm._quadrature`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ssm import _compression, _curves, _quadrature, _ratios, checks
from ssm._ratios import Problem
from ssm._sums import Ratio
from ssm.noise import Noise

_TOLERANCE = 1e-9
_ROUNDING = 1e-13  # of a second moment: a variance that is no larger is none
_NO_CORRECTION = -1e300  # for a class that is never drawn
_MOST_SAMPLES = 10**9
_LOOKS = 64  # numbers of samples for each doubling


@dataclass(frozen=True, eq=False)
class Moments:
    """Exact moments of one draw of k samples.

    Attributes:
        gradient_mean: E[g_c], float64 [classes].
        gradient_variance: Var[g_c], float64 [classes].
        loss_mean: E[loss] in nats.
        error_estimate: of the quadrature; 0 where none is needed.
    """

    gradient_mean: Tensor
    gradient_variance: Tensor
    loss_mean: float
    error_estimate: float


@dataclass(frozen=True, eq=False)
class Curve:
    """Exact moments over the number of samples, summed over the classes.

    Attributes:
        samples: k, int64 [ks].
        norm: the L2 norm of the full gradient G.
        bias: ``|E[g] - G|``, float64 [ks].
        variance: the sum of Var g_c [ks].
        loss_mean: E[loss] in nats [ks].
        error_estimate: of the quadrature, the largest; 0 where none is needed.
    """

    samples: Tensor
    norm: float
    bias: Tensor
    variance: Tensor
    loss_mean: Tensor
    error_estimate: float


def moments(  # noqa: PLR0913 - the estimator and its hits beside the problem
    scores: Tensor,
    target: int,
    q: Noise,
    k: int,
    hits: checks.Handling | None = None,
    *,
    estimator: str = "sampled_softmax",
    on_chunk: Callable[[], object] | None = None,
) -> Moments:
    """Mean and variance of an estimator's gradient, and its mean loss; hits are rejected by default.

    For a ratio, ``E[g_c] = k q_c a_c int exp(-v (A + b_c)) G(v)^(k-1) dv``, where S starts at A, a
    sample adds b_c to it and ``G(v) = sum of q_c exp(-v b_c)``. For the others, ``E[g_c] = k q_c s(y_c)``
    and ``Var g_c = k q_c (1 - q_c) s(y_c)^2`` with ``s(y) = 1 / (1 + exp(-y))``, and ``s(y_t) - 1`` beside
    on the target; ``y_c = x_c - log(k q_c)`` for nce and ``x_c`` for negative_sampling.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        hits: "rejected" draws from q itself and leaves out the samples that equal the target,
            "kept" counts them, "excluded" draws from the noise given "not the target"; None is what
            the estimator's loss does by default: "kept" for nce, negative_sampling and
            naive_importance, else "rejected".
        estimator: the name of a loss in `ssm.losses`.
        on_chunk: called before each part of the classes; what it raises ends the work.

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

    Cressie et al. 1981, "The moment-generating function and negative integer moments"; Gutmann and
    Hyvarinen 2010; Mikolov et al. 2013.
    """
    problem, k = _ratios.prepare(scores, target, q, hits, estimator), checks.sample_count(k)
    if problem.divides:
        return _of_ratio(_ratios.ratio_of(problem, k), problem.target, on_chunk)
    return _of_sum(problem, k)


def curve(  # noqa: PLR0913 - the estimator and its hits beside the problem
    scores: Tensor,
    target: int,
    q: Noise,
    ks: Sequence[int],
    hits: checks.Handling | None = None,
    *,
    estimator: str = "sampled_softmax",
    on_chunk: Callable[[], object] | None = None,
) -> Curve:
    """What `moments` finds, summed over the classes, for many numbers of samples in about the time of one.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        ks: the numbers of samples k.
        hits: as in `moments`.
        estimator: the name of a loss in `ssm.losses`.
        on_chunk: called before each part of the classes; what it raises ends the work.

    Returns:
        The curve, an entry for each k.

    Raises:
        ValueError: an argument is out of its range, or the scores are too far apart.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> x, q = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]), noise.custom([0.4, 0.25, 0.15, 0.12, 0.08])
    >>> [round(loss, 10) for loss in curve(x, 0, q, [4, 32], hits="excluded").loss_mean.tolist()]
    [0.567340885, 0.5735403853]
    """
    problem = _ratios.prepare(scores, target, q, hits, estimator)
    counts = torch.tensor([checks.sample_count(k) for k in ks], dtype=torch.int64, device=problem.x.device)
    full = _ratios.full_softmax(problem)
    norm = math.sqrt(full.squares + full.others**2)
    if problem.divides:
        ratio = _ratios.ratio_of(problem, 1)
        points = _compression.compress(ratio, on_chunk)
        sums = _curves.integrate(points.ratio if points else ratio, full, counts.double(), on_chunk)
        _refuse_rough(sums.error)
    else:
        sums = _curves.Sums(*_of_sums(problem, counts.tolist(), on_chunk), 0.0)
    return Curve(counts, norm, *sums)


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
    and ``|.|`` the L2 norm. Neither falls with every sample more, so that the search looks along `curve`: at
    every k up to 128 and 64 of each doubling beyond, then between the first that does and the last before it.

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

    def fewest(ks: Sequence[int]) -> tuple[int, int] | None:
        """The first of these that does, and the one before."""
        found = curve(scores, target, q, ks, checks.hits(hits))
        close = found.bias <= bounds[0] * found.norm + _ROUNDING
        enough = close & (found.variance.sqrt() <= bounds[1] * found.norm + _ROUNDING)
        place = int(enough.int().argmax())
        return (ks[max(place - 1, 0)], ks[place]) if enough.any() else None

    first, bracket = 1, None
    while bracket is None:
        if first > _MOST_SAMPLES:
            rule = f"bounds that {_MOST_SAMPLES:,} samples keep"
            checks.refuse("bias and noise", rule, checks.Said("none"), "widen them or change the noise")
        bracket, first = fewest(_between(first, 2 * first)), 2 * first
    while bracket[1] - bracket[0] > 1:
        bracket = fewest(_between(*bracket)) or bracket
    return bracket[1]


def _between(few: int, many: int) -> list[int]:
    """Whole numbers evenly spaced from one to another, both included, at most 65 of them."""
    return sorted({few + (many - few) * i // _LOOKS for i in range(_LOOKS + 1)})


def _refuse_rough(error: float) -> None:
    if not error <= _TOLERANCE:
        rule, found = f"within {_TOLERANCE:.0e}", checks.Said(f"an error of {error:.1e}")
        checks.refuse("exact moments", rule, found, "bring the scores closer together or use convergence.running_mean")


def _of_ratio(ratio: Ratio, target: int, on_chunk: Callable[[], object] | None) -> Moments:
    points = _compression.compress(ratio, on_chunk)
    sums = _quadrature.integrate(points.ratio if points else ratio, on_chunk)
    _refuse_rough(sums.error)
    of_others = torch.stack([sums.first, sums.once, sums.twice])
    first, once, twice = ratio.q * (points.read(of_others, on_chunk) if points else of_others)
    mean = _insert(first, target, -float(first.sum()))
    second = _insert(once + ratio.q * twice, target, sums.target_second)
    variance = second - _insert(first, target, sums.target_first) ** 2
    return Moments(mean, torch.where(variance > _ROUNDING * second, variance, 0.0), sums.loss, sums.error)


def _of_sum(problem: Problem, k: int) -> Moments:
    x, target, q, source, name, mode = problem
    y = x - ((q.log_probs + math.log(k)).clamp(min=_NO_CORRECTION) if name == "nce" else 0.0)
    chances, rate, cost = source.probs, y.sigmoid(), -logsigmoid(-y)
    if mode == "rejected":
        rate[target] = cost[target] = 0.0
    mean, variance = k * chances * rate, k * chances * (1 - chances) * rate**2
    mean[target] -= torch.sigmoid(-y[target])
    # Of a class that is never drawn the cost may be infinite, and does not count.
    loss = k * float(chances @ cost.masked_fill(chances == 0, 0.0)) - float(logsigmoid(y[target]))
    return Moments(mean, variance, loss, 0.0)


def _of_sums(problem: Problem, ks: list[int], on_chunk: Callable[[], object] | None) -> tuple[Tensor, Tensor, Tensor]:
    """Bias, variance and loss for each k."""
    full = (problem.x - problem.x[problem.target]).softmax(0)
    full[problem.target] = -_ratios.drop(full, problem.target).sum()
    rows = []
    for k in ks:
        if on_chunk is not None:
            on_chunk()
        found = _of_sum(problem, k)
        rows.append([float((found.gradient_mean - full).norm()), float(found.gradient_variance.sum()), found.loss_mean])
    bias, variance, loss = full.new_tensor(rows).unbind(1)
    return bias, variance, loss


def _insert(values: Tensor, place: int, value: float) -> Tensor:
    return torch.cat([values[:place], values.new_tensor([value]), values[place:]])
