"""What a page is: one frozen record, from which the bar, the server and the stage all know it."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple, final

from ssm.explorer.figures import EVERY
from ssm.explorer.figures.templates import Parts
from ssm.explorer.settings import Frame
from ssm.explorer.story import Chapter

JOBS = frozenset({"training", "cost"})  # groups that take long: a job finds them, bit by bit


class Layout(NamedTuple):
    """Where the panels stand on a page that has places for them; the style sheet has these places too.

    Attributes:
        columns: of the wide form, each with its head and its panels from the top.
        pairs: of the narrower forms, in reading order.
        smallest: what a phone shows of the page inside another one.
    """

    columns: tuple[tuple[str, tuple[str, ...]], ...]
    pairs: tuple[tuple[str, ...], ...]
    smallest: tuple[str, ...]


class Next(NamedTuple):
    """The question that a page leaves open, and the name of the page that answers it."""

    question: str
    page: str


class Table(NamedTuple):
    """A table of facts to read below the panels; its last column is a text and the address it was read at.

    Attributes:
        title: what it answers.
        note: what to know before reading it.
        heads: of the columns.
        rows: a cell for each column.
    """

    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str, str, tuple[str, str]], ...]


@final
@dataclass(frozen=True)
class Page:
    """One page, defined once.

    Attributes:
        name: what everything else calls it; its script is pages/NAME.py.
        title: what the bar calls it.
        path: of its address; empty for the page that opens first.
        question: the fixed line on top.
        panels: by name, in reading order, the one that answers the question first.
        sentence: the answer with its numbers.
        strip: figures with their definitions, read below the panels.
        first: where somebody new should begin, said until they have.
        front: controls that stand in front beside the usual ones.
        frame: what it shows, hides and locks unless the link says otherwise.
        layout: where its panels stand; without one they flow.
        wide: of panels that flow, those as wide as two others; where none is named, the first has the room of four.
        table: what is to be known beside.
        next: what to ask after it.
        chapters: what it tells one after another, each with a frame and settings of its own.
    """

    name: str
    title: str
    path: str
    question: str
    panels: tuple[str, ...]
    sentence: Parts
    strip: tuple[dict[str, Any], ...]
    first: Next | None = None
    front: tuple[str, ...] = ()
    frame: Frame = Frame(hidden=("batch", "dim"))  # noqa: RUF009 - frozen; those are for steps on a batch alone
    layout: Layout | None = None
    wide: tuple[str, ...] = ()
    table: Table | None = None
    next: Next | None = None
    chapters: tuple[Chapter, ...] = ()

    @cached_property
    def shown(self) -> frozenset[str]:
        """Its panels, and those that stand in for one of them."""
        return frozenset(p.name for p in EVERY.values() if (p.variant.of if p.variant else p.name) in self.panels)

    @cached_property
    def _drawn(self) -> frozenset[str]:
        """The groups that its panels draw."""
        return frozenset(need for name in self.shown for need in EVERY[name].needs)

    @cached_property
    def needs(self) -> frozenset[str]:
        """What its panels draw of a Result."""
        return self._drawn - JOBS

    @property
    def job(self) -> str | None:
        """What they draw of what a job in the background finds: its kind."""
        return next(iter(self._drawn & JOBS), None)

    @property
    def rooms(self) -> dict[str, str]:
        """How much room a panel takes that has more than one place."""
        return dict.fromkeys(self.wide, "wide") if self.wide else {self.panels[0]: "large"}

    def plain(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        return {
            **{name: value for name, value in vars(self).items() if name not in ("shown", "_drawn")},
            "needs": sorted(self.needs),
            "rooms": self.rooms,
            "job": self.job,
            "frame": asdict(self.frame),
            "layout": self.layout and self.layout._asdict(),
            "table": self.table and self.table._asdict(),
            "first": self.first and self.first._asdict(),
            "next": self.next and self.next._asdict(),
            "chapters": [chapter.plain() for chapter in self.chapters],
        }
