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
        corrected_low: of the corrected scores; nan where every sample was the target, as is the next.
        corrected_high: of the same.
        gradient_low: of the sampled gradients, repeats summed.
        gradient_high: of the same.
        weight_high: of e^(corrected score - x_t) times the count; the target's is 1.
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
    return draws.running_mean(ref.scores, ref.target, ref.noise, s.samples, s.draws, s.seed, s.hits, on_chunk=on_chunk)


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
    if c == run.target:
        gradients = run.target_gradients
    else:
        gradients = torch.where(run.samples == c, run.sample_gradients, 0.0).sum(1)  # [draws]
    marks = run.checkpoints
    return (gradients.cumsum(0)[marks - 1] / marks).cpu().numpy()


def _others(ref: Reference, checkpoints: Tensor, on_chunk: OnChunk | None) -> Array:
    s = ref.settings
    if OTHER_SEEDS * s.samples * s.draws > OTHER_SEEDS_WORK:
        return np.empty((0, len(checkpoints)))
    seeds = range(s.seed + 1, s.seed + 1 + OTHER_SEEDS)
    return errors_of_seeds(ref, seeds, checkpoints, on_chunk).cpu().numpy()


def _extent(ref: Reference, run: draws.Convergence) -> Extent:
    draw, c, count, gradient = _distinct(run, ref.target)
    corrected = ref.scores[c] - run.kept[draw].double().log() - ref.others.log_probs[c]
    weight = (corrected - ref.scores[ref.target]).exp() * count
    low, high = _span(corrected)
    return Extent(
        corrected_low=low,
        corrected_high=high,
        gradient_low=float(run.target_gradients.min()),
        gradient_high=float((gradient * count).max()) if len(c) else 0.0,
        weight_high=max(1.0, float(weight.max())) if len(c) else 1.0,
    )


def _span(values: Tensor) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (math.nan, math.nan)


def _distinct(run: draws.Convergence, target: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Each class that each draw sampled, the target left out: draw, class, count, and gradient of one sample."""
    ordered, places = run.samples.sort(1)
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = first.flatten().nonzero()[:, 0]  # of each group of equal samples
    count = starts.diff(append=starts.new_tensor([ordered.numel()]))
    draw, c = starts // run.samples.shape[1], ordered.flatten()[starts]
    gradient = run.sample_gradients[draw, places.flatten()[starts]]
    some = c != target
    return draw[some], c[some], count[some], gradient[some]
