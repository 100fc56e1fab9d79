"""What the panels should show: names, values and counts from the library, held against what is read off the screen.

Each `wrong_...` returns one sentence for each fault, so that a test that fails says all of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Self

from playwright.sync_api import Page

from ssm.explorer import experiment
from ssm.explorer.settings import Settings
from tests.browser.explorer import BAR_PANELS
from tests.browser.picture import Label, Picture, foot, named

NEAR = 7.0  # px; a slanted name's end is no farther than that from the middle of its bar
ASKEW = 1.5  # px; and all names of a panel are equally far
OFF = 2.0  # px; Plotly rounds, and makes the lowest bars two pixels high
ROUNDED = 0.01  # px; the last digit that Plotly keeps, so that it may draw no bar that is shorter
ROOM = 12.0  # px that one name needs


@dataclass(frozen=True)
class Expected:
    """What the library finds for some settings, for the classes that have a bar, in the order of the bars."""

    classes: list[int]
    names: list[str]
    target: int
    counts: list[int]
    values: Mapping[str, list[float]]  # by panel

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Compute it."""
        result = experiment.run(settings, needs={"draw"})
        classes, draw = result.classes, result.draw
        assert draw is not None
        columns = {
            "noise": classes.noise,
            "scores_full": classes.score,
            "scores_sampled": classes.score,
            "gradient_full": classes.full,
            "gradient_sampled": draw.gradient,
        }
        index = [int(c) for c in classes.index]
        names = [result.problem.names[c] for c in index]
        values = {name: [float(value) for value in column] for name, column in columns.items()}
        return cls(index, names, classes.target, [int(n) for n in draw.count], values)

    @property
    def slot_of_target(self) -> int:
        """Where the target's bar is."""
        return self.classes.index(self.target)


def linked(page: Page) -> Settings:
    """The settings that the page's link tells of."""
    settings, notes = Settings.from_query(page.url.partition("?")[2])
    assert notes == ()
    return settings


def says(label: Label, name: str) -> bool:
    """Tell whether a text is a class's name, whole or cut short by "…"."""
    short = re.sub(r"^class (?=\d+$)", "", name)
    if not label.text.endswith("…"):
        return label.text in {name, short}
    return short.startswith(label.text[:-1]) and label.full in {"", name}


def wrong(pictures: dict[str, Picture], expected: Expected) -> list[str]:
    """Everything that is wrong with names, counts and bars."""
    panels = [name for name in BAR_PANELS if name in pictures]
    for name in {"scores_full", "gradient_full"} & set(panels):
        _complete(pictures[name], expected.values[name])
    faults = [fault for name in panels for fault in wrong_names(pictures, name, expected)]
    faults += [fault for name in panels for fault in wrong_bars(pictures[name], expected)]
    return faults + wrong_counts(pictures, expected)


def _complete(picture: Picture, values: list[float]) -> None:
    """Give a slot to the classes at the ends whose bars are too short to be drawn: places lie evenly in the panel."""
    slots, origin = picture.slots, picture.place(0.0)
    sure = [slot for slot, value in enumerate(values) if abs(picture.place(value) - origin) >= ROUNDED]
    missing = len(values) - len(slots)
    if len(slots) < 2 or missing <= 0 or not sure:
        return
    apart = (slots[-1] - slots[0]) / (len(slots) - 1)
    starts = [slots[0] - before * apart for before in range(missing + 1) if _short(before, missing, sure, len(values))]
    middle, span = picture.along(picture.plot), (len(values) - 1) * apart
    if starts:
        start = min(starts, key=lambda first: abs(first + span / 2 - middle))
        vars(picture)["slots"] = [start + slot * apart for slot in range(len(values))]


def _short(before: int, missing: int, sure: list[int], classes: int) -> bool:
    """Tell whether so many bars at the start, and the rest of the missing ones at the end, may be too short."""
    return before <= sure[0] and missing - before <= classes - 1 - sure[-1]


def wrong_names(pictures: dict[str, Picture], name: str, expected: Expected) -> list[str]:
    """Names that are not those of the bars above or beside them, or that miss; the target's alone is bold."""
    picture, labels = pictures[name], named(pictures, name)
    if len(picture.slots) != len(expected.classes):
        return [f"{name}: {len(picture.slots)} bars for {len(expected.classes)} classes"]
    faults = list(_misplaced(picture, labels, expected))
    bold = [label.text for label in labels if label.bold]
    target = expected.names[expected.slot_of_target]
    if [label for label in labels if label.bold and says(label, target)] == [] or len(bold) != 1:
        faults.append(f"{name}: the target is {target}, bold is {bold}")
    room = abs(picture.slots[-1] - picture.slots[0]) / max(1, len(picture.slots) - 1)
    if room >= ROOM and len(labels) < len(expected.classes):
        faults.append(f"{name}: {len(labels)} names for {len(expected.classes)} bars")
    return faults


def _misplaced(picture: Picture, labels: list[Label], expected: Expected) -> Iterator[str]:
    """Names of no bar, or of another bar than the one that they stand at."""
    apart = {}
    for label in labels:
        slots = [i for i, name in enumerate(expected.names) if says(label, name)]
        if not slots or (label.of is not None and label.of != expected.classes[slots[0]]):
            yield f"{picture.name}: {label.text!r} is the name of no bar"
            continue
        point = foot(label, upright=picture.upright)
        apart[label.text] = min((point - picture.slots[i] for i in slots), key=abs)
    usual = median(apart.values()) if apart else 0.0
    for text, distance in apart.items():
        if abs(distance) > NEAR or abs(distance - usual) > ASKEW:
            yield f"{picture.name}: {text!r} stands {distance:.1f} px from its bar, others {usual:.1f}"


def wrong_bars(picture: Picture, expected: Expected) -> list[str]:
    """Bars that do not end where the ticks say that the class's value is."""
    if len(picture.scale) < 2:
        return [f"{picture.name}: no value can be read by its ticks, {picture.texts('tick')}"]
    faults = []
    for slot, name, value in zip(picture.slots, expected.names, expected.values[picture.name], strict=False):
        zero, place = picture.place(0.0), picture.place(value)
        ends = [end for bar in picture.at(slot) for end in picture.ends(bar.left)]
        if abs(place - zero) > OFF and all(abs(end - place) > OFF for end in ends):
            faults.append(f"{picture.name}: no bar of {name} ends at {value:.3g} ({place:.0f} px), but at {ends}")
    return faults


def wrong_counts(pictures: dict[str, Picture], expected: Expected) -> list[str]:
    """Classes that were drawn more than once and do not say so, or say something else."""
    picture = pictures["noise"]
    said: dict[int, list[str]] = {}
    for label in picture.labels:
        if label.kind == "count":
            reach = [slot for slot, at in enumerate(picture.slots) if _covers(picture, label, at)]
            own = [slot for slot in reach if expected.classes[slot] == label.of]  # a wide one covers its neighbours too
            said.setdefault([*own, *reach, -1][0], []).append(label.text)
    faults = [f"noise: {text!r} stands at no bar" for text in said.get(-1, [])]
    for slot, (name, count) in enumerate(zip(expected.names, expected.counts, strict=True)):
        told = said.get(slot, [])
        if told not in _rightly(count, hit=slot == expected.slot_of_target):
            faults.append(f"noise: {name} was drawn {count} times, it says {told}")
    return faults


def _covers(picture: Picture, label: Label, at: float) -> bool:
    """Tell whether a label stands over a place, along the classes."""
    half = (label.box.width if picture.upright else label.box.height) / 2
    return abs(picture.along(label.box) - at) <= half + 1


def _rightly(count: int, *, hit: bool) -> list[list[str]]:
    """What may be said of a class that was drawn so often."""
    if count < 2:
        return [["hit"]] if hit and count else [[], ["×1"]] if count else [[]]
    times = f"×{count}" if count < 1000 else f"×{count / 1000:.1f}k"
    return [[f"hit {times}"], [times]] if hit else [[times]]
