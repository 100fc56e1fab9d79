"""Frame: what a page, a chapter, a teacher or an embedder shows, hides or locks, in one frozen record."""

from dataclasses import dataclass
from typing import Annotated, Self
from urllib.parse import quote

from ssm.explorer.settings import link
from ssm.explorer.settings.kinds import Choice, Flag, Notes, Text, defaults_of, fields_of
from ssm.explorer.settings.lists import Names, Several

MOST_NOTE = 500

_NOTE = rf"[^\x00-\x1f]{{0,{MOST_NOTE}}}"
_THEMES = {"reader": "as the reader has it", "light": "light", "dark": "dark"}


@dataclass(frozen=True)
class Frame:
    """What is shown around the same settings: the other half of a link.

    Panels are named as the page names them, controls as the settings that they change. No panels at all means all.

    Raises:
        ValueError: with a whole sentence, for a value that its field does not allow.

    >>> Frame(panels=("gradient_full", "gradient_sampled"), player=False).to_query()
    'panels=gradient_full,gradient_sampled&player=0'
    """

    panels: Annotated[Names, Several("panels", "", "The panels that are shown, in this order.", "panels")] = ()
    hidden: Annotated[Names, Several("hidden", "", "The controls that are not shown.", "controls")] = ()
    locked: Annotated[Names, Several("locked", "", "The controls that cannot be moved.", "controls")] = ()
    player: Annotated[bool, Flag("player", "", "Whether draws can be played.")] = True
    sentence: Annotated[bool, Flag("sentence", "", "Whether a sentence reads the picture.")] = True
    note: Annotated[
        str, Text("note", "", "A line of the teacher's.", _NOTE, f"a line of at most {MOST_NOTE} characters")
    ] = ""
    play: Annotated[bool, Flag("play", "", "Whether the draws play as soon as they are seen.")] = False
    theme: Annotated[str, Choice("theme", "", "The ground of the page.", _THEMES)] = "reader"

    def __post_init__(self) -> None:
        """Hold every value against its field."""
        for name, field in FRAME_FIELDS.items():
            field.require(name, getattr(self, name), FRAME_DEFAULTS[name])

    def to_query(self) -> str:
        """The frame's part of a link: every value that is not its default, in the order of the fields.

        Returns:
            Text to follow the settings' own and a "&", which `from_query` reads back exactly; empty for the default.

        >>> Frame(note="Drag k: what stays?").to_query()
        'note=Drag%20k%3A%20what%20stays%3F'
        """
        parts = (part.partition("=") for part in link.write(vars(self), FRAME_FIELDS, FRAME_DEFAULTS))
        return "&".join(f"{key}={quote(text, safe=',')}" for key, _, text in parts)

    @classmethod
    def from_query(cls, query: str, usual: Self | None = None) -> tuple[Self, Notes]:
        """Read the frame's part of a link, whatever the link holds.

        Args:
            query: the text after the "?"; keys that are no frame's are left to `Settings.from_query`.
            usual: the frame that the page has where the link says nothing; what it hides stays hidden.

        Returns:
            The frame, and one sentence for each thing that was changed or left out.

        >>> Frame.from_query("v=1&samples=9&player=0")[0].player
        False
        """
        defaults = vars(usual) if usual else FRAME_DEFAULTS
        values, notes = link.mend(link.read(query, FRAME_FIELDS).values, FRAME_FIELDS, defaults)
        values["hidden"] = tuple(dict.fromkeys((*defaults["hidden"], *values["hidden"])))
        return cls(**values), notes


FRAME_FIELDS = fields_of(Frame)
FRAME_DEFAULTS = defaults_of(Frame)
