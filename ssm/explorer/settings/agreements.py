"""Agreements: what a setting's value owes to another setting, as data that the page reads too.

Each is a rule with room for a bound: "at most the number of draws, {bound}". What breaks it is refused with that rule,
or repaired with a sentence that states it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

from ssm.explorer.settings.shape import Shape

if TYPE_CHECKING:
    from ssm.explorer.settings.kinds import Field


class Conflict(NamedTuple):
    """A value that its field allows and another setting does not.

    Attributes:
        name: the setting.
        rule: what it breaks, in words that follow "must be".
        value: what breaks it.
        instead: the value that would agree.
    """

    name: str
    rule: str
    value: object
    instead: Any

    @property
    def spelled(self) -> str:
        """What is used instead, in words."""
        return "the rest" if isinstance(self.instead, tuple) else str(self.instead)


@dataclass(frozen=True)
class Agreement(ABC):
    """One rule between settings."""

    kind: ClassVar[str]

    @abstractmethod
    def conflict(self, name: str, values: Mapping[str, Any], shape: Shape | None) -> Conflict | None:
        """The value that breaks the rule, or None; what depends on a shape that is not known holds."""

    def plain(self) -> dict[str, Any]:
        """The rule as JSON can hold it."""
        return {"kind": self.kind, **asdict(self)}


@final
@dataclass(frozen=True)
class AtMost(Agreement):
    """No more than another setting.

    Attributes:
        of: that setting.
        rule: in words, with its value as the bound.
    """

    kind = "at_most"
    of: str
    rule: str

    def conflict(self, name: str, values: Mapping[str, Any], shape: Shape | None) -> Conflict | None:
        """More than the other."""
        del shape
        value, bound = values[name], values[self.of]
        return Conflict(name, self.rule.format(bound=f"{bound:,}"), value, bound) if value > bound else None


@final
@dataclass(frozen=True)
class Below(Agreement):
    """A class of the problem, or pairs for its classes.

    Attributes:
        rule: in words, with the last class as the bound.
        of: what classes are below; always the problem's number of classes.
    """

    kind = "below"
    rule: str
    of: str = "classes"

    def conflict(self, name: str, values: Mapping[str, Any], shape: Shape | None) -> Conflict | None:
        """A class beyond the last."""
        value = values[name]
        if shape is None or value is None:
            return None
        last = shape.classes - 1
        single = isinstance(value, int)
        outside = [c for c in ([value] if single else [c for c, _ in value]) if c > last]
        instead = last if single else tuple(pair for pair in value if pair[0] <= last)
        return Conflict(name, self.rule.format(bound=f"{last:,}"), outside[0], instead) if outside else None


@final
@dataclass(frozen=True)
class NeedsCounts(Agreement):
    """A choice that only a problem with counts offers.

    Attributes:
        values: such choices.
        instead: the choice where there are no counts.
        rule: in words.
    """

    kind = "needs_counts"
    values: tuple[str, ...]
    instead: str
    rule: str = "other than {bound} where classes have no counts"

    def conflict(self, name: str, values: Mapping[str, Any], shape: Shape | None) -> Conflict | None:
        """Such a choice without counts."""
        value = values[name]
        if shape is None or shape.counted or value not in self.values:
            return None
        return Conflict(name, self.rule.format(bound=value), value, self.instead)


@final
@dataclass(frozen=True)
class OnlyWith(Agreement):
    """A choice that only some values of another setting leave.

    Attributes:
        values: such choices.
        of: the other setting.
        having: its values that leave them.
        instead: the choice where it has another.
        rule: in words, with the other setting's value as the bound.
        words: what holds there, as the page says it in place of the choices.
    """

    kind = "only_with"
    values: tuple[str, ...]
    of: str
    having: tuple[str, ...]
    instead: str
    rule: str
    words: str

    def conflict(self, name: str, values: Mapping[str, Any], shape: Shape | None) -> Conflict | None:
        """Such a choice where it is not left."""
        del shape
        value, other = values[name], values[self.of]
        if value not in self.values or other in self.having:
            return None
        return Conflict(name, self.rule.format(bound=other), value, self.instead)


def conflicts(fields: "Mapping[str, Field[Any]]", values: Mapping[str, Any], shape: Shape | None) -> Iterator[Conflict]:
    """Each value that disagrees with another.

    Args:
        fields: what declares the agreements.
        values: settings by name; one that is changed meanwhile is seen as it then is.
        shape: of their problem, None where it is not known.

    Yields:
        Conflicts in the order of the fields.
    """
    for name, field in fields.items():
        for agreement in field.agreements:
            if found := agreement.conflict(name, values, shape):
                yield found
