"""What the average tends to and how single draws scatter about it, exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from ssm import exact
from ssm.explorer.experiment.classes import Array, Reference, at

MOST_MOMENTS = 2_000  # chunks of classes and nodes: a few seconds


@final
@dataclass(frozen=True)
class Moments:
    """Exact moments of one draw.

    Attributes:
        mean: E[g_c] of each slot.
        variance: Var[g_c] of each slot.
        watched_exact: E[g_c] of each watched class.
        bias: the L2 distance of E[g] from the full gradient over all classes.
        relative_bias: the same in parts of the full gradient.
        variance_total: Var[g_c] summed over all classes.
        loss_exact: E[loss] in nats.
    """

    mean: Array
    variance: Array
    watched_exact: Array
    bias: float
    relative_bias: float
    variance_total: float
    loss_exact: float


class OverBudgetError(Exception):
    """Exact moments that take more than one viewer may ask for."""


def counting(on_chunk: Callable[[], None]) -> Callable[[], None]:
    """Count the chunks of exact moments.

    Returns:
        What to call between them; from `MOST_MOMENTS` on, which widely spaced weights of very many classes can take, it
        raises OverBudgetError.
    """
    spent = 0

    def count() -> None:
        nonlocal spent
        on_chunk()
        spent += 1
        if spent > MOST_MOMENTS:
            raise OverBudgetError

    return count


def moments(ref: Reference, slots: list[int], watched: list[int], on_chunk: Callable[[], None]) -> Moments:
    """The exact moments, in the slots and for the watched classes."""
    s, subject = ref.settings, (ref.scores, ref.target, ref.noise)
    found = exact.moments(*subject, s.samples, s.handling, estimator=s.estimator, on_chunk=on_chunk)
    bias = ref.distance(found.gradient_mean)
    return Moments(
        mean=at(found.gradient_mean, slots),
        variance=at(found.gradient_variance, slots),
        watched_exact=at(found.gradient_mean, watched),
        bias=bias,
        relative_bias=ref.relative(bias),
        variance_total=float(found.gradient_variance.sum()),
        loss_exact=float(found.loss_mean),
    )
