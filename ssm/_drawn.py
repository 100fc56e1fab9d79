"""A batch's targets and the samples that all its examples share: equal ones merged, hits found.

Such small work counts where a batch is small: nothing is computed for repeats and hits that are not
there, as far as one may look.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ssm import checks, estimators
from ssm.noise import Noise


@dataclass(frozen=True, eq=False)
class Drawn:
    """A batch's targets and the samples that all its examples share, equal ones merged.

    Attributes:
        places: classes whose rows are read, of the targets and then of the columns [examples + columns].
        counts: how often each was drawn [columns]; 0 for a column that stands for none; None for once each.
        column: where a target would be among them [examples].
        hits: whether it is, and does not count as a sample [examples]; None where none is.
        log_q: log of the noise's probability of each place, float64 [examples + columns].
        k: the number of samples, equal ones among them.
        tries: for samples that are all different, the T of `Noise.tries`.
        rest: how likely a sample is no hit; None for ``1 - q_t``.
    """

    places: Tensor
    counts: Tensor | None
    column: Tensor
    hits: Tensor | None
    log_q: Tensor
    k: int
    tries: float | None = None
    rest: Tensor | None = None

    @property
    def target(self) -> Tensor:
        """The targets, t [examples]."""
        return self.places[: len(self.column)]

    @property
    def target_log_q(self) -> Tensor:
        """Log of the noise's probability of the target, float64 [examples]."""
        return self.log_q[: len(self.column)]

    @property
    def sample_log_q(self) -> Tensor:
        """The same of each column [columns]."""
        return self.log_q[len(self.column) :]

    @property
    def kept(self) -> Tensor | int:
        """k_eff, the number of samples that are not hits, int64 [examples], or one number for all."""
        if self.hits is None:
            return self.k
        return self.k - (1 if self.counts is None else self.counts.index_select(0, self.column)) * self.hits


def draw(target: Tensor, samples: Tensor, noise: Noise | None, *, rejected: bool, tries: float | None) -> Drawn:
    """Merge equal samples and find the hits among them.

    Args:
        target: t, int64 [examples].
        samples: c, int64 [k].
        noise: q, over all classes; None for losses that correct nothing.
        rejected: whether samples that equal the target do not count.
        tries: for samples of `Noise.draw_unique`, its tries.

    Returns:
        The samples as columns.

    Raises:
        ValueError: a sample that the noise cannot draw, tries out of their range.
    """
    classes, counts = _merged(samples) if samples.device.type == "cpu" else _merged_in_place(samples)
    column = torch.searchsorted(classes, target).clamp_(max=len(classes) - 1)
    hits = _unless_none(classes.index_select(0, column) == target) if rejected else None
    places = torch.cat([target, classes])
    drawn = Drawn(places, counts, column, hits, _log_q(noise, places), len(samples), tries)
    if noise is not None and checks.visible(places) and not noise.draws_all:
        same = classes == target[:, None]  # [examples, columns]
        estimators.refuse_undrawable(drawn.sample_log_q, classes, same if rejected else torch.zeros_like(same))
    if tries is not None:
        checks.tries(tries, len(samples))
    return drawn


def _merged(samples: Tensor) -> tuple[Tensor, Tensor | None]:
    ordered = torch.from_numpy(np.sort(samples.numpy()))  # in half of torch's time
    classes, counts = ordered.unique_consecutive(return_counts=True)  # type: ignore[no-untyped-call]
    return classes, None if len(classes) == len(samples) else counts


def _merged_in_place(samples: Tensor) -> tuple[Tensor, Tensor]:
    """The same with as many columns as samples: what depends on values is a shape that a GPU waits for."""
    classes = samples.sort().values
    first = torch.searchsorted(classes, classes)
    counts = torch.searchsorted(classes, classes, right=True) - first
    return classes, counts.masked_fill(first != torch.arange(len(first), device=first.device), 0)


def _unless_none(hits: Tensor) -> Tensor | None:
    return None if checks.visible(hits) and not hits.any() else hits


def _log_q(noise: Noise | None, places: Tensor) -> Tensor:
    if noise is None:
        return torch.zeros_like(places, dtype=torch.float64)
    return noise.log_probs.index_select(0, places)
