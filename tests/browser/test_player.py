"""The player: the same draws in the same order, however one gets to them, and axes that hold still."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.settings import Settings
from tests.browser.explorer import (
    PANELS,
    answered,
    choice,
    open_explorer,
    panel,
    plots,
    sentence,
    shows,
    typed,
)

# The marks of each panel as the eye meets them: ends of bars, length and extent of lines, places of markers, in px.
MARKS = """(node) => {
  const ends = (b) => [b.x, b.x + b.width, b.y, b.y + b.height];
  const bars = [...node.querySelectorAll(".barlayer .trace")].map((trace) => [...trace.querySelectorAll(".point path")]
    .map((path) => path.getBBox()).map((b) => (b.height < 1 ? [b.height] : [b.height, ...ends(b)])));
  const lines = [...node.querySelectorAll(".scatterlayer .trace")].map((trace) => {
    const boxes = [...trace.querySelectorAll(".js-line")].map((path) => path.getBBox()).filter((b) => b.width);
    const sides = boxes.map(ends), most = (i) => (i % 2 ? Math.max : Math.min)(...sides.map((side) => side[i]));
    return boxes.length ? [0, 1, 2, 3].map(most) : [];
  });
  const markers = [...node.querySelectorAll(".points path")].flatMap((path) =>
    path.getAttribute("transform")?.match(/[\\d.]+/g).map(Number) ?? []);
  return [bars, lines, markers];
}"""
SHOWN = """() => [...document.querySelectorAll(".ssm-plot")].map((node) =>
  node.data.map(({ x, y, base, text }) => ({ x, y, base, text })))"""
BOTH = """async (shown) => {
  const { sketch, unveil } = await import("/assets/sketch.js"), marks = MARKS;
  const found = [];
  for (const [i, node] of [...document.querySelectorAll(".ssm-plot")].entries()) {
    const data = shown[i];
    const moved = sketch(node, data), sketched = marks(node);
    unveil(node);
    const frame = { data, traces: data.map((_, k) => k), layout: {} }, still = { duration: 0 };
    await Plotly.animate(node, frame, { frame: { duration: 0, redraw: true }, transition: still, mode: "immediate" });
    found.push([moved, sketched, marks(node)]);
  }
  return found;
}""".replace("MARKS", MARKS)


def press(page: Page, name: str, times: int = 1) -> None:
    """Press a button of the player and wait for torch."""
    with answered(page):
        for _ in range(times):
            page.get_by_role("button", name=name, exact=True).click()


def axes(page: Page, name: str) -> list[float]:
    """The ranges of a panel's axes."""
    layout = panel(page, name).locator(".ssm-plot").evaluate_handle("(node) => node._fullLayout")
    return [float(end) for end in layout.evaluate("(l) => [...l.xaxis.range, ...l.yaxis.range]")]


def playing_draw(page: Page) -> int:
    """The draw that the player is at."""
    return int(page.get_by_role("slider", name="draw", exact=True).input_value())


def apart(one: Any, other: Any) -> float:
    """The largest distance between two sets of marks; a bar too low to be seen is only as tall as another is."""
    if isinstance(one, list):
        short = len(one) == 1 or len(other) == 1
        pairs = zip(one, other, strict=not short)
        return max((apart(a, b) for a, b in pairs), default=0.0)
    return 0.0 if one == other else abs(one - other)


def test_scrubbing_to_a_draw_equals_stepping_to_it(page):
    open_explorer(page)
    press(page, "Step", 6)
    shows(page, Settings(draw=7, average="so_far"))
    stepped, said = plots(page), sentence(page).inner_text()
    press(page, "Restart")
    assert plots(page) != stepped
    with answered(page):
        page.get_by_role("slider", name="draw", exact=True).fill("7")
    assert sentence(page).inner_text() == said
    assert plots(page) == stepped


def test_restart_replays_the_identical_run(page):
    open_explorer(page, "?v=1&problem=random&classes=40&samples=6&noise=unigram")

    def run() -> list[tuple[list[str], str]]:
        press(page, "Restart")
        frames = [(plots(page), sentence(page).inner_text())]
        for _ in range(2):
            press(page, "Step")
            frames.append((plots(page), sentence(page).inner_text()))
        return frames

    first = run()
    press(page, "A hundred draws on")
    assert run() == first
    assert len({said for _, said in first}) == 3


def test_jumps_go_where_they_say_and_no_further(page):
    open_explorer(page)
    press(page, "Ten draws on")
    shows(page, Settings(draw=11, average="so_far"))
    press(page, "A hundred draws on")
    shows(page, Settings(draw=111, average="so_far"))
    press(page, "A hundred draws on")
    shows(page, Settings(draw=200, average="so_far"))
    press(page, "Step back")
    shows(page, Settings(draw=199, average="so_far"))
    press(page, "Restart")
    expect(page.get_by_text("draw 1 of 200")).to_be_visible()
    with answered(page):
        choice(page, "average over").select_option("all draws")
    shows(page, Settings())


def test_play_keeps_its_speed_and_pause_stays(page):
    open_explorer(page)
    page.evaluate("""() => {
      window.steps = [];
      const slider = document.querySelector('[aria-label="draw"]');
      const watched = { attributes: true, attributeFilter: ["aria-valuetext"] };
      new MutationObserver(() => steps.push(performance.now())).observe(slider, watched);
    }""")
    for speed, milliseconds, draws in (("1×", 400, 4), ("4×", 100, 12)):
        page.get_by_label("speed").select_option(speed)
        page.evaluate("window.steps = []")
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("(most) => steps.length > most", arg=draws)
        with answered(page):
            page.get_by_role("button", name="Pause").click()
        first, *_, last = times = page.evaluate(f"steps.slice(0, {draws + 1})")
        assert (last - first) / (len(times) - 1) > 0.9 * milliseconds
        here = playing_draw(page)
        shows(page, Settings(draw=here, average="so_far"))
        page.wait_for_timeout(300)
        assert playing_draw(page) == here


def test_play_ends_at_the_last_draw_and_starts_again(page):
    open_explorer(page, "?v=1&draws=10&draw=8")
    page.get_by_label("speed").select_option("10×")
    with answered(page):
        page.get_by_role("button", name="Play").click()
    shows(page, Settings(draws=10, draw=10, average="so_far"))
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text(re.compile("draw [1-5] of 10$"))).to_be_visible()


def test_zoom_stays_while_playing_until_a_double_click(page):
    open_explorer(page)
    whole = axes(page, "gradient_full")
    box = panel(page, "gradient_full").locator(".nsewdrag").bounding_box()
    assert box is not None
    corners = [(box["x"] + part * box["width"], box["y"] + part * box["height"]) for part in (0.3, 0.7)]
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.mouse.move(*corners[1], steps=5)
    page.mouse.up()
    page.wait_for_timeout(400)  # Plotly tells a click from a double click
    zoomed = axes(page, "gradient_full")
    assert zoomed[1] - zoomed[0] < 0.5 * (whole[1] - whole[0])
    page.get_by_label("speed").select_option("10×")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("Number(document.querySelector('[aria-label=draw]').value) > 8")
    assert axes(page, "gradient_full") == zoomed
    with answered(page):
        page.get_by_role("button", name="Pause").click()
    assert axes(page, "gradient_full") == zoomed
    with answered(page):
        typed(page, "samples").fill("5")
        page.keyboard.press("Enter")
    assert axes(page, "gradient_full") == zoomed
    page.mouse.dblclick(*corners[0])
    page.wait_for_timeout(400)
    assert axes(page, "gradient_full") == axes(page, "gradient_sampled")


@pytest.mark.parametrize("query", ["?v=1", "?v=1&problem=random&classes=300&samples=30&view=classes"])
def test_what_a_hand_drags_is_what_plotly_draws(page, query):
    open_explorer(page, query)
    before = page.evaluate(SHOWN)
    press(page, "Step")
    assert page.evaluate(SHOWN) != before
    found = dict(zip(PANELS, page.evaluate(BOTH, before), strict=True))
    assert [name for name, (moved, _, _) in found.items() if not moved] == []
    # Plotly rounds to whole pixels and makes the lowest bars two pixels high.
    assert max(apart(sketched, plotted) for _, sketched, plotted in found.values()) < 1.5


def test_a_dragged_picture_is_torchs_picture(page):
    open_explorer(page)
    box = page.get_by_role("slider", name="samples", exact=True).bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    nodes = [panel(page, name).locator(".ssm-plot") for name in PANELS]
    with answered(page):
        page.mouse.move(box["x"] + 30, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=8)
        page.wait_for_timeout(200)
        held = [(axes(page, name), node.evaluate(MARKS)) for name, node in zip(PANELS, nodes, strict=True)]
        page.mouse.up()
    page.wait_for_timeout(300)
    compared = 0
    for name, node, (sides, marks) in zip(PANELS, nodes, held, strict=True):
        if axes(page, name) == sides:  # an axis that grew under the hand may shrink when it rests
            assert apart(marks, node.evaluate(MARKS)) < 1.5, name
            compared += 1
    assert compared > 0
