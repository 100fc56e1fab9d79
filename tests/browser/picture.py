"""The panels as a person sees them: names, ticks, counts, bars and lines, read off the screen in pixels of the window.

Nothing here asks what the data behind a picture are; `tests.browser.expected` says what they should be.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Self

from playwright.sync_api import Locator, Page

READ = Path(__file__).with_name("picture.js").read_text()
MILLISECONDS_TO_REST = 20_000
REST = """async (most) => {
  const print = () => [...document.querySelectorAll("[data-panel]")].map((node) => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return [node.innerHTML, left, top, width, height].join();
  }).join();
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const end = performance.now() + most;
  for (let before = print(), since = performance.now(); performance.now() < end; ) {
    await pause(20);
    await new Promise(requestAnimationFrame);
    const now = print();
    const moving = document.getAnimations().some(({ playState }) => playState === "running");
    if (moving || now !== before) [before, since] = [now, performance.now()];
    else if (performance.now() - since > 100) return true;
  }
  return false;
}"""
THIN = 0.5  # px; a mark less than that is not seen


class Box(NamedTuple):
    """A rectangle of the window."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def within(self, other: "Box", slack: float = 1.0) -> bool:
        """Tell whether the box lies inside another, give or take some pixels."""
        low = all(mine >= theirs - slack for mine, theirs in zip(self[:2], other[:2], strict=True))
        return low and all(mine <= theirs + slack for mine, theirs in zip(self[2:], other[2:], strict=True))


@dataclass(frozen=True)
class Bar:
    """A bar: where it is, what is left of it by what clips it, and its style."""

    trace: int
    box: Box
    left: Box
    seen: bool
    look: tuple[Any, ...]  # fill, stroke, dashes and line, as the browser computed them


@dataclass(frozen=True)
class Label:
    """A visible text of a panel."""

    kind: str  # class, count, tick, unit, note, end, gap or factor
    text: str
    of: int | None  # the class that it says it is of
    full: str  # its title, where the text is shortened
    box: Box
    left: Box
    middle: tuple[float, float]
    size: tuple[float, float]  # before it is turned
    angle: float
    bold: bool
    points: float
    family: str
    colour: str

    @property
    def whole(self) -> bool:
        """Tell whether nothing of it is clipped."""
        return self.box.within(self.left)


@dataclass(frozen=True)
class Picture:
    """One panel as it is drawn."""

    name: str
    title: str
    figure: Box
    plot: Box
    bars: tuple[Bar, ...]
    lines: tuple[tuple[tuple[float, float], ...], ...]
    labels: tuple[Label, ...]

    @classmethod
    def of(cls, read: dict[str, Any]) -> Self:
        """Make a picture of what the page tells of one panel."""
        bars = tuple(map(_bar, read["bars"]))
        labels = tuple(map(_label, read["labels"]))
        strokes = [stroke for line in read["lines"] if line["stroked"] for stroke in line["strokes"]]
        lines = tuple(tuple((x, y) for x, y in stroke) for stroke in strokes)
        figure = Box(*read["figure"])
        plot = Box(*read["plot"]) if read["plot"] else figure
        return cls(read["name"], read["title"], figure, plot, bars, lines, labels)

    def texts(self, kind: str) -> list[str]:
        """Every text of one kind, in the order of the document."""
        return [label.text for label in self.labels if label.kind == kind]

    @cached_property
    def upright(self) -> bool:
        """Whether bars stand side by side, rather than lie one below the other."""
        first = [bar.box for bar in self.bars if bar.trace == 0 and max(bar.box.width, bar.box.height) > THIN]
        wide, moved = _spread([box.width for box in first]), _spread([box.middle[0] for box in first])
        return len(first) < 2 or (wide < 1 and moved > 1)

    def along(self, box: Box) -> float:
        """Where a box lies along the axis of the classes."""
        return box.middle[0 if self.upright else 1]

    def ends(self, box: Box) -> tuple[float, float]:
        """Where a box begins and ends along the axis of the values."""
        return (box.top, box.bottom) if self.upright else (box.left, box.right)

    @cached_property
    def slots(self) -> list[float]:
        """The middles of the bars, one for each class that has one."""
        thick = [bar.box.width if self.upright else bar.box.height for bar in self.bars]
        middles = sorted(self.along(bar.box) for bar, size in zip(self.bars, thick, strict=True) if size > THIN)
        return _evenly([middle for i, middle in enumerate(middles) if i == 0 or middle - middles[i - 1] > 1.5])

    def at(self, slot: float) -> list[Bar]:
        """The bars that are seen in a slot."""
        return [bar for bar in self.bars if bar.seen and abs(self.along(bar.box) - slot) < 1.5]

    @cached_property
    def scale(self) -> list[tuple[float, float]]:
        """The ticks of the value axis that can be read as numbers: value and place, from one end to the other."""
        ticks = [label for label in self.labels if label.kind == "tick" and self._beside(label)]
        read = [(number(tick.text), tick.box.middle[1 if self.upright else 0]) for tick in ticks]
        return sorted((value, place) for value, place in read if value is not None)

    def _beside(self, tick: Label) -> bool:
        x, y = tick.box.middle
        return x < self.plot.left if self.upright else y > self.plot.bottom or y < self.plot.top

    @property
    def marks(self) -> list[tuple[str, float, float]]:
        """Every tick, its text and place, as lists that can be compared."""
        return sorted((label.text, *label.box.middle) for label in self.labels if label.kind in {"tick", "unit"})

    def place(self, value: float) -> float:
        """Where on the screen a value is, by the ticks and the line from which the bars grow."""
        assert len(self.scale) > 1, f"{self.name}: its ticks are {self.texts('tick')}"
        (low, start), (high, end) = self.scale[0], self.scale[-1]
        each = (end - start) / (high - low)
        zero = start - low * each
        edges = [edge for bar in self.bars if bar.seen for edge in self.ends(bar.box) if abs(edge - zero) < 3]
        return (median(edges) if edges else zero) + value * each


def _bar(read: dict[str, Any]) -> Bar:
    box, left = Box(*read["box"]), Box(*read["left"])
    looks = ("fill", "stroke", "dash", "line", "filled", "stroked")
    seen = read["shown"] and (read["filled"] or read["stroked"]) and min(left.width, left.height) > THIN
    return Bar(read["trace"], box, left, bool(seen), tuple(read[key] for key in looks))


def _label(read: dict[str, Any]) -> Label:
    boxes = {key: Box(*read[key]) for key in ("box", "left")}
    pairs = {key: (read[key][0], read[key][1]) for key in ("middle", "size")}
    return Label(**{**read, **boxes, **pairs})


def _evenly(middles: list[float]) -> list[float]:
    """The same with those between that are missing: a bar of height 0 is not drawn."""
    if len(middles) < 3:
        return middles
    apart = min(b - a for a, b in pairwise(middles))
    steps = [round((b - a) / apart) for a, b in pairwise(middles)]
    each = (middles[-1] - middles[0]) / sum(steps)
    return [middles[0] + i * each for i in range(sum(steps) + 1)]


def _spread(values: list[float]) -> float:
    return max(values, default=0.0) - min(values, default=0.0)


def number(text: str) -> float | None:
    """The number that a tick says, as in −0.5, 1,000, 1e−5 or 2×10−5, or None where it says something else."""
    told = re.sub("[,\u2009\u200b]", "", text.replace("−", "-").replace("×10", "e"))
    return float(told) if re.fullmatch(r"-?\d*\.?\d+(e-?\d+)?", told) else None


def look(page: Page) -> dict[str, Picture]:
    """Read every panel that is visible, as it is now."""
    return {read["name"]: Picture.of(read) for read in page.evaluate(READ)}


def still(page: Page) -> dict[str, Picture]:
    """Read every panel as soon as nothing has changed for a while."""
    assert page.evaluate(REST, MILLISECONDS_TO_REST), f"the panels did not come to rest in {MILLISECONDS_TO_REST} ms"
    return look(page)


def box_of(locator: Locator) -> Box:
    """Where an element is; it must be visible."""
    box = locator.bounding_box()
    assert box is not None
    return Box(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])


def drawing(page: Page) -> dict[str, Any]:
    """What every panel shows at rest, wherever on the page it stands: titles, texts, bars and lines."""
    return {name: _apart_from_its_place(picture) for name, picture in still(page).items()}


def _apart_from_its_place(picture: Picture) -> tuple[Any, ...]:
    left, top, _, _ = picture.plot
    bars = [tuple(round(bar.box[i] - (left, top)[i % 2]) for i in range(4)) for bar in picture.bars if bar.seen]
    lines = [[(round(x - left), round(y - top)) for x, y in line] for line in picture.lines]
    texts = [(label.kind, label.text) for label in picture.labels if label.kind != "note"]  # they leave at a touch
    return picture.title, texts, bars, lines


def named(pictures: dict[str, Picture], name: str) -> list[Label]:
    """The class names that a person reads for a panel: its own or, where panels share them, the nearest ones."""
    mine = pictures[name]
    if own := [label for label in mine.labels if label.kind == "class"]:
        return own
    sharing = [p for p in pictures.values() if p.slots and p.texts("class") and _same_places(p, mine)]
    nearest = min(
        sharing, key=lambda p: abs(p.plot.top - mine.plot.top) + abs(p.plot.left - mine.plot.left), default=None
    )
    return [] if nearest is None else [label for label in nearest.labels if label.kind == "class"]


def _same_places(one: Picture, other: Picture) -> bool:
    if one.upright != other.upright or len(one.slots) != len(other.slots):
        return False
    return all(abs(a - b) < 1.5 for a, b in zip(one.slots, other.slots, strict=True))


def foot(label: Label, *, upright: bool) -> float:
    """Where along the classes a name points: its upper end if it is slanted, else its middle."""
    x, y = label.middle
    if not upright:
        return y
    if abs(math.sin(label.angle)) < 0.3:
        return x
    return x - math.copysign(label.size[0] / 2 * math.cos(label.angle), label.angle)
