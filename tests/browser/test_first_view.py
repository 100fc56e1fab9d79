"""What a visitor sees before the first click: on a desktop, a phone, in a frame, on light and dark grounds."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from ssm.explorer.figures import texts
from ssm.explorer.pages import EXPLORER
from ssm.explorer.settings import Settings
from ssm.explorer.story import CHAPTERS
from tests.browser.axe import grave
from tests.browser.expected import Expected, wrong
from tests.browser.explorer import (
    MILLISECONDS_TO_OPEN,
    PANELS,
    READY,
    answered,
    choice,
    open_explorer,
    panel,
    sentence,
    shows,
    track,
    typed,
)
from tests.browser.layout import faults
from tests.browser.picture import Box, box_of, drawing, still
from tests.browser.pixels import colours, contrast, photograph

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
VIEWS: dict[str, dict[str, Any]] = {"phone": PHONE, "forced colours": {"forced_colors": "active"}}
MOVING = """() => [...document.querySelectorAll(".ssm, .ssm *")].filter((node) => {
  const style = getComputedStyle(node);
  return style.transitionDuration.split(", ").some((d) => d !== "0s") || style.animationName !== "none";
}).map((node) => node.className)"""
GROUNDED = """(scheme) => {
  const light = (selector, name) => getComputedStyle(document.querySelector(selector))[name].match(/\\d+/g).slice(0, 3)
    .reduce((sum, part) => sum + Number(part), 0) > 3 * 128;
  const inks = [".ssm", ".ssm-sentence", "[data-label=tick]"].map((selector) => light(selector, "color"));
  const dark = scheme === "dark";
  return light(".stApp", "backgroundColor") !== dark && inks.every((ink) => ink === dark);
}"""
Role = Literal["textbox", "combobox"]
FOUR: dict[str, Role] = {"classes": "textbox", "samples": "textbox", "noise": "combobox", "target": "combobox"}
SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"


def in_view(size: tuple[int, int], parts: dict[str, Locator]) -> None:
    """Expect some parts to lie within the window, with nothing scrolled."""
    window = Box(0, 0, *size)
    boxes = {name: box_of(part) for name, part in parts.items()}
    assert {name: box for name, box in boxes.items() if not box.within(window, 0)} == {}


def controls(view: Page | FrameLocator, names: Sequence[str]) -> dict[str, Locator]:
    """Some of the four controls by their names."""
    return {name: view.get_by_role(FOUR[name], name=re.compile(f"^{name}")) for name in names}


def draw_again(view: Page | FrameLocator) -> Locator:
    """The one primary action."""
    return view.get_by_role("button", name="Draw again", exact=True)


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A browser that has never been here."""
    return new_context(fresh=True).new_page()


def scrolls_sideways(page: Page) -> bool:
    return bool(
        page.evaluate("document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth")
    )


def test_cold_load_tells_the_story_without_a_click(page):
    open_explorer(page)
    shows(page, Settings())
    for name in PANELS:
        expect(panel(page, name).get_by_role("heading")).not_to_be_empty()
    pictures = still(page)
    assert wrong(pictures, Expected.of(Settings())) == []
    assert max(len(line) for line in pictures["convergence"].lines) > 40
    expect(
        page.get_by_role("img", name="Line chart, both axes logarithmic: the average of 200 draws is")
    ).to_be_visible()
    assert EXPLORER.first
    expect(page.locator(".ssm-what")).to_have_text(f"{texts.WHAT} {EXPLORER.first.question}")
    parts = {name: panel(page, name) for name in PANELS} | controls(page, list(FOUR))
    parts |= {"what it is": page.locator(".ssm-what"), "sentence": sentence(page), "what to do": draw_again(page)}
    in_view((1280, 800), parts)


def test_many_classes_show_their_forest_without_a_click(page):
    open_explorer(page, "?v=1&problem=white&samples=50&noise=unigram")
    parts = {name: panel(page, name) for name in PANELS} | controls(page, list(FOUR))
    in_view((1280, 800), parts | {"sentence": sentence(page), "what to do": draw_again(page)})
    for name in ("balance", "ranks"):
        expect(panel(page, name).get_by_role("heading")).to_be_visible()
    assert still(page)["noise"].texts("gap") != []


def test_phone_says_what_it_is_and_what_to_do_without_a_click(new_context):
    page = new_context(fresh=True, **PHONE).new_page()
    open_explorer(page)
    shows(page, Settings())
    parts = controls(page, ("samples", "noise", "target"))
    parts |= {"what it is": page.locator(".ssm-what"), "sentence": sentence(page), "what to do": draw_again(page)}
    in_view((390, 844), parts)
    first = box_of(panel(page, "noise"))
    assert first.top < 844 - 200  # and a good part of the first panels


def test_on_a_phone_samples_and_draw_again_stay_in_reach(new_context):
    page = new_context(fresh=True, **PHONE).new_page()
    open_explorer(page)
    panel(page, "gradient_sampled").scroll_into_view_if_needed()
    panel(page, "convergence").scroll_into_view_if_needed()
    assert page.evaluate(SCROLLED) > 300
    in_view((390, 844), {"samples": typed(page, "samples"), "what to do": draw_again(page)})
    with answered(page):
        draw_again(page).click()
    shows(page, Settings(draw=2, average="so_far"))


def test_twice_as_large_everything_is_there(new_context):
    page = new_context(fresh=True, viewport={"width": 640, "height": 400}, device_scale_factor=2).new_page()
    open_explorer(page)
    in_view((640, 400), {"what it is": page.locator(".ssm-what"), "sentence": sentence(page)})
    assert faults(page) == []
    for name in PANELS:
        panel(page, name).scroll_into_view_if_needed()
        expect(panel(page, name)).to_be_in_viewport(ratio=0.4)


def test_notes_on_the_picture_leave_at_the_first_touch_and_come_back(page):
    open_explorer(page)
    noted = sorted(text for picture in still(page).values() for text in picture.texts("note"))
    assert len(noted) == 4
    track(page, "samples").press("ArrowRight")
    assert [text for picture in still(page).values() for text in picture.texts("note")] == []
    page.get_by_role("button", name="Explain the picture").click()
    assert len([text for picture in still(page).values() for text in picture.texts("note")]) == 4


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


def framed(page: Page, width: int, height: int) -> FrameLocator:
    """The Explorer in a frame of another page."""
    body = f'<body style="margin:0"><iframe src="/?embed=true" width="{width}" height="{height}" style="border:0">'
    page.route("**/host.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("/host.html")
    frame = page.frame_locator("iframe")
    expect(frame.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(frame.get_by_role("navigation")).to_have_count(0)
    expect(frame.get_by_role("heading", level=1)).to_have_count(0)
    return frame


def test_frame_in_another_page_shows_noise_scores_and_what_to_do(page):
    frame = framed(page, 800, 600)
    parts = {name: panel(frame, name) for name in ("noise", "scores_sampled")}
    parts |= controls(frame, ("samples", "noise", "target"))
    in_view((800, 600), parts | {"sentence": sentence(frame), "what to do": draw_again(frame)})
    box = box_of(sentence(frame))
    assert box.left <= 16
    assert box.top <= 24


def test_small_frame_shows_both_gradients_and_the_samples(page):
    frame = framed(page, 400, 640)
    parts = {name: panel(frame, name) for name in ("gradient_full", "gradient_sampled")}
    parts |= controls(frame, ("samples",)) | {"sentence": sentence(frame), "what to do": draw_again(frame)}
    in_view((400, 640), parts)
    expect(frame.locator("[data-panel]").filter(visible=True)).to_have_count(2)


def test_frame_keeps_its_link_when_a_control_moves(new_context):
    page = new_context(fresh=True, viewport={"width": 800, "height": 600}).new_page()
    open_explorer(page, "?embed=true&embed_options=light_theme")
    choice(page, "noise").select_option("softmax")
    expect(page).to_have_url(re.compile(r"\?v=1&noise=softmax&embed=true&embed_options=light_theme$"))


WITHIN = """(width) => [...document.querySelectorAll("[data-panel]")].filter((node) => node.checkVisibility())
  .every((node) => node.getBoundingClientRect().right <= width)"""


def test_no_width_scrolls_sideways(page):
    open_explorer(page, "?v=1&problem=random&classes=60&noise=custom&hits=excluded")
    page.get_by_role("button", name="More controls").click()
    page.get_by_text("Data table").click()
    for width, columns in ((390, 2), (700, 2), (960, 4), (1920, 4)):
        page.set_viewport_size({"width": width, "height": 1080})
        page.wait_for_function(WITHIN, arg=width)  # a busy machine may draw the new form late
        boxes = [picture.plot for picture in still(page).values() if picture.name in PANELS]
        assert not scrolls_sideways(page), width
        assert all(box.left >= 0 and box.right <= width for box in boxes), width
        assert len({round(box.left / 60) for box in boxes}) in {columns, columns + 1}, width


def test_ground_follows_the_system_at_once(page):
    open_explorer(page)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(GROUNDED, arg=scheme)


def test_reduced_motion_moves_nothing_and_still_plays(new_context):
    page = new_context(fresh=True, reduced_motion="reduce").new_page()
    open_explorer(page)
    assert page.evaluate(MOVING) == []
    before = drawing(page)
    page.get_by_label("speed").select_option("4×")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text(re.compile(r"^draw ([4-9]|\d\d+) of 200$"))).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
    page.get_by_role("button", name="Pause").click()
    assert drawing(page) != before


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious_by_touch_and_in_few_colours(new_context, view):
    page = new_context(fresh=True, **VIEWS[view]).new_page()
    open_explorer(page)
    page.get_by_role("button", name="More controls").click()
    page.get_by_text("Data table").click()
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": size["width"], "height": 6_000})  # axe judges no colours that are scrolled away
    assert grave(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_before_anything_runs_the_question_can_be_read(new_context, scheme):
    page = new_context(fresh=True, color_scheme=scheme, java_script_enabled=False).new_page()
    page.goto("/")
    words = page.get_by_text(EXPLORER.question)
    inks = colours(photograph(page), box_of(words))
    (ground, _), *_ = inks.most_common(1)
    assert (sum(ground) > 3 * 128) == (scheme == "light")
    assert max(contrast(ink, ground) for ink in inks) > 4.5


def test_when_the_page_is_there_its_question_stands_there_once(page):
    open_explorer(page)
    shown = [node for node in page.get_by_text(EXPLORER.question).all() if node.is_visible()]
    assert len(shown) == 1


def test_who_is_new_is_sent_to_the_story_until_it_was_opened(page):
    open_explorer(page)
    assert EXPLORER.first
    page.get_by_role("link", name=EXPLORER.first.question).click()
    page.wait_for_url(re.compile("/story"))
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(page.get_by_role("heading", level=2)).to_have_text(CHAPTERS[0].title)
    open_explorer(page)
    expect(page.locator(".ssm-what")).to_have_text(texts.WHAT)
