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
from ssm._sums import Ratio
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


class Shares(NamedTuple):
    """What the other classes get of a draw, ``s_c = N_c a_c / S``, about each target."""

    mean: Tensor  # E[s_c] [targets, others]
    pairs: Tensor  # E[s_c s_d] [targets, others, others]


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
    truth, k = _distribution(p, q), checks.sample_count(k)
    first = _ratios.prepare(truth.log(), 0, q, hits, estimator)
    if not first.divides:
        return _optimum(truth, _judged(truth, first, k))
    _refuse_unbounded(truth, q, k, estimator)
    if estimator == "log_q":  # the uncorrected loss of x - log q
        x = _descend(truth, first._replace(name="uncorrected"), k) + q.log_probs
    else:
        x = _descend(truth, first, k)
    return _optimum(truth, x.log_softmax(0))


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


def _descend(p: Tensor, problem: Problem, k: int) -> Tensor:
    x = p.log() - (problem.q.log_probs if problem.name == "uncorrected" else 0.0)
    length, steps = math.inf, 0
    while length > _SETTLED:
        step = _newton(*_slopes(x, p, problem, k))
        length, steps = float(step.abs().max()), steps + 1
        x = x + step * min(1.0, _LONGEST / max(length, _SETTLED))
        if steps > _MOST_STEPS:
            rule, found = "near enough for the optimum to be found", checks.Said(f"a step of {length:.1e} at the end")
            checks.refuse("p and noise", rule, found, "bring them closer together")
    return x


def _newton(gradient: Tensor, curvature: Tensor) -> Tensor:
    """The step to where the slope would be 0; in units of each score's own curvature, for rare classes have little."""
    units = curvature.diagonal().sqrt()
    # The loss does not see what all scores have in common: along that alone the curvature is 0, and no step goes there.
    common = units / units.norm()
    scaled = curvature / torch.outer(units, units) + torch.outer(common, common)
    step: Tensor = torch.linalg.solve(scaled, -gradient / units)
    return step / units


def _slopes(x: Tensor, p: Tensor, problem: Problem, k: int) -> tuple[Tensor, Tensor]:
    """Gradient [classes] and curvature [classes, classes] of the expected loss."""
    shares = _shares(x, problem, k)
    eye = torch.eye(len(x), dtype=x.dtype, device=x.device)
    # What another class gets, the target does not.
    out = eye[_others(len(x), x.device)].transpose(1, 2) - eye[:, :, None]  # [targets, classes, others]
    spread = torch.diag_embed(shares.mean) - shares.pairs
    gradient = torch.einsum("t,tco,to->c", p, out, shares.mean)
    return gradient, torch.einsum("t,tca,tab,tdb->cd", p, out, spread, out)


def _others(n: int, device: torch.device) -> Tensor:
    """The other classes of each target [targets, others]."""
    place = torch.arange(n - 1, device=device).expand(n, n - 1)
    return place + (place >= torch.arange(n, device=device)[:, None])


def _shares(x: Tensor, problem: Problem, k: int) -> Shares:
    """The shares of a draw about each target; the step of the rule is halved until it settles."""
    ratios = [_ratios.ratio_of(_about(target, x, problem), k) for target in range(len(x))]
    for halving in range(_HALVINGS):
        shares, change = _integrate(ratios, k, _STEP / 2**halving)
        if change <= _ROUGH:
            break
    return shares


def _about(target: int, x: Tensor, problem: Problem) -> Problem:
    source = problem.q.without(target) if problem.mode == "excluded" else problem.q
    return problem._replace(x=x, target=target, source=source)


def _integrate(ratios: Sequence[Ratio], k: int, step: float) -> tuple[Shares, float]:
    """Both means by the trapezoid rule, and the largest relative change from every other node to all."""
    log_v, weight = _nodes(ratios, step)  # [targets, nodes], [2, targets, nodes]
    q, log_a = (torch.stack([getattr(ratio, name) for ratio in ratios])[:, None] for name in ("q", "log_a"))
    start, each = (ratios[0].start * log_v.exp(), ratios[0].each * log_v.exp())
    va = (log_v[..., None] + log_a).clamp_(max=_LOG_STEEPEST).exp_()  # [targets, nodes, others]
    vb = (va + each[..., None]).clamp_(max=_STEEPEST)
    log_g = _log_mean(vb, q, log_v, ratios)
    by_one = k * weight * ((k - 1) * log_g - start).exp()
    by_two = k * (k - 1) * weight[1] * (max(k - 2, 0) * log_g - start).exp()
    decay = q * va * (-vb).exp()
    mean = torch.einsum("htv,tvc->htc", by_one, decay)
    alone = torch.einsum("tv,tvc->tc", by_one[1], decay * va)
    pairs = torch.einsum("tv,tvc,tvd->tcd", by_two, decay, decay)
    change = (mean[0] - mean[1]).abs().amax(1) / mean[1].sum(1)
    return Shares(mean[1], pairs + torch.diag_embed(alone)), float(change.max())


def _nodes(ratios: Sequence[Ratio], step: float) -> tuple[Tensor, Tensor]:
    """Log v for each target, and the weights of an integral d log v by every other node and by all."""
    device = ratios[0].q.device
    log_scale = torch.tensor([_quadrature.log_most(r) for r in ratios], dtype=torch.float64, device=device)
    log_least = torch.tensor([_quadrature.log_least(r) for r in ratios], dtype=torch.float64, device=device)
    top = math.log(_quadrature.HIGHEST) + float((log_scale - log_least).max())
    s = torch.arange(_quadrature.LOWEST, top + 2 * step, step, dtype=torch.float64, device=device)
    weight = (1 + (-s).exp()) * step
    half = 2 * weight
    half[1::2] = 0
    return s - (-s).exp() - log_scale[:, None], torch.stack([half, weight])[:, None]


def _log_mean(vb: Tensor, q: Tensor, log_v: Tensor, ratios: Sequence[Ratio]) -> Tensor:
    """Log of G, the mean of exp(-v times what one sample adds) [targets, nodes]."""
    hit, log_hit = (log_v.new_tensor([[getattr(r, name)] for r in ratios]) for name in ("hit", "log_hit"))
    vh = (log_v + log_hit).clamp(max=_LOG_STEEPEST).exp()
    lost = -(q * (-vb).expm1()).sum(2) - hit * (-vh).expm1()
    left = (q * (-vb).exp()).sum(2) + hit * (-vh).exp()
    return torch.where(lost < 0.5, (-lost).log1p(), left.clamp(min=_LEAST).log())
