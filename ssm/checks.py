"""Refusals: the only home of error sentences.

A check takes a value and returns it ready for use, or raises with a sentence that names the
argument, the rule, the value and the way out.
"""

import math
from numbers import Integral, Real
from typing import Literal

import torch
from torch import Tensor

Hits = Literal["excluded", "rejected"]
_COUNTERS = 2**32
_SEEDS = 2**64


def whole(name: str, value: object, least: int, most: int | None, way_out: str) -> int:
    """A whole number from `least` to `most` (None: no upper bound)."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if number >= least and (most is None or number <= most):
            return number
    rule = f"of at least {least}" if most is None else f"from {least} to {most}"
    message = f"{name} must be a whole number {rule}, got {value!r}; {way_out}"
    raise ValueError(message)


def finite(name: str, value: object, way_out: str) -> float:
    """A finite number."""
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    message = f"{name} must be a finite number, got {value!r}; {way_out}"
    raise ValueError(message)


def positive(name: str, value: object, way_out: str) -> float:
    """A finite number above zero."""
    number = finite(name, value, way_out)
    if number > 0:
        return number
    message = f"{name} must be above 0, got {value!r}; {way_out}"
    raise ValueError(message)


def classes(value: object) -> int:
    """The number of classes, at least one."""
    return whole("classes", value, 1, None, "a softmax needs a class to choose")


def sample_count(value: object) -> int:
    """The number of samples k, at least one."""
    return whole("k", value, 1, None, "draw one sample or more")


def draw_count(value: object) -> int:
    """The number of draws, at least one and within a 32-bit counter."""
    return whole("draws", value, 1, _COUNTERS, "make one draw or more, and split longer runs")


def counter(name: str, value: object) -> int:
    """A position in a random stream, within a 32-bit counter."""
    return whole(name, value, 0, _COUNTERS, "take another seed for more draws")


def seed(value: object) -> int:
    """A seed of 64 bits without a sign."""
    return whole("seed", value, 0, _SEEDS - 1, "take a number of 64 bits without a sign")


def hits(value: object) -> Hits:
    """What becomes of samples that equal the target."""
    if value in {"excluded", "rejected"}:
        return value
    message = f"hits must be 'excluded' or 'rejected', got {value!r}; choose one of the two"
    raise ValueError(message)


def vector(name: str, values: object) -> Tensor:
    """A float64 tensor [classes] of finite numbers."""
    numbers = torch.as_tensor(values, dtype=torch.float64).detach()
    if numbers.ndim != 1 or not len(numbers):
        shape = tuple(numbers.shape)
        message = f"{name} must be one number per class, got the shape {shape}; pass one row"
        raise ValueError(message)
    _refuse_any(~numbers.isfinite(), numbers, f"{name} must be finite", "replace it by a number")
    return numbers


def weights(name: str, values: object) -> Tensor:
    """A vector of positive weights."""
    numbers = vector(name, values)
    way_out = "drop the class or give it a small weight"
    _refuse_any(numbers <= 0, numbers, f"{name} must be positive", way_out)
    return numbers


def _refuse_any(wrong: Tensor, numbers: Tensor, rule: str, way_out: str) -> None:
    if wrong.any():
        place = int(wrong.nonzero()[0])
        message = f"{rule}, got {numbers[place].item()} at class {place}; {way_out}"
        raise ValueError(message)


def target(value: object, classes: int) -> int:
    """The index of a class."""
    if isinstance(value, Integral) and 0 <= int(value) < classes:
        return int(value)
    message = f"target must be a class from 0 to {classes - 1}, got {value!r}; count classes from 0"
    raise IndexError(message)


def others(log_others: Tensor, target: int) -> Tensor:
    """The log-probability of drawing anything but the target, which must be possible."""
    if log_others.item() == -math.inf:
        message = f"noise must be able to draw more than class {target}, got no other; add a class"
        raise ValueError(message)
    return log_others


def noise_classes(noise: int, scores: int) -> None:
    """Noise over as many classes as there are scores."""
    if noise != scores:
        message = f"noise must have as many classes as scores, got {noise} and {scores}; build it with {scores} classes"
        raise ValueError(message)


def same_device(name: str, device: torch.device, scores: torch.device) -> None:
    """An argument that lives where the scores live."""
    if device != scores:
        message = f"{name} must be on the device of scores, got {device} and {scores}; move it with .to('{scores}')"
        raise ValueError(message)


def score_rows(scores: Tensor) -> None:
    """Floating-point scores whose last dimension is the classes."""
    if not scores.is_floating_point():
        message = f"scores must be floating point, got {scores.dtype}; convert with .double()"
        raise ValueError(message)
    if scores.ndim == 0 or scores.shape[-1] == 0:
        shape = tuple(scores.shape)
        message = f"scores must be one number per class, got the shape {shape}; add the classes"
        raise ValueError(message)


def labels(target: Tensor, scores: Tensor) -> None:
    """One class per row of scores."""
    _indices("target", target, scores)
    if target.shape != scores.shape[:-1]:
        _refuse_shape("target must be one class per row of scores", target, scores)


def sample_rows(samples: Tensor, scores: Tensor) -> None:
    """Samples of each row of scores, or one list of samples shared by all rows."""
    _indices("samples", samples, scores)
    own = samples.ndim > 0 and samples.shape[:-1] == scores.shape[:-1]
    if not (own or samples.ndim == 1) or samples.shape[-1] == 0:
        _refuse_shape("samples must be k classes per row of scores, or k in all", samples, scores)


def _refuse_shape(rule: str, indices: Tensor, scores: Tensor) -> None:
    message = f"{rule}, got the shapes {tuple(indices.shape)} and {tuple(scores.shape)}; reshape one of them"
    raise ValueError(message)


def _indices(name: str, indices: Tensor, scores: Tensor) -> None:
    same_device(name, indices.device, scores.device)
    if indices.dtype != torch.int64:
        message = f"{name} must be of dtype torch.int64, got {indices.dtype}; convert with .long()"
        raise ValueError(message)
    # To look at values would stall a GPU at every step; there the gather itself refuses them.
    if indices.device.type == "cpu" and indices.numel():
        least, most = (int(end) for end in indices.aminmax())
        if least < 0 or most >= scores.shape[-1]:
            wrong = least if least < 0 else most
            message = f"{name} must be classes from 0 to {scores.shape[-1] - 1}, got {wrong}; count classes from 0"
            raise IndexError(message)


def converged(error: float, tolerance: float) -> None:
    """A quadrature within its tolerance."""
    if not error <= tolerance:
        message = (
            f"exact moments must be within {tolerance:.0e}, got an error of {error:.1e}; "
            "bring the scores closer together or use convergence.running_mean"
        )
        raise ValueError(message)


def quadrature_nodes(count: int, most: int) -> None:
    """A quadrature that can be done in reasonable time."""
    if count > most:
        message = (
            f"scores must be close enough for {most} quadrature nodes, got a need of {count}; "
            "bring them closer together or use convergence.running_mean"
        )
        raise ValueError(message)
