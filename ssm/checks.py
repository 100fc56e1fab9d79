"""Refusals: the only home of error sentences.

A check takes a value and returns it ready for use, or raises with a sentence that names the
argument, the rule, the value and the way out.
"""

import math
from collections.abc import Container, Sequence
from numbers import Integral, Real
from typing import Any, Literal, NoReturn

import numpy as np
import torch
from torch import Tensor

Hits = Literal["excluded", "rejected"]
Masking = Literal["rejected", "kept"]
Handling = Literal["excluded", "rejected", "kept"]
_ONE_BY_ONE = {"nce", "negative_sampling", "naive_importance"}  # estimators to which a hit is a sample like any other
_COUNTERS = 2**32
_SHORT = 60
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


def unique_count(value: object, classes: int) -> int:
    """The number of samples that are all different, no more than there are classes to draw."""
    way_out = f"the noise can draw {classes:,} classes, so ask for no more or draw with replacement"
    return whole("k", value, 1, classes, way_out)


def two_to_draw(classes: int) -> None:
    """Noise that can draw something else than a target."""
    if classes < 2:
        message = f"noise must have two classes or more to leave one out, got {classes}; add a class"
        raise ValueError(message)


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


def masking(value: object) -> Masking:
    """What becomes of samples that equal the target, once they are drawn."""
    if value in {"rejected", "kept"}:
        return value
    message = f"hits must be 'rejected' or 'kept', got {value!r}; choose one of the two"
    raise ValueError(message)


def handling(value: object, estimator: str) -> Handling:
    """What becomes of samples that equal the target; None for what suits the estimator."""
    if value is None:
        return "kept" if estimator in _ONE_BY_ONE else "rejected"
    if value in {"excluded", "rejected", "kept"}:
        if estimator == "naive_importance" and value != "kept":
            message = f"hits must be 'kept' for naive_importance, got {value!r}; choose that or the sampled softmax"
            raise ValueError(message)
        return value
    message = f"hits must be 'excluded', 'rejected' or 'kept', got {value!r}; choose one of the three"
    raise ValueError(message)


def estimator(value: object, known: Sequence[str]) -> str:
    """The name of a loss."""
    if isinstance(value, str) and value in known:
        return value
    message = f"estimator must be one of {', '.join(known)}, got {value!r}; see ssm.losses for what each promises"
    raise ValueError(message)


def temperature(value: object) -> float:
    """What scores are divided by."""
    return positive("temperature", value, "1 leaves the scores as they are")


def tries(value: object, k: int) -> int | None:
    """The number of draws that it took to find k classes; None if repeats were allowed."""
    return None if value is None else whole("tries", value, k, None, "pass what draw_unique counted")


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


def noise_fits(log_probs: Tensor | None, classes: int, device: torch.device) -> None:
    """Noise, if there is any, over these classes and on this device."""
    if log_probs is not None:
        noise_classes(len(log_probs), classes)
        same_device("noise", log_probs.device, device)


def drawn(log_probs: Tensor, samples: Tensor, hits: Tensor) -> None:
    """Samples that the noise can draw; those that do not count may be any."""
    if visible(log_probs) and log_probs.ndim and log_probs.isneginf().any():
        wrong = log_probs.isneginf() & ~hits
        if wrong.any():
            place = int(samples.expand_as(wrong)[wrong][0])
            message = (
                f"noise must give every sample a probability above 0, got 0 for class {place}; "
                "pass the noise that the samples were drawn from"
            )
            raise ValueError(message)


def drawable_targets(log_probs: Tensor) -> None:
    """Targets that the noise can draw."""
    if visible(log_probs) and log_probs.isneginf().any():
        place = int(log_probs.flatten().isneginf().nonzero()[0])
        message = (
            f"noise must give every target a probability above 0 in this loss, got 0 in example {place}; "
            "take noise with every class, or the sampled softmax"
        )
        raise ValueError(message)


def visible(values: Tensor) -> bool:
    """Whether a check may look at values: on a GPU that would stall every step, and a compiled step cannot."""
    return values.device.type == "cpu" and not torch.compiler.is_compiling()


def square(scores: Tensor) -> None:
    """Scores of every query with every item of a batch."""
    score_rows(scores)
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
        shape = tuple(scores.shape)
        message = f"scores must be of shape [batch, batch], got the shape {shape}; score every query with every item"
        raise ValueError(message)


def one_per_example(name: str, values: Tensor, scores: Tensor) -> None:
    """One value for each row of scores, beside them."""
    same_device(name, values.device, scores.device)
    if values.shape != scores.shape[:1]:
        _refuse_shape(f"{name} must be one for each example", values, scores)


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


def head(embeddings: Tensor, projection: Tensor, bias: Tensor | None) -> Tensor:
    """Embeddings, projection and bias that fit together; the shape of the scores they could have, unfilled."""
    if not embeddings.is_floating_point():
        message = f"embeddings must be floating point, got {embeddings.dtype}; convert with .float()"
        raise ValueError(message)
    fit = embeddings.ndim > 0 and projection.ndim == 2 and embeddings.shape[-1] == projection.shape[-1]
    if not fit or 0 in projection.shape:
        shapes = f"{tuple(embeddings.shape)} and {tuple(projection.shape)}"
        message = (
            f"embeddings must be [..., dim] and projection [classes, dim] with one class or more, got {shapes}; "
            "transpose or add classes"
        )
        raise ValueError(message)
    if bias is not None and bias.shape != projection.shape[:1]:
        shape = tuple(bias.shape)
        message = f"bias must be one number for each of {len(projection)} classes, got the shape {shape}; reshape it"
        raise ValueError(message)
    _one_kind(embeddings, projection)
    for name, each in (("embeddings", embeddings), ("bias", bias)):
        if each is not None and each.device != projection.device:
            places = f"{each.device} and {projection.device}"
            message = f"{name} must be on the device of projection, got {places}; move with .to('{projection.device}')"
            raise ValueError(message)
    if visible(embeddings) and not embeddings.isfinite().all():
        place = tuple((~embeddings.isfinite()).nonzero()[0].tolist())
        message = (
            f"embeddings must be finite, got {embeddings[place].item()} at {place}; "
            "look for a division by 0 or too high a learning rate"
        )
        raise ValueError(message)
    return embeddings.new_empty(()).expand(*embeddings.shape[:-1], len(projection))


def _one_kind(embeddings: Tensor, projection: Tensor) -> None:
    if embeddings.dtype != projection.dtype and not torch.is_autocast_enabled(embeddings.device.type):
        message = (
            f"embeddings must have the dtype of projection, got {embeddings.dtype} and {projection.dtype}; "
            f"convert with .to({projection.dtype}) or use torch.autocast"
        )
        raise ValueError(message)


def labels(target: Tensor, scores: Tensor) -> None:
    """One class per row of scores."""
    _indices("target", target, scores)
    if target.shape != scores.shape[:-1]:
        _refuse_shape("target must be one class per row of scores", target, scores)


def sample_rows(samples: Tensor, scores: Tensor) -> None:
    """Samples of each row of scores, or one list of samples shared by all rows."""
    _indices("samples", samples, scores)
    by_row = samples.ndim > 0 and samples.shape[:-1] == scores.shape[:-1]
    if not (by_row or samples.ndim == 1) or samples.shape[-1] == 0:
        _refuse_shape("samples must be k classes per row of scores, or k in all", samples, scores)


def _refuse_shape(rule: str, indices: Tensor, scores: Tensor) -> None:
    message = f"{rule}, got the shapes {tuple(indices.shape)} and {tuple(scores.shape)}; reshape one of them"
    raise ValueError(message)


def _indices(name: str, indices: Tensor, scores: Tensor) -> None:
    same_device(name, indices.device, scores.device)
    if indices.dtype != torch.int64:
        message = f"{name} must be of dtype torch.int64, got {indices.dtype}; convert with .long()"
        raise ValueError(message)
    # Where values cannot be looked at, the gather itself refuses them.
    if visible(indices) and indices.numel():
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


def reachable(k: int, most: int) -> int:
    """A number of samples that is worth looking at."""
    if k > most:
        message = f"bias and noise must be bounds that {most:,} samples keep, got none; widen them or change the noise"
        raise ValueError(message)
    return k


def gap(gap: float, most: float) -> None:
    """Scores near enough to the target's for a quadrature in reasonable time."""
    if gap > most:
        message = (
            f"scores must be at most {most:g} above the target's for exact moments, got {gap:g} above; "
            "bring them closer together or use convergence.running_mean"
        )
        raise ValueError(message)


def shorten(value: object) -> str:
    """A value as Python spells it, cut to a length that a sentence can carry."""
    spelled = repr(value)
    return spelled if len(spelled) <= _SHORT else f"{spelled[:_SHORT]}\u2026"


def refuse(name: str, rule: str, value: object, way_out: str) -> NoReturn:
    """A refusal of any value by any rule."""
    message = f"{name} must be {rule}, got {shorten(value)}; {way_out}"
    raise ValueError(message)


def refuse_setting(name: str, rule: str, value: object, instead: str) -> NoReturn:
    """A setting that breaks its rule, and what would keep it."""
    refuse(name, rule, value, f"use {instead or 'nothing'}")


def replaced(name: str, rule: str, value: object, used: str) -> str:
    """A note on a link's value that breaks its rule, and on what is used for it."""
    return f"{name} must be {rule}, got {shorten(value)}; {used or 'nothing'} is used"


def left_out(name: str, rule: str, parts: list[str]) -> str:
    """A note on those of a link's pairs that break the rule."""
    return f"{name} must be {rule}, got {shorten(','.join(parts))}; that is left out"


def unknown_keys(keys: list[str]) -> str:
    """A note on keys of a link that mean nothing here."""
    return f"the link must name settings of this page, got {shorten(','.join(keys))}; that is left out"


def long_link(length: int, most: int) -> str:
    """A note on a link too long to read."""
    return f"the link must have at most {most:,} characters, got {length:,}; it is left out"


def article_instead(fault: ValueError) -> str:
    """A note on a table that a link promises and that cannot be had."""
    return f"{fault}; the article's example is shown"


def refuse_absent_table() -> NoReturn:
    """A table that is too large for the link that names it."""
    message = "own must be a table that is still here, got only its mark; paste or upload it again"
    raise ValueError(message)


def counted(counts: Tensor | None) -> Tensor:
    """Counts, which unigram noise needs."""
    if counts is None:
        message = "unigram noise must have counts, got a problem without; add a column count or choose another noise"
        raise ValueError(message)
    return counts


def work(draws: int, samples: int, most: int) -> None:
    """Samples times draws within what one viewer may ask for."""
    if draws * samples > most:
        message = (
            f"{draws:,} draws of {samples:,} samples are {draws * samples:,} scores to correct and this page stops at "
            f"{most:,}; choose at most {most // samples:,} draws or {most // draws:,} samples"
        )
        raise ValueError(message)


def problem_scores(values: object, limit: float) -> Tensor:
    """Scores of two classes or more, none beyond the limit."""
    scores = vector("scores", values)
    rule = f"scores must be from -{limit:g} to {limit:g}"
    _refuse_any(scores.abs() > limit, scores, rule, "shrink them all by one factor")
    if len(scores) < 2:
        refuse("scores", "of two classes or more", scores.tolist(), "add a class")
    return scores


def problem_target(value: object, classes: int) -> int:
    """The index of the right class."""
    return whole("target", value, 0, classes - 1, "count classes from 0")


def spread(value: object) -> float:
    """A standard deviation."""
    number = finite("spread", value, "1 is the usual one")
    if number < 0:
        refuse("spread", "0 or more", value, "1 is the usual one")
    return number


def one_each(name: str, found: int, classes: int) -> None:
    """As many as there are scores."""
    if found != classes:
        refuse(name, f"{classes:,}, one for each score", found, "give every class one")


def distinct_names(names: Sequence[str]) -> None:
    """Names of which no two are equal."""
    if len(set(names)) < len(names):
        seen: dict[str, int] = {}
        for c, name in enumerate(names):
            if seen.setdefault(name, c) != c:
                refuse("names", "all different", name, f"rename class {seen[name]} or class {c}")


def refuse_missing_file(path: str) -> NoReturn:
    """A file of the package that is not there."""
    message = f"{path} must come with the package, got no such file; install it whole or run make assets"
    raise FileNotFoundError(message)


def table_bytes(size: int, most: int) -> None:
    """A table that is not too large to read."""
    if size > most:
        megabytes = f"{size / 2**20:,.1f} MB"
        message = f"the table must have at most {most / 2**20:g} MB, got {megabytes}; leave out classes or columns"
        raise ValueError(message)


def refuse_encoding(row: int, byte: int) -> NoReturn:
    """Bytes that are not text."""
    message = f"the file must be text in UTF-8, got the byte {byte:#04x} in row {row:,}; save it as CSV UTF-8"
    raise ValueError(message)


def filled(rows: int) -> None:
    """A table with something in it."""
    if not rows:
        message = "the table must have rows, got nothing; write a class and its score in each line"
        raise ValueError(message)


def row_count(rows: int, most: int) -> None:
    """A table with no more rows than the server computes with."""
    if rows > most:
        message = f"the table must have at most {most:,} rows, got more; keep the classes with the highest scores"
        raise ValueError(message)


def two_classes(rows: int) -> None:
    """A table with something to choose from."""
    if rows < 2:
        message = f"the table must have two classes or more, got {rows}; add a row"
        raise ValueError(message)


def columns(place: str, found: Container[str], needed: Sequence[str], names: Sequence[str]) -> None:
    """A table with every column that it needs."""
    for name in needed:
        if name not in found:
            way_out = "put a score beside each class, or name the columns class, score and count"
            message = f"{place} must have a column {name}, got {shorten(list(names))}; {way_out}"
            raise ValueError(message)


def header_needed(place: str, found: int, most: int) -> None:
    """A first row whose columns explain themselves."""
    if found > most:
        message = f"{place} must have at most {most} columns, got {found}; name them in a header with class and score"
        raise ValueError(message)


def refuse_width(row: int, found: int, width: int) -> NoReturn:
    """A row unlike the first."""
    message = (
        f"row {row:,} must have {width} columns like the first, got {found}; "
        "fill the gap, or put a name that holds the separator in quotes"
    )
    raise ValueError(message)


def refuse_quotes(row: int, fault: Exception) -> NoReturn:
    """A row that a quotation mark spoils."""
    message = f"row {row:,} must have its quotation marks in pairs, got {str(fault)!r}; close or remove them"
    raise ValueError(message)


def refuse_number(place: str, low: float, high: float, value: object) -> NoReturn:
    """A cell that is no number, or none that can be computed with."""
    refuse(place, f"a number from {low:g} to {high:g}", value, "write such a number or leave the class out")


def refuse_name(place: str, name: str, most: int) -> NoReturn:
    """A name that is missing or endless."""
    refuse(place, f"a name of 1 to {most} characters", name, "give the class a short name")


def refuse_double(place: str, name: str, row: int) -> NoReturn:
    """A name that an earlier row has."""
    refuse(place, "a name of its own", name, f"row {row:,} has the same one, so rename or leave out one of the two")


def refuse_npy(start: bytes) -> NoReturn:
    """A file that is not NumPy's."""
    refuse("the file", "a NumPy file with a whole header", start, "save the scores with numpy.save")


def plain_numbers(dtype: np.dtype[Any]) -> None:
    """Numbers as bytes: nothing that only unpickling could read."""
    parts = [dtype[name] for name in dtype.names] if dtype.names else [dtype]
    kinds = "iufSU" if dtype.names else "iuf"
    if not all(part.kind in kinds and part.itemsize for part in parts):
        refuse("the array", "plain real numbers, never unpickled", dtype, "save scores.astype(float)")


def array_shape(shape: tuple[int, ...], *, records: bool) -> None:
    """One row for each class, with a score and perhaps a count."""
    flat = len(shape) == 1 or (len(shape) == 2 and not records and shape[1] in {1, 2})
    if not flat or min(shape) < 0:
        refuse("the array", "of shape [classes], [classes, 1] or [classes, 2]", shape, "save one row for each class")


def array_bytes(found: int, needed: int) -> None:
    """A file neither cut off nor followed by anything."""
    if found != needed:
        message = f"the file must have {needed:,} bytes after its header, got {found:,}; save or send it again, whole"
        raise ValueError(message)


def refuse_token(token: str) -> NoReturn:
    """A text that is no packed table."""
    refuse("own", "a packed table", token, "paste or upload the scores again")
