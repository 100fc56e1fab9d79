"""A layer's noise: it moves along with the layer, may be renewed while that trains, and is then saved with it."""

import math
import warnings

import torch
from torch import Tensor, nn

from ssm import checks
from ssm.noise import Noise

_LEAPING = {"sampled_softmax", "naive_importance"}  # estimators with a weight of 1 / (k q_c) on a class
# Of Moby-Dick's words (README) 64 samples worth 1.7 taught nothing, worth 5 half, worth 11 about all.
_FEW, _ENOUGH = 2, 10
_POOR = 0.25  # a sample that is worth more is not to blame


class Drawing(nn.Embedding):
    """An embedding of classes that draws samples of them; abstract: `ssm.SampledSoftmax` is one.

    Attributes:
        classes: how many there are, which may be more than the rows held here.
        noise: q over the classes.
        samples: k.
        hits: what becomes of samples that equal the target.
        tries: T, for samples that are all different; else None.
        estimator: the name of the loss.
        renewed: whether `renew_noise` was called, so that a saved state has the noise too.
    """

    classes: int
    noise: Noise
    samples: int
    hits: checks.Handling
    tries: float | None
    estimator: str
    renewed: bool = False

    def renew_noise(self, noise: Noise) -> None:
        """Draw from this noise from now on, such as that of `ssm.streaming.Frequencies`.

        From then on the layer's state has it: log q is saved as ``noise`` [classes] and taken back by
        ``load_state_dict``, by a fresh layer too. A state without it, such as that of a linear layer,
        leaves the noise as it is. `torch.distributed.checkpoint` reads only what the state to be filled
        has: there renew the noise of a fresh layer first, by any. What was drawn before stays corrected by
        what it was drawn from; scores of "uncorrected" and "negative_sampling", which speak of p / q, have
        the new q to learn.

        Args:
            noise: q, over the same classes.

        Raises:
            ValueError: it is no noise, or over other classes, or cannot draw as many samples.

        >>> from ssm import SampledSoftmax, noise
        >>> layer = SampledSoftmax(8, 3, samples=2, noise=noise.uniform(3))
        >>> layer.renew_noise(noise.unigram([5, 1, 1]))
        >>> list(layer.state_dict())
        ['weight', 'bias', 'noise']
        """
        self._take(noise, unique=self.tries is not None)
        self.renewed = True

    def draw_shared(self, generator: torch.Generator | None = None) -> Tensor:
        """Draw the samples of a step, one list for the batch.

        Args:
            generator: the source of randomness, on the device of the layer.

        Returns:
            Classes, int64 [k].
        """
        if self.tries is not None:
            return self.noise.draw_unique(self.samples, generator=generator).samples
        return self.noise.draw((self.samples,), generator=generator)

    def _take(self, noise: Noise, *, unique: bool) -> None:
        refuse_other_noise(noise, self.classes)
        self.tries = _tries(noise, self.samples, self.hits) if unique else None
        self.noise = noise
        self._move_noise()

    def _warn_of_few(self) -> None:
        """Say so where frequencies are known, and the noise leaves hardly anything of the samples."""
        worth = self.noise.worth
        if worth is None or self.estimator not in _LEAPING or worth > _POOR or worth * self.samples >= _FEW:
            return
        more = f"samples={math.ceil(_ENOUGH / worth)} or more, " if worth else ""
        warnings.warn(
            f"samples={self.samples} of this noise are worth {worth * self.samples:.2g} samples of the class "
            f"frequencies, and below {_FEW} the loss {self.estimator!r} leaps and learns badly; take "
            f"{more}a power nearer to 1, or estimator='log_q'",
            stacklevel=3,
        )

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take what a pickle or a copy holds, and make the tables again."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._move_noise()

    def _apply(self, *arguments: object, **options: object) -> "Drawing":
        super()._apply(*arguments, **options)  # type: ignore[no-untyped-call]
        self._move_noise()
        return self

    def _move_noise(self) -> None:
        device = self.weight.device
        if device.type != "meta":  # from which nothing could come back
            self.noise = self.noise if self.noise.log_probs.device == device else self.noise.to(device)
            self.noise.prepare(others=self.hits == "excluded")

    def _save_to_state_dict(self, destination: dict[str, Tensor], prefix: str, keep_vars: bool) -> None:  # noqa: FBT001
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.renewed:
            # A copy: what reads a checkpoint writes into it, and the noise may be others' too.
            destination[f"{prefix}noise"] = self.noise.log_probs.clone(memory_format=torch.contiguous_format)

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: object) -> None:
        log_probs = state.pop(f"{prefix}noise", None)
        super()._load_from_state_dict(state, prefix, *rest)
        if log_probs is not None:
            exact = log_probs.double()  # a state may have been saved in half precision
            self.renew_noise(Noise(exact if log_probs.dtype == exact.dtype else exact.log_softmax(0)))


def refuse_other_noise(noise: object, classes: int) -> None:
    """Refuse what is no noise, or noise over other classes."""
    if not isinstance(noise, Noise):
        checks.refuse("noise", "a Noise", noise, f"build one, such as ssm.noise.log_uniform({classes})")
    checks.noise_classes(noise.classes, classes)


def _tries(noise: Noise, k: int, hits: checks.Handling) -> float:
    if hits == "excluded":
        way_out = "draw with replacement, or once for the batch"
        checks.refuse("hits", "'rejected' or 'kept' for samples that are all different", hits, way_out)
    return noise.tries(k)
