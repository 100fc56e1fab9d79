"""The keyboard alone: Tab reaches everything in the order of reading, its focus is seen, and all can be done."""

import re

from playwright.sync_api import Page, expect

from ssm.explorer.settings import Settings
from tests.browser.expected import Expected, linked, wrong
from tests.browser.explorer import answered, open_explorer, shows
from tests.browser.picture import still

MOST_STOPS = 60
FOCUSED = """() => {
  const node = document.activeElement;
  if (!node?.closest(".ssm")) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(node), { top, bottom } = node.getBoundingClientRect();
  const name = node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent;
  const seen = outlineStyle !== "none" && outlineWidth !== "0px", within = bottom > 0 && top < innerHeight;
  return { name: name.trim(), seen, within };
}"""
IN_ORDER = (
    *("problem", "samples k", "samples", "noise", "target", "Fewer controls"),
    *("estimator", "accidental hits", "draws", "seed", "New seed", "device", "Explain the picture"),
    *("scores or weights", "convergence", "Draw again", "Play", "Restart", "Step back", "+10", "+100"),
    *("draw", "average over", "speed", "score of airplane", "Data table"),
)


def stops(page: Page) -> list[dict[str, object]]:
    """Where Tab stops, from the first stop of the Explorer to the last."""
    found: list[dict[str, object]] = []
    page.locator(".ssm-what").click()
    page.evaluate("document.activeElement.blur()")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here is None and found:
            return found
        if here is not None:
            found.append(here)
    message = f"Tab does not leave the Explorer after {MOST_STOPS} stops"
    raise AssertionError(message)


def go(page: Page, name: str) -> None:
    """Walk to a stop with Tab alone."""
    for _ in range(2 * MOST_STOPS):
        here = page.evaluate(FOCUSED)
        if here is not None and here["name"] == name:
            return
        page.keyboard.press("Tab")
    message = f"Tab does not reach {name}"
    raise AssertionError(message)


def press(page: Page, name: str, *keys: str) -> None:
    """Walk to a control, press keys and wait for torch."""
    go(page, name)
    with answered(page):
        for key in keys:
            page.keyboard.press(key)


def test_tab_stops_at_every_control_in_the_order_of_reading(page):
    open_explorer(page)
    page.get_by_role("button", name="More controls").click()
    found = stops(page)
    names = [str(stop["name"]) for stop in found]
    assert [name for name in IN_ORDER if name not in names] == []
    assert [name for name in names if name in IN_ORDER] == list(IN_ORDER)
    assert [stop["name"] for stop in found if not (stop["seen"] and stop["within"])] == []


def test_everything_can_be_done_by_keys(page):
    open_explorer(page)
    press(page, "samples", "ArrowRight", "ArrowRight")
    press(page, "noise", "s")  # the first noise that begins so
    press(page, "target", "c")
    shows(page, Settings(samples=5, noise="softmax", target=3))
    press(page, "Draw again", "Enter")
    press(page, "+10", "Space")
    press(page, "draw", "ArrowLeft")
    shows(page, Settings(samples=5, noise="softmax", target=3, draw=11, average="so_far"))
    press(page, "score of airplane", "ArrowRight", "ArrowUp", "PageUp")
    assert [c for c, _ in linked(page).edits] == [1]
    press(page, "Undo dragged bars", "Enter")
    assert linked(page).edits == ()
    go(page, "Explain the picture")
    page.keyboard.press("Enter")
    assert [text for picture in still(page).values() for text in picture.texts("note")] != []
    go(page, "More controls")
    page.keyboard.press("Enter")
    go(page, "seed")
    page.keyboard.press("Control+a")
    with answered(page):
        page.keyboard.type("7")
        page.keyboard.press("Enter")
    assert linked(page).seed == 7
    go(page, "Play")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    with answered(page):
        page.keyboard.press("Space")
    assert wrong(still(page), Expected.of(linked(page))) == []
    go(page, "Data table")
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"noise=softmax"))
