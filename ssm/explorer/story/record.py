"""What a chapter is: a claim, the state in which it is seen, words with computed numbers, and what to try."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, final

from ssm.explorer.figures import PANELS
from ssm.explorer.figures.templates import Parts, always
from ssm.explorer.settings import FIELDS, Frame, Settings

MOST_WORDS = 120  # of a chapter

# What is said of a guess, over `guess`, `answer` and `gap`, or over whether it was `right`.
MARKED: Parts = [always("You marked {guess}; it is {answer}, {gap} away.")]
CHOSEN: Parts = [[{"if": ["right", "==", 1], "say": "So it is."}, {"say": "Not so."}]]


class Level(NamedTuple):
    """An answer that is marked on a panel, along its values.

    Attributes:
        panel: where it is marked.
        number: the answer, a number that texts can name.
        what: that number in words.
        at: over the target's bar, or across the whole panel.
    """

    panel: str
    number: str
    what: str
    at: Literal["target", "all"]


class Options(NamedTuple):
    """An answer that is picked, where a number makes no sense."""

    words: tuple[str, ...]
    right: int


class Prediction(NamedTuple):
    """A question before the change that answers it.

    Attributes:
        question: over the numbers before the change.
        answer: how it is given.
        settings: the state that answers it.
        why: one sentence over the numbers of that state.
    """

    question: Parts
    answer: Level | Options
    settings: Settings
    why: Parts

    def plain(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        kind = "level" if isinstance(self.answer, Level) else "options"
        return {
            "question": self.question,
            "answer": {"kind": kind, **self.answer._asdict()},
            "said": MARKED if kind == "level" else CHOSEN,
            "why": self.why,
            **_state(self.settings),
        }


class Myth(NamedTuple):
    """What many believe, and the change that refutes it.

    Attributes:
        belief: in their words.
        trial: what the click does.
        settings: the state that it leads to.
        refutation: over the numbers of that state.
    """

    belief: str
    trial: str
    settings: Settings
    refutation: Parts

    def plain(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        return {"belief": self.belief, "trial": self.trial, "refutation": self.refutation, **_state(self.settings)}


class Source(NamedTuple):
    """Where it is written."""

    text: str
    url: str


class Onward(NamedTuple):
    """A question that stays open, and the name of the page that answers it; said only where there is that page."""

    question: str
    page: str


@final
@dataclass(frozen=True)
class Chapter:
    """One chapter of the story.

    Attributes:
        title: two or three words.
        claim: what is to be seen, in one sentence.
        words: at most `MOST_WORDS`, over the numbers of what is on the screen.
        settings: the state in which it opens.
        frame: the panels and controls that matter.
        myth: one belief that a click refutes.
        predict: a question to answer first, if one likes.
        sources: of what the page cannot compute.
        onward: where to go from here.
    """

    title: str
    claim: str
    words: Parts
    settings: Settings
    frame: Frame
    myth: Myth
    predict: Prediction | None = None
    sources: tuple[Source, ...] = ()
    onward: tuple[Onward, ...] = ()

    @cached_property
    def query(self) -> str:
        """The link that opens the Explorer in the chapter's state: settings and frame."""
        return "&".join(filter(None, [self.settings.to_query(), self.frame.to_query()]))

    def plain(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        return {
            "title": self.title,
            "claim": self.claim,
            "words": self.words,
            "frame": asdict(self.frame),
            "framed": self.frame.to_query(),
            "myth": self.myth.plain(),
            "predict": self.predict and self.predict.plain(),
            "sources": [source._asdict() for source in self.sources],
            "onward": [onward._asdict() for onward in self.onward],
            **_state(self.settings),
        }


def _state(settings: Settings) -> dict[str, Any]:
    return {"settings": asdict(settings), "query": settings.to_query()}


def showing(panels: tuple[str, ...], controls: Collection[str]) -> Frame:
    """A frame that shows some panels and some controls.

    Args:
        panels: by name, in reading order.
        controls: the settings that can be changed, "draw" for the player and "edits" for the bars of the scores.

    Returns:
        The frame that hides all other controls.

    Raises:
        KeyError: no panel or no setting has such a name.

    >>> "samples" in showing(("noise",), {"samples"}).hidden
    False
    """
    for name in panels:
        PANELS[name]
    for name in controls:
        FIELDS[name]
    hidden = tuple(name for name in FIELDS if name not in controls)
    return Frame(panels=panels, hidden=hidden, player="draw" in controls)
