"""Rules for arguments, and the one form of a refusal.

A check takes a value and returns it ready for use, or refuses it with a sentence that names the
argument, the rule, the value and the way out. A rule that one room alone has stands in that room.
"""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Literal, NoReturn, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Numbers = Tensor | Sequence[float] | npt.NDArray[np.floating | np.integer]
Hits = Literal["excluded", "rejected"]
Masking = Literal["rejected", "kept"]
Handling = Literal["excluded", "rejected", "kept"]
Reduction = Literal["none", "mean", "sum"]
Loss = Literal["sampled", "exact"]
_ONE_BY_ONE = {"nce", "negative_sampling", "naive_importance"}  # estimators to which a hit is a sample like any other
_COUNTERS = 2**32
_SHORT = 60


class Shaped(Protocol):
    """Scores, or what is known of them before they are computed."""

    @property
    def shape(self) -> torch.Size:
        """Of the scores [..., classes]."""

    @property
    def device(self) -> torch.device:
        """Where they live."""


class Said(str):
    """A value already in words, which a sentence takes as they are."""

    __slots__ = ()


def shorten(value: object) -> str:
    """A value as Python spells it, cut to a length that a sentence can carry."""
    if isinstance(value, Said):
        return str(value)
    spelled = repr(value)
    return spelled if len(spelled) <= _SHORT else f"{spelled[:_SHORT]}\u2026"


def refuse(  # noqa: PLR0913 - four parts of a sentence, and two choices that are hardly ever needed
    name: str, rule: str, value: object, way_out: str, *, verb: str = "be", error: type[Exception] = ValueError
) -> NoReturn:
    """Refuse a value: the only place where an error gets its message."""
    message = f"{name} must {verb} {rule}, got {shorten(value)}; {way_out}"
    raise error(message)


def shape(values: Tensor) -> Said:
    """The shape of a tensor, in words."""
    return Said(f"the shape {tuple(values.shape)}")


def visible(values: Tensor) -> bool:
    """Whether a check may look at values: on a GPU that stalls every step, and a compiled one cannot, nor a vmap."""
    seen = not torch.compiler.is_compiling() and not torch._C._are_functorch_transforms_active()
    return seen and values.device.type == "cpu"


def whole(name: str, value: object, least: int, most: int | None, way_out: str) -> int:
    """A whole number from `least` to `most` (None: no upper bound)."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if number >= least and (most is None or number <= most):
            return number
    rule = f"of at least {least}" if most is None else f"from {least} to {most}"
    refuse(name, f"a whole number {rule}", value, way_out)


def tries(value: object, samples: int) -> None:
    """The tries of samples that are all different."""
    if not isinstance(value, Real) or not float(value) >= samples:
        refuse("tries", f"at least {samples}, the number of samples", value, "pass what draw_unique gave")


def finite(name: str, value: object, way_out: str) -> float:
    """A finite number."""
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    refuse(name, "a finite number", value, way_out)


def positive(name: str, value: object, way_out: str) -> float:
    """A finite number above zero."""
    number = finite(name, value, way_out)
    if number > 0:
        return number
    refuse(name, "above 0", value, way_out)


def not_negative(name: str, value: object, way_out: str) -> float:
    """A finite number of at least zero."""
    number = finite(name, value, way_out)
    if number >= 0:
        return number
    refuse(name, "at least 0", value, way_out)


def classes(value: object) -> int:
    """The number of classes, at least one."""
    return whole("classes", value, 1, None, "a softmax needs a class to choose")


def sample_count(value: object) -> int:
    """The number of samples k, at least one."""
    return whole("k", value, 1, None, "draw one sample or more")


def draw_count(value: object) -> int:
    """The number of draws, at least one and within a 32-bit counter."""
    return whole("draws", value, 1, _COUNTERS, "make one draw or more, and split longer runs")


def temperature(value: object) -> float:
    """What scores are divided by."""
    return positive("temperature", value, "1 leaves the scores as they are")


def target(value: object, classes: int) -> int:
    """The index of a class."""
    if isinstance(value, Integral) and 0 <= int(value) < classes:
        return int(value)
    refuse("target", f"a class from 0 to {classes - 1}", value, "count classes from 0", error=IndexError)


def hits(value: object) -> Hits:
    """What becomes of samples that equal the target."""
    if value in {"excluded", "rejected"}:
        return value
    refuse("hits", "'excluded' or 'rejected'", value, "choose one of the two")


def masking(value: object) -> Masking:
    """What becomes of samples that equal the target, once they are drawn."""
    if value in {"rejected", "kept"}:
        return value
    refuse("hits", "'rejected' or 'kept'", value, "choose one of the two")


def handling(value: object, estimator: str) -> Handling:
    """What becomes of samples that equal the target; None for what suits the estimator."""
    if value is None:
        return "kept" if estimator in _ONE_BY_ONE else "rejected"
    if value not in {"excluded", "rejected", "kept"}:
        refuse("hits", "'excluded', 'rejected' or 'kept'", value, "choose one of the three")
    if estimator == "naive_importance" and value != "kept":
        refuse("hits", "'kept' for naive_importance", value, "choose that or the sampled softmax")
    return value


def estimator(value: object, known: Sequence[str]) -> str:
    """The name of a loss."""
    if isinstance(value, str) and value in known:
        return value
    refuse("estimator", f"one of {', '.join(known)}", value, "see ssm.losses for what each promises")


def vector(name: str, values: object) -> Tensor:
    """A float64 tensor [classes] of finite numbers."""
    if isinstance(values, np.ndarray):
        values = np.array(values, np.float64)  # a copy: torch warns of an array that cannot be written to
    numbers = torch.as_tensor(values, dtype=torch.float64).detach()
    if numbers.ndim != 1 or not len(numbers):
        refuse(name, "one number per class", shape(numbers), "pass one row")
    _refuse_any(~numbers.isfinite(), numbers, name, "finite", "replace it by a number")
    return numbers


def weights(name: str, values: object) -> Tensor:
    """A vector of positive weights."""
    numbers = vector(name, values)
    _refuse_any(numbers <= 0, numbers, name, "positive", "drop the class or give it a small weight")
    return numbers


def counts(values: object, name: str = "noise counts") -> Tensor:
    """A vector of counts, not all of them 0."""
    numbers = vector(name, values)
    _refuse_any(numbers < 0, numbers, name, "at least 0", "a class that never occurs has the count 0")
    if not numbers.any():
        refuse(name, "above 0 for a class", Said("0 for all"), "count again, or take uniform noise")
    return numbers


def _refuse_any(wrong: Tensor, numbers: Tensor, name: str, rule: str, way_out: str) -> None:
    if wrong.any():
        place = int(wrong.nonzero()[0])
        refuse(name, rule, Said(f"{numbers[place].item()} at class {place}"), way_out)


def same_device(name: str, device: torch.device, scores: torch.device) -> None:
    """An argument that lives where the scores live."""
    if device != scores:
        refuse(name, "on the device of scores", Said(f"{device} and {scores}"), f"move it with .to('{scores}')")


def noise_classes(noise: int, scores: int) -> None:
    """Noise over as many classes as there are scores."""
    if noise != scores:
        found, way_out = Said(f"{noise} and {scores}"), f"build it with {scores} classes"
        refuse("noise", "as many classes as scores", found, way_out, verb="have")


def reduction(value: object) -> Reduction:
    """What becomes of the losses of a batch."""
    if value in {"none", "mean", "sum"}:
        return value
    refuse("reduction", "'none', 'mean' or 'sum'", value, "choose one of the three")


def loss(value: object, *, training: bool) -> Loss:
    """Which loss of a layer; None for what its mode gives."""
    if value is None:
        return "sampled" if training else "exact"
    if value in {"sampled", "exact"}:
        return value
    refuse("loss", "'sampled' or 'exact'", value, "choose one of the two, or None for that of the mode")


def noise_fits(log_probs: Tensor | None, classes: int, device: torch.device) -> None:
    """Noise, if there is any, over these classes and on this device."""
    if log_probs is not None:
        noise_classes(len(log_probs), classes)
        same_device("noise", log_probs.device, device)


def drawable_targets(log_probs: Tensor) -> None:
    """Targets that the noise can draw."""
    if visible(log_probs) and log_probs.isneginf().any():
        place = Said(f"0 in example {int(log_probs.flatten().isneginf().nonzero()[0])}")
        way_out = "take noise with every class, or the sampled softmax"
        refuse("noise", "every target a probability above 0 in this loss", place, way_out, verb="give")


def score_rows(scores: Tensor) -> None:
    """Floating-point scores whose last dimension is the classes."""
    if not scores.is_floating_point():
        refuse("scores", "floating point", scores.dtype, "convert with .double()")
    if scores.ndim == 0 or scores.shape[-1] == 0:
        refuse("scores", "one number per class", shape(scores), "add the classes")


def labels(target: Tensor, scores: Shaped) -> None:
    """One class per row of scores."""
    indices("target", target, scores.shape[-1], scores.device)
    if target.shape != scores.shape[:-1]:
        refuse_shapes("target", "one class per row of scores", target, scores)


def sample_rows(samples: Tensor, scores: Shaped) -> None:
    """Samples of each row of scores, or one list of samples shared by all rows."""
    indices("samples", samples, scores.shape[-1], scores.device)
    by_row = samples.ndim > 0 and samples.shape[:-1] == scores.shape[:-1]
    if not (by_row or samples.ndim == 1) or samples.shape[-1] == 0:
        refuse_shapes("samples", "k classes per row of scores, or k in all", samples, scores)


def refuse_shapes(name: str, rule: str, values: Tensor, scores: Shaped) -> NoReturn:
    """Refuse what does not stand beside the scores."""
    found = Said(f"the shapes {tuple(values.shape)} and {tuple(scores.shape)}")
    refuse(name, rule, found, "reshape one of them")


def indices(name: str, values: Tensor, classes: int, device: torch.device, *, waits: bool = False) -> None:
    """Classes, as int64, where the scores live; on a GPU their values are looked at if the step `waits` anyway."""
    same_device(name, values.device, device)
    if values.dtype != torch.int64:
        refuse(name, "of dtype torch.int64", values.dtype, "convert with .long()")
    # Where values cannot be looked at, the gather itself refuses them.
    if (waits or visible(values)) and values.numel():
        least, most = (int(end) for end in values.aminmax())
        if least < 0 or most >= classes:
            wrong, rule = least if least < 0 else most, f"classes from 0 to {classes - 1}"
            refuse(name, rule, wrong, "count classes from 0", error=IndexError)
