"""The panels alone, without the app: what the page draws and says is what Python does, and what Plotly would draw."""

import io
import json
import math
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from ssm.explorer.experiment import ALL, as_plain, run
from ssm.explorer.figures import PANELS, spec, texts
from ssm.explorer.figures.axes import axes, linear_ticks, log_ticks
from ssm.explorer.figures.readings import reading
from ssm.explorer.figures.series import numbers, series
from ssm.explorer.figures.templates import render
from ssm.explorer.figures.theme import DARK, LIGHT
from ssm.explorer.settings import Settings
from tests.measured import MEASURED
from tests.trained import TRAINING

ROOT = Path(__file__).parents[2]
HEAVY = ((7, 20.0),)
SETTINGS = {
    "article": Settings(),
    "one so far": Settings(average="so_far", draw=7),
    "hits": Settings(noise="custom", weights=HEAVY, samples=6),
    "repeats": Settings(samples=40, draw=3),
    "softmax": Settings(noise="softmax", samples=1, draw=2),
    "fifty": Settings(problem="random", classes=50, samples=50),
    "many": Settings(problem="random", samples=100),
    "flat": Settings(problem="random", classes=60, spread=0.0),
    "white": Settings(problem="white", samples=50, draws=20),
}
FEW = ("article", "hits", "repeats", "softmax", "fifty")
READABLE = """() => [...document.querySelectorAll(".ssm-label:not([hidden])")].map((node) => {
  const { left, top, right, bottom } = node.getBoundingClientRect();
  const hold = node.closest("[data-panel]").getBoundingClientRect();
  const inside = left >= hold.left - 1 && right <= hold.right + 1 && top >= hold.top - 1 && bottom <= hold.bottom + 1;
  const panel = node.closest("[data-panel]").dataset.panel;
  return { panel, kind: node.dataset.label, text: node.textContent, turned: node.classList.contains("ssm-turned"),
    class: node.dataset.class, target: node.dataset.target, box: [left, top, right, bottom], inside };
})"""


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that keeps to itself."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def harness(chromium) -> Iterator[Page]:
    """A page with the panels' modules on it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{server.server_port}/tests/browser/panels.html")
        page.wait_for_function("window.harness")
        yield page
        page.close()
        server.shutdown()


def case(settings: Settings) -> dict[str, Any]:
    """What the page is given of a result: its view, the names of its classes, its settings."""
    result = run(settings, needs=ALL)
    names = list(result.problem.names) if result.problem.classes <= 20_000 else []
    usual = replace(settings, average="all", draw=1) == Settings()  # some have a training beside, some do not
    view = as_plain(result) | {"training": TRAINING if usual else None, "cost": MEASURED if usual else None}
    return {"view": view, "names": names, "settings": json.loads(json.dumps(vars(settings), default=str))}


CASES = {name: case(settings) for name, settings in SETTINGS.items()}
every_case = pytest.mark.parametrize("name", CASES)


def build(page: Page, names: list[str], **more: Any) -> None:
    """Place panels on the page."""
    theme = more.pop("theme", LIGHT)
    look = {"orientation": "v", "width": 300, "height": 240, "columns": 4} | more
    page.evaluate("(o) => harness.build(o)", {"specs": [spec(n, theme) for n in names], "theme": asdict(theme)} | look)


# The same numbers


def apart(first: Any, second: Any, where: str = "") -> list[str]:
    """Where two trees of plain values differ, but for rounding."""
    if isinstance(first, dict):
        keys = [f"{where}: {key}" for key in set(first) ^ set(second)]
        return keys + [d for key in set(first) & set(second) for d in apart(first[key], second[key], f"{where}/{key}")]
    if isinstance(first, list):
        if len(first) != len(second):
            return [f"{where}: {len(first)} and {len(second)} values"]
        return [d for i, (a, b) in enumerate(zip(first, second, strict=True)) for d in apart(a, b, f"{where}/{i}")]
    if isinstance(first, float) and isinstance(second, int | float):
        return [] if math.isclose(first, second, rel_tol=1e-12, abs_tol=1e-300) else [f"{where}: {first}, {second}"]
    return [] if first == second else [f"{where}: {first}, {second}"]


@every_case
def test_series_axes_numbers_ticks_and_texts_are_those_of_python(harness, name):
    one = CASES[name]
    view, words = one["view"], one["settings"]
    found = series(view, one["names"].__getitem__, words)
    spans = axes(view, found)
    known = numbers(view, words, one["names"].__getitem__)
    parts = [texts.SENTENCE, *(part for p in PANELS.values() for part in (p.title, p.caption, p.label))]
    mine = {
        "series": found,
        "axes": spans,
        "numbers": known,
        "readings": [reading(view, slot, one["names"].__getitem__) for slot in found["slot"]],
        "ticks": [
            linear_ticks(spans["values"]["gradient"], 120, 26),
            linear_ticks(spans["values"]["noise"], 300, 40),
            log_ticks(spans["values"]["distance"], 150, 22),
        ],
        "said": [render(text, known) for text in parts],
    }
    theirs = harness.evaluate("([one, texts]) => harness.told(one, texts)", [one, parts])
    assert apart(json.loads(json.dumps(mine)), theirs) == []


def test_readings_are_said_alike(harness):
    said = "([parts, words]) => import('/assets/panels/texts.js').then(({ plain }) => plain(parts, words))"
    for name in FEW:
        one = CASES[name]
        for slot in range(len(one["view"]["classes"]["index"])):
            words = reading(one["view"], slot, one["names"].__getitem__)
            for record in PANELS.values():
                parts = list(record.reading)
                assert harness.evaluate(said, [parts, words]) == render(parts, words)


def test_axes_grow_and_shrink_only_with_a_new_subject(harness):
    wide, narrow = CASES["article"], case(Settings(edits=((6, 0.0), (8, 0.0))))
    free, held, stepped = (harness.evaluate("([v, h]) => harness.ranges(v, h)", [*them]) for them in (
        ([wide, narrow], [False, False]), ([wide, narrow], [False, True]), ([wide, CASES["one so far"]], [False, False])
    ))  # fmt: skip
    assert free[1]["score"][0] > free[0]["score"][0]
    assert held[1] == {
        name: [min(a[0], b[0]), max(a[1], b[1])] for (name, a), b in zip(free[0].items(), free[1].values(), strict=True)
    }
    assert stepped[0] == stepped[1]


# The same pixels


def pixels(page: Page) -> np.ndarray[Any, Any]:
    """The page as it is seen."""
    return np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")).astype(int)


@pytest.mark.parametrize("orientation", ["v", "h"])
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    "names", [("repeats", "article", "hits"), ("fifty",), ("many", "white")], ids=["10", "50", "many"]
)
def test_what_is_moved_is_what_plotly_draws(harness, orientation, theme, names):
    shown = [n for n in PANELS if names[0] == "many" or n not in {"balance", "ranks"}]
    build(harness, shown, orientation=orientation, theme=theme, height=420 if orientation == "h" else 240)
    for name in names:
        harness.evaluate("(one) => harness.draw(one)", CASES[name])
        moved = pixels(harness)
        harness.evaluate("() => harness.sync()")
        assert np.abs(moved - pixels(harness)).max() <= 8


# What can be read


def overlap(one: list[float], other: list[float]) -> bool:
    """Whether two boxes share more than their edges."""
    return all(one[i] < other[i + 2] - 1 and other[i] < one[i + 2] - 1 for i in (0, 1))


@every_case
@pytest.mark.parametrize("look", [("v", 300, 260), ("v", 250, 220), ("h", 290, 820), ("h", 190, 820)], ids=str)
def test_every_label_stands_inside_its_panel_and_on_no_other(harness, name, look):
    orientation, width, height = look
    many = CASES[name]["view"]["ranked"] is not None
    build(
        harness,
        [n for n in PANELS if many or n not in {"balance", "ranks"}],
        orientation=orientation,
        width=width,
        height=height,
    )
    harness.evaluate("(one) => harness.draw({ ...one, notes: true })", CASES[name])
    labels = harness.evaluate(READABLE)
    assert not [one for one in labels if not one["inside"]]
    level = [one for one in labels if not one["turned"]]
    meeting = [
        (a["panel"], a["text"], b["text"])
        for i, a in enumerate(level)
        for b in level[:i]
        if a["panel"] == b["panel"] and overlap(a["box"], b["box"])
    ]
    assert meeting == []


@pytest.mark.parametrize("size", [(600, 116), (600, 200), (330, 210)])
def test_the_panels_for_many_classes_can_be_read_when_they_are_low(harness, size):
    build(harness, ["balance", "ranks"], width=size[0], height=size[1], columns=1)
    for name in ("many", "white"):
        harness.evaluate("(one) => harness.draw(one)", CASES[name])
        labels = harness.evaluate(READABLE)
        assert {"row", "block", "tick", "unit", "end"} == {one["kind"] for one in labels}
        assert {"top 10", "11–100"} <= {one["text"] for one in labels}
        assert all(one["inside"] for one in labels)
        assert not [
            (a["text"], b["text"])
            for i, a in enumerate(labels)
            for b in labels[:i]
            if a["panel"] == b["panel"] and overlap(a["box"], b["box"])
        ]


@every_case
def test_names_are_those_of_the_bars_and_repeats_are_said(harness, name):
    view, names = CASES[name]["view"], CASES[name]["names"]
    build(harness, ["noise", "scores_sampled"], height=300)
    for shown in (name, "article", name):
        harness.evaluate("(one) => harness.draw(one)", CASES[shown])
    labels = harness.evaluate(READABLE)
    index = view["classes"]["index"]
    named = [one for one in labels if one["kind"] == "class"]
    assert all(names[int(one["class"])].startswith(one["text"].removesuffix("…")) for one in named)
    assert {int(one["class"]) for one in named} <= set(index)
    assert {int(one["class"]) for one in named if one["target"]} == {view["classes"]["target"]}
    if len(index) <= 20:
        assert sorted(int(one["class"]) for one in named) == sorted(2 * index)
    repeated = {c: n for c, n in zip(index, view["draw"]["count"], strict=True) if n > 1}
    counts = {int(one["class"]): one["text"] for one in labels if one["kind"] == "count"}
    assert all(counts[c].endswith(f"×{n}") for c, n in repeated.items())
