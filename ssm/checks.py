"""Rules for arguments, and the one form of a refusal.

A check takes a value and returns it ready for use, or refuses it with a sentence that names the
argument, the rule, the value and the way out. A rule that one room alone has stands in that room.
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
    """Whether a check may look at values: on a GPU that would stall every step, and a compiled step cannot."""
    return values.device.type == "cpu" and not torch.compiler.is_compiling()


def whole(name: str, value: object, least: int, most: int | None, way_out: str) -> int:
    """A whole number from `least` to `most` (None: no upper bound)."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if number >= least and (most is None or number <= most):
            return number
    rule = f"of at least {least}" if most is None else f"from {least} to {most}"
    refuse(name, f"a whole number {rule}", value, way_out)


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


def labels(target: Tensor, scores: Tensor) -> None:
    """One class per row of scores."""
    _indices("target", target, scores)
    if target.shape != scores.shape[:-1]:
        refuse_shapes("target", "one class per row of scores", target, scores)


def sample_rows(samples: Tensor, scores: Tensor) -> None:
    """Samples of each row of scores, or one list of samples shared by all rows."""
    _indices("samples", samples, scores)
    by_row = samples.ndim > 0 and samples.shape[:-1] == scores.shape[:-1]
    if not (by_row or samples.ndim == 1) or samples.shape[-1] == 0:
        refuse_shapes("samples", "k classes per row of scores, or k in all", samples, scores)


def refuse_shapes(name: str, rule: str, values: Tensor, scores: Tensor) -> NoReturn:
    """Refuse what does not stand beside the scores."""
    found = Said(f"the shapes {tuple(values.shape)} and {tuple(scores.shape)}")
    refuse(name, rule, found, "reshape one of them")


def _indices(name: str, indices: Tensor, scores: Tensor) -> None:
    same_device(name, indices.device, scores.device)
    if indices.dtype != torch.int64:
        refuse(name, "of dtype torch.int64", indices.dtype, "convert with .long()")
    # Where values cannot be looked at, the gather itself refuses them.
    if visible(indices) and indices.numel():
        least, most = (int(end) for end in indices.aminmax())
        if least < 0 or most >= scores.shape[-1]:
            wrong, rule = least if least < 0 else most, f"classes from 0 to {scores.shape[-1] - 1}"
            refuse(name, rule, wrong, "count classes from 0", error=IndexError)


# What follows belongs to the rooms of ssm.explorer and goes there.


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
    refuse("own", "a table that is still here", Said("only its mark"), "paste or upload it again")


def counted(counts: Tensor | None) -> Tensor:
    """Counts, which unigram noise needs."""
    if counts is None:
        way_out = "add a column count or choose another noise"
        refuse("unigram noise", "counts", Said("a problem without"), way_out, verb="have")
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
    rule, way_out = f"from -{limit:g} to {limit:g}", "shrink them all by one factor"
    _refuse_any(scores.abs() > limit, scores, "scores", rule, way_out)
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
    found, way_out = Said("no such file"), "install it whole or run make assets"
    refuse(path, "with the package", found, way_out, verb="come", error=FileNotFoundError)


def table_bytes(size: int, most: int) -> None:
    """A table that is not too large to read."""
    if size > most:
        found = Said(f"{size / 2**20:,.1f} MB")
        refuse("the table", f"at most {most / 2**20:g} MB", found, "leave out classes or columns", verb="have")


def refuse_encoding(row: int, byte: int) -> NoReturn:
    """Bytes that are not text."""
    refuse("the file", "text in UTF-8", Said(f"the byte {byte:#04x} in row {row:,}"), "save it as CSV UTF-8")


def filled(rows: int) -> None:
    """A table with something in it."""
    if not rows:
        refuse("the table", "rows", Said("nothing"), "write a class and its score in each line", verb="have")


def row_count(rows: int, most: int) -> None:
    """A table with no more rows than the server computes with."""
    if rows > most:
        way_out = "keep the classes with the highest scores"
        refuse("the table", f"at most {most:,} rows", Said("more"), way_out, verb="have")


def two_classes(rows: int) -> None:
    """A table with something to choose from."""
    if rows < 2:
        refuse("the table", "two classes or more", rows, "add a row", verb="have")


def columns(place: str, found: Container[str], needed: Sequence[str], names: Sequence[str]) -> None:
    """A table with every column that it needs."""
    for name in needed:
        if name not in found:
            way_out = "put a score beside each class, or name the columns class, score and count"
            refuse(place, f"a column {name}", list(names), way_out, verb="have")


def header_needed(place: str, found: int, most: int) -> None:
    """A first row whose columns explain themselves."""
    if found > most:
        refuse(place, f"at most {most} columns", found, "name them in a header with class and score", verb="have")


def refuse_width(row: int, found: int, width: int) -> NoReturn:
    """A row unlike the first."""
    way_out = "fill the gap, or put a name that holds the separator in quotes"
    refuse(f"row {row:,}", f"{width} columns like the first", found, way_out, verb="have")


def refuse_quotes(row: int, fault: Exception) -> NoReturn:
    """A row that a quotation mark spoils."""
    refuse(f"row {row:,}", "its quotation marks in pairs", str(fault), "close or remove them", verb="have")


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
        found_bytes, way_out = Said(f"{found:,}"), "save or send it again, whole"
        refuse("the file", f"{needed:,} bytes after its header", found_bytes, way_out, verb="have")


def refuse_token(token: str) -> NoReturn:
    """A text that is no packed table."""
    refuse("own", "a packed table", token, "paste or upload the scores again")
