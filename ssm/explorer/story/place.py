"""Place: where in the story a reader is, the third part of a story's link; links of other pages do not have it."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode

from ssm.explorer.settings import FIELDS, link
from ssm.explorer.settings.kinds import Notes, Whole, defaults_of, fields_of
from ssm.explorer.story.chapters import CHAPTERS
from ssm.explorer.story.record import Chapter


@dataclass(frozen=True)
class Place:
    """Which chapter is open.

    >>> Place(3).to_query()
    'chapter=3'
    """

    chapter: Annotated[int, Whole("chapter", "", "The chapter that is open.", 1, len(CHAPTERS))] = 1

    def __post_init__(self) -> None:
        """Hold the number against its field."""
        for name, field in PLACE_FIELDS.items():
            field.require(name, getattr(self, name), PLACE_DEFAULTS[name])

    @property
    def here(self) -> Chapter:
        """The chapter."""
        return CHAPTERS[self.chapter - 1]

    def to_query(self) -> str:
        """The place's part of a link; empty for the first chapter."""
        return "&".join(link.write(vars(self), PLACE_FIELDS, PLACE_DEFAULTS))

    @classmethod
    def from_query(cls, query: str) -> tuple[Self, Notes]:
        """Read the place's part of a link, whatever the link holds.

        Args:
            query: the text after the "?".

        Returns:
            The place, and one sentence for each thing that was changed.

        >>> Place.from_query("chapter=99")[0].chapter == len(CHAPTERS)
        True
        """
        values, notes = link.mend(link.read(query, PLACE_FIELDS).values, PLACE_FIELDS, PLACE_DEFAULTS)
        return cls(**values), notes


PLACE_FIELDS = fields_of(Place)
PLACE_DEFAULTS = defaults_of(Place)


class Opened(NamedTuple):
    """What a link opens.

    Attributes:
        place: the chapter.
        query: the link of its settings, without the place.
        notes: a sentence for each thing in the place's part that was changed.
    """

    place: Place
    query: str
    notes: Notes


def opened(query: str) -> Opened:
    """The chapter and the settings that a link of the story opens.

    A link that names a chapter means the settings that it spells, one at least. Where it spells none, and where it
    comes from another page and names no chapter, the chapter opens as it was written.

    Args:
        query: the text after the "?".

    Returns:
        What it opens.

    >>> opened("v=1&samples=9").query == CHAPTERS[0].settings.to_query()
    True
    >>> opened("v=1&samples=9&chapter=3").query
    'v=1&samples=9'
    >>> opened("v=1&chapter=3").query == CHAPTERS[2].settings.to_query()
    True
    """
    place, notes = Place.from_query(query)
    parts = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    keys = {key for key, _ in parts}
    names = set(link.keys(FIELDS))
    if not (keys & set(link.keys(PLACE_FIELDS)) and keys & names):
        parts = [(key, value) for key, value in parts if key not in {"v", *names}]
        parts += parse_qsl(place.here.settings.to_query())
    kept = [(key, value) for key, value in parts if key not in link.keys(PLACE_FIELDS)]
    return Opened(place, urlencode(kept, safe=":,"), notes)
