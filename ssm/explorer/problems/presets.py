"""Problems: classes with names, their scores and the target, which a softmax loss is about.

The word after "white" in Moby-Dick has the scores of a bigram model with absolute discounting, interpolated with the
word frequencies (Ney, Essen and Kneser 1994): with counts c, the discount d and F different words after "white",

    score(w) = log( [ max(c(white w) - d, 0) + d F c(w) / sum_v c(v) ] / sum_v c(white v) )

so the scores are log-probabilities and their exponentials sum to 1. `data/white.json` holds c, d and nothing derived.
"""

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import final, overload

import torch
from torch import Tensor

from ssm import checks, philox

# Two scores then differ by 600 at most, and every e^(x_c - x_t) and its inverse are ordinary float64 numbers.
SCORE_LIMIT = 300.0

RANDOM_TARGET = 0

_CIFAR_10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
_ARTICLE_SCORES = (-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3)
_WHITE_PATH = "ssm/explorer/problems/data/white.json"
_WHITE = resources.files("ssm.explorer.problems").joinpath("data", "white.json")


@final
@dataclass(frozen=True)
class Names(Sequence[str]):
    """Names that are known to be distinct.

    Attributes:
        words: the names, in the order of the classes.

    Raises:
        ValueError: two are equal.

    >>> Names(("cat", "dog"))[1]
    'dog'
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse equal names."""
        if len(set(self.words)) < len(self.words):
            name, (one, other, *_) = next((name, places) for name, places in _places(self.words) if len(places) > 1)
            checks.refuse("names", "all different", name, f"rename class {one} or class {other}")

    def __len__(self) -> int:
        """The number of names."""
        return len(self.words)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """The name of one class, or of several."""
        return self.words[index]


@final
@dataclass(frozen=True)
class Numbered(Sequence[str]):
    """The names "class 0", "class 1", ..., made when they are asked for.

    Attributes:
        size: how many.

    >>> Numbered(1_000_000)[-1]
    'class 999999'
    """

    size: int

    def __len__(self) -> int:
        """The number of names."""
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """The name of one class, or of several."""
        numbers = range(self.size)[index]
        if isinstance(numbers, range):
            return [f"class {c}" for c in numbers]
        return f"class {numbers}"


@final
@dataclass(frozen=True, eq=False)
class Problem:
    """Classes, their scores and the target among them.

    Attributes:
        names: one for each class, all different.
        scores: float64 [classes], from -300 to 300.
        target: the class that is right, counted from 0.
        counts: how often each class occurs, float64 [classes], positive; None where nobody counted.

    Raises:
        ValueError: with a whole sentence, for anything else.

    >>> Problem(["cat", "dog"], [1.5, 0.5], target=1).classes
    2
    """

    names: Sequence[str]
    scores: Tensor
    target: int
    counts: Tensor | None = None

    def __post_init__(self) -> None:
        """Check every part and store it in its exact type."""
        scores = _believable(self.scores)
        names = self.names if isinstance(self.names, (Names, Numbered)) else Names(tuple(self.names))
        _require_one_each("names", len(names), len(scores))
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "scores", scores)
        object.__setattr__(
            self, "target", checks.whole("target", self.target, 0, len(scores) - 1, "count classes from 0")
        )
        if self.counts is not None:
            counts = checks.weights("counts", self.counts)
            _require_one_each("counts", len(counts), len(scores))
            object.__setattr__(self, "counts", counts)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.scores)

    @cached_property
    def fingerprint(self) -> str:
        """A text that only equal names, scores and counts share: "sha256-" and 64 hex digits."""
        words = [name.encode(errors="surrogatepass") for name in self.names]
        numbers = [values.numpy().astype("<f8") for values in (self.scores, self.counts) if values is not None]
        code = hashlib.sha256()
        # Each part after its length, and of the names each: another division into parts is another table.
        for part in (array("q", map(len, words)).tobytes(), b"".join(words), *(x.tobytes() for x in numbers)):
            code.update(len(part).to_bytes(8, "little") + part)
        return f"sha256-{code.hexdigest()}"


def article() -> Problem:
    """The article's example: a picture of a horse, and a model that hesitates between horse and cat.

    Returns:
        The ten classes of CIFAR-10 with the scores read off the article's chart, and 5,000 training pictures of each.

    >>> article().names[article().target]
    'horse'

    Source: Douglas Orr, "Sampled Softmax Loss", 2021; Krizhevsky, "Learning Multiple Layers of Features from Tiny
    Images", 2009.
    """
    return Problem(_CIFAR_10, _tensor(_ARTICLE_SCORES), _CIFAR_10.index("horse"), torch.full((10,), 5_000.0))


def random(classes: int, spread: float = 1.0, seed: int = 0) -> Problem:
    """Normal scores: ``x_c = spread * z_c``, with the target at class 0 and counts ``1e6 / (c + 1)`` (Zipf's law).

    Args:
        classes: how many, at least 2.
        spread: the standard deviation of the scores.
        seed: of the stream that z comes from.

    Returns:
        The problem; its names are "class 0", "class 1", ...

    Raises:
        ValueError: classes or spread out of range.

    >>> random(3).counts.tolist()
    [1000000.0, 500000.0, 333333.3333333333]
    """
    n = checks.whole("classes", classes, 2, None, "a choice needs two classes or more")
    z = philox.normals(seed, n)  # [n]
    counts = 1e6 / torch.arange(1, n + 1, dtype=torch.float64)  # [n]
    width = checks.finite("spread", spread, "1 is the usual one")
    if width < 0:
        checks.refuse("spread", "0 or more", spread, "1 is the usual one")
    return Problem(Numbered(n), width * z, RANDOM_TARGET, counts)


def white() -> Problem:
    """The word after "white" in Moby-Dick, where "whale" is right.

    Returns:
        Every word of the book, the most frequent first, with its log-probability after "white" and
        its count in the book.

    Raises:
        ValueError: the package came without its data.

    >>> len(white().names), white().names[white().target]
    (17091, 'whale')

    Herman Melville, "Moby-Dick; or, The Whale", 1851. The model stands at the top of this module.
    """
    names, scores, target, counts = _read_white()
    return Problem(names, scores.clone(), target, counts.clone())


PRESETS: Mapping[str, Callable[[], Problem]] = MappingProxyType({"article": article, "white": white})


@lru_cache(maxsize=1)
def _read_white() -> tuple[Names, Tensor, int, Tensor]:
    if not _WHITE.is_file():
        checks.refuse(
            _WHITE_PATH,
            "with the package",
            checks.Said("no such file"),
            "install it whole or run make assets",
            verb="come",
        )
    book = json.loads(_WHITE.read_text(encoding="utf-8"))
    counts, after = _unfold(book["vocabulary"]), _unfold(book["followers"])
    c = _tensor(counts.values())  # [classes]
    seen = _tensor(after.get(word, 0) for word in counts)  # [classes]
    d, F = book["discount"], len(after)
    p = ((seen - d).clamp(min=0) + d * F * c / c.sum()) / seen.sum()  # [classes]
    names = Names(tuple(counts))
    return names, p.log(), names.index(book["target"]), c


def _believable(values: Tensor) -> Tensor:
    scores = checks.vector("scores", values)
    for c in (scores.abs() > SCORE_LIMIT).nonzero()[:1, 0].tolist():
        found = f"{scores[c].item()} at class {c}"
        checks.refuse(
            "scores", f"from -{SCORE_LIMIT:g} to {SCORE_LIMIT:g}", checks.Said(found), "shrink them all by one factor"
        )
    if len(scores) < 2:
        checks.refuse("scores", "of two classes or more", scores.tolist(), "add a class")
    return scores


def _require_one_each(name: str, found: int, classes: int) -> None:
    if found != classes:
        checks.refuse(name, f"{classes:,}, one for each score", found, "give every class one")


def _places(words: Sequence[str]) -> Iterable[tuple[str, list[int]]]:
    """Each different word with its places, in the order in which words come twice."""
    places: dict[str, list[int]] = {}
    for c, word in enumerate(words):
        places.setdefault(word, []).append(c)
    return sorted(places.items(), key=lambda pair: pair[1][1:2] or [len(words)])


def _unfold(rows: list[tuple[int, str]]) -> dict[str, int]:
    return {word: count for count, words in rows for word in words.split(" ")}


def _tensor(values: Iterable[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float64)
