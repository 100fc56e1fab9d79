"""How frequent classes are, estimated while they stream by: for noise that is renewed, or for log q of a batch."""

from typing import final

import torch
from torch import Tensor, nn

from ssm import checks, noise
from ssm.noise import Noise


@final
class Frequencies(nn.Module):
    """Frequencies of classes from the gaps between their occurrences: ``p_c = 1 / gap_c``.

    Each time a class comes, after a gap of g examples, ``gap <- (1 - rate) gap + rate g``: what came long
    ago is forgotten, and a step touches the classes of its batch and no others. Of a class that comes m
    times in a batch all m gaps are the m-th part of the examples since it came last. A gap is
    corrected for its start at 0, as moments are in Adam, so that at first it is the plain mean of the gaps. A
    class that has not come yet counts as if it came next, and one that stays away as if it did, as soon as
    that gap is longer than its mean: what comes no more is forgotten too.

    The estimate is off by a relative standard deviation of about ``sqrt(rate / 2)``, its mean by less
    than the rate: 7 % and 1 % at 0.01, once a class has come some ``1 / rate`` times.

    State is saved and moved as that of any module. In training, calling it sees the classes and gives log p
    of them; after ``eval()`` it sees nothing.

    Args:
        classes: the number of classes; give unbounded ids a number below it by a hash, whose collisions add up.
        rate: how much the newest gap counts, above 0 and at most 1.

    Raises:
        ValueError: an argument is out of its range.

    >>> seen = Frequencies(3)
    >>> for _ in range(200):
    ...     log_q = seen(torch.tensor([0, 0, 0, 1]))
    >>> [round(p, 3) for p in seen.probs().tolist()]
    [0.75, 0.25, 0.001]

    Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations",
    algorithm 2: there with batches as the unit of gaps, no correction of the start and no gap that is open.
    """

    now: Tensor
    last: Tensor
    times: Tensor
    gaps: Tensor

    def __init__(self, classes: int, rate: float = 0.01) -> None:
        super().__init__()
        self.classes, self.rate = checks.classes(classes), checks.positive("rate", rate, "0.01 is the usual one")
        if self.rate > 1:
            checks.refuse("rate", "at most 1", rate, "1 knows the newest gap alone")
        self.register_buffer("now", torch.zeros((), dtype=torch.int64))
        self.register_buffer("last", torch.zeros(self.classes, dtype=torch.int64))
        self.register_buffer("times", torch.zeros(self.classes, dtype=torch.int64))
        self.register_buffer("gaps", torch.zeros(self.classes, dtype=torch.float64))

    def forward(self, ids: Tensor) -> Tensor:
        """See a batch, unless in evaluation, and give log p of its classes.

        Args:
            ids: classes, int64 of any shape.

        Returns:
            log p, float64 of the same shape: what `ssm.losses.in_batch` takes.

        Raises:
            ValueError: ids are not int64 or on another device.
            IndexError: one is not a class.
        """
        checks.indices("ids", ids, self.classes, self.gaps.device)
        if self.training:
            self._see(ids.flatten())
        return -self._means(self.gaps[ids], self.times[ids], self.last[ids]).log()

    def probs(self) -> Tensor:
        """The frequency p of every class; they sum to about 1 once most classes have come.

        Until then those that have not come add one example in all that were seen, each.

        Returns:
            Float64 [classes].
        """
        return 1 / self._means(self.gaps, self.times, self.last)

    def noise(self, power: float = 0.75) -> Noise:
        """Noise of these frequencies, as `ssm.noise.unigram` makes it: for `SampledSoftmax.renew_noise`.

        Args:
            power: 1 for the frequencies themselves, 0 for uniform.

        Returns:
            Noise; what is seen later does not change it.

        >>> seen = Frequencies(2)
        >>> _ = seen(torch.tensor([1, 1, 0, 1]))
        >>> [round(q, 2) for q in seen.noise(power=1).probs.tolist()]
        [0.25, 0.75]
        """
        return noise.unigram(self.probs(), power)

    def extra_repr(self) -> str:
        """What ``print`` shows of it."""
        return f"{self.classes}, rate={self.rate:g}"

    def _apply(self, *arguments: object, **options: object) -> "Frequencies":
        gaps = self.gaps  # float64 whatever the model becomes: the gaps of rare classes are long
        super()._apply(*arguments, **options)  # type: ignore[no-untyped-call]
        self.gaps = self.gaps.double() if gaps.is_meta else gaps.to(self.now.device)
        return self

    @torch.no_grad()
    def _see(self, ids: Tensor) -> None:
        before = self.times[ids]
        self.now += len(ids)
        self.times.index_add_(0, ids, torch.ones_like(ids))
        here = self.times[ids] - before  # m of each, so that a class that comes twice is written the same twice
        kept = (1 - self.rate) ** here.double()
        self.gaps[ids] = kept * self.gaps[ids] + (1 - kept) * (self.now - self.last[ids]) / here
        self.last[ids] = self.now

    def _means(self, gaps: Tensor, times: Tensor, last: Tensor) -> Tensor:
        """Mean gaps, corrected for their start; with the gap that is open where that makes them longer."""
        kept, past = 1 - self.rate, times.double()
        ended = gaps / (1 - kept**past)
        ending = (kept * gaps + self.rate * (self.now - last).double()) / (1 - kept ** (past + 1))
        return torch.where(times > 0, torch.maximum(ended, ending), self.now + 1.0)
