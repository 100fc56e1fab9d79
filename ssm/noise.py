"""Noise distributions over classes: where the samples of a sampled loss come from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from ssm import checks, sampling

Numbers = Tensor | Sequence[float]


@dataclass(frozen=True, eq=False)
class Noise:
    """A distribution q over the classes, to draw from; immutable.

    To draw takes as long for ten classes as for 20,000,000, and with replacement never makes a GPU wait;
    the tables that some noises need are made at the first draw.

    Attributes:
        log_probs: log q_c, float64 [classes]; -inf for a class that is never drawn.
    """

    log_probs: Tensor
    _law: Literal["any", "uniform", "log_uniform"] = field(default="any", repr=False)

    @cached_property
    def probs(self) -> Tensor:
        """The probabilities q_c, float64 [classes]."""
        return self.log_probs.exp()

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.log_probs)

    def without(self, target: int) -> "Noise":
        """The noise given "not the target": ``r_c = q_c / (1 - q_t)``, and r_t = 0.

        Args:
            target: the class never to be drawn.

        Returns:
            Noise over the same classes.

        Raises:
            IndexError: target is not a class.
            ValueError: no other class could be drawn.

        >>> uniform(3).without(0).probs.tolist()
        [0.0, 0.5, 0.5]
        """
        target = checks.target(target, self.classes)
        kept = self.log_probs.clone()
        kept[target] = -torch.inf
        log_others = kept.logsumexp(0)
        if log_others.item() == -math.inf:
            checks.refuse("noise", f"able to draw more than class {target}", checks.Said("no other"), "add a class")
        return Noise(kept - log_others)

    def draw(self, shape: Sequence[int], *, generator: torch.Generator | None = None) -> Tensor:
        """Independent samples, with replacement.

        Args:
            shape: the shape wanted, such as (draws, k).
            generator: the source of randomness, on the device of the noise.

        Returns:
            Classes, int64 [*shape].

        >>> g = torch.Generator().manual_seed(0)
        >>> uniform(10).draw((2, 3), generator=g).shape
        torch.Size([2, 3])
        """
        u = self._uniforms(tuple(shape), generator)
        if self._law == "uniform":
            return (u * self.classes).long()
        if self._law == "log_uniform":
            return (u * math.log1p(self.classes)).expm1_().long().clamp_(max=self.classes - 1)
        return self._alias.invert(u)

    def draw_others(self, target: Tensor, k: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Independent samples from the noise given "not the target" of each example.

        Args:
            target: the class that an example never draws, int64 [...].
            k: the number of samples of each.
            generator: the source of randomness, on the device of the noise.

        Returns:
            Classes, int64 [..., k].

        Raises:
            ValueError: k is below 1, or there is no other class.

        >>> uniform(2).draw_others(torch.tensor([0, 1]), 3).tolist()
        [[1, 1, 1], [0, 0, 0]]
        """
        if self.classes < 2:
            rule = "two classes or more to leave one out"
            checks.refuse("noise", rule, self.classes, "add a class", verb="have")
        u = self._uniforms((*target.shape, checks.sample_count(k)), generator)
        if self._law == "uniform":
            others = (u * (self.classes - 1)).long()
            return others + (others >= target[..., None])
        found = self._at(sampling.around(u, self._cumulative, target))
        heavy, rest = self._heavy
        return found if rest is None else torch.where(target[..., None] == heavy, rest.invert(u), found)

    def draw_unique(self, k: int, *, generator: torch.Generator | None = None) -> sampling.Unique:
        """Samples without replacement: draws with replacement until k different classes are found.

        Losses correct them by the tries: c is among so many with a chance of ``1 - (1 - q_c)^tries``. A GPU waits.

        Args:
            k: the number of samples, of as many classes that can be drawn.
            generator: the source of randomness, on the device of the noise.

        Returns:
            Samples, int64 [k], and the number of tries.

        Raises:
            ValueError: k is below 1, or there are not as many classes to draw.

        >>> sorted(uniform(5).draw_unique(5).samples.tolist())
        [0, 1, 2, 3, 4]
        """
        k = self._at_most_possible(k)
        drawn = self.draw((sampling.ahead(k),), generator=generator)
        return sampling.unique(drawn, self.log_probs, k, generator)

    def inclusion(self, k: int) -> Tensor:
        """How likely each class is among k samples without replacement: ``1 - (1 - q_c)^T``.

        T is such that these sum to k: exact for uniform noise, else the better the smaller each q_c (Rosen 1972).

        Args:
            k: the number of samples.

        Returns:
            Float64 [classes].

        Raises:
            ValueError: k is below 1, or there are not as many classes to draw.

        >>> [round(chance, 3) for chance in custom([2.0, 1.0, 1.0]).inclusion(2).tolist()]
        [0.867, 0.567, 0.567]
        """
        k = self._at_most_possible(k)
        if k == self._possible:
            return (self.log_probs > -torch.inf).double()
        return -(sampling.tries_for(self.log_probs, k) * (-self.probs).log1p()).expm1()

    def invert(self, uniforms: Tensor) -> Tensor:
        """The inverse of the cumulative distribution: the first c with ``q_0 + .. + q_c > u``.

        Args:
            uniforms: numbers in [0, 1), float64 of any shape, on the device of the noise.

        Returns:
            Classes, int64 of the same shape.

        >>> uniform(4).invert(torch.tensor([0.0, 0.25, 0.99], dtype=torch.float64)).tolist()
        [0, 1, 3]
        """
        return self._at(uniforms * self._cumulative[-1])

    def to(self, device: torch.device | str) -> "Noise":
        """The same noise on another device.

        >>> uniform(2).to("cpu").log_probs.device
        device(type='cpu')
        """
        return replace(self, log_probs=self.log_probs.to(device))

    def __getstate__(self) -> dict[str, object]:
        """What a pickle holds, without tables."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def _at_most_possible(self, k: int) -> int:
        way_out = f"the noise can draw {self._possible:,} classes, so ask for no more or draw with replacement"
        return checks.whole("k", k, 1, self._possible, way_out)

    def _uniforms(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return torch.rand(shape, dtype=torch.float64, device=self.log_probs.device, generator=generator)

    @cached_property
    def _alias(self) -> sampling.Alias:
        return sampling.alias(self.probs)

    @cached_property
    def _possible(self) -> int:
        return int((self.log_probs > -torch.inf).sum())

    @cached_property
    def _cumulative(self) -> Tensor:
        return self.probs.cumsum(0)

    @cached_property
    def _heavy(self) -> tuple[int, "Noise | None"]:
        """The heaviest class, and what one of more than a third leaves, which its own table would round off."""
        heavy = int(self.log_probs.argmax())
        return heavy, self.without(heavy) if self._possible > 1 and self.log_probs[heavy] > -1 else None

    @cached_property
    def _last(self) -> int:
        return int(self.probs.nonzero()[-1])

    def _at(self, places: Tensor) -> Tensor:
        # u times the total may round up to the total
        return torch.searchsorted(self._cumulative, places, right=True).clamp_(max=self._last)


def uniform(classes: int) -> Noise:
    """Every class alike: ``q_c = 1 / n``.

    Args:
        classes: the number of classes n.

    Returns:
        Noise over n classes.

    Raises:
        ValueError: there is no class.

    >>> uniform(4).probs.tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    n = checks.classes(classes)
    return Noise((-torch.tensor(float(n), dtype=torch.float64).log()).expand(n), "uniform")


def log_uniform(classes: int) -> Noise:
    """Zipf's law for classes sorted by falling frequency: ``q_c = log((c+2) / (c+1)) / log(n+1)``.

    Args:
        classes: the number of classes n.

    Returns:
        Noise over n classes.

    Raises:
        ValueError: there is no class.

    >>> [round(q, 4) for q in log_uniform(3).probs.tolist()]
    [0.5, 0.2925, 0.2075]
    """
    n = checks.classes(classes)
    # log1p keeps the digits that the difference of two near logarithms would lose.
    ranks = torch.arange(1, n + 1, dtype=torch.float64)
    return Noise(ranks.reciprocal().log1p().log() - math.log(math.log1p(n)), "log_uniform")


def unigram(counts: Numbers, power: float = 0.75) -> Noise:
    """Class frequencies, flattened: ``q_c = count_c^power / sum of count_d^power``.

    Args:
        counts: how often each class occurs, above zero [classes].
        power: 1 for the frequencies themselves, 0 for uniform, 0.75 as in word2vec.

    Returns:
        Noise over as many classes as there are counts.

    Raises:
        ValueError: a count is not positive, or power is not finite.

    >>> [round(q, 4) for q in unigram([16, 1, 1], power=0.5).probs.tolist()]
    [0.6667, 0.1667, 0.1667]

    Mikolov et al. 2013, "Distributed representations of words and phrases".
    """
    power = checks.finite("power", power, "0.75 is the usual one")
    return Noise((power * checks.weights("noise counts", counts).log()).log_softmax(0))


def softmax(scores: Numbers, temperature: float = 1.0) -> Noise:
    """The model's own distribution, tempered: ``q_c = exp(x_c / tau) / sum of exp(x_d / tau)``.

    At temperature 1 this is the perfect sampler: every draw has the loss of the full softmax.

    Args:
        scores: finite scores x [classes].
        temperature: tau, above zero; large values tend to uniform noise.

    Returns:
        Noise over as many classes as there are scores.

    Raises:
        ValueError: a score is not finite, or temperature is not positive.

    >>> [round(q, 4) for q in softmax([0.0, 0.0, 1.0]).probs.tolist()]
    [0.2119, 0.2119, 0.5761]

    Blanc and Rendle 2018, "Adaptive sampled softmax with kernel based sampling".
    """
    tau = checks.positive("temperature", temperature, "1 is the model's own distribution")
    return Noise((checks.vector("scores", scores) / tau).log_softmax(0))


def custom(weights: Numbers) -> Noise:
    """Probabilities in proportion to given weights: ``q_c = weight_c / sum of weight_d``.

    Args:
        weights: above zero, in any order [classes].

    Returns:
        Noise over as many classes as there are weights.

    Raises:
        ValueError: a weight is not positive.

    >>> [round(q, 4) for q in custom([1.0, 3.0]).probs.tolist()]
    [0.25, 0.75]
    """
    return Noise(checks.weights("noise weights", weights).log().log_softmax(0))
