"""What a loss learns: the scores that minimise its exact expectation where the targets follow a known distribution.

All losses are convex in the scores. Those that judge each sample by itself have their minimum in closed form; of the
ratios, gradient and curvature are the integrals of `ssm._shares`, and Newton's method takes a few steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ssm import _ratios, _shares, checks, estimators
from ssm._ratios import Problem
from ssm._shares import Draws
from ssm.noise import Noise

_MOST_CLASSES = 100  # the pairs of classes of every target at once
_MOST_STEPS = 200
_LONGEST = 2.0  # of a step, in any score: the curvature is no guide further out
_SETTLED = 1e-7  # a step so small leaves its square
_BLOCK = 1 << 14  # entries of all pairs of classes, times the nodes: so that memory is bounded and near


@dataclass(frozen=True, eq=False)
class Optimum:
    """What a loss learns of a true distribution p.

    Attributes:
        scores: x, float64 [classes]; where the loss sees their differences alone, such that the sum of exp(x_c) is 1.
        probs: their softmax m, float64 [classes].
        divergence: ``KL(p || m) = sum of p_c log(p_c / m_c)``, in nats.
    """

    scores: Tensor
    probs: Tensor
    divergence: float


def find(
    p: Tensor | Sequence[float],
    q: Noise,
    k: int,
    hits: checks.Handling | None = None,
    *,
    estimator: str = "sampled_softmax",
) -> Optimum:
    """The scores x that minimise ``sum over t of p_t E[loss(x, t)]``, over all draws of k samples.

    nce learns log p; negative_sampling log(p / (k q)); log_q log p and uncorrected log(p / q), exactly where k = 1 or
    hits are kept; sampled_softmax tends to log p as k grows. naive_importance has no minimum until the samples reach
    every set S of classes more often than targets do: ``1 - (1 - q(S))^k > p(S)``, see `least_samples`.

    Args:
        p: the true distribution, or positive weights in proportion to it [classes].
        q: the noise, able to draw every class.
        k: the number of samples of one draw.
        hits: as in `ssm.exact.moments`.
        estimator: the name of a loss in `ssm.losses`.

    Returns:
        The optimum.

    Raises:
        ValueError: an argument is out of its range, there is no finite optimum, or it is too far out to be found.

    >>> from ssm import noise
    >>> truth, q = [0.7, 0.2, 0.1], noise.custom([0.5, 0.3, 0.2])
    >>> [round(m, 3) for m in find(truth, q, 1, estimator="uncorrected").probs.tolist()]  # p / q
    [0.545, 0.26, 0.195]
    >>> [round(m, 3) for m in find(truth, q, 1, hits="kept", estimator="log_q").probs.tolist()]
    [0.7, 0.2, 0.1]

    Gutmann and Hyvarinen 2010; Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization".
    """
    return curve(p, q, [k], hits, estimator=estimator)[0]


def curve(
    p: Tensor | Sequence[float],
    q: Noise,
    ks: Sequence[int],
    hits: checks.Handling | None = None,
    *,
    estimator: str = "sampled_softmax",
) -> list[Optimum]:
    """What `find` finds, for many numbers of samples at once.

    Args:
        p: as in `find`.
        q: the noise, able to draw every class.
        ks: the numbers of samples k.
        hits: as in `ssm.exact.moments`.
        estimator: the name of a loss in `ssm.losses`.

    Returns:
        The optimum for each k.

    Raises:
        ValueError: as `find` does.

    >>> from ssm import noise
    >>> [round(one.divergence, 5) for one in curve([0.7, 0.2, 0.1], noise.uniform(3), [1, 4, 16])]
    [0.02623, 0.00296, 8e-05]
    """
    truth, counts = _distribution(p, q), [checks.sample_count(k) for k in ks]
    first = _ratios.prepare(truth.log(), 0, q, hits, estimator)
    if not first.divides:
        return [_optimum(truth, _judged(truth, first, k)) for k in counts]
    for k in counts:
        _refuse_unbounded(truth, q, k, estimator)
    if estimator == "log_q":  # the uncorrected loss of x - log q
        x = _descend(truth, first._replace(name="uncorrected"), counts) + q.log_probs
    else:
        x = _descend(truth, first, counts)
    return [_optimum(truth, one.log_softmax(0)) for one in x]


def least_samples(p: Tensor | Sequence[float], q: Noise, *, estimator: str = "naive_importance") -> int:
    """The smallest k at which a loss has an optimum: 1, but for naive_importance.

    Args:
        p: as in `find`.
        q: the noise, able to draw every class.
        estimator: the name of a loss in `ssm.losses`.

    Returns:
        k.

    Raises:
        ValueError: an argument is out of its range.

    >>> from ssm import noise
    >>> least_samples([0.7, 0.2, 0.1], noise.uniform(3))  # (2 / 3)^3 < 0.3
    3
    """
    truth = _distribution(p, q)
    if checks.estimator(estimator, tuple(estimators.ESTIMATORS)) != "naive_importance":
        return 1
    # The sets that matter are those of the classes whose p_c / q_c is largest, for 1 - (1 - q)^k is concave.
    order = (truth.log() - q.log_probs).argsort()
    missed, left = (_log_rest(values[order]) for values in (q.probs, truth))
    return math.floor(float((left / missed).max())) + 1


def _log_rest(values: Tensor) -> Tensor:
    """Log of what is left of 1 without the last of some values, exact where they are few and where they are many."""
    last = values.flip(0).cumsum(0).flip(0)[1:]
    return torch.where(last < 0.5, (-last).log1p(), values.cumsum(0)[:-1].log())


def _distribution(p: Tensor | Sequence[float], q: Noise) -> Tensor:
    weights = checks.weights("p", p)
    checks.whole("classes", len(weights), 2, _MOST_CLASSES, "an optimum is for small distributions")
    checks.noise_fits(q.log_probs, len(weights), weights.device)
    if q.log_probs.isneginf().any():
        found = checks.Said(f"0 for class {int(q.log_probs.isneginf().nonzero()[0])}")
        checks.refuse("noise", "every class a probability above 0", found, "drop the class from both", verb="give")
    return weights / weights.sum()


def _refuse_unbounded(p: Tensor, q: Noise, k: int, estimator: str) -> None:
    least = least_samples(p, q, estimator=estimator)
    if k < least:
        rule = f"at least {least} for {estimator} to have an optimum here"
        checks.refuse("k", rule, k, "draw more samples or bring the noise closer to p")


def _optimum(p: Tensor, x: Tensor) -> Optimum:
    log_m = x.log_softmax(0)
    apart = p.log() - log_m
    return Optimum(x, log_m.exp(), float(p @ (apart + (-apart).expm1())))  # each term is at least 0


def _judged(p: Tensor, problem: Problem, k: int) -> Tensor:
    """Where ``p_c (1 - s(y_c)) = k r_c s(y_c)``, r_c being how likely a sample is c and counts."""
    log_q = problem.q.log_probs
    log_counts = log_q + math.log(k)
    y = p.log() - log_counts
    if problem.mode == "rejected":
        y -= (-p).log1p()
    if problem.mode == "excluded":
        y -= (p / -log_q.expm1())[_others(len(p), p.device)].sum(1).log()
    return y + log_counts if problem.name == "nce" else y


def _others(n: int, device: torch.device) -> Tensor:
    """The other classes of each target [targets, others]."""
    place = torch.arange(n - 1, device=device).expand(n, n - 1)
    return place + (place >= torch.arange(n, device=device)[:, None])


def _descend(p: Tensor, problem: Problem, counts: list[int]) -> Tensor:
    """The scores at the minimum for each k [ks, classes]."""
    draws, k = _shares.draws_of(problem), torch.tensor(counts, dtype=p.dtype, device=p.device)
    x = (p.log() - (problem.q.log_probs if problem.name == "uncorrected" else 0.0)).repeat(len(k), 1)
    left, at_once = torch.arange(len(k), device=p.device), max(1, _BLOCK // len(p) ** 2)
    for _ in range(_MOST_STEPS):
        if not len(left) or not x.isfinite().all():
            break
        step = torch.cat([_newton(*_slopes(x[part], p, draws, k[part])) for part in torch.split(left, at_once)])
        length = step.abs().amax(1, keepdim=True)
        x[left] += step * (_LONGEST / length.clamp(min=_LONGEST))
        left = left[~(length <= _SETTLED).squeeze(1)]
    if len(left):
        rule, found = "near enough for the optimum to be found", checks.Said(f"a step of {length.max():.1e} at the end")
        checks.refuse("p and noise", rule, found, "bring them closer together")
    return x


def _newton(gradient: Tensor, curvature: Tensor) -> Tensor:
    """The step to where the slope would be 0; in units of each score's own curvature, for rare classes have little."""
    units = curvature.diagonal(dim1=1, dim2=2).sqrt()
    # The loss does not see what all scores have in common: along that alone the curvature is 0, and no step goes there.
    common = units / units.norm(dim=1, keepdim=True)
    scaled = curvature / _outer(units) + _outer(common)
    step: Tensor = torch.linalg.solve(scaled, -gradient / units)
    return step / units


def _outer(rows: Tensor) -> Tensor:
    return rows[:, :, None] * rows[:, None]


def _slopes(x: Tensor, p: Tensor, draws: Draws, k: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient [ks, classes] and curvature [ks, classes, classes] of the expected loss."""
    shares = _shares.of(x, draws, k)
    # What another class gets, the target does not.
    gradient = p @ shares.mean - p * shares.mean.sum(2)
    spread = p[:, None, None] * (torch.diag_embed(shares.mean) - shares.pairs)
    lost = spread.sum(3)  # [ks, targets, classes]
    return gradient, spread.sum(1) - lost - lost.mT + torch.diag_embed(lost.sum(2))
