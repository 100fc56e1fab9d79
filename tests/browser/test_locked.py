"""What a frame locks or hides is moved by nobody: not by pointer, keys, bars, or a button that would change it too."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.settings import FIELDS
from tests.browser.explorer import (
    MILLISECONDS_TO_OPEN,
    READY,
    answered,
    bar,
    choice,
    held,
    middle,
    open_drawer,
    open_explorer,
    panel,
    track,
    typed,
)

# A state with something to undo, to step along, to drag and to reset, on the page that has each.
STATES = {
    "explore": ("", "v=1&edits=3:1.5&noise=custom&weights=1:2.0&draw=5"),
    "random": ("", "v=1&problem=random&classes=40&draw=5"),
    "bias": ("bias", "v=1&tolerance=0.1&noise=unigram&problem=white&samples=20"),
    "implementation": ("implementation", "v=1&batch=2"),
}
LETTERS = ("ArrowUp", "ArrowRight", "PageDown", "Home", "End", "Enter", "Space", "9")
# Everything in the stage that takes a click or a key, but for what leads elsewhere or only changes how one looks.
MOVABLE = "button, input, select, [role=slider], [tabindex='0']"
LOOKS = re.compile(r"More controls|Fewer controls|Explain the picture|zoom|Share|Dismiss|speed|Data table|Close")


def chosen(page: Page) -> dict[str, str]:
    """The settings in the address, and not the frame."""
    keys = {"own" if name == "table" else name for name in FIELDS}
    return {key: value for key, value in parse_qsl(urlsplit(page.url).query) if key in keys}


def open_locked(page: Page, path: str, query: str, how: str) -> None:
    """Open a page in a frame that locks, or hides, every control there is."""
    page.goto(f"/{path}?{query}&{how}={','.join(FIELDS)}")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    more = page.get_by_role("button", name="More controls")
    if more.is_visible():
        more.click()


def press_everything(page: Page) -> int:
    """Click and press each part that can be; how many there were."""
    nodes = page.locator(".ssm").locator(MOVABLE)
    tried = 0
    for node in nodes.all():
        if not node.is_visible() or not node.is_enabled():
            continue
        name = node.get_attribute("aria-label") or node.inner_text()
        if LOOKS.search(name) or node.evaluate("(node) => Boolean(node.closest('dialog, .ssm-chapter, .ssm-facts'))"):
            continue
        tried += 1
        node.evaluate("(node) => node.scrollIntoView({ block: 'center', inline: 'center' })")
        node.click(force=True, timeout=2_000)
        node.focus()
        for key in LETTERS:
            page.keyboard.press(key)
    return tried


@pytest.mark.parametrize("how", ["locked", "hidden"])
@pytest.mark.parametrize("state", STATES)
def test_nothing_that_is_fixed_moves_under_any_hand(page, state, how):
    path, query = STATES[state]
    open_locked(page, path, query, how)
    before = chosen(page)
    settled = page.locator(READY).get_attribute("data-ssm-settled")
    press_everything(page)
    for name in page.locator("[data-panel]:visible").evaluate_all("(all) => all.map((node) => node.dataset.panel)"):
        place = panel(page, name)
        place.scroll_into_view_if_needed()
        x, y = middle(place)
        with held(page, (x, y)):
            page.mouse.move(x + 30, y - 60, steps=4)
    page.wait_for_timeout(600)
    assert page.locator(READY).get_attribute("data-ssm-settled") == settled
    assert chosen(page) == before


def test_the_same_hands_move_what_is_free(page):
    path, query = STATES["explore"]
    page.goto(f"/{path}?{query}")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    before = chosen(page)
    with answered(page):
        assert press_everything(page) > 20
    assert chosen(page) != before


def test_a_locked_control_is_seen_and_says_so_a_hidden_one_is_gone(page):
    open_explorer(page, "?v=1&locked=samples,noise,target,seed,draw,average,view,problem&hidden=classes,draws,device")
    open_drawer(page)
    for locked in (typed(page, "samples"), track(page, "samples"), choice(page, "noise"), choice(page, "target")):
        expect(locked).to_be_visible()
        expect(locked).to_be_disabled()
    expect(page.get_by_role("button", name="New seed")).to_be_disabled()
    expect(page.get_by_role("button", name="Draw again")).to_be_disabled()
    expect(page.get_by_role("slider", name="draw", exact=True)).to_be_disabled()
    expect(page.get_by_label("average over")).to_be_disabled()
    expect(choice(page, "convergence")).to_be_disabled()
    expect(page.get_by_role("button", name="Paste or load scores…")).to_be_hidden()
    for name in ("classes", "draws", "device"):
        expect(page.locator(f'[data-control="{name}"]')).to_be_hidden()
    with answered(page):  # what is neither stays free
        bar(page, "dog").press("ArrowUp")
    assert chosen(page) == {"edits": "5:0.0"}


def test_bars_that_are_fixed_are_no_sliders_and_cannot_be_undone(page):
    open_explorer(page, "?v=1&edits=3:1.5&locked=edits")
    expect(page.get_by_role("slider", name=re.compile("^score of"))).to_have_count(0)
    expect(page.get_by_role("button", name="Undo dragged bars")).to_be_hidden()
    open_explorer(page, "?v=1&edits=3:1.5")
    expect(bar(page, "dog")).to_be_visible()
    expect(page.get_by_role("button", name="Undo dragged bars")).to_be_visible()


def test_a_step_leaves_an_average_that_is_locked(page):
    open_explorer(page, "?v=1&locked=average")
    with answered(page):
        page.get_by_role("button", name="Draw again").click()
    assert chosen(page) == {"draw": "2"}


def test_a_phone_hides_the_whole_player_with_the_draw(new_context):
    page = new_context(viewport={"width": 390, "height": 800}).new_page()
    open_explorer(page, "?v=1&hidden=draw")
    for name in ("Draw again", "Play", "Step back", "+10"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()


def test_a_note_is_read_as_text(page):
    open_explorer(page, "?v=1&note=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20javascript%3Aalert(1)%20%26amp%3B")
    expect(page.locator(".ssm-word")).to_have_text("<img src=x onerror=alert(1)> javascript:alert(1) &amp;")
    expect(page.locator(".ssm-word *")).to_have_count(0)


def test_panels_of_another_page_leave_this_page_its_own(page):
    open_explorer(page, "?v=1&panels=bias_curve,nothing")
    expect(panel(page, "convergence")).to_be_visible()
    expect(panel(page, "noise")).to_be_visible()
