"""How to draw from probabilities: alias tables, inverses with a gap, and draws that are all different."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

_AHEAD = 4  # tries for each class wanted, before the rest is drawn at once
_MOST_STEPS = 200  # of Newton's; some ten are made
_NEAR = 1e-14
_AT_ONCE = 1 << 20  # classes whose bits are read at a time


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
        tries: the number T at which the chances ``1 - (1 - q_c)^T`` sum to k; infinite for all classes.
    """

    samples: Tensor
    tries: float


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


def fingerprint(log_probs: Tensor) -> int:
    """A number that differs where any bit of log q does, but for chance.

    >>> fingerprint(torch.zeros(2, dtype=torch.float64))
    0
    """
    found = 0
    for first, part in enumerate(torch.split(log_probs, _AT_ONCE)):
        places = torch.arange(1, len(part) + 1, device=part.device) + first * _AT_ONCE
        found += int((part.view(torch.int64) * (2 * places + 1)).sum())
    return found


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


def unique(drawn: Tensor, log_probs: Tensor, k: int, generator: torch.Generator | None) -> Tensor:
    """The first k different classes of a sequence of draws, which is continued if it has too few.

    To continue, the classes that are missing race: each arrives at an exponential time of rate q_c.

    Args:
        drawn: draws with replacement [tries].
        log_probs: log q, float64 [classes].
        k: how many, of as many classes that can be drawn.
        generator: the source of the race's randomness.

    Returns:
        Samples, int64 [k].

    >>> unique(torch.tensor([1, 1, 0]), torch.tensor([-0.7, -0.7]), 2, None)
    tensor([1, 0])
    """
    samples = drawn[first_different(drawn, k)]
    missing = k - len(samples)
    if not missing:
        return samples
    left = log_probs.index_fill(0, samples, -torch.inf)
    clocks = torch.empty_like(left).exponential_(generator=generator).log() - left
    return torch.cat([samples, clocks.topk(missing, largest=False).indices])  # topk sorts


def ahead(k: int) -> int:
    """How many draws to make before the rest is drawn at once."""
    return _AHEAD * k


def tries_for(log_probs: Tensor, k: int) -> float:
    """The number of tries, not whole, that are expected to find k classes: sum of 1 - (1 - q_c)^tries = k.

    The sum is concave, so that Newton's steps from tries = k, where it is at most k, come from below.

    Args:
        log_probs: log q, float64 [classes].
        k: how many, fewer than the classes that can be drawn.

    Returns:
        At least k.

    >>> round(tries_for(torch.tensor([0.5, 0.5]).log(), 1), 6)
    1.0
    """
    rates = (-log_probs.exp()).log1p()  # log(1 - q_c)
    tries = float(k)
    for _ in range(_MOST_STEPS):
        missed = tries * rates
        slope = -(rates * missed.exp()).nansum().item()  # nan: -inf times 0, of a class that is always drawn
        step = (k + missed.expm1().sum().item()) / slope if slope else 0.0
        if step <= _NEAR * tries:
            break
        tries += step
    return tries


def log_inclusion(log_probs: Tensor, tries: float) -> Tensor:
    """``log(1 - (1 - q_c)^tries)``: the chance that c is among so many draws, from log q_c.

    >>> log_inclusion(torch.tensor([0.5, 0.0]).log(), torch.inf).tolist()
    [0.0, -inf]
    """
    missed = (tries * (-log_probs.exp()).log1p()).nan_to_num(nan=0.0)  # infinitely many tries, but of chance 0
    return (-missed.expm1()).log()
