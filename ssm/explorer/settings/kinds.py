"""Kinds of settings: how each is checked, read from a link, brought within its range and written again."""

import dataclasses
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeGuard, TypeVar, final, get_type_hints

from ssm import checks
from ssm.explorer.settings.agreements import Agreement
from ssm.explorer.settings.notes import replaced

T = TypeVar("T")
Notes = tuple[str, ...]

_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}")


@dataclass(frozen=True)
class Field(ABC, Generic[T]):
    """One setting: its label, the letter that formulas use for it, a line of help, and its rule.

    Attributes:
        label: what the page calls it.
        letter: what formulas call it.
        help: a line on what it does.
        agreements: what its value owes to other settings.
        resets: settings that begin anew when this one is chosen.
        key: what links call it, where that is not its name.
    """

    kind: ClassVar[str]

    label: str
    letter: str
    help: str
    agreements: tuple[Agreement, ...] = field(default=(), kw_only=True)
    resets: tuple[str, ...] = field(default=(), kw_only=True)
    key: str = field(default="", kw_only=True)

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

    def require(self, name: str, value: object, default: T) -> None:
        """Refuse a value that does not hold, and say which one would."""
        if not self.holds(value):
            instead = self.write(self.nearest(value, default))
            checks.refuse(name, self.rule, value, f"use {instead or 'nothing'}")

    def write(self, value: T) -> str:
        """A value as a link spells it."""
        return str(value)

    def plain(self) -> dict[str, Any]:
        """The field as JSON can hold it: its words, its rule and what it must agree with."""
        return {
            "kind": self.kind,
            "key": self.key,
            "label": self.label,
            "letter": self.letter,
            "help": self.help,
            "rule": self.rule,
            "agreements": [agreement.plain() for agreement in self.agreements],
            "resets": list(self.resets),
            **self.span(),
        }

    def span(self) -> dict[str, Any]:
        """What a control must know of the values, as JSON can hold it."""
        return {}

    def mend(self, name: str, value: object, default: T) -> tuple[T, Notes]:
        """Make a value hold, with a sentence for each thing changed.

        Args:
            name: what sentences call the setting.
            value: what a link or a page says.
            default: the value where nothing nearer holds.

        Returns:
            The value, and the sentences.
        """
        if self.holds(value):
            return value, ()
        used = self.nearest(value, default)
        return used, (replaced(name, self.rule, value, self.write(used)),)


@final
@dataclass(frozen=True)
class Whole(Field[int | None]):
    """A whole number from `low` to `high`, or None where `unset` says in words what None means."""

    kind = "whole"
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

    def span(self) -> dict[str, Any]:
        """Both ends, and whether to count in steps or in proportions."""
        return {"low": self.low, "high": self.high, "log": self.log}

    def write(self, value: int | None) -> str:
        """Decimal digits."""
        return self.unset if value is None else str(value)


@final
@dataclass(frozen=True)
class Real(Field[float]):
    """A number from `low` to `high`."""

    kind = "real"
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

    def span(self) -> dict[str, Any]:
        """Both ends, and whether to count in steps or in proportions."""
        return {"low": self.low, "high": self.high, "log": self.log}

    def write(self, value: float) -> str:
        """The shortest spelling that reads back exactly."""
        return repr(float(value))


@final
@dataclass(frozen=True)
class Choice(Field[str]):
    """One of a few names, each with the words that the page shows for it, and some with a line on what it promises."""

    kind = "choice"
    choices: Mapping[str, str] = field(hash=False)
    promises: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def rule(self) -> str:
        """The names."""
        return f"one of {', '.join(self.choices)}"

    def holds(self, value: object) -> TypeGuard[str]:
        """One of the names, spelled exactly."""
        return isinstance(value, str) and value in self.choices

    def span(self) -> dict[str, Any]:
        """The names, each with its words and what it promises."""
        return {"choices": dict(self.choices), "promises": dict(self.promises)}


@final
@dataclass(frozen=True)
class Text(Field[str]):
    """A text that matches a pattern; `meaning` says in words what such a text is."""

    kind = "text"
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
class Flag(Field[bool]):
    """Yes or no, spelled 1 or 0."""

    kind = "flag"

    @property
    def rule(self) -> str:
        """Both spellings."""
        return "1 or 0"

    def holds(self, value: object) -> TypeGuard[bool]:
        """True or False."""
        return isinstance(value, bool)

    def read(self, text: str) -> object:
        """1 or 0."""
        return {"1": True, "0": False}.get(text, text)

    def write(self, value: bool) -> str:  # noqa: FBT001 - the value of a flag
        """1 or 0."""
        return str(int(value))


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is an int or a float, and not True or False."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_float(text: str) -> object:
    """The float that a text spells, or the text itself."""
    try:
        return float(text)
    except ValueError:
        return text


Fields = Mapping[str, Field[Any]]


def fields_of(record: type) -> Fields:
    """The rules that a record's annotations carry, by the names of its fields."""
    hints = get_type_hints(record, include_extras=True)
    return MappingProxyType({each.name: hints[each.name].__metadata__[0] for each in dataclasses.fields(record)})


def defaults_of(record: type) -> Mapping[str, Any]:
    """The defaults of a record's fields by their names."""
    return MappingProxyType({each.name: each.default for each in dataclasses.fields(record)})
