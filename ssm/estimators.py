"""The formulas of the losses, once, on the scores that a step computes: target and samples.

`ssm.losses` gathers these from a vector of scores, `ssm.head` computes them from embeddings. Each
formula gives one loss per example, in nats.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


@dataclass(frozen=True, eq=False)
class Candidates:
    """The target of each example and its noise samples.

    Attributes:
        target_scores: x_t [...].
        sample_scores: x_c of each sample [..., k].
        target_log_q: log of the noise's probability of the target [...].
        sample_log_q: the same of each sample [..., k].
        hits: where a sample is the target itself, bool [..., k].
    """

    target_scores: Tensor
    sample_scores: Tensor
    target_log_q: Tensor
    sample_log_q: Tensor
    hits: Tensor

    @property
    def k(self) -> int:
        """The number of samples of each example, hits among them."""
        return self.hits.shape[-1]

    @property
    def kept(self) -> Tensor:
        """k_eff, the number of samples that are not hits, int64 [...]."""
        return self.k - self.hits.sum(-1)


def full(target_scores: Tensor, scores: Tensor) -> Tensor:
    """``-x_t + log(sum over all c of exp(x_c))``, from [...] and [..., classes] to [...]."""
    return scores.logsumexp(-1) - target_scores


def sampled_softmax(candidates: Candidates) -> Tensor:
    """``-x_t + log(exp(x_t) + sum over samples c != t of exp(x_c) (1 - q_t) / (k_eff q_c))``.

    With no sample left after the hits, the loss is 0 and so is its gradient.
    """
    shift = candidates.kept.clamp(min=1).double().log() - _log_complement(candidates.target_log_q)  # [...]
    correction = candidates.sample_log_q + shift[..., None]  # log(k_eff q_c / (1 - q_t)), [..., k]
    dtype = candidates.sample_scores.dtype
    corrected = candidates.sample_scores - correction.to(dtype)  # [..., k]
    # The least finite number and not -inf, so that a row of hits alone subtracts no infinities.
    corrected = corrected.masked_fill(candidates.hits, torch.finfo(dtype).min)
    rest = corrected.logsumexp(-1) - candidates.target_scores
    return -logsigmoid(-rest)  # log(1 + exp(rest))


def _log_complement(log_q: Tensor) -> Tensor:
    return (-log_q.expm1()).log()
