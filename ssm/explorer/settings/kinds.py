"""Kinds of settings: how each is checked, read from a link, brought within its range and written again."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeGuard, TypeVar, final

from ssm import checks

T = TypeVar("T")
Pairs = tuple[tuple[int, float], ...]

_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")


@dataclass(frozen=True)
class Field(ABC, Generic[T]):
    """One setting: its label, the letter that formulas use for it, a line of help, and its rule."""

    label: str
    letter: str
    help: str

    @property
    @abstractmethod
    def rule(self) -> str:
        """What a value must be, in words that follow "must be"."""

    @abstractmethod
    def holds(self, value: object) -> TypeGuard[T]:
        """Whether a value keeps the rule."""

    def read(self, text: str) -> object:
        """The value that a link spells, or the text itself where it spells none."""
        return text

    def nearest(self, value: object, default: T) -> T:
        """The value to use instead of one that breaks the rule."""
        del value
        return default

    def write(self, value: T) -> str:
        """A value as a link spells it."""
        return str(value)

    def mend(self, name: str, text: str, default: T) -> tuple[T, tuple[str, ...]]:
        """Read a link's text into a value that holds, with a sentence for each thing changed.

        Args:
            name: The setting's name.
            text: What the link says.
            default: The value where nothing nearer holds.

        Returns:
            The value, and the sentences.
        """
        value = self.read(text)
        if self.holds(value):
            return value, ()
        used = self.nearest(value, default)
        return used, (checks.replaced(name, self.rule, value, self.write(used)),)


@final
@dataclass(frozen=True)
class Whole(Field[int | None]):
    """A whole number from `low` to `high`, or None where `unset` says in words what None means."""

    low: int
    high: int
    log: bool = False
    unset: str = ""

    @property
    def rule(self) -> str:
        """The range, in words."""
        return f"a whole number from {self.low:,} to {self.high:,}"

    def holds(self, value: object) -> TypeGuard[int | None]:
        """An int in the range; True and False are not numbers here."""
        if value is None:
            return bool(self.unset)
        return type(value) is int and self.low <= value <= self.high

    def read(self, text: str) -> object:
        """Decimal digits, with a sign or without."""
        return int(text) if _WHOLE.fullmatch(text) else text

    def nearest(self, value: object, default: int | None) -> int | None:
        """The nearer end of the range for a number, else the default."""
        return min(max(value, self.low), self.high) if type(value) is int else default

    def write(self, value: int | None) -> str:
        """Decimal digits."""
        return self.unset if value is None else str(value)


@final
@dataclass(frozen=True)
class Real(Field[float]):
    """A number from `low` to `high`."""

    low: float
    high: float
    log: bool = False

    @property
    def rule(self) -> str:
        """The range, in words."""
        return f"a number from {self.low:,g} to {self.high:,g}"

    def holds(self, value: object) -> TypeGuard[float]:
        """An int or a float in the range; NaN is in no range."""
        return is_number(value) and self.low <= value <= self.high

    def read(self, text: str) -> object:
        """Any spelling that Python reads as a float."""
        return read_float(text)

    def nearest(self, value: object, default: float) -> float:
        """The nearer end of the range for a number, else the default."""
        if is_number(value) and not math.isnan(value):
            return min(max(value, self.low), self.high)
        return default

    def write(self, value: float) -> str:
        """The shortest spelling that reads back exactly."""
        return repr(float(value))


@final
@dataclass(frozen=True)
class Choice(Field[str]):
    """One of a few names, each with the words that the page shows for it."""

    choices: Mapping[str, str] = field(hash=False)

    @property
    def rule(self) -> str:
        """The names."""
        return f"one of {', '.join(self.choices)}"

    def holds(self, value: object) -> TypeGuard[str]:
        """One of the names, spelled exactly."""
        return isinstance(value, str) and value in self.choices


@final
@dataclass(frozen=True)
class Text(Field[str]):
    """A text that matches a pattern; `meaning` says in words what such a text is."""

    pattern: str
    meaning: str

    @property
    def rule(self) -> str:
        """The pattern, in words."""
        return self.meaning

    def holds(self, value: object) -> TypeGuard[str]:
        """A text that the whole pattern matches."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


@final
@dataclass(frozen=True)
class PerClass(Field[Pairs]):
    """Numbers for a few classes, sorted by class: ((3, 1.5), (7, -2.0)), spelled 3:1.5,7:-2.0."""

    noun: str
    low: float
    high: float
    most: int = 1_000

    @property
    def rule(self) -> str:
        """The range and the order, in words."""
        span = f"from {self.low:,g} to {self.high:,g}"
        return f"(class, {self.noun}) pairs sorted by class, at most {self.most:,}, {self.noun}s {span}"

    def holds(self, value: object) -> TypeGuard[Pairs]:
        """A tuple of such pairs, no class twice."""
        if not isinstance(value, tuple) or len(value) > self.most:
            return False
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
            return False
        classes = [c for c, _ in value]
        return (
            all(type(c) is int and c >= 0 for c in classes)
            and all(a < b for a, b in pairwise(classes))
            and all(is_number(x) and self.low <= x <= self.high for _, x in value)
        )

    def write(self, value: Pairs) -> str:
        """class:number, separated by commas."""
        return ",".join(f"{c}:{float(x)!r}" for c, x in value)

    def mend(self, name: str, text: str, default: Pairs) -> tuple[Pairs, tuple[str, ...]]:
        """Keep the pairs that hold; one sentence tells of all that do not.

        Args:
            name: The setting's name.
            text: What the link says; of two pairs for one class the last counts.
            default: Not used: no pairs at all is the value where none holds.

        Returns:
            The pairs, sorted, and the sentences.
        """
        del default
        kept: dict[int, float] = {}
        bad: list[str] = []
        for part in filter(None, text.split(",")):
            pair = self._pair(part)
            if pair is None or len(kept) >= self.most:
                bad.append(part)
            else:
                kept[pair[0]] = pair[1]
        notes = (checks.left_out(name, self.rule, bad),) if bad else ()
        return tuple(sorted(kept.items())), notes

    def _pair(self, part: str) -> tuple[int, float] | None:
        name, _, number = part.partition(":")
        value = read_float(number)
        if re.fullmatch("[0-9]{1,7}", name) and is_number(value) and self.low <= value <= self.high:
            return int(name), float(value)
        return None


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is an int or a float, and not True or False."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_float(text: str) -> object:
    """The float that a text spells, or the text itself."""
    try:
        return float(text)
    except ValueError:
        return text
