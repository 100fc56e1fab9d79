"""What an estimator divides by: scores, noise and a loss's name as the sums that one draw makes.

The estimators that are ratios differ in a_c alone and in what is added beside. With the scores shifted so that
x_t = 0, a sample of class c adds a_c to a sum S and the gradient is ``g_c = N_c a_c / S``, where, up to a factor,

- sampled softmax: ``a_c = exp(x_c) (1 - q_t) / q_c``, and every sample kept adds 1 beside;
- log-q form: ``a_c = exp(x_c) q_t / q_c``, uncorrected: ``a_c = exp(x_c)``, and S starts at 1;
- naive importance: ``a_c = exp(x_c) / q_c``.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from ssm import _curves, checks, estimators
from ssm._sums import Ratio
from ssm.noise import Noise

_WIDEST_GAP = 3000.0  # of scores; the nodes grow with it
_LEAST_CHANCE = 1e-300  # of drawing anything but the target

# What is subtracted from the scores of the samples, where the target's is left as it is.
_CORRECTIONS: Mapping[str, Callable[[Noise, int], Tensor]] = MappingProxyType(
    {
        "sampled_softmax": lambda q, target: q.without(target).log_probs,
        "naive_importance": lambda q, _: q.log_probs,
        "log_q": lambda q, target: q.log_probs - q.log_probs[target],
        "uncorrected": lambda q, _: torch.zeros_like(q.log_probs),
    }
)


class Problem(NamedTuple):
    """Arguments that were checked.

    Attributes:
        x: the scores, float64 [classes].
        target: t.
        q: the noise.
        source: what samples are drawn from.
        name: of the estimator.
        mode: what becomes of hits.
    """

    x: Tensor
    target: int
    q: Noise
    source: Noise
    name: str
    mode: checks.Handling

    @property
    def divides(self) -> bool:
        """Whether the estimator is a ratio."""
        return self.name in _CORRECTIONS


def prepare(scores: Tensor, target: int, q: Noise, hits: checks.Handling | None, estimator: str) -> Problem:
    """Check the arguments of every function of `ssm.exact`."""
    x = checks.vector("scores", scores)
    checks.noise_fits(q.log_probs, len(x), x.device)
    target, name = checks.target(target, len(x)), checks.estimator(estimator, tuple(estimators.ESTIMATORS))
    mode = checks.handling(hits, name)
    if name in {"log_q", "nce"}:
        checks.drawable_targets(q.log_probs[target])
    if name in _CORRECTIONS:
        _refuse_wide(x, target, name)
    return Problem(x, target, q, q.without(target) if mode == "excluded" else q, name, mode)


def full_softmax(problem: Problem) -> _curves.Full:
    """The full softmax, as curves need it."""
    x, target, q, source, name, _ = problem
    log_p = (x - x[target]).log_softmax(0)
    p, chances = drop(log_p, target).exp(), drop(source.probs, target)
    if name in _CORRECTIONS and name != "uncorrected":
        heavy = chances.argmax()
        corrections = drop(_CORRECTIONS[name](q, target), target)
        shift, apart = float(log_p[target] + (corrections - chances.log())[heavy]), p.masked_fill(chances > 0, 0.0)
    else:
        # Right where one class is nearly all of the softmax.
        heavy = (p * chances).argmax()
        shift = float(log_p[target] - chances[heavy].log())
        apart = p * (1 - chances / chances[heavy])
    of_target = float(log_p[target]) if name == "uncorrected" else None
    return _curves.Full(shift, of_target, float(p.sum()), float(p @ p), float(apart.sum()), float(apart @ apart))


def _refuse_wide(x: Tensor, target: int, name: str) -> None:
    # The nodes reach from the largest of the sums that a draw can make to the smallest.
    alone = name == "naive_importance"
    gap = float(x.max() - (x.min() if alone else x[target]))
    if gap > _WIDEST_GAP:
        where = "apart" if alone else "above the target's"
        rule, found = f"at most {_WIDEST_GAP:g} {where} for exact moments", f"{gap:g} {where.partition(' ')[0]}"
        checks.refuse("scores", rule, checks.Said(found), "bring them closer together or use convergence.running_mean")


def ratio_of(problem: Problem, k: int) -> Ratio:
    """What a draw of k samples adds up."""
    x, target, q, source, name, mode = problem
    chances, hit = drop(source.probs, target), float(source.probs[target])
    log_a = drop(x - x[target] - _CORRECTIONS[name](q, target), target)
    log_a = log_a.masked_fill(chances == 0, -math.inf)
    apart = name in {"log_q", "uncorrected"}  # the target is added once to each draw, and not for each sample
    rest = min(1.0, max(float(chances.sum()), _LEAST_CHANCE))  # it may round to a little more
    log_hit = 0.0 if apart or not hit else -math.log1p(-rest) if rest < 0.5 else -math.log(hit)
    return Ratio(
        k,
        chances,
        chances**2,
        log_a,
        log_mean=float((chances.log() + log_a).logsumexp(0)),
        rest=rest,
        hit=hit,
        start=float(apart),
        each=float(name == "sampled_softmax"),
        log_hit=log_hit if hit and mode == "kept" else -math.inf,
        counts=(0.0, 0.0) if apart else (1.0, float(mode == "kept")),
    )


def drop(values: Tensor, place: int) -> Tensor:
    """All but one of the values."""
    return torch.cat([values[:place], values[place + 1 :]])
