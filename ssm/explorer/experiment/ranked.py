"""All classes by rank: scores, noise and the pushes of the full gradient, the largest first."""

from dataclasses import dataclass
from typing import final

import numpy as np

from ssm.explorer.experiment.classes import Array, Reference
from ssm.explorer.experiment.constants import MASS_ENDS, RANK_GROWTH


@final
@dataclass(frozen=True)
class Ranked:
    """Each quantity of all classes, sorted by itself, at a few hundred ranks.

    Attributes:
        rank: from 1 to the number of classes.
        score: the score of that rank.
        noise: the noise probability of that rank.
        full: the push of that rank, p_c off the target; nan at the last, for there is one push less.
        mass: the pushes of ranks 1 to 10, 11 to 100, 101 to 1,000 and of the rest, each summed.
        mass_from: the first rank of each of the four; nan where there are not as many.
        mass_to: the last.
    """

    rank: Array
    score: Array
    noise: Array
    full: Array
    mass: Array
    mass_from: Array
    mass_to: Array


def ranked(ref: Reference) -> Ranked:
    """The ranked curves of all classes."""
    n = len(ref.scores)
    at = np.array(ranks(n))
    pushes = ref.probabilities[ref.order].cpu().numpy()  # the softmax keeps the order of the scores
    starts = np.minimum([0, *MASS_ENDS], n - 1)
    ends = np.minimum([*MASS_ENDS, n - 1], n - 1)
    there = ends > starts
    return Ranked(
        rank=at,
        score=np.sort(ref.scores.cpu().numpy())[::-1][at - 1],
        noise=np.sort(ref.source.probs.cpu().numpy())[::-1][at - 1],
        full=np.append(pushes, np.nan)[at - 1],
        mass=np.array([pushes[start:end].sum() for start, end in zip(starts, ends, strict=True)]),
        mass_from=np.where(there, starts + 1, np.nan),
        mass_to=np.where(there, ends, np.nan),
    )


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
        rank = max(rank + 1, int(rank * RANK_GROWTH))
    return [*found, classes]
