"""A distribution over classes, to draw from: independently, without replacement, or around a target."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from ssm import checks, sampling


@dataclass(frozen=True, eq=False)
class Noise:
    """A distribution q over the classes, to draw from; immutable.

    To draw takes as long for ten classes as for 20,000,000, and with replacement never makes a GPU
    wait; the tables that some noises need are made at the first draw, or by `prepare`.

    Attributes:
        log_probs: log q_c, float64 [classes]; -inf for a class that is never drawn.
        worth: `effective_samples` of one sample, where the noise knows the class frequencies.
    """

    log_probs: Tensor
    worth: float | None = field(default=None, repr=False)
    _law: Literal["any", "uniform", "log_uniform"] = field(default="any", repr=False)

    @cached_property
    def probs(self) -> Tensor:
        """The probabilities q_c, float64 [classes]."""
        return self.log_probs.exp()

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.log_probs)

    @cached_property
    def draws_all(self) -> bool:
        """Whether every class can be drawn."""
        return self._law != "any" or self.log_probs.min().item() > -math.inf

    @cached_property
    def fingerprint(self) -> int:
        """A number that differs between noises whose log q differs in any bit, but for chance."""
        return sampling.fingerprint(self.log_probs)

    def without(self, target: int) -> "Noise":
        """The noise given "not the target": ``r_c = q_c / (1 - q_t)``, and r_t = 0.

        Args:
            target: the class never to be drawn.

        Returns:
            Noise over the same classes.

        Raises:
            IndexError: target is not a class.
            ValueError: no other class could be drawn.

        >>> from ssm.noise import uniform
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

        >>> from ssm.noise import uniform
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

        >>> from ssm.noise import uniform
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
        if self._heavy is None:
            return found
        heavy, rest = self._heavy
        return torch.where(target[..., None] == heavy, rest.invert(u), found)

    def draw_unique(self, k: int, *, generator: torch.Generator | None = None) -> sampling.Unique:
        """Samples without replacement: draws with replacement until k different classes are found.

        Losses correct them by the chance that c is among them, ``1 - (1 - q_c)^T``, see `inclusion`.
        (The number of draws that were made is no such T: it depends on what was found, and with it
        the estimates are biased.) A GPU waits for each such draw.

        Args:
            k: the number of samples, of as many classes that can be drawn.
            generator: the source of randomness, on the device of the noise.

        Returns:
            Samples, int64 [k], and T.

        Raises:
            ValueError: k is below 1, or there are not as many classes to draw.

        >>> from ssm.noise import uniform
        >>> samples, tries = uniform(5).draw_unique(5)
        >>> sorted(samples.tolist()), tries
        ([0, 1, 2, 3, 4], inf)
        """
        k = self._at_most_possible(k)
        drawn = self.draw((sampling.ahead(k),), generator=generator)
        return sampling.Unique(sampling.unique(drawn, self.log_probs, k, generator), self.tries(k))

    def tries(self, k: int) -> float:
        """T, such that the chances ``1 - (1 - q_c)^T`` sum to k; found once for each k.

        Args:
            k: the number of samples without replacement.

        Returns:
            At least k; infinite where all classes that can be drawn are.

        Raises:
            ValueError: k is below 1, or there are not as many classes to draw.

        >>> from ssm.noise import uniform
        >>> round(uniform(2).tries(1), 9), uniform(2).tries(2)
        (1.0, inf)
        """
        k = self._at_most_possible(k)
        if k not in self._tries:
            self._tries[k] = math.inf if k == self._possible else sampling.tries_for(self.log_probs, k)
        return self._tries[k]

    def inclusion(self, k: int) -> Tensor:
        """How likely each class is among k samples without replacement: ``1 - (1 - q_c)^T``.

        T is such that these chances sum to k. They are exact for uniform noise, and otherwise the
        better the smaller each q_c (Rosen 1972, "Asymptotic theory for successive sampling").

        Args:
            k: the number of samples.

        Returns:
            Float64 [classes].

        Raises:
            ValueError: k is below 1, or there are not as many classes to draw.

        >>> from ssm.noise import custom
        >>> [round(chance, 3) for chance in custom([2.0, 1.0, 1.0]).inclusion(2).tolist()]
        [0.867, 0.567, 0.567]
        """
        return sampling.log_inclusion(self.log_probs, self.tries(k)).exp()

    def invert(self, uniforms: Tensor) -> Tensor:
        """The inverse of the cumulative distribution: the first c with ``q_0 + .. + q_c > u``.

        Args:
            uniforms: numbers in [0, 1), float64 of any shape, on the device of the noise.

        Returns:
            Classes, int64 of the same shape.

        >>> from ssm.noise import uniform
        >>> uniform(4).invert(torch.tensor([0.0, 0.25, 0.99], dtype=torch.float64)).tolist()
        [0, 1, 3]
        """
        return self._at(uniforms * self._cumulative[-1])

    def effective_samples(self, frequencies: checks.Numbers, k: int) -> float:
        """How many samples from the frequencies themselves k of this noise are worth: ``k / sum of p_c^2 / q_c``.

        An estimate of the full sum has the variance of so many, if the model's softmax is p, as it is
        once a model has learnt how frequent classes are. With few of them the loss is mostly far too
        low and leaps when a frequent class is drawn: the sampled softmax then trains badly. `log_q`
        compares classes as they come and is spared that.

        Args:
            frequencies: p_c or counts in proportion to it [classes].
            k: the number of samples.

        Returns:
            At most k; 0 where a class that occurs is never drawn.

        Raises:
            ValueError: frequencies are not one number of at least 0 for each class, or k is below 1.

        >>> from ssm.noise import uniform, unigram
        >>> counts = torch.tensor([1000.0] + [1.0] * 999)
        >>> [round(q.effective_samples(counts, 64), 2) for q in (uniform(1000), unigram(counts))]
        [0.26, 32.82]

        Kong 1992, "A note on importance sampling using standardized weights".
        """
        p = checks.counts(frequencies, "frequencies").to(self.log_probs.device)
        checks.noise_classes(self.classes, len(p))
        terms = (2 * (p / p.sum()).log() - self.log_probs).exp()
        return checks.sample_count(k) / float(terms[p > 0].sum())

    def prepare(self, *, others: bool = False) -> None:
        """Make the tables of `draw` now: a compiled step cannot make them.

        Args:
            others: those of `draw_others` instead.

        >>> from ssm.noise import custom
        >>> custom([1.0, 2.0]).prepare()
        """
        if self._law == "uniform" or (self._law == "log_uniform" and not others):
            return
        if not others:
            _ = self._alias
            return
        for noise in (self, self._heavy and self._heavy[1]):
            _ = noise and (noise._cumulative, noise._last)

    def to(self, device: torch.device | str) -> "Noise":
        """The same noise on another device.

        Args:
            device: where to.

        Returns:
            Noise.

        >>> from ssm.noise import uniform
        >>> uniform(2).to("cpu").log_probs.device
        device(type='cpu')
        """
        if self._law == "uniform":  # one number, which a copy would write out for each class
            return replace(self, log_probs=self.log_probs[:1].to(device).expand(self.classes))
        return replace(self, log_probs=self.log_probs.to(device))

    def __getstate__(self) -> dict[str, object]:
        """What a pickle holds: the tables are made again."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def _at_most_possible(self, k: int) -> int:
        way_out = f"the noise can draw {self._possible:,} classes, so ask for no more or draw with replacement"
        return checks.whole("k", k, 1, self._possible, way_out)

    def _uniforms(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return torch.rand(shape, dtype=torch.float64, device=self.log_probs.device, generator=generator)

    @cached_property
    def _alias(self) -> sampling.Alias:
        return sampling.alias(self.log_probs.exp())  # `probs` would be kept

    @cached_property
    def _tries(self) -> dict[int, float]:
        return {}

    @cached_property
    def _possible(self) -> int:
        return int((self.log_probs > -torch.inf).sum())

    @cached_property
    def _cumulative(self) -> Tensor:
        return self.probs.cumsum(0)

    @cached_property
    def _heavy(self) -> "tuple[int, Noise] | None":
        """A class of more than a third, if any, and what it leaves, which the table of all would round off."""
        heavy = int(self.log_probs.argmax())
        return (heavy, self.without(heavy)) if self._possible > 1 and self.log_probs[heavy] > -1 else None

    @cached_property
    def _last(self) -> int:
        return int(self.probs.nonzero()[-1])

    def _at(self, places: Tensor) -> Tensor:
        # u times the total may round up to the total
        return torch.searchsorted(self._cumulative, places, right=True).clamp_(max=self._last)


torch.serialization.add_safe_globals([Noise])  # torch.load(..., weights_only=True) takes it: tensors and a word
