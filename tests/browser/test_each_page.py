"""What holds for each page: axe finds nothing serious, the keyboard reaches all, and reduced motion moves nothing."""

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.pages import PAGES
from tests.browser.axe import grave
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answered, choice
from tests.browser.test_first_view import MOVING
from tests.browser.test_keyboard import FOCUSED

every_page = pytest.mark.parametrize("record", PAGES, ids=lambda record: record.name)
MOST_STOPS = 120
TALL = 6_000  # px; axe does not judge the colours of what is scrolled away
# Everything in which Tab has to stop, numbered in the order of reading.
NUMBERED = """() => {
  const all = [...document.querySelectorAll('.ssm :is(a[href], button, input, select, summary, [tabindex="0"])')];
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  const open = all.filter((node) => !node.disabled && seen(node));
  return open.map((node, i) => {
    node.dataset.stop = i;
    return (node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent).trim().slice(0, 40);
  });
}"""
STOP = "() => document.activeElement?.dataset?.stop ?? null"
WATCH = """() => {
  window.moved = [];
  const look = () => {
    moved.push(...document.getAnimations().map(({ effect }) => effect?.target?.className ?? "?"));
    requestAnimationFrame(look);
  };
  look();
}"""


def open_page(page: Page, record, query: str = "") -> None:
    page.goto(f"/{record.path}{query}")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)


def open_all(page: Page) -> None:
    """Show the controls that are one click away, and the table."""
    for part in (page.get_by_role("button", name="More controls"), page.locator("summary", has_text="Data table")):
        if part.is_visible():
            part.click()


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_a_phone_or_a_desktop(new_context, record, scheme):
    page = new_context(color_scheme=scheme).new_page()
    open_page(page, record)
    open_all(page)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": TALL})
        page.wait_for_timeout(200)
        assert grave(page) == [], width


@every_page
def test_axe_finds_nothing_serious_in_a_frame_of_another_page(page, record):
    body = f'<!DOCTYPE html><body style="margin:0"><iframe src="/{record.path}?embed=true" width="800" height="{TALL}">'
    page.route("**/host.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.set_viewport_size({"width": 800, "height": TALL})
    page.goto("/host.html")
    frame = page.frame_locator("iframe")
    expect(frame.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(frame.get_by_role("navigation", name="Pages")).to_have_count(0)
    for width in (800, 390):
        page.locator("iframe").evaluate("(node, width) => { node.width = width; }", width)
        page.wait_for_timeout(200)
        assert grave(page.frames[1]) == [], width


@every_page
def test_tab_stops_at_every_control_and_leaves(page, record):
    open_page(page, record)
    open_all(page)
    names = page.evaluate(NUMBERED)
    page.locator(".ssm-what").click()
    page.evaluate("document.activeElement.blur()")
    stops: list[str | None] = []
    hidden: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here is None and stops:
            break
        if here is not None:
            stops.append(page.evaluate(STOP))
            hidden += [] if here["seen"] and here["within"] else [here["name"]]
    assert len(stops) < MOST_STOPS
    assert [names[int(stop)] for stop in stops if stop is not None] == names
    assert hidden == []


@every_page
def test_reduced_motion_moves_nothing_at_first_nor_after_a_change(new_context, record):
    page = new_context(reduced_motion="reduce").new_page()
    page.add_init_script(f"document.addEventListener('DOMContentLoaded', {WATCH})")
    open_page(page, record)
    assert page.evaluate(MOVING) == []
    with answered(page):
        if record.chapters:
            page.get_by_role("button", name="Next →", exact=True).click()
        elif record.job == "training":
            page.get_by_role("checkbox", name="NCE, unigram noise").check()
        else:
            choice(page, "noise").select_option("log_uniform")
    assert page.evaluate(MOVING) == []
    assert [name for name in page.evaluate("moved") if "ssm" in str(name)] == []
