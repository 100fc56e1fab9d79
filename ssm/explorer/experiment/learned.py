"""What each estimator learns where the softmax of the scores is the truth: its optimum, and how far it is from that."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, final

import numpy as np
import torch

from ssm import noise, optimum
from ssm.checks import Handling
from ssm.estimators import ESTIMATORS
from ssm.explorer.experiment.classes import Array, Reference, at
from ssm.explorer.experiment.constants import LEARNED_ALL, SHOWN_TOP
from ssm.explorer.experiment.estimators import with_estimator

_SAMPLES = (1, 2, 4, 8, 16, 32, 100, 300, 1_000)  # k of the curves
_ROUNDING = 1e-20  # of a divergence: the square of what is left of log-probabilities
_DEEPEST = 60.0  # of a score below the largest: beyond, its class is all but impossible
_RAREST = 1e-12  # of the noise: beyond, the others are drawn as if they were all


@final
@dataclass(frozen=True)
class Learned:
    """The model at which each estimator ends, a row for each in the order of their names in `Settings`.

    Attributes:
        learned_class: the classes that scores and noise are narrowed to: all up to `LEARNED_ALL`, else the target and
            the `SHOWN_TOP` largest others, which always have a bar.
        truth: p_c, the softmax of their scores [classes].
        learned_noise: q_c among them [classes].
        models: the softmax of the optimal scores; nan where there is no optimum [estimators, classes].
        divergence: KL(truth || model) in nats; nan likewise [estimators].
        learned_with: k, the samples with which they are learned.
        learned_samples: numbers of samples k.
        divergences: the same with as many [estimators, ks].
        least_samples: the fewest samples with which naive importance has an optimum.
        left_out: the softmax's share of the classes that are left out.
    """

    learned_class: Array
    truth: Array
    learned_noise: Array
    models: Array
    divergence: Array
    learned_with: int
    learned_samples: Array
    divergences: Array
    least_samples: int
    left_out: float


class _Subject(NamedTuple):
    """A truth and a noise, as what is found for them is kept under."""

    scores: tuple[float, ...]
    noise: tuple[float, ...]


class _Model(NamedTuple):
    probs: Array
    divergence: float


def learned(ref: Reference) -> Learned | None:
    """What each estimator learns; None where a class is all but impossible, or all but never drawn."""
    some = _some(ref)
    scores, q = at(ref.scores, some), at(ref.noise.probs, some)
    if np.ptp(scores) > _DEEPEST or q.min() < _RAREST:
        return None
    subject, k = _Subject(tuple(scores.tolist()), tuple(q.tolist())), ref.settings.samples
    each = [(name, with_estimator(ref.settings, name).handling) for name in ESTIMATORS]
    found = [_models(subject, (k,), *one)[0] for one in each]
    truth, source = torch.tensor(subject.scores, dtype=torch.float64).softmax(0), noise.custom(subject.noise)
    return Learned(
        learned_class=np.array(some),
        truth=truth.numpy(),
        learned_noise=source.probs.numpy(),
        models=np.stack([one.probs for one in found]),
        divergence=np.array([one.divergence for one in found]),
        learned_with=k,
        learned_samples=np.array(_SAMPLES),
        divergences=np.array([[model.divergence for model in _models(subject, _SAMPLES, *one)] for one in each]),
        least_samples=optimum.least_samples(truth, source),
        left_out=1.0 - math.fsum(at(ref.probabilities, some).tolist()) if len(some) < len(ref.scores) else 0.0,
    )


def _some(ref: Reference) -> list[int]:
    if len(ref.scores) <= LEARNED_ALL:
        return list(range(len(ref.scores)))
    return sorted([ref.target, *ref.order[:SHOWN_TOP].tolist()])


# The curves stay while the number of samples is chosen.
@lru_cache(maxsize=1024)
def _models(subject: _Subject, ks: tuple[int, ...], name: str, hits: Handling) -> tuple[_Model, ...]:
    """The model at each of some rising numbers of samples."""
    truth, source = torch.tensor(subject.scores, dtype=torch.float64).softmax(0), noise.custom(subject.noise)
    least = optimum.least_samples(truth, source, estimator=name)
    found = optimum.curve(truth, source, [k for k in ks if k >= least], hits, estimator=name)
    none = _Model(np.full(len(truth), np.nan), math.nan)
    return (none,) * (len(ks) - len(found)) + tuple(_model(one) for one in found)


def _model(found: optimum.Optimum) -> _Model:
    return _Model(found.probs.numpy(), found.divergence if found.divergence > _ROUNDING else 0.0)
