"""The classes: the full softmax that every draw is compared with, and which of its classes have a bar."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from ssm import losses
from ssm.explorer import settings as choices
from ssm.explorer.experiment.constants import SHOWN, SHOWN_ALL, SHOWN_TOP
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Settings
from ssm.noise import Noise

Array = np.ndarray[Any, Any]

_ROUNDING = 64 * torch.finfo(torch.float64).eps  # of a logarithm near 1: what it leaves of a distance is none


@final
@dataclass(frozen=True)
class Classes:
    """What the full softmax and the noise give each class; arrays have one entry for each slot, a class with a bar.

    Attributes:
        index: the class of each slot.
        score: x_c.
        probability: p_c.
        noise: the probability with which a sample is this class.
        full: the full gradient, p_c - [c = t].
        hidden: classes without a slot.
        n: classes in all.
        target: t.
        target_slot: the target's slot.
        norm_full: the L2 norm of the full gradient over all classes.
        score_target: x_t.
        probability_target: p_t.
        noise_target: q_t, before the target is excluded.
        spike: the full gradient of the target.
        loss_full: in nats.
        chi2: how far the noise is from the ideal one.
        noise_scores: scores that must be computed only to draw from this noise.
    """

    index: Array
    score: Array
    probability: Array
    noise: Array
    full: Array
    hidden: int
    n: int
    target: int
    target_slot: int
    norm_full: float
    score_target: float
    probability_target: float
    noise_target: float
    spike: float
    loss_full: float
    chi2: float
    noise_scores: int


@final
@dataclass(frozen=True, eq=False)
class Reference:
    """A problem on a device, its noise, and the full softmax over it: what stays the same from draw to draw.

    Attributes:
        settings: what was asked for.
        scores: x [classes].
        target: t.
        noise: q.
    """

    settings: Settings
    scores: Tensor
    target: int
    noise: Noise

    @cached_property
    def source(self) -> Noise:
        """What samples are drawn from."""
        return self.others if self.settings.handling == "excluded" else self.noise

    @cached_property
    def others(self) -> Noise:
        """The noise given "not the target", r."""
        return self.noise.without(self.target)

    @cached_property
    def shifts(self) -> Tensor:
        """What the estimator adds to the score of a sample of each class, but for the logarithm of their number."""
        match self.settings.estimator:
            case "sampled_softmax":
                return -self.others.log_probs
            case "uncorrected" | "negative_sampling":
                return torch.zeros_like(self.scores)
            case _:
                return -self.noise.log_probs

    @property
    def divides(self) -> bool:
        """Whether the estimator divides the weight of a sample by a number of samples."""
        return self.settings.estimator not in {"uncorrected", "negative_sampling"}

    def log_divisor(self, kept: Tensor) -> Tensor:
        """Log of what a sample's weight is divided by: k_eff, or k where the target's own weight is divided too."""
        if not self.divides:
            return torch.zeros_like(kept, dtype=torch.float64)
        return (kept.new_full(kept.shape, self.settings.samples) if self.corrects_target else kept).double().log()

    @cached_property
    def target_correction(self) -> float:
        """What is added to the target's own score; nan where it has no term of its own."""
        match self.settings.estimator:
            case "log_q" | "nce":
                return float(self.shifts[self.target]) - math.log(self.settings.samples)
            case "naive_importance":
                return math.nan
            case _:
                return 0.0

    @property
    def corrects_target(self) -> bool:
        """Whether the target's own score is corrected as a sample's is."""
        return self.settings.estimator in {"log_q", "nce"}

    @cached_property
    def probabilities(self) -> Tensor:
        """The softmax of the scores [classes]."""
        return torch.softmax(self.scores, 0)

    @cached_property
    def loss(self) -> float:
        """The full loss in nats."""
        return float(losses.full_softmax(self.scores, self._label))

    @cached_property
    def gradient(self) -> Tensor:
        """The full gradient, p_c - [c = t], its spike to all digits where p_t is nearly 1 [classes]."""
        gradient = self.probabilities.index_fill(0, self._label, 0.0)
        return gradient.index_fill_(0, self._label, -gradient.sum())

    @cached_property
    def norm(self) -> float:
        """The L2 norm of the full gradient."""
        return float(torch.linalg.vector_norm(self.gradient))

    @cached_property
    def order(self) -> Tensor:
        """The classes but the target, the largest score first, ties by index [classes - 1]."""
        order = torch.sort(self.scores, descending=True, stable=True).indices
        return order[order != self.target]

    @property
    def _label(self) -> Tensor:
        return torch.tensor(self.target, device=self.scores.device)

    def distance(self, gradient: Tensor) -> float:
        """How far a gradient is from the full one, L2 over all classes."""
        return float(torch.linalg.vector_norm(gradient - self.gradient))

    def relative(self, distance: float) -> float:
        """A distance in parts of the full gradient; nan where that is 0."""
        return distance / self.norm if self.norm else float("nan")


def reference(settings: Settings, problem: Problem, device: str) -> Reference:
    """A problem and the noise that settings ask for, on a device."""
    noise = choices.noise_of(settings, problem).to(device)
    return Reference(settings, problem.scores.to(device), problem.target, noise)


def classes(ref: Reference, slots: list[int]) -> Classes:
    """What the full softmax and the noise give the classes that have a slot."""
    n, t = len(ref.scores), ref.target
    return Classes(
        index=np.array(slots),
        score=at(ref.scores, slots),
        probability=at(ref.probabilities, slots),
        noise=at(ref.source.probs, slots),
        full=at(ref.gradient, slots),
        hidden=n - len(slots),
        n=n,
        target=t,
        target_slot=slots.index(t),
        norm_full=ref.norm,
        score_target=float(ref.scores[t]),
        probability_target=float(ref.probabilities[t]),
        noise_target=float(ref.noise.probs[t]),
        spike=float(ref.gradient[t]),
        loss_full=ref.loss,
        chi2=chi_squared(ref),
        noise_scores=n if ref.settings.noise == "softmax" else 0,
    )


def slots_of(ref: Reference, sampled: Iterable[int]) -> list[int]:
    """The classes that get a bar, in the order of the bars: all of them while they are few.

    Of many, the target, the largest other scores, the largest of this draw's samples, and the next largest scores.
    """
    if len(ref.scores) <= SHOWN_ALL:
        return list(range(len(ref.scores)))
    best = ref.order[: SHOWN - 1].tolist()
    slots = [ref.target, *best[:SHOWN_TOP]]
    fresh = torch.tensor(sorted(set(sampled) - set(slots)), dtype=torch.int64, device=ref.scores.device)
    falling = torch.sort(ref.scores[fresh], descending=True, stable=True).indices
    slots += fresh[falling][: SHOWN - len(slots)].tolist()
    slots += [c for c in best if c not in slots][: SHOWN - len(slots)]
    return slots


def at(values: Tensor, places: list[int]) -> Array:
    """Some entries of a tensor, as numpy."""
    return values[torch.tensor(places, device=values.device)].cpu().numpy()


def chi_squared(ref: Reference) -> float:
    """chi2 = sum_{c != t} r_c (rho_c - 1)^2: how far the noise is from the ideal one; inf beyond float64."""
    off = ref.scores.clone()
    off[ref.target] = -torch.inf
    others = torch.arange(len(off), device=off.device) != ref.target
    ideal, log_r = torch.log_softmax(off, 0)[others], ref.others.log_probs[others]
    d = ideal - log_r
    near, far = log_r.exp() * d.expm1() ** 2, (ideal + d).exp() * (-d).expm1() ** 2
    found = float(torch.where(d > 0, far, near).sum())
    size = max(1.0, float(ref.scores.abs().max()))
    return 0.0 if found <= (_ROUNDING * size) ** 2 else found
