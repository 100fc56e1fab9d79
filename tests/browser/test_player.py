"""The player: the same draws in the same order, however one gets to them, and axes that hold still."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from ssm.explorer.settings import Settings
from tests.browser.expected import Expected, wrong
from tests.browser.explorer import (
    answered,
    choice,
    open_explorer,
    sentence,
    shows,
    typed,
)
from tests.browser.picture import drawing, look, still

# Draw again, and count the pictures of a panel that are seen until a while after.
PICTURES = """async () => {
  const plot = document.querySelector('[data-panel="gradient_sampled"] .ssm-plot'), seen = new Set();
  [...document.querySelectorAll("button")].find((node) => node.textContent === "Draw again").click();
  for (const end = performance.now() + 1500; performance.now() < end; ) {
    seen.add(plot.innerHTML);
    await new Promise(requestAnimationFrame);
  }
  return seen.size;
}"""


def press(page: Page, name: str, times: int = 1) -> None:
    """Press a button of the player and wait for torch."""
    with answered(page):
        for _ in range(times):
            page.get_by_role("button", name=name, exact=True).click()


def playing_draw(page: Page) -> int:
    """The draw that the player is at."""
    return int(page.get_by_role("slider", name="draw", exact=True).input_value())


def test_scrubbing_to_a_draw_equals_stepping_to_it(page):
    open_explorer(page)
    press(page, "Draw again", 6)
    shows(page, Settings(draw=7, average="so_far"))
    stepped, said = drawing(page), sentence(page).inner_text()
    press(page, "Restart")
    assert drawing(page) != stepped
    with answered(page):
        page.get_by_role("slider", name="draw", exact=True).fill("7")
    assert sentence(page).inner_text() == said
    assert drawing(page) == stepped


def test_restart_replays_the_identical_run(page):
    open_explorer(page, "?v=1&problem=random&classes=40&samples=6&noise=unigram")

    def run() -> list[tuple[dict[str, Any], str]]:
        press(page, "Restart")
        frames = [(drawing(page), sentence(page).inner_text())]
        for _ in range(2):
            press(page, "Draw again")
            frames.append((drawing(page), sentence(page).inner_text()))
        return frames

    first = run()
    press(page, "+100")
    assert run() == first
    assert len({said for _, said in first}) == 3


def test_jumps_go_where_they_say_and_no_further(page):
    open_explorer(page)
    press(page, "+10")
    shows(page, Settings(draw=11, average="so_far"))
    press(page, "+100")
    shows(page, Settings(draw=111, average="so_far"))
    press(page, "+100")
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


def test_zoom_is_of_both_gradients_and_stays_while_playing(page):
    open_explorer(page)

    def scale(name: str) -> float:
        picture = look(page)[name]
        return abs(picture.place(1.0) - picture.place(0.0))

    still(page)
    whole = scale("gradient_full")
    zoom = page.get_by_role("button", name="zoom of both gradients")
    zoom.click()
    still(page)
    zoomed = scale("gradient_full")
    assert zoomed > 2 * whole
    assert look(page)["gradient_sampled"].texts("tick") == look(page)["gradient_full"].texts("tick")
    page.get_by_label("speed").select_option("10×")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("[aria-label=draw]")).to_have_value(re.compile(r"^(9|\d\d+)$"))
    with answered(page):
        page.get_by_role("button", name="Pause").click()
    still(page)
    assert abs(scale("gradient_full") - zoomed) < 0.05 * zoomed


def test_a_step_moves_and_ends_where_a_jump_does(page):
    open_explorer(page)
    with answered(page):
        pictures = page.evaluate(PICTURES)
    stepped = drawing(page)
    assert pictures > 2, "nothing was seen between the first picture and the last"
    press(page, "Restart")
    with answered(page):
        page.get_by_role("slider", name="draw", exact=True).fill("2")
    assert drawing(page) == stepped


def test_a_change_in_the_midst_of_a_step_jumps_to_its_end(page):
    open_explorer(page)
    page.get_by_role("button", name="Draw again", exact=True).click()
    page.wait_for_timeout(100)
    with answered(page):
        typed(page, "samples").fill("5")
        page.keyboard.press("Enter")
    settings = Settings(samples=5, draw=2, average="so_far")
    shows(page, settings)
    assert wrong(still(page), Expected.of(settings)) == []
