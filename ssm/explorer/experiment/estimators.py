"""The six estimators side by side: the same scores, the same uniforms, the gradient of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, final

import numpy as np

from ssm import checks
from ssm.estimators import ESTIMATORS
from ssm.explorer.experiment.classes import Array, Reference, at
from ssm.explorer.experiment.convergence import draws_of
from ssm.explorer.experiment.draw import drawn
from ssm.explorer.experiment.moments import OverBudgetError, counting, moments
from ssm.explorer.settings import Settings


@final
@dataclass(frozen=True)
class Estimators:
    """What each estimator makes of the same draws; a row for each, in the order in which settings name them.

    Attributes:
        one: the gradient of the draw that is shown, of each slot [estimators, slots].
        average: the average gradient of the draws that the average covers [estimators, slots].
        expected: E[g_c], exactly; nan where that takes too much work, as are the next [estimators, slots].
        apart: the L2 distance of E[g] from the full gradient over all classes [estimators].
        apart_relative: the same in parts of the full gradient [estimators].
        scatter: Var[g_c] summed over all classes [estimators].
        loss_one: the loss of that draw, in nats [estimators].
        loss_expected: E[loss] in nats [estimators].
    """

    one: Array
    average: Array
    expected: Array
    apart: Array
    apart_relative: Array
    scatter: Array
    loss_one: Array
    loss_expected: Array


class _Exact(NamedTuple):
    mean: Array
    apart: float
    apart_relative: float
    scatter: float
    loss: float


def estimators(ref: Reference, slots: list[int], on_chunk: Callable[[], None]) -> Estimators:
    """Every estimator over the draws that the settings ask for."""
    rows = []
    for name in ESTIMATORS:
        each = replace(ref, settings=with_estimator(ref.settings, name))
        run, s = draws_of(each, on_chunk), each.settings
        shown = drawn(each, run, s.draw - 1)
        exact = _exact(each, slots, on_chunk)
        rows.append(
            Estimators(
                one=np.array([shown.gradient.get(c, 0.0) for c in slots]),
                average=at(run.mean_after(s.draws if s.average == "all" else s.draw), slots),
                expected=exact.mean,
                apart=np.array(exact.apart),
                apart_relative=np.array(exact.apart_relative),
                scatter=np.array(exact.scatter),
                loss_one=np.array(shown.loss),
                loss_expected=np.array(exact.loss),
            )
        )
    return Estimators(**{name: np.stack([vars(row)[name] for row in rows]) for name in vars(rows[0])})


def with_estimator(settings: Settings, name: str) -> Settings:
    """The same settings for another estimator; to one that keeps hits, a hit is a sample like any other."""
    hits = settings.hits if checks.handling(None, name) == "rejected" else "rejected"
    return replace(settings, estimator=name, hits=hits)


def _exact(ref: Reference, slots: list[int], on_chunk: Callable[[], None]) -> _Exact:
    try:
        found = moments(ref, slots, [ref.target], counting(on_chunk))
    except OverBudgetError:
        return _Exact(np.full(len(slots), np.nan), *[np.nan] * 4)
    return _Exact(found.mean, found.bias, found.relative_bias, found.variance_total, found.loss_exact)
