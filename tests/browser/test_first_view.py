"""What a visitor sees before the first click: on a desktop, a phone, in a frame, on light and dark grounds."""

import re
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Page, expect

from ssm.explorer.settings import Settings
from tests.browser.explorer import (
    MILLISECONDS_TO_OPEN,
    PANELS,
    READY,
    choice,
    open_explorer,
    panel,
    plots,
    sentence,
    shows,
)

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
VIEWS: dict[str, tuple[dict[str, Any], str]] = {
    "light": ({}, ""),
    "dark": ({"color_scheme": "dark"}, ""),
    "phone": (PHONE, ""),
    "frame": ({"viewport": {"width": 800, "height": 600}}, "?embed=true"),
}
Role = Literal["textbox", "combobox"]
FOUR: dict[str, Role] = {"classes": "textbox", "samples": "textbox", "noise": "combobox", "target": "combobox"}
MOVING = """() => [...document.querySelectorAll(".ssm, .ssm *")].filter((node) => {
  const style = getComputedStyle(node);
  return style.transitionDuration.split(", ").some((d) => d !== "0s") || style.animationName !== "none";
}).map((node) => node.className)"""

FITTED = """() => [...document.querySelectorAll(".ssm-holder")].every((node) =>
  Math.abs(node.clientWidth - node.querySelector(".main-svg").width.baseVal.value) < 1)"""
GROUNDED = """(scheme) => {
  const light = (selector, name) => getComputedStyle(document.querySelector(selector))[name].match(/\\d+/g).slice(0, 3)
    .reduce((sum, part) => sum + Number(part), 0) > 3 * 128;
  const inks = [light(".ssm", "color"), light(".ssm-sentence", "color"), light(".ssm-plot .xtick text", "fill")];
  const ground = light(".stApp", "backgroundColor");
  return ground === (scheme === "light") && inks.every((ink) => ink === (scheme === "dark"));
}"""


def in_view(view: Page | FrameLocator, size: tuple[int, int], panels: tuple[str, ...]) -> None:
    """Expect the sentence, the four controls and some panels to lie within the window, with nothing scrolled."""
    parts = {"sentence": sentence(view)} | {name: panel(view, name) for name in panels}
    parts |= {name: view.get_by_role(role, name=re.compile(f"^{name}")) for name, role in FOUR.items()}
    for name, part in parts.items():
        box = part.bounding_box()
        assert box is not None, name
        assert box["x"] >= 0, name
        assert box["y"] >= 0, name
        assert box["x"] + box["width"] <= size[0], name
        assert box["y"] + box["height"] <= size[1], name


def scrolls_sideways(page: Page) -> bool:
    return bool(
        page.evaluate("document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth")
    )


def test_cold_load_tells_the_story_without_a_click(page):
    open_explorer(page)
    shows(page, Settings())
    for name in PANELS:
        expect(panel(page, name)).to_be_visible()
        expect(panel(page, name).get_by_role("heading")).not_to_be_empty()
        assert panel(page, name).locator(".trace path").count() > 0
    curve = page.get_by_role("img", name="Line chart, both axes logarithmic: the average of 200 draws is")
    assert len(curve.locator(".js-line").last.get_attribute("d") or "") > 100
    in_view(page, (1280, 800), PANELS)


def test_first_draw_of_the_article_is_the_articles_own(page):
    open_explorer(page)
    page.get_by_text("Data table").click()
    table = page.get_by_role("table")
    column = table.get_by_role("columnheader").all_inner_texts().index("times sampled")
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tbody").get_by_role("row").all()]
    assert [row[0] for row in rows if row[column] == "1"] == ["bird", "cat", "dog"]
    assert [row[0] for row in rows if row[0].endswith("(target)")] == ["horse (target)"]


def test_badge_tells_how_far_page_and_torch_are_apart(page):
    open_explorer(page)
    badge = page.get_by_role("status").filter(has_text="page vs torch")
    expect(badge).to_have_text(re.compile(r"^page vs torch: \S+ · computed on CPU$"))
    found = re.match(r"page vs torch: (\S+)", badge.inner_text())
    assert found is not None
    assert 0 < float(found[1]) < 1e-9


def test_frame_in_another_page_shows_the_four_panels(page):
    frame_in_page = '<body style="margin:0"><iframe src="/?embed=true" width="800" height="600" style="border:0">'
    page.route("**/host.html", lambda route: route.fulfill(body=frame_in_page, content_type="text/html"))
    page.goto("/host.html")
    frame = page.frame_locator("iframe")
    expect(frame.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    in_view(frame, (800, 600), ("scores_sampled", "gradient_full", "gradient_sampled", "convergence"))
    expect(frame.get_by_role("navigation")).to_have_count(0)
    expect(frame.get_by_role("heading", level=1)).to_have_count(0)
    box = sentence(frame).bounding_box()
    assert box is not None
    assert box["x"] <= 16
    assert box["y"] <= 24


def test_frame_keeps_its_link_when_a_control_moves(new_context):
    page = new_context(viewport={"width": 800, "height": 600}).new_page()
    open_explorer(page, "?embed=true&embed_options=light_theme")
    choice(page, "noise").select_option("softmax")
    expect(page).to_have_url(re.compile(r"\?v=1&noise=softmax&embed=true&embed_options=light_theme$"))


def test_no_width_scrolls_sideways(page):
    open_explorer(page, "?v=1&problem=random&classes=60&noise=custom&hits=excluded")
    page.get_by_role("button", name="More controls").click()
    page.get_by_text("Data table").click()
    for width, columns in ((390, 1), (560, 1), (900, 2), (1920, 3)):
        page.set_viewport_size({"width": width, "height": 1080})
        page.wait_for_function(FITTED)
        assert not scrolls_sideways(page), width
        boxes = [panel(page, name).locator(".main-svg").first.bounding_box() for name in PANELS]
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes), width
        assert len({round(box["x"]) for box in boxes if box}) == columns


def test_ground_follows_the_system_at_once(page):
    open_explorer(page)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(GROUNDED, arg=scheme)


def test_reduced_motion_moves_nothing_and_still_plays(new_context):
    page = new_context(reduced_motion="reduce").new_page()
    open_explorer(page)
    assert page.evaluate(MOVING) == []
    before = plots(page)
    page.get_by_label("speed").select_option("4×")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text(re.compile(r"^draw ([4-9]|\d\d+) of 200$"))).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
    page.get_by_role("button", name="Pause").click()
    assert plots(page) != before


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(new_context, view):
    options, query = VIEWS[view]
    page = new_context(**options).new_page()
    open_explorer(page, query)
    page.get_by_role("button", name="More controls").click()
    page.get_by_text("Data table").click()
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in {"serious", "critical"}]
    assert [(v["id"], [node["html"][:200] for node in v["nodes"]][:3]) for v in grave] == []
