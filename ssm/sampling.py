"""How to draw from probabilities: alias tables, inverses with a gap, and draws that are all different."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

_AHEAD = 4  # tries for each class wanted, before the rest is drawn at once
_MOST_TRIES = 1e300
_HALVINGS = 200


@dataclass(frozen=True, eq=False)
class Alias:
    """A distribution as equal columns of two classes each: two look-ups a draw, however many classes.

    Attributes:
        thresholds: the part of column c that is class c, float64 [classes].
        others: the class of the rest of column c, int64 [classes].
    """

    thresholds: Tensor
    others: Tensor

    def invert(self, uniforms: Tensor) -> Tensor:
        """The classes at uniform numbers in [0, 1), int64 of their shape."""
        scaled = uniforms * len(self.others)
        columns = scaled.long()
        stays = scaled - columns < self.thresholds[columns]
        return torch.where(stays, columns, self.others[columns])


class Unique(NamedTuple):
    """Classes drawn without replacement.

    Attributes:
        samples: all different, in the order in which they were found, int64 [k].
        tries: how many draws with replacement it took to find them.
    """

    samples: Tensor
    tries: int


def alias(probs: Tensor) -> Alias:
    """The table of Walker 1977, all columns at once by two cumulated sums.

    Heavy classes, of more than 1 / n, fill the columns of light ones in turn; light column i is
    filled by the first heavy class whose cumulated surplus exceeds the deficit of the columns
    before i, and a heavy class that runs out is filled by the next (Hubschle-Schneider and Sanders
    2019, "Parallel weighted random sampling").

    Args:
        probs: q, float64 [classes].

    Returns:
        The table.

    >>> table = alias(torch.tensor([0.75, 0.25], dtype=torch.float64))
    >>> table.thresholds.tolist(), table.others.tolist()
    ([1.0, 0.5], [0, 0])
    """
    n = len(probs)
    heights = probs * (n / probs.sum())
    heavy, light = (heights > 1).nonzero()[:, 0], (heights <= 1).nonzero()[:, 0]
    thresholds, others = heights.clone(), torch.arange(n, device=probs.device)
    if not (len(heavy) and len(light)):
        return Alias(thresholds.fill_(1.0), others)
    surplus, deficit = (heights[heavy] - 1).cumsum(0), (1 - heights[light]).cumsum(0)
    before = torch.cat([deficit.new_zeros(1), deficit[:-1]])
    others[light] = heavy[torch.searchsorted(surplus, before, right=True).clamp_(max=len(heavy) - 1)]
    # The light column at which a heavy class runs out; none where the one before ends just there.
    last = torch.searchsorted(deficit, surplus, right=True).clamp_(max=len(light) - 1)
    left = torch.where(before[last] < surplus, (surplus - deficit[last]).clamp(max=0), 0.0)
    left[-1] = 0.0  # but for rounding, the last one ends with the last column
    thresholds[heavy] = 1 + left
    others[heavy[:-1]] = heavy[1:]
    return Alias(thresholds, others)


def around(uniforms: Tensor, cumulative: Tensor, target: Tensor) -> Tensor:
    """The inverse of a cumulative distribution with one class of each row left out.

    Args:
        uniforms: in [0, 1), float64 [..., k].
        cumulative: float64 [classes].
        target: the class to leave out, int64 [...].

    Returns:
        Places in [0, cumulative[-1]], none within the target's part [..., k].

    >>> ends = torch.tensor([1.0, 3.0, 4.0], dtype=torch.float64)
    >>> around(torch.tensor([0.0, 0.5, 0.75], dtype=torch.float64), ends, torch.tensor(1)).tolist()
    [0.0, 3.0, 3.5]
    """
    end = cumulative[target][..., None]
    start = torch.where(target > 0, cumulative[target - 1], 0.0)[..., None]
    places = uniforms * (cumulative[-1] - (end - start))
    return torch.where(places < start, places, places + (end - start))


def first_different(drawn: Tensor, k: int) -> Tensor:
    """The places at which the first k different classes of a sequence appear, as far as there are so many.

    >>> first_different(torch.tensor([7, 7, 2, 7, 5]), 2).tolist()
    [0, 2]
    """
    ordered, places = drawn.sort(stable=True)
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return places[new].sort().values[:k]


def unique(drawn: Tensor, log_probs: Tensor, k: int, generator: torch.Generator | None) -> Unique:
    """The first k different classes of a sequence of draws, which is continued if it has too few.

    To continue, the classes that are missing race: each arrives at an exponential time of rate q_c.
    The tries before each arrival are geometric, with the chance of a class not found so far.

    Args:
        drawn: draws with replacement [tries].
        log_probs: log q, float64 [classes].
        k: how many, of as many classes that can be drawn.
        generator: the source of the race's randomness.

    Returns:
        Samples and tries.

    >>> unique(torch.tensor([1, 1, 0]), torch.tensor([-0.7, -0.7]), 2, None)
    Unique(samples=tensor([1, 0]), tries=3)
    """
    places = first_different(drawn, k)
    samples, missing = drawn[places], k - len(places)
    if not missing:
        return Unique(samples, int(places[-1]) + 1)
    left = log_probs.index_fill(0, samples, -torch.inf)
    clocks = torch.empty_like(left).exponential_(generator=generator).log() - left
    late = clocks.topk(missing, largest=False).indices  # topk sorts
    chances = _chances(left.exp(), late)
    u = torch.rand(missing, dtype=torch.float64, device=left.device, generator=generator)
    waits = ((-u).log1p() / (-chances).log1p()).ceil().clamp(min=1, max=_MOST_TRIES / missing)
    return Unique(torch.cat([samples, late]), len(drawn) + int(waits.sum()))


def _chances(left: Tensor, late: Tensor) -> Tensor:
    """The chance of something new before each of the late arrivals."""
    arriving = left[late]
    never = left.index_fill(0, late, 0.0).sum()
    return (never + arriving.flip(0).cumsum(0).flip(0)).clamp(max=1.0)


def ahead(k: int) -> int:
    """How many draws to make before the rest is drawn at once."""
    return _AHEAD * k


def tries_for(log_probs: Tensor, k: int) -> float:
    """The number of tries, not whole, that are expected to find k classes: sum of 1 - (1 - q_c)^tries = k.

    >>> round(tries_for(torch.tensor([0.5, 0.5]).log(), 1), 6)
    1.0
    """
    rate = (-log_probs.exp()).log1p()  # log(1 - q_c)
    low, high = 0.0, 700.0  # of log tries
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = -(rate * torch.tensor(middle, dtype=torch.float64).exp()).expm1().sum()
        low, high = (middle, high) if found < k else (low, middle)
    return float(torch.tensor((low + high) / 2, dtype=torch.float64).exp())
