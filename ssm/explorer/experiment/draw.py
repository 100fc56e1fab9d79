"""The draw that the panels show: its samples, what each stands for, and the gradient that they make."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import torch
from torch import Tensor

from ssm.convergence import Convergence
from ssm.explorer.experiment.classes import Array, Reference
from ssm.explorer.experiment.constants import BLOCKS, DOTS, SHOWN_ALL, TERMS


@final
@dataclass(frozen=True)
class Draw:
    """One draw.

    Attributes:
        count: how often each slot's class was sampled.
        correction: what the estimator added to each slot's score; nan where nothing of it is in the loss, or where it
            is the target's and stays as it is.
        corrected: score and correction; nan likewise.
        gradient: the sampled gradient of each slot; 0 where nothing was sampled.
        sample_class: the first samples, in the order drawn.
        sample_hit: whether each is the target and does not count.
        sample_score: x_c of each.
        sample_correction: of each; nan for a hit.
        sample_gradient: of each; 0 for a hit.
        block_class: the distinct classes sampled, the largest gradient first, at most `BLOCKS`.
        block_gradient: the gradient of each.
        block_rest: the gradients of all others sampled together.
        dot_class: the same classes, at most `DOTS`; none where every class has a bar.
        dot_rank: the rank of each among the pushes of the full gradient, from 1.
        dot_gradient: the gradient of each.
        draw: which one, from 1.
        samples: k.
        loss_draw: in nats.
        kept: k_eff, samples that count.
        hit_count: samples that do not, for they are the target.
        target_correction: what was added to the target's own score; nan where it has no term of its own.
        target_drawn: samples that are the target, whether they count or not.
        effective: how many equally weighted samples this draw is worth, (sum w)^2 / sum w^2.
        computed: scores computed, of the target and the distinct samples.
        touched: classes with a gradient.
        error_draw: the L2 distance of its gradient from the full one.
        relative_draw: the same in parts of the full gradient.
    """

    count: Array
    correction: Array
    corrected: Array
    gradient: Array
    sample_class: Array
    sample_hit: Array
    sample_score: Array
    sample_correction: Array
    sample_gradient: Array
    block_class: Array
    block_gradient: Array
    block_rest: float
    dot_class: Array
    dot_rank: Array
    dot_gradient: Array
    draw: int
    samples: int
    loss_draw: float
    kept: int
    hit_count: int
    target_correction: float
    target_drawn: int
    effective: float
    computed: int
    touched: int
    error_draw: float
    relative_draw: float


@final
@dataclass(frozen=True, eq=False)
class Drawn:
    """The samples of one draw as they came, hits among them.

    Attributes:
        target: t.
        rejects: whether samples that are the target do not count.
        samples: the class of each [k].
        scores: x_c of each [k].
        corrections: of each; of a hit without meaning [k].
        gradients: of each; 0 for a hit [k].
        target_gradient: of the target's own score, samples that are the target apart.
        loss: in nats.
    """

    target: int
    rejects: bool
    samples: Array
    scores: Array
    corrections: Array
    gradients: Array
    target_gradient: float
    loss: float

    @cached_property
    def hits(self) -> Array:
        """Whether each sample is the target and does not count [k]."""
        return np.equal(self.samples, self.target) & self.rejects

    @cached_property
    def counts(self) -> Counter[int]:
        """How often each class was sampled."""
        return Counter(self.samples.tolist())

    @cached_property
    def pushes(self) -> dict[int, float]:
        """The gradient of each distinct class sampled, the target left out, the largest first.

        Gradients that differ by rounding alone count as equal, and then the lower class comes first: single precision
        tells them apart alike on every machine.
        """
        totals: dict[int, float] = {}
        for c, g in zip(self.samples.tolist(), self.gradients.tolist(), strict=True):
            totals[c] = totals.get(c, 0.0) + g
        totals.pop(self.target, None)
        return dict(sorted(totals.items(), key=lambda pair: (-float(np.float32(pair[1])), pair[0])))

    @cached_property
    def gradient(self) -> dict[int, float]:
        """The gradient of every class that has one, the target's with that of samples that are it."""
        again = float(self.gradients[self.samples == self.target].sum())
        return {self.target: self.target_gradient + again} | self.pushes


def drawn(ref: Reference, draws: Convergence, index: int) -> Drawn:
    """Draw number `index`, counted from 0."""
    samples = draws.samples[index].long()  # [k]
    corrections = ref.shifts[samples] - ref.log_divisor(draws.kept[index])
    return Drawn(
        target=ref.target,
        rejects=ref.settings.handling != "kept",
        samples=samples.cpu().numpy(),
        scores=_numpy(ref.scores[samples]),
        corrections=_numpy(corrections),
        gradients=_numpy(draws.sample_gradients[index]),
        target_gradient=float(draws.target_gradients[index]),
        loss=float(draws.losses[index]),
    )


def draw(ref: Reference, one: Drawn, slots: list[int]) -> Draw:
    """What one draw shows in the slots, and beside them."""
    correction, corrected = _corrections(ref, one, slots)
    hits, terms = one.hits, slice(TERMS)
    pushes, spread = list(one.pushes.items()), list(one.pushes)
    kept, computed = int((~hits).sum()), len({one.target, *one.counts})
    dots = spread[:DOTS] if len(ref.scores) > SHOWN_ALL else []
    error = _error(ref, one)
    return Draw(
        count=np.array([one.counts[c] for c in slots]),
        correction=correction,
        corrected=corrected,
        gradient=np.array([one.gradient.get(c, 0.0) for c in slots]),
        sample_class=one.samples[terms],
        sample_hit=hits[terms],
        sample_score=one.scores[terms],
        sample_correction=np.where(hits, np.nan, one.corrections)[terms],
        sample_gradient=one.gradients[terms],
        block_class=np.array(spread[:BLOCKS], dtype=int),
        block_gradient=np.array([g for _, g in pushes[:BLOCKS]]),
        block_rest=float(sum(g for _, g in pushes[BLOCKS:])),
        dot_class=np.array(dots, dtype=int),
        dot_rank=_ranks(ref, dots),
        dot_gradient=np.array([one.pushes[c] for c in dots]),
        draw=ref.settings.draw,
        samples=len(one.samples),
        loss_draw=one.loss,
        kept=kept,
        hit_count=len(one.samples) - kept,
        target_correction=ref.target_correction,
        target_drawn=one.counts[one.target],
        effective=_effective(one.gradients),
        computed=computed,
        touched=computed if kept else 0,
        error_draw=error,
        relative_draw=ref.relative(error),
    )


def _corrections(ref: Reference, one: Drawn, slots: list[int]) -> tuple[Array, Array]:
    rows = zip(one.samples.tolist(), one.scores, one.corrections, one.hits, strict=True)
    by_class = {c: (shift, x + shift) for c, x, shift, hit in rows if not hit}
    if ref.corrects_target:
        by_class[ref.target] = ref.target_correction, float(ref.scores[ref.target]) + ref.target_correction
    pairs = np.array([by_class.get(c, (np.nan, np.nan)) for c in slots])  # [slots, 2]
    return pairs[:, 0], pairs[:, 1]


def _ranks(ref: Reference, some: list[int]) -> Array:
    ranks = torch.empty_like(ref.scores, dtype=torch.int64)
    ranks[ref.order] = torch.arange(1, len(ref.scores), device=ranks.device)
    return ranks[torch.tensor(some, dtype=torch.int64, device=ranks.device)].cpu().numpy()


def _effective(gradients: Array) -> float:
    weights = gradients / (gradients.max() or 1.0)
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def _error(ref: Reference, one: Drawn) -> float:
    gradient = torch.zeros_like(ref.gradient)
    some = torch.tensor(list(one.gradient), device=gradient.device)
    gradient[some] = torch.tensor(list(one.gradient.values()), dtype=gradient.dtype, device=gradient.device)
    return ref.distance(gradient)


def _numpy(values: Tensor) -> Array:
    return values.cpu().numpy()
