"""Nothing is cut, nothing lies on anything else, nothing leaves the window: in every width, whatever comes and goes."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.expected import Expected, linked, wrong
from tests.browser.explorer import READY, answered, choice, open_explorer, refusal, typed
from tests.browser.layout import faults
from tests.browser.picture import still

WIDTHS = (320, 390, 600, 800, 1024, 1280, 1920)
EMBEDDED = (390, 600, 800)
HEIGHTS = {1280: 800, 1920: 1080}
NOTED = "?v=1&samples=0&draws=abc&noise=custom&edits=1:2,3:x"


@pytest.fixture
def page(new_context) -> Page:
    """A page without motion: what is drawn after a change is what stays."""
    calm: Page = new_context(reduced_motion="reduce").new_page()
    return calm


def resize(page: Page, width: int) -> None:
    """Give the window another width, and the panels the time to follow."""
    page.set_viewport_size({"width": width, "height": HEIGHTS.get(width, 844)})
    page.wait_for_timeout(150)


def pictured(page: Page) -> list[str]:
    """What is wrong with names, counts and bars: a layout that is late shows there first."""
    pictures = still(page)
    return wrong(pictures, Expected.of(linked(page)))


@pytest.mark.parametrize("query", ["?v=1", "?v=1&problem=white&samples=50&noise=unigram"], ids=["article", "white"])
def test_every_width_has_room_for_everything(page, query):
    open_explorer(page, query)
    found = []
    for width in WIDTHS:
        resize(page, width)
        found += [f"{width} px: {fault}" for fault in faults(page) + pictured(page)]
    assert not found, "\n".join(found)


def test_every_frame_has_room_for_everything(page):
    found = []
    for width in EMBEDDED:
        resize(page, width)
        open_explorer(page, "?v=1&embed=true")
        found += [f"{width} px: {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)


def test_more_controls_have_room_in_every_width(page):
    open_explorer(page, "?v=1&problem=random&classes=60&noise=custom&hits=excluded&view=classes")
    page.get_by_role("button", name="More controls").click()
    found = []
    for width in WIDTHS:
        resize(page, width)
        found += [f"{width} px: {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_notes_and_refusals_come_and_go_without_a_trace(page, width):
    resize(page, width)
    open_explorer(page, NOTED)
    found: list[str] = []

    def look(when: str) -> None:
        found.extend(f"{when}: {fault}" for fault in faults(page) + pictured(page))

    assert page.locator(".ssm-notes").get_by_role("listitem").count() > 0
    look("notes")
    page.get_by_role("button", name="Dismiss").click()
    look("notes gone")
    typed(page, "samples").fill("0")
    page.keyboard.press("Tab")
    expect(refusal(page)).to_be_visible()
    look("refusal")
    with answered(page):
        typed(page, "samples").fill("5")
        page.keyboard.press("Enter")
    expect(refusal(page)).to_be_hidden()
    look("refusal gone")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_sentence_grows_and_shrinks_and_the_panels_follow(page, width):
    resize(page, width)
    open_explorer(page)
    found = []
    for noise in ("softmax", "uniform", "custom", "log_uniform"):
        with answered(page):
            choice(page, "noise").select_option(noise)
        found += [f"{noise}: {fault}" for fault in faults(page) + pictured(page)]
    assert not found, "\n".join(found)


def test_top_of_the_window_takes_clicks_when_the_page_is_scrolled(page):
    page.set_viewport_size({"width": 1280, "height": 420})
    open_explorer(page)
    page.get_by_role("button", name="More controls").click()
    button = page.get_by_role("button", name="Fewer controls")
    scroll = "(node) => node.scrollIntoView({ block: 'start' })"
    button.evaluate(scroll)
    box = button.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 30  # where Streamlit's header lies over the page
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("button", name="More controls")).to_be_visible()
    expect(page.locator(READY)).to_be_visible()
