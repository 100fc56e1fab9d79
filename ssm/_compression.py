"""Classes compressed: what is smooth in log a_c is summed and read at a few points instead of at every class.

Every class enters the integrals of `ssm._quadrature` through log a_c alone. Where many classes lie within a panel of
log a, a polynomial through `_POINTS` Chebyshev points stands for all that is asked of them: weights are spread onto
the points by the transpose of interpolation, so that sums stay sums, and results are interpolated back. A panel with
few classes keeps them as points of their own; nothing is approximated there.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ssm._sums import Ratio

_WIDTH = 0.25  # of a panel, in log a: with as many points, exp(-v a) is interpolated within 1e-14
_POINTS = 11
_PANELS = 1 << 14  # classes further below the largest are kept as they are
_FEW = 500  # classes are quickly integrated one by one
_CROWD = 2 * _POINTS  # fewer classes in a panel keep their own places
_CHUNK = 1 << 15  # classes, so that their polynomials stay in cache

OnChunk = Callable[[], object] | None


@dataclass(frozen=True, eq=False)
class Points:
    """The points that stand for classes.

    Attributes:
        ratio: the same draw, with points in place of classes.
        panel: log a_c in panels below the largest, float64 [classes].
        row: the crowded panel of each class, 0 also for those kept [classes].
        kept: the classes that are points of their own, after those of the crowded panels [kept].
        rows: how many crowded panels there are.
    """

    ratio: Ratio
    panel: Tensor
    row: Tensor
    kept: Tensor
    rows: int

    def read(self, values: Tensor, on_chunk: OnChunk = None) -> Tensor:
        """Functions of log a known at the points, at the classes: from [functions, points] to [functions, classes]."""
        functions, crowded = len(values), self.rows * _POINTS
        at_rows = values[:, :crowded].reshape(functions, self.rows, _POINTS) @ _basis(values)
        table = at_rows.transpose(0, 1).reshape(self.rows, -1)  # [rows, functions x degrees]
        found = values.new_empty(functions, len(self.row))
        for part, degrees in _polynomials(self.panel, on_chunk):
            of_class = table.index_select(0, self.row[part]).view(-1, functions, _POINTS)
            found[:, part] = torch.bmm(of_class, degrees.T.unsqueeze(2)).squeeze(2).T
        found[:, self.kept] = values[:, crowded:]
        return found


def compress(ratio: Ratio, on_chunk: OnChunk = None) -> Points | None:
    """The points that stand for the classes of a draw, or None where they would hardly be fewer.

    Args:
        ratio: what a draw adds up, class by class.
        on_chunk: called before each part of the classes; what it raises ends the work.

    Returns:
        The points.
    """
    if len(ratio.q) < _FEW:
        return None
    drawn = ratio.q > 0
    panel = ((ratio.log_a.max() - ratio.log_a) / _WIDTH).masked_fill_(~drawn, 0.0).clamp_(max=_PANELS)
    place = panel.long()
    counts = torch.bincount(place, minlength=_PANELS + 1)
    crowded = counts > _CROWD
    crowded[_PANELS] = False
    rows, alone = int(crowded.sum()), ~crowded[place]
    kept = (alone & drawn).nonzero()[:, 0]
    if 2 * (rows * _POINTS + len(kept)) > len(ratio.q):
        return None
    row = (crowded.cumsum(0) - 1)[place].masked_fill_(alone, 0)
    weights = torch.stack([ratio.q, ratio.squares]).masked_fill_(alone, 0.0)
    spread = _spread(weights, panel, row, rows, on_chunk)
    places = crowded.nonzero() + (_nodes(panel) + 1) / 2  # [rows, points]
    q, squares = torch.cat([spread, torch.stack([ratio.q[kept], ratio.squares[kept]])], 1)
    log_a = torch.cat([ratio.log_a.max() - _WIDTH * places.flatten(), ratio.log_a[kept]])
    return Points(replace(ratio, q=q, squares=squares, log_a=log_a), panel, row, kept, rows)


def _spread(weights: Tensor, panel: Tensor, row: Tensor, rows: int, on_chunk: OnChunk) -> Tensor:
    """Weights of the classes as weights of the points of their panels, from [2, classes] to [2, points]."""
    sums = weights.new_zeros(len(weights), _POINTS, rows)
    for part, degrees in _polynomials(panel, on_chunk):
        places = row[part].expand(_POINTS, -1)
        for of_weights, weight in zip(sums, weights[:, part], strict=True):
            # Added up part by part: a long sum of equal numbers drifts.
            of_weights.add_(torch.zeros_like(of_weights).scatter_add_(1, places, degrees * weight))
    return (sums.transpose(1, 2) @ _basis(weights).T).flatten(1)


def _polynomials(panel: Tensor, on_chunk: OnChunk) -> Iterator[tuple[slice, Tensor]]:
    """Parts of the classes, each with its Chebyshev polynomials within their panels [degrees, part]."""
    for left in range(0, len(panel), _CHUNK):
        if on_chunk is not None:
            on_chunk()
        part = slice(left, left + _CHUNK)
        yield part, _chebyshev(2 * panel[part].frac() - 1)


def _chebyshev(u: Tensor) -> Tensor:
    """``T_m(u)`` by the three-term recurrence [degrees, ...]."""
    found = u.new_empty(_POINTS, *u.shape)
    found[0], found[1], twice = 1.0, u, 2 * u
    for m in range(2, _POINTS):
        torch.mul(found[m - 1], twice, out=found[m]).sub_(found[m - 2])
    return found


def _nodes(like: Tensor) -> Tensor:
    angles = (torch.arange(_POINTS, dtype=like.dtype, device=like.device) + 0.5) * (math.pi / _POINTS)
    return angles.cos()


def _basis(like: Tensor) -> Tensor:
    """What the value at a node adds to each coefficient [points, degrees]: ``L_j(u) = sum of B_jm T_m(u)``."""
    basis = 2 / _POINTS * _chebyshev(_nodes(like)).T
    basis[:, 0] /= 2
    return basis
