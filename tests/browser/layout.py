"""What is wrong with the layout as it stands: texts that are cut, that leave the window, or lie on one another."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.picture import Label, Picture, look, still

READ = Path(__file__).with_name("layout.js").read_text()
DEEP = 2.0  # px; two texts that share less only touch
LETTER = 0.4  # of a font's size: half of what letters fill of a line


@dataclass(frozen=True)
class Rectangle:
    """A text or a control: its middle, its half sides along its own axes, and how far it is turned."""

    what: str
    middle: tuple[float, float]
    half: tuple[float, float]
    angle: float = 0.0

    @property
    def axes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        return (cosine, sine), (-sine, cosine)

    def reach(self, axis: tuple[float, float]) -> float:
        """Half its length along an axis."""
        return sum(h * abs(u[0] * axis[0] + u[1] * axis[1]) for h, u in zip(self.half, self.axes, strict=True))

    def near(self, other: "Rectangle") -> bool:
        """Tell whether the circles around two rectangles meet."""
        return math.dist(self.middle, other.middle) < math.hypot(*self.half) + math.hypot(*other.half)

    def depth(self, other: "Rectangle") -> float:
        """How far two rectangles lie in one another, by the axis along which they are moved apart soonest."""
        away = (other.middle[0] - self.middle[0], other.middle[1] - self.middle[1])
        return min(
            self.reach(axis) + other.reach(axis) - abs(away[0] * axis[0] + away[1] * axis[1])
            for axis in (*self.axes, *other.axes)
        )


def faults(page: Page, *, at_rest: bool = False) -> list[str]:
    """Everything that is cut, outside or covered, one sentence each; who has seen the page rest need not wait again."""
    pictures = look(page) if at_rest else still(page)
    read = page.evaluate(READ)
    found = list(_outside(read)) + [
        f"{item['what']} is cut by {item['cut']:.0f} px" for item in read["items"] if item["cut"] > 0
    ]
    for picture in pictures.values():
        found += _clipped(picture)
    return found + list(_overlaps(read["items"], pictures))


def _outside(read: dict[str, Any]) -> Iterator[str]:
    if read["wide"] > read["window"]:
        yield f"the page is {read['wide']} px wide in a window of {read['window']} px"
    for item in read["items"]:
        left, _, right, _ = item["box"]
        if left < -1 or right > read["window"] + 1:
            yield f"{item['what']} reaches from {left:.0f} to {right:.0f} px in a window of {read['window']} px"


def _clipped(picture: Picture) -> list[str]:
    """Labels of a panel that are clipped, or outside it."""
    cut = [f"{picture.name}: {label.kind} {label.text!r} is clipped" for label in picture.labels if not label.whole]
    strays = [label for label in picture.labels if not label.box.within(picture.figure)]
    return cut + [f"{picture.name}: {label.kind} {label.text!r} is outside its panel" for label in strays]


def _overlaps(items: list[dict[str, Any]], pictures: dict[str, Picture]) -> Iterator[str]:
    controls = {item["id"] for item in items if item["control"]}
    kept = [item for item in items if not (item["label"] or item["empty"] or controls & set(item["inside"]))]
    pairs = combinations(kept, 2)
    apart = [(a, b) for a, b in pairs if a["id"] not in b["inside"] and b["id"] not in a["inside"]]
    yield from _meeting((_level(a), _level(b)) for a, b in apart)
    texts = [_level(item) for item in kept]
    for picture in pictures.values():
        labels = [_turned(picture.name, label) for label in picture.labels]
        yield from _meeting(chain(combinations(labels, 2), product(labels, texts)))


def _meeting(pairs: Iterable[tuple[Rectangle, Rectangle]]) -> Iterator[str]:
    for one, other in pairs:
        if one.near(other) and (depth := one.depth(other)) > DEEP:
            yield f"{one.what} and {other.what} overlap by {depth:.0f} px"


def _level(item: dict[str, Any]) -> Rectangle:
    left, top, right, bottom = item["box"]
    return Rectangle(item["what"], ((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2))


def _turned(panel: str, label: Label) -> Rectangle:
    half = (label.size[0] / 2, min(label.size[1] / 2, LETTER * label.points))  # the letters, not the line around them
    return Rectangle(f"{panel}: {label.kind} {label.text!r}", label.middle, half, label.angle)
