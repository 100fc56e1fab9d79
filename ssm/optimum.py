"""What a loss learns: the scores that minimise its exact expectation where the targets follow a known distribution.

All losses are convex in the scores. Those that judge each sample by itself have their minimum in closed form; of the
ratios, gradient and curvature are the integrals of `ssm._quadrature`, for every target at once, and Newton's method
takes a few steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ssm import _quadrature, _ratios, checks, estimators
from ssm._ratios import Problem
from ssm.noise import Noise

_MOST_CLASSES = 100  # the pairs of classes of every target at once
_MOST_STEPS = 200
_LONGEST = 2.0  # of a step, in any score: the curvature is no guide further out
_SETTLED = 1e-7  # a step so small leaves its square
_STEP = 0.2  # of the quadrature
_HALVINGS = 4
_ROUGH = 1e-6  # of the change from every other node to all, whose square is left
_STEEPEST = 600.0  # exp is slow below -708
_LOG_STEEPEST = math.log(_STEEPEST)
_LEAST = 1e-300
_BLOCK = 1 << 14  # entries of all pairs of classes, times the nodes: so that memory is bounded and near


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
    >>> [round(one.divergence, 5) for one in curve([0.7, 0.2, 0.1], noise.uniform(3), [1, 10, 100])]
    [0.09643, 0.00109, 1e-05]
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
    missed, left = (values[order].cumsum(0)[:-1].log() for values in (q.probs, truth))
    return math.floor(float((left / missed).max())) + 1


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


def _descend(p: Tensor, problem: Problem, counts: list[int]) -> Tensor:
    """The scores at the minimum for each k [ks, classes]."""
    draws, k = _draws(problem, len(p)), torch.tensor(counts, dtype=p.dtype, device=p.device)
    x = (p.log() - (problem.q.log_probs if problem.name == "uncorrected" else 0.0)).repeat(len(k), 1)
    left, steps = torch.arange(len(k), device=p.device), 0  # what is not settled yet
    while len(left):
        step = torch.cat([_newton(*_slopes(x[part], p, draws, k[part])) for part in left.split(_at_once(len(p)))])
        length, steps = step.abs().amax(1, keepdim=True), steps + 1
        x[left] += step * (_LONGEST / length.clamp(min=_LONGEST))
        if steps > _MOST_STEPS:
            rule, found = (
                "near enough for the optimum to be found",
                checks.Said(f"a step of {length.max():.1e} at the end"),
            )
            checks.refuse("p and noise", rule, found, "bring them closer together")
        left = left[~(length <= _SETTLED).squeeze(1)]
    return x


def _at_once(n: int) -> int:
    """How many k."""
    return max(1, _BLOCK // n**2)


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
    shares = _shares(x, draws, k)
    # What another class gets, the target does not.
    gradient = p @ shares.mean - p * shares.mean.sum(2)
    spread = p[:, None, None] * (torch.diag_embed(shares.mean) - shares.pairs)
    lost = spread.sum(3)  # [ks, targets, classes]
    return gradient, spread.sum(1) - lost - lost.mT + torch.diag_embed(lost.sum(2))


def _draws(problem: Problem, n: int) -> Draws:
    level = problem._replace(x=torch.zeros_like(problem.x))
    sources = [level.q.without(t) if level.mode == "excluded" else level.q for t in range(n)]
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


def _others(n: int, device: torch.device) -> Tensor:
    """The other classes of each target [targets, others]."""
    place = torch.arange(n - 1, device=device).expand(n, n - 1)
    return place + (place >= torch.arange(n, device=device)[:, None])


def _shares(x: Tensor, draws: Draws, k: Tensor) -> Shares:
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
    left = (-vb).exp()
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
