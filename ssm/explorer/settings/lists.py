"""Kinds of settings that hold several things: numbers for a few classes, and names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeGuard, final

from ssm.explorer.settings.kinds import Field, Notes, is_number, read_float
from ssm.explorer.settings.notes import left_out

Names = tuple[str, ...]
Pairs = tuple[tuple[int, float], ...]

_NAME = re.compile("[a-z][a-z0-9_]{0,40}")


@final
@dataclass(frozen=True)
class PerClass(Field[Pairs]):
    """Numbers for a few classes, sorted by class: ((3, 1.5), (7, -2.0)), spelled 3:1.5,7:-2.0."""

    kind = "pairs"
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

    def span(self) -> dict[str, Any]:
        """Both ends of the numbers, and how many."""
        return {"low": self.low, "high": self.high, "most": self.most}

    def read(self, text: str) -> object:
        """Pairs, and the text itself for each part that is none; of two pairs for one class the last counts."""
        return tuple(self._pair(part) or part for part in filter(None, text.split(",")))

    def mend(self, name: str, value: object, default: Pairs) -> tuple[Pairs, Notes]:
        """Keep the pairs that hold, sorted; one sentence tells of all that do not."""
        if not isinstance(value, tuple):
            return super().mend(name, value, default)
        kept: dict[int, float] = {}
        bad: list[str] = []
        for part in value:
            if self.holds((part,)) and len(kept | dict([part])) <= self.most:
                kept |= dict([part])
            else:
                bad.append(part if isinstance(part, str) else "{}:{:g}".format(*part))
        notes = (left_out(name, self.rule, bad),) if bad else ()
        return tuple(sorted(kept.items())), notes

    def _pair(self, part: str) -> tuple[int, float] | None:
        name, _, number = part.partition(":")
        value = read_float(number)
        if re.fullmatch("[0-9]{1,7}", name) and is_number(value) and self.low <= value <= self.high:
            return int(name), float(value)
        return None


@final
@dataclass(frozen=True)
class Several(Field[Names]):
    """Several names of one sort, spelled a,b; an empty `known` lets any name pass that could be one.

    Attributes:
        noun: what they name, in the plural.
        known: all that there are.
        words: what the page shows for each.
        least: how many there must be.
    """

    kind = "several"
    noun: str
    known: Names = ()
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    least: int = 0

    @property
    def rule(self) -> str:
        """Which names."""
        count = f"{self.least} or more " if self.least else ""
        return f"{count}names of {self.noun}, each once" + (f": {', '.join(self.known)}" if self.known else "")

    def holds(self, value: object) -> TypeGuard[Names]:
        """A tuple of such names, none of them twice."""
        if not isinstance(value, tuple) or len(value) < self.least:
            return False
        return len(set(value)) == len(value) and all(map(self._fits, value))

    def span(self) -> dict[str, Any]:
        """The names, their words, and how many there must be."""
        return {"known": list(self.known), "words": dict(self.words), "least": self.least}

    def read(self, text: str) -> object:
        """What commas separate."""
        return tuple(filter(None, text.split(",")))

    def write(self, value: Names) -> str:
        """Names, separated by commas."""
        return ",".join(value)

    def mend(self, name: str, value: object, default: Names) -> tuple[Names, Notes]:
        """Keep the names that hold, each once; one sentence tells of all that do not."""
        if not isinstance(value, tuple):
            return super().mend(name, value, default)
        bad = [str(part) for part in value if not self._fits(part)]
        notes = (left_out(name, self.rule, bad),) if bad else ()
        kept = tuple(dict.fromkeys(filter(self._fits, value)))
        return (kept, notes) if len(kept) >= self.least else super().mend(name, kept, default)

    def _fits(self, part: object) -> bool:
        return isinstance(part, str) and (part in self.known if self.known else bool(_NAME.fullmatch(part)))
