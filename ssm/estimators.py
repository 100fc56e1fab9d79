"""The formulas of the losses, once, on the scores that a step computes: target and samples.

`ssm.losses` gathers these from a vector of scores, `ssm.head` computes them from embeddings. Each
formula gives one loss per example, in nats: float32 where the scores are narrower, else in their
dtype. Below, Q_c is the number of times that c is expected among the samples, `Candidates.k` times
q_c, or for samples that are all different the chance that c is among them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ssm import checks, sampling
from ssm.noise import Noise


class Draw(Protocol):
    """What a correction reads: of samples how likely they are, of scores nothing; `Candidates` has it all."""

    @property
    def target_log_q(self) -> Tensor:
        """Log of the noise's probability of the target [...]."""

    @property
    def sample_log_q(self) -> Tensor:
        """The same of each sample."""

    @property
    def k(self) -> int:
        """The number of samples of each example."""

    @property
    def kept(self) -> Tensor | int:
        """How many of them count, int64 [...] or one number for all."""

    @property
    def tries(self) -> float | None:
        """For samples that are all different, the T of `Noise.tries`."""

    @property
    def rest(self) -> Tensor | None:
        """How likely a sample is no hit, float64 [...]; None for ``1 - q_t``."""


class Correction(NamedTuple):
    """What is taken off the scores before the softmax, float64; None for nothing.

    Attributes:
        samples: of each sample, shaped as its probability.
        target: of the target [...].
    """

    samples: Tensor | None = None
    target: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Candidates:
    """The target of each example and its noise samples.

    Attributes:
        target_scores: x_t [...].
        sample_scores: x_c of each sample [..., k].
        target_log_q: log of the noise's probability of the target [...].
        sample_log_q: the same of each sample [..., k], or [k] for all examples.
        hits: samples that are the target itself and therefore do not count, bool [..., k].
        tries: for samples that are all different, the T of `Noise.tries`.
        rest: how likely a sample is no hit, float64 [...]; None for ``1 - q_t``.
    """

    target_scores: Tensor
    sample_scores: Tensor
    target_log_q: Tensor
    sample_log_q: Tensor
    hits: Tensor
    tries: float | None = None
    rest: Tensor | None = None

    @property
    def k(self) -> int:
        """The number of samples of each example, hits among them."""
        return self.hits.shape[-1]

    @property
    def kept(self) -> Tensor:
        """k_eff, the number of samples that are not hits, int64 [...]."""
        return self.k - self.hits.sum(-1)


def candidates(
    scores: tuple[Tensor, Tensor],
    classes: tuple[Tensor, Tensor],
    noise: Noise | None,
    *,
    hits: checks.Masking,
    tries: float | None = None,
) -> Candidates:
    """The record that the formulas read; without noise, only those that correct nothing may read it.

    Args:
        scores: x_t [...] and x_c [..., k].
        classes: t [...] and the samples c, [..., k] or [k].
        noise: q, over all classes.
        hits: whether samples that equal the target are "rejected" or "kept".
        tries: for samples of `Noise.draw_unique`, its tries.

    Returns:
        The candidates.

    Raises:
        ValueError: a sample that the noise cannot draw, hits or tries out of their range.
    """
    target, samples = classes
    same = samples == target[..., None]  # [..., k]
    if checks.masking(hits) == "kept":
        same = torch.zeros_like(same)
    target_log_q, sample_log_q = log_probs(noise, target), log_probs(noise, samples)
    refuse_undrawable(sample_log_q, samples, same)
    if tries is not None:
        checks.tries(tries, samples.shape[-1])
    return Candidates(*scores, target_log_q, sample_log_q, same, tries)


def refuse_undrawable(log_probs: Tensor, samples: Tensor, hits: Tensor) -> None:
    """Refuse samples of probability 0, but for hits.

    Args:
        log_probs: of the samples [..., k] or [k].
        samples: their classes.
        hits: bool [..., k].
    """
    if checks.visible(log_probs) and log_probs.ndim and log_probs.isneginf().any():
        wrong = log_probs.isneginf() & ~hits  # those that do not count may be any
        if wrong.any():
            found = checks.Said(f"0 for class {int(samples.expand_as(wrong)[wrong][0])}")
            way_out = "pass the noise that the samples were drawn from"
            checks.refuse("noise", "every sample a probability above 0", found, way_out, verb="give")


def log_probs(noise: Noise | None, classes: Tensor) -> Tensor:
    """Log q_c of some classes, float64; zeros without noise."""
    if noise is None:
        return torch.zeros_like(classes, dtype=torch.float64)
    return noise.log_probs.index_select(0, classes.flatten()).reshape(classes.shape)  # an index that vmap can take


def pick(scores: Tensor, target: Tensor) -> Tensor:
    """The scores of the targets, from [..., classes] to [...]."""
    return scores.gather(-1, target[..., None]).squeeze(-1)


def full(target_scores: Tensor, scores: Tensor) -> Tensor:
    """``log(sum over all c of exp(x_c - x_t))``, from [...] and [..., classes] to [...]."""
    return _above(scores, target_scores).logsumexp(-1)


def naive_importance(candidates: Candidates) -> Tensor:
    """``-x_t + log(sum over samples of exp(x_c) / Q_c)``; the target is a sample like any other."""
    return _corrected(candidates, _by_count(candidates)).logsumexp(-1)


def sampled_softmax(candidates: Candidates) -> Tensor:
    """``-x_t + log(exp(x_t) + sum over samples c != t of exp(x_c) (1 - q_t) / (k_eff q_c))``.

    For samples that are all different the weights are 1 / Q_c. With no sample left after the hits,
    the loss is 0 and so is its gradient.
    """
    return _surprise(_corrected(candidates, _by_others(candidates)), candidates.hits)


def log_q(candidates: Candidates) -> Tensor:
    """``-log(exp(x_t) / Q_t / (exp(x_t) / Q_t + sum over samples c != t of exp(x_c) / Q_c))``."""
    return _surprise(_corrected(candidates, _by_both_counts(candidates)), candidates.hits)


def uncorrected(candidates: Candidates) -> Tensor:
    """``-x_t + log(exp(x_t) + sum over samples c != t of exp(x_c))``."""
    return _surprise(_corrected(candidates, _by_nothing(candidates)), candidates.hits)


def nce(candidates: Candidates) -> Tensor:
    """``-log s(x_t - log Q_t) - sum over samples of log s(log Q_c - x_c)``, s the logistic function."""
    checks.drawable_targets(candidates.target_log_q)
    target_scores = _less(candidates.target_scores, _log_counts(candidates.target_log_q, candidates))
    sample_scores = _less(candidates.sample_scores, _log_counts(candidates.sample_log_q, candidates))
    return _logistic(target_scores, sample_scores, candidates.hits)


def negative_sampling(candidates: Candidates, power: float = 1.0) -> Tensor:
    """``-power log s(x_t) - sum over samples of log s(-x_c)``, s the logistic function."""
    power = checks.positive("power", power, "1 is plain negative sampling")
    return _logistic(_wide(candidates.target_scores), _wide(candidates.sample_scores), candidates.hits, power)


def gbce_power(samples: int, classes: int, calibration: float) -> float:
    """The power with which negative sampling is gBCE: ``1 - t (1 - k / (n - 1))``.

    Negatives that are drawn and not all taken make every class look more likely than it is. At
    calibration t = 1, with uniform samples that never are the target, ``s(x_c)`` becomes p_c itself; 0 is plain
    negative sampling, and between them scores are less sure of themselves and still quick to learn.

    Args:
        samples: k, below the number of classes.
        classes: n, two or more.
        calibration: t, from 0 to 1.

    Returns:
        A power above 0 and at most 1.

    Raises:
        ValueError: an argument is out of its range.

    >>> round(gbce_power(256, 10_001, 0.75), 4)
    0.2692

    Petrov and Macdonald 2023, "gSASRec: reducing overconfidence in sequential recommendation trained
    with negative sampling", whose loss is divided by k + 1.
    """
    n = checks.whole("classes", classes, 2, None, "add a class to draw")
    k = checks.whole("k", samples, 1, n - 1, "draw fewer samples than there are classes")
    t = checks.not_negative("calibration", calibration, "0 is plain negative sampling")
    if t > 1:
        checks.refuse("calibration", "at most 1", calibration, "1 makes probabilities of the scores")
    return 1 - t * (1 - k / (n - 1))


ESTIMATORS: Mapping[str, Callable[[Candidates], Tensor]] = MappingProxyType(
    {
        "sampled_softmax": sampled_softmax,
        "naive_importance": naive_importance,
        "log_q": log_q,
        "uncorrected": uncorrected,
        "nce": nce,
        "negative_sampling": negative_sampling,
    }
)


def _by_others(draw: Draw) -> Correction:
    if draw.tries is not None:
        return _by_count(draw)
    kept = draw.kept
    kept = max(1, kept) if isinstance(kept, int) else kept.clamp(min=1)
    weights = draw.target_log_q.expm1() / -kept if draw.rest is None else draw.rest / kept
    return Correction(draw.sample_log_q, weights.log())


def _by_count(draw: Draw) -> Correction:
    return Correction(_log_counts(draw.sample_log_q, draw))


def _by_both_counts(draw: Draw) -> Correction:
    checks.drawable_targets(draw.target_log_q)
    return Correction(_log_counts(draw.sample_log_q, draw), _log_counts(draw.target_log_q, draw))


def _by_nothing(_: Draw) -> Correction:
    return Correction()


# The estimators that are a softmax of scores, each less its correction.
CORRECTIONS: Mapping[str, Callable[[Draw], Correction]] = MappingProxyType(
    {
        "sampled_softmax": _by_others,
        "naive_importance": _by_count,
        "log_q": _by_both_counts,
        "uncorrected": _by_nothing,
    }
)


def _log_counts(log_probs: Tensor, draw: Draw) -> Tensor:
    if draw.tries is None:
        return log_probs + math.log(draw.k)
    return sampling.log_inclusion(log_probs, draw.tries)


def _corrected(candidates: Candidates, correction: Correction) -> Tensor:
    """``x_c - x_t``, less what the samples' scores lose more than the target's."""
    x = _above(candidates.sample_scores, candidates.target_scores)
    if correction.samples is None:
        return x
    return _less(
        x, correction.samples if correction.target is None else correction.samples - correction.target[..., None]
    )


def _surprise(above: Tensor, hits: Tensor) -> Tensor:
    """``log(1 + sum of exp(y_c - y_t))``, hits left out."""
    # The least finite number and not -inf, so that a row of hits alone subtracts no infinities.
    rest = above.masked_fill(hits, torch.finfo(above.dtype).min).logsumexp(-1)
    return -logsigmoid(-rest)


def _above(scores: Tensor, target_scores: Tensor) -> Tensor:
    """``x_c - x_t`` before anything is summed: what all scores have in common would round the rest away."""
    return _wide(scores) - _wide(target_scores)[..., None]


def _logistic(target_scores: Tensor, sample_scores: Tensor, hits: Tensor, power: float = 1.0) -> Tensor:
    return -power * logsigmoid(target_scores) - logsigmoid(-sample_scores).masked_fill(hits, 0.0).sum(-1)


def _less(scores: Tensor, log_counts: Tensor) -> Tensor:
    """Scores corrected by what was float64 until here."""
    wide = _wide(scores)
    return wide - log_counts.to(wide.dtype)


def _wide(scores: Tensor) -> Tensor:
    # Half precision has too few digits for a correction and too few powers for a sum of losses.
    return scores.to(torch.promote_types(scores.dtype, torch.float32))
