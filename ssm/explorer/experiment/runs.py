"""One experiment: Settings in, every number that the pictures show out.

The arithmetic is torch's, in float64, on the device that the settings name: scores, draws, corrected scores, losses,
gradients by autograd, running means and exact moments. What comes out is plain numpy under fixed names, so that
figures, pages, exports and the page's own kernel all speak of the same things.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from ssm import convergence, exact, losses
from ssm.convergence import Convergence
from ssm.exact import Moments
from ssm.explorer import settings as choices
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Settings
from ssm.noise import Noise

SHOWN_ALL = 50  # up to here every class has its bar
SHOWN_MOST = 40  # beyond, this many: the target, the largest scores, this draw's samples
SHOWN_TOP = 24
WATCHED = 5
TERMS = 6

Columns = dict[str, np.ndarray[Any, Any]]
Numbers = dict[str, float]


@final
@dataclass(frozen=True)
class Result:
    """What one experiment found.

    Attributes:
        settings: what was asked for.
        problem: names, scores and target that it was asked of.
        device: where torch computed: the device asked for, or the CPU if that one ran out of memory.
        columns: arrays by name. Per shown class: ``class`` (index), ``score``, ``probability``, ``noise`` (what the
            samples are drawn from), ``gradient_full``, ``gradient_mean`` (of the averaged draws), ``gradient_exact``,
            ``gradient_variance``; of the current draw ``model``, ``correction``, ``corrected`` (nan where not sampled),
            ``count``, ``gradient_draw``. Its first samples: ``term_class``, ``term_score``, ``term_correction``. Of all
            classes, each sorted: ``ranked_rank``, ``ranked_score``, ``ranked_noise``, ``ranked_gradient``. By number of
            draws: ``checkpoints``, ``errors``; ``watched`` classes with ``watched_full``,
            ``watched_exact`` and ``watched_mean`` [watched, checkpoints].
        numbers: scalars by name; losses in nats.
        notes: sentences on anything that was done differently from what was asked.
    """

    settings: Settings
    problem: Problem
    device: str
    columns: Columns
    numbers: Numbers
    notes: tuple[str, ...] = ()


def run(settings: Settings, own: Problem | None = None, on_chunk: Callable[[], None] | None = None) -> Result:
    """Carry out one experiment.

    Args:
        settings: everything that a viewer can choose.
        own: the viewer's own table, where `settings.own` only names it.
        on_chunk: called between chunks of work; what it raises ends the experiment.

    Returns:
        The result, computed on `settings.device`; on the CPU, with a note, where that device is not
        here or ran out of memory.

    Raises:
        ValueError: the work is over the budget, or the settings do not fit the problem.

    >>> result = run(Settings(samples=3, draws=10))
    >>> round(result.numbers["floor"], 3)
    0.205
    """
    choices.refuse_overwork(settings)
    problem = choices.problem_of(settings, own)
    if settings.device not in dict(devices()):
        note = f"There is no {settings.device} here, so the CPU computed this."
        return replace(_run_on("cpu", settings, problem, on_chunk), notes=(note,))
    try:
        return _run_on(settings.device, settings, problem, on_chunk)
    except torch.OutOfMemoryError:
        note = f"The memory of {settings.device} ran out, so the CPU computed this; fewer samples or draws may fit."
    return replace(_run_on("cpu", settings, problem, on_chunk), notes=(note,))


def devices() -> list[tuple[str, str]]:
    """Every device that torch can compute on here: the CPU, then each CUDA GPU.

    Returns:
        Pairs of what `Settings.device` calls it and the name that the page shows.

    >>> devices()[0]
    ('cpu', 'CPU')
    """
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return [("cpu", "CPU"), *((f"cuda:{i}", f"GPU {i}, {torch.cuda.get_device_name(i)}") for i in gpus)]


def _run_on(device: str, settings: Settings, problem: Problem, on_chunk: Callable[[], None] | None) -> Result:
    scores, target = problem.scores.to(device), problem.target
    noise = choices.noise_of(settings, problem).to(device)
    draws = convergence.running_mean(
        scores, target, noise, settings.samples, settings.draws, settings.seed, settings.hits, on_chunk=on_chunk
    )
    moments = exact.moments(scores, target, noise, settings.samples, settings.hits)
    drawn_from = noise if settings.hits == "rejected" else noise.without(target)
    current = _current_draw(settings.draw - 1, scores, target, noise, draws)
    shown = _shown(scores, target, current.counts)
    watched = [target, *(c for c in _largest(scores, WATCHED) if c != target)][:WATCHED]
    averaged = settings.draws if settings.average == "all" else settings.draw
    mean = draws.mean_after(averaged)
    probabilities = torch.softmax(scores, 0)
    full = draws.full_gradient
    columns: Columns = {
        "class": np.array(shown),
        "score": _at(scores, shown),
        "probability": _at(probabilities, shown),
        "noise": _at(drawn_from.probs, shown),
        "gradient_full": _at(full, shown),
        "gradient_mean": _at(mean, shown),
        **current.columns(shown),
        **_ranked(scores, target, probabilities, drawn_from),
        **_convergence_columns(draws, moments, watched),
        "gradient_exact": _at(moments.gradient_mean, shown),
        "gradient_variance": _at(moments.gradient_variance, shown),
    }
    numbers: Numbers = {
        "classes": len(scores),
        "samples": settings.samples,
        "target": target,
        "draw": settings.draw,
        "draws": settings.draws,
        "averaged": averaged,
        "score_target": float(scores[target]),
        "probability_target": float(probabilities[target]),
        "noise_target": float(noise.probs[target]),
        "spike": float(full[target]),
        "loss_full": float(losses.full_softmax(scores, torch.tensor(target, device=device))),
        "loss_mean": float(draws.losses[:averaged].mean()),
        "loss_exact": float(moments.loss_mean),
        "error_mean": float(torch.linalg.vector_norm(mean - full)),
        "chi2": _chi_squared(scores, target, noise),
        "floor": float(torch.linalg.vector_norm(moments.gradient_mean - full)),
        "variance": float(moments.gradient_variance.sum()),
        **current.numbers(full),
    }
    return Result(settings, problem, device, columns, numbers)


@dataclass(frozen=True)
class _Draw:
    """One draw: its samples and what each of them does."""

    target: int
    samples: list[int]
    scores: list[float]
    corrections: list[float]
    gradients: list[float]  # of each sample; a hit's is 0
    target_gradient: float
    loss: float

    @property
    def counts(self) -> Counter[int]:
        return Counter(self.samples)

    @property
    def gradient(self) -> dict[int, float]:
        totals = {self.target: self.target_gradient}
        for c, g in zip(self.samples, self.gradients, strict=True):
            if c != self.target:
                totals[c] = totals.get(c, 0.0) + g
        return totals

    def columns(self, shown: list[int]) -> Columns:
        kept = [row for row in zip(self.samples, self.scores, self.corrections, strict=True) if row[0] != self.target]
        by_class = {c: (x, correction) for c, x, correction in kept}
        none = (np.nan, np.nan)
        pairs = np.array([by_class.get(c, none) for c in shown])  # [shown, 2]
        gradient, counts = self.gradient, self.counts
        return {
            "model": pairs[:, 0],
            "correction": pairs[:, 1],
            "corrected": pairs.sum(1),
            "count": np.array([counts[c] for c in shown]),
            "gradient_draw": np.array([gradient.get(c, 0.0) for c in shown]),
            "term_class": np.array([c for c, _, _ in kept[:TERMS]]),
            "term_score": np.array([x for _, x, _ in kept[:TERMS]]),
            "term_correction": np.array([correction for _, _, correction in kept[:TERMS]]),
        }

    def numbers(self, full: Tensor) -> Numbers:
        kept = sum(c != self.target for c in self.samples)
        weights = np.array(self.gradients)
        weights = weights / (weights.max() or 1.0)
        difference = -full
        for c, g in self.gradient.items():
            difference[c] += g
        computed = len({self.target, *self.samples})
        return {
            "loss_draw": self.loss,
            "kept": kept,
            "hit_count": len(self.samples) - kept,
            "effective": float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0,
            "computed": computed,
            "touched": computed if kept else 0,
            "error_draw": float(torch.linalg.vector_norm(difference)),
        }


def _current_draw(index: int, scores: Tensor, target: int, noise: Noise, draws: Convergence) -> _Draw:
    samples = draws.samples[index].long()  # [k]
    kept = (samples != target).sum()
    corrections = -(kept.double().log() + noise.without(target).log_probs[samples])
    return _Draw(
        target=target,
        samples=samples.tolist(),
        scores=scores[samples].tolist(),
        corrections=corrections.tolist(),
        gradients=draws.sample_gradients[index].tolist(),
        target_gradient=float(draws.target_gradients[index]),
        loss=float(draws.losses[index]),
    )


def _largest(scores: Tensor, most: int) -> list[int]:
    """The classes with the largest scores, ties by index."""
    return torch.sort(scores, descending=True, stable=True).indices[:most].tolist()


def _shown(scores: Tensor, target: int, counts: Iterable[int]) -> list[int]:
    """The classes that get a bar, in the order of the bars: all of them while they are few."""
    if len(scores) <= SHOWN_ALL:
        return list(range(len(scores)))
    best = [c for c in _largest(scores, SHOWN_MOST) if c != target][: SHOWN_MOST - 1]
    shown = [target, *best[:SHOWN_TOP]]
    value = {c: -float(scores[c]) for c in counts}
    sampled = sorted(set(value) - set(shown), key=lambda c: (value[c], c))
    shown += sampled[: SHOWN_MOST - len(shown)]
    rest = [c for c in best if c not in shown]
    return shown + rest[: SHOWN_MOST - len(shown)]


def ranks(classes: int) -> list[int]:
    """Ranks at which to look at a sorted curve, 4 % apart: ``r' = max(r + 1, floor(1.04 r))``.

    Args:
        classes: the last of them.

    Returns:
        Rising whole numbers from 1 to classes.

    >>> len(ranks(1_000_000)) <= 400
    True
    """
    found, rank = [], 1
    while rank < classes:
        found.append(rank)
        rank = max(rank + 1, int(rank * 1.04))
    return [*found, classes]


def _ranked(scores: Tensor, target: int, probabilities: Tensor, noise: Noise) -> Columns:
    """Each quantity of all classes, the largest first, thinned to a few hundred ranks."""
    n = len(scores)
    names = ("ranked_rank", "ranked_score", "ranked_noise", "ranked_gradient")
    if n <= SHOWN_ALL:
        return {name: np.empty(0) for name in names}
    at = np.array(ranks(n))
    forest = probabilities.clone()
    forest[target] = torch.nan
    sorts = [-np.sort(-values.cpu().numpy()) for values in (scores, noise.probs, forest)]  # nan sorts last
    return dict(zip(names, (at, *(values[at - 1] for values in sorts)), strict=True))


def _convergence_columns(draws: Convergence, moments: Moments, watched: list[int]) -> Columns:
    marks = draws.checkpoints.cpu().numpy()
    return {
        "checkpoints": marks,
        "errors": draws.errors.cpu().numpy(),
        "watched": np.array(watched),
        "watched_full": _at(draws.full_gradient, watched),
        "watched_exact": _at(moments.gradient_mean, watched),
        "watched_mean": np.stack([_running_mean_of(draws, c) for c in watched]),
    }


def _running_mean_of(draws: Convergence, c: int) -> np.ndarray[Any, Any]:
    """One class's running average after each checkpoint."""
    if c == draws.target:
        gradients = draws.target_gradients
    else:
        gradients = torch.where(draws.samples == c, draws.sample_gradients, 0.0).sum(1)  # [draws]
    marks = draws.checkpoints
    return (gradients.cumsum(0)[marks - 1] / marks).cpu().numpy()


def _chi_squared(scores: Tensor, target: int, noise: Noise) -> float:
    """chi2 = sum_{c != t} ptil_c^2 / r_c - 1: how far the noise is from the ideal one; where float64 ends, its end."""
    off = torch.arange(len(scores), device=scores.device) != target
    ideal = torch.log_softmax(scores[off], 0)
    total = (2 * ideal - noise.without(target).log_probs[off]).exp().sum()
    return float(total.clamp(max=torch.finfo(total.dtype).max) - 1)


def _at(values: Tensor, classes: list[int]) -> np.ndarray[Any, Any]:
    return values[torch.tensor(classes, device=values.device)].cpu().numpy()


def as_plain(columns: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, list[Any]]:
    """Columns as JSON can hold them.

    Args:
        columns: numbers by name, of any shape.

    Returns:
        The same numbers as lists of that shape, with None for what is not finite.

    >>> as_plain({"score": np.array([0.5, np.nan])})
    {'score': [0.5, None]}
    """
    return {name: _plain(numbers) for name, numbers in columns.items()}


def _plain(numbers: np.ndarray[Any, Any]) -> list[Any]:
    told = numbers.astype(object)
    told[~np.isfinite(numbers)] = None
    plain: list[Any] = told.tolist()
    return plain
