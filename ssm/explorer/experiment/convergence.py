"""Convergence: what the average of the draws does, how far apart single draws reach, and how other seeds fare."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from ssm import convergence as draws
from ssm.explorer.experiment.classes import Array, Reference, at
from ssm.explorer.experiment.constants import OTHER_SEEDS, OTHER_SEEDS_WORK, WATCHED
from ssm.explorer.experiment.seeds import errors_of_seeds

OnChunk = Callable[[], None]


@final
@dataclass(frozen=True)
class Extent:
    """The least and largest values over all draws of a run, so that axes can hold still while draws go by.

    Attributes:
        corrected_low: of the corrected scores; nan where there is none, as is the next.
        corrected_high: of the same.
        gradient_low: of the sampled gradients, repeats summed.
        gradient_high: of the same.
        weight_high: of e^(corrected score - x_t) times the terms of a class in the loss; the target's as it is, 1.
    """

    corrected_low: float
    corrected_high: float
    gradient_low: float
    gradient_high: float
    weight_high: float


@final
@dataclass(frozen=True)
class Convergence:
    """The average of the draws so far.

    Attributes:
        mean: the average gradient of the first `averaged` draws, of each slot.
        checkpoints: numbers of draws m.
        errors: L2 distance between the average of m draws and the full gradient.
        others: the same for the seeds that follow this one [seeds, checkpoints]; none where that is too much work.
        watched: classes that are followed one by one, the target first, then the largest scores.
        watched_full: the full gradient of each.
        watched_mean: the average gradient of each after m draws [watched, checkpoints].
        extent: over all draws.
        draws: R.
        averaged: how many draws the average covers.
        loss_mean: the average loss of these, in nats.
        error_mean: the distance of their average gradient.
        relative_mean: the same in parts of the full gradient.
    """

    mean: Array
    checkpoints: Array
    errors: Array
    others: Array
    watched: Array
    watched_full: Array
    watched_mean: Array
    extent: Extent
    draws: int
    averaged: int
    loss_mean: float
    error_mean: float
    relative_mean: float


def draws_of(ref: Reference, on_chunk: OnChunk | None) -> draws.Convergence:
    """Every draw that the settings ask for."""
    s = ref.settings
    problem = (ref.scores, ref.target, ref.noise, s.samples, s.draws, s.seed, s.handling)
    return draws.running_mean(*problem, estimator=s.estimator, on_chunk=on_chunk)


def watched_of(ref: Reference) -> list[int]:
    """The target and the largest other scores."""
    return [ref.target, *ref.order[: WATCHED - 1].tolist()]


def convergence(ref: Reference, run: draws.Convergence, slots: list[int], on_chunk: OnChunk | None) -> Convergence:
    """What the average of a run's draws does, in the slots and for the watched classes."""
    averaged = ref.settings.draws if ref.settings.average == "all" else ref.settings.draw
    mean, watched = run.mean_after(averaged), watched_of(ref)
    error = ref.distance(mean)
    return Convergence(
        mean=at(mean, slots),
        checkpoints=run.checkpoints.cpu().numpy(),
        errors=run.errors.cpu().numpy(),
        others=_others(ref, run.checkpoints, on_chunk),
        watched=np.array(watched),
        watched_full=at(ref.gradient, watched),
        watched_mean=np.stack([_mean_of(run, c) for c in watched]),
        extent=_extent(ref, run),
        draws=ref.settings.draws,
        averaged=averaged,
        loss_mean=float(run.losses[:averaged].mean()),
        error_mean=error,
        relative_mean=ref.relative(error),
    )


def _mean_of(run: draws.Convergence, c: int) -> Array:
    """One class's running average after each checkpoint."""
    gradients = _pushes_on(run, c)  # [draws]
    marks = run.checkpoints
    return (gradients.cumsum(0)[marks - 1] / marks).cpu().numpy()


def _pushes_on(run: draws.Convergence, c: int) -> Tensor:
    """One class's gradient in each draw."""
    pushes = torch.where(run.samples == c, run.sample_gradients, 0.0).sum(1)  # [draws]
    return pushes + run.target_gradients if c == run.target else pushes


def _others(ref: Reference, checkpoints: Tensor, on_chunk: OnChunk | None) -> Array:
    s = ref.settings
    if OTHER_SEEDS * s.samples * s.draws > OTHER_SEEDS_WORK:
        return np.empty((0, len(checkpoints)))
    seeds = range(s.seed + 1, s.seed + 1 + OTHER_SEEDS)
    return errors_of_seeds(ref, seeds, checkpoints, on_chunk).cpu().numpy()


def _extent(ref: Reference, run: draws.Convergence) -> Extent:
    draw, c, count, gradient = _distinct(run)
    pull, other = _pushes_on(run, ref.target), c != ref.target
    counts = other | (ref.settings.handling == "kept")
    corrected = (ref.scores[c] + ref.shifts[c] - ref.log_divisor(run.kept[draw]))[counts]
    terms = (count + ~other * ref.corrects_target)[counts]
    if ref.corrects_target:
        own = ref.scores[ref.target] + ref.target_correction
        corrected, terms = torch.cat([corrected, own[None]]), torch.cat([terms, terms.new_ones(1)])
    weights = (corrected - ref.scores[ref.target]).exp() * terms
    low, high = _span(corrected)
    pushes = torch.cat([pull, (gradient * count)[other], pull.new_zeros(1)])
    return Extent(
        corrected_low=low,
        corrected_high=high,
        gradient_low=float(pushes.min()),
        gradient_high=float(pushes.max()),
        weight_high=max(1.0, float(weights.max())) if len(weights) else 1.0,
    )


def _span(values: Tensor) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)


def _distinct(run: draws.Convergence) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Each class that each draw sampled: draw, class, count, and gradient of one sample."""
    ordered, places = run.samples.sort(1)
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = first.flatten().nonzero()[:, 0]  # of each group of equal samples
    count = starts.diff(append=starts.new_tensor([ordered.numel()]))
    draw, c = starts // run.samples.shape[1], ordered.flatten()[starts]
    return draw, c, count, run.sample_gradients[draw, places.flatten()[starts]]
