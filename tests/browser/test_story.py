"""The story as a reader goes through it: what a chapter draws and says, its question, its link, what is remembered."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from ssm.explorer import figures
from ssm.explorer.experiment import run
from ssm.explorer.figures.templates import render
from ssm.explorer.pages import STORY
from ssm.explorer.settings import Settings
from ssm.explorer.story import CHAPTERS, Options
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answered, bar, choice, middle, panel
from tests.browser.layout import faults
from tests.browser.picture import box_of

WIDTHS = (390, 800, 1280)
SPIKE, GROWTH = CHAPTERS[:2]
assert SPIKE.predict
ASKED = SPIKE.predict


def open_story(page: Page, query: str = "") -> Locator:
    """Go to the story and return its stage once that is ready."""
    page.goto(f"/story{query}")
    stage = page.locator(READY)
    expect(stage).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    return stage


def words(page: Page) -> Locator:
    return page.locator(".ssm-words")


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=2)


def the(page: Page, name: str) -> Locator:
    """A button by its whole name."""
    return page.get_by_role("button", name=name, exact=True)


def known(settings: Settings) -> dict[str, Any]:
    return figures.words(run(settings, needs=STORY.needs))


def expect_chapter(page: Page, number: int) -> None:
    """Expect what a chapter says in its own state, the panels that it shows, and its link."""
    chapter = CHAPTERS[number - 1]
    expect(title(page)).to_have_text(chapter.title)
    expect(words(page)).to_have_text(render(chapter.words, known(chapter.settings)))
    shown = page.locator("[data-panel]:visible")
    expect(shown).to_have_count(len(chapter.frame.panels))
    assert {figure.get_attribute("data-panel") for figure in shown.all()} == set(chapter.frame.panels)
    link = f"/story?{chapter.settings.to_query()}&chapter={number}"
    expect(page).to_have_url(re.compile(re.escape(link) + "$"))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_walk_through_all_chapters_shows_each_whole(new_context, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    open_story(page)
    for number in range(1, 1 + len(CHAPTERS)):
        expect_chapter(page, number)
        assert faults(page) == [], number
        if number < len(CHAPTERS):
            with answered(page):
                the(page, "Next →").click()
    expect(the(page, "Next →")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("link", name="Move everything yourself")).to_be_visible()


def test_arrow_keys_turn_the_page_while_no_control_has_the_focus(page):
    open_story(page)
    with answered(page):
        page.keyboard.press("ArrowRight")
    expect_chapter(page, 2)
    page.get_by_role("slider", name="classes", exact=True).focus()
    with answered(page):
        page.keyboard.press("ArrowRight")
    expect(title(page)).to_have_text(GROWTH.title)
    page.evaluate("document.activeElement.blur()")
    with answered(page):
        page.keyboard.press("ArrowLeft")
    expect_chapter(page, 1)


def test_what_is_moved_is_said_and_one_click_brings_the_chapter_back(page):
    open_story(page)
    bar(page, "horse").focus()
    with answered(page):
        page.keyboard.press("PageUp")
    moved = Settings(edits=((7, 2.65),))
    expect(words(page)).to_have_text(render(SPIKE.words, known(moved)))
    explorer = page.get_by_role("link", name="Open this in the Explorer")
    expect(explorer).to_have_attribute("href", re.compile(r"edits=7%3A2\.65"))
    with answered(page):
        the(page, "Back to the chapter's state").click()
    expect_chapter(page, 1)
    expect(explorer).to_have_attribute("href", f"./?{SPIKE.query}")
    expect(the(page, "Back to the chapter's state")).to_have_attribute("aria-disabled", "true")


def test_its_link_opens_the_explorer_as_the_chapter_shows_it(page):
    open_story(page, "?chapter=3")
    chapter = CHAPTERS[2]
    page.get_by_role("link", name="Open this in the Explorer").click()
    expect(page).to_have_title("Sampled Softmax Explorer")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(page.locator("[data-panel]:visible")).to_have_count(len(chapter.frame.panels))
    expect(page).to_have_url(re.compile(rf"/\?{re.escape(chapter.settings.to_query())}&"))
    assert "chapter" not in page.url
    expect(page.locator(".ssm-notes li")).to_have_count(0)


def test_a_link_with_settings_is_the_chapter_with_these(page):
    open_story(page, "?v=1&edits=7:3.0&chapter=1")
    expect(words(page)).to_have_text(render(SPIKE.words, known(Settings(edits=((7, 3.0),)))))
    expect(page.locator(".ssm-notes li")).to_have_count(0)


def test_the_usual_settings_travel_in_a_chapter_that_has_others(page):
    open_story(page, "?v=1&chapter=4")  # no setting: the chapter's own
    expect_chapter(page, 4)
    with answered(page):
        choice(page, "estimator").select_option("sampled_softmax")
    for _ in range(2):
        expect(words(page)).to_have_text(render(CHAPTERS[3].words, known(Settings())))
        expect(page).to_have_url(re.compile(r"/story\?v=1&problem=article&chapter=4$"))
        page.reload()
        expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)


def test_panels_stand_in_the_order_of_the_chapter(page):
    open_story(page, "?chapter=4")
    with answered(page):
        the(page, "Next →").click()
    shown = page.locator("[data-panel]:visible")
    expect(shown).to_have_count(2)
    boxes = {figure.get_attribute("data-panel"): box_of(figure) for figure in shown.all()}
    assert sorted(boxes, key=lambda name: boxes[name].top) == list(CHAPTERS[4].frame.panels)


def test_what_is_said_of_one_state_is_not_said_over_another(page):
    open_story(page, "?chapter=4")
    with answered(page):
        the(page, "Skip, just show it").click()
    answer = page.locator(".ssm-said-of-it")
    expect(answer).to_be_visible()
    said = answer.inner_text()
    with answered(page):
        the(page, CHAPTERS[3].myth.trial).click()
    expect(answer).to_be_hidden()
    with answered(page):
        choice(page, "estimator").select_option("sampled_softmax")
    expect(answer).to_be_hidden()  # the score is still another
    with answered(page):
        the(page, "Back to the chapter's state").click()
    with answered(page):
        the(page, "Skip, just show it").click()
    expect(answer).to_have_text(said)


def test_links_to_other_pages_carry_the_settings_and_not_the_chapter(page):
    open_story(page, "?chapter=3")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Explorer")
    expect(link).to_have_attribute("href", re.compile(rf"/\?{re.escape(CHAPTERS[2].settings.to_query())}$"))


# Predict first


def test_a_prediction_is_marked_shown_and_taken_back_by_keys_alone(page):
    open_story(page)
    the(page, "Mark it on the chart").focus()
    page.keyboard.press("Enter")
    mark = page.get_by_role("slider", name="your guess: the gradient of the target")
    expect(mark).to_be_focused()
    before = float(mark.get_attribute("aria-valuenow") or "nan")
    page.keyboard.press("PageDown")
    assert float(mark.get_attribute("aria-valuenow") or "nan") < before
    guess = float(mark.get_attribute("aria-valuenow") or "nan")
    with answered(page):
        page.keyboard.press("Enter")
    answer = known(ASKED.settings)["spike"]
    said = page.locator(".ssm-said-of-it")
    expect(said).to_contain_text(f"You marked {figures.templates.number(guess)}; it is ")
    expect(said).to_contain_text(f"it is {figures.templates.number(answer)}")
    expect(said).to_contain_text(render(ASKED.why, known(ASKED.settings)))
    expect(page.locator(".ssm-guess-gap")).to_be_visible()
    expect(the(page, "Ask me again")).to_be_focused()
    with answered(page):
        page.keyboard.press("Enter")
    expect(mark).to_have_count(0)
    expect(the(page, "Mark it on the chart")).to_be_focused()
    expect_chapter(page, 1)


def test_a_mark_is_dragged_where_the_pointer_lets_it_go(page):
    open_story(page)
    the(page, "Mark it on the chart").click()
    mark = page.get_by_role("slider", name="your guess: the gradient of the target")
    x, y = middle(mark)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 30, steps=3)
    page.mouse.up()
    assert middle(mark)[1] == pytest.approx(y + 30, abs=2)
    expect(panel(page, "gradient_full")).to_be_visible()


def test_a_question_can_be_skipped_and_blocks_nothing(page):
    open_story(page)
    the(page, "Mark it on the chart").click()
    bar(page, "horse").focus()
    with answered(page):
        page.keyboard.press("ArrowUp")
    with answered(page):
        the(page, "Skip, just show it").click()
    expect(page.locator(".ssm-said-of-it")).to_have_text(render(ASKED.why, known(ASKED.settings)))
    expect(page.locator(".ssm-guess")).to_have_count(0)


def test_a_pick_is_answered(page):
    open_story(page, "?chapter=5")
    chapter = CHAPTERS[4]
    assert chapter.predict
    with answered(page):
        page.locator(".ssm-options").get_by_role("button").nth(0).click()
    expect(page.locator(".ssm-said-of-it")).to_have_text(
        f"Not so. {render(chapter.predict.why, known(chapter.predict.settings))}"
    )


@pytest.mark.parametrize("number", [chapter for chapter, one in enumerate(CHAPTERS, 1) if one.predict])
def test_what_is_asked_is_asked_of_the_chapters_own_state_and_graded_by_it(page, number):
    """Whatever was tried before: the myth leads elsewhere, and the question still says what its answer is about."""
    chapter = CHAPTERS[number - 1]
    assert chapter.predict
    open_story(page, f"?chapter={number}")
    question = render(chapter.predict.question, known(chapter.settings))
    expect(page.locator(".ssm-question")).to_have_text(question)
    with answered(page):
        the(page, chapter.myth.trial).click()
    expect(page.locator(".ssm-question")).to_have_text(question)
    if isinstance(chapter.predict.answer, Options):
        with answered(page):
            page.locator(".ssm-options").get_by_role("button").nth(chapter.predict.answer.right).click()
        expect(page.locator(".ssm-said-of-it")).to_have_text(
            f"So it is. {render(chapter.predict.why, known(chapter.predict.settings))}"
        )
        return
    with answered(page):
        the(page, "Mark it on the chart").click()
    expect(page).to_have_url(re.compile(re.escape(f"?{chapter.settings.to_query()}&chapter={number}") + "$"))
    expect(page.get_by_role("slider", name=f"your guess: {chapter.predict.answer.what}")).to_be_focused()
    expect(page.locator(".ssm-question")).to_have_text(question)


def test_a_link_into_another_state_is_asked_nothing_that_it_cannot_see(page):
    open_story(page, "?v=1&samples=12&chapter=7")
    expect(page.locator(".ssm-question")).to_have_text(re.compile("asked of the chapter's own state"))
    expect(the(page, "Skip, just show it")).to_be_hidden()
    with answered(page):
        the(page, "Back to the chapter's state").click()
    assert CHAPTERS[6].predict
    question = render(CHAPTERS[6].predict.question, known(CHAPTERS[6].settings))
    expect(page.locator(".ssm-question")).to_have_text(question)
    expect(the(page, "Mark it on the chart")).to_be_visible()


def test_a_click_refutes_the_myth_while_its_state_is_on_the_screen(page):
    open_story(page)
    refutation = page.locator(".ssm-refutation")
    expect(refutation).to_have_text("")
    with answered(page):
        the(page, SPIKE.myth.trial).click()
    expect(refutation).to_have_text(render(SPIKE.myth.refutation, known(SPIKE.myth.settings)))
    with answered(page):
        the(page, "Back to the chapter's state").click()
    expect(refutation).to_have_text("")


# What is remembered


def test_what_was_read_is_marked_and_the_last_offered(page):
    open_story(page)
    with answered(page):
        the(page, "Next →").click()
    open_story(page)
    expect_chapter(page, 1)
    for number in (1, 2):
        name = f"Chapter {number}: {CHAPTERS[number - 1].title}, read"
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    with answered(page):
        the(page, f"Go on with 2. {GROWTH.title}").click()
    expect_chapter(page, 2)


FORBIDDEN = """
for (const name of ["getItem", "setItem"]) {
  const own = Storage.prototype[name];
  Storage.prototype[name] = function (key, ...rest) {
    if (key.startsWith("ssm-")) throw new DOMException("storage is forbidden", "SecurityError");
    return own.call(this, key, ...rest);
  };
}
"""


def test_a_browser_that_forbids_storage_tells_the_story_all_the_same(page):
    page.add_init_script(FORBIDDEN)
    open_story(page)
    with answered(page):
        the(page, "Next →").click()
    expect_chapter(page, 2)


# In another page, and for all


def test_in_a_frame_of_another_page_each_chapter_has_room(new_context):
    page = new_context(viewport={"width": 800, "height": 600}).new_page()
    for number in (1, 4, 8):
        open_story(page, f"?embed=true&chapter={number}")
        expect(title(page)).to_have_text(CHAPTERS[number - 1].title)
        explorer = page.get_by_role("link", name="Open this in the Explorer")
        expect(explorer).to_have_attribute("href", f"./?{CHAPTERS[number - 1].query}&embed=true")
        assert faults(page) == [], number


@pytest.mark.parametrize("query", ["?chapter=7", "?chapter=7&embed=true"])
def test_words_and_stage_begin_side_by_side(page, query):
    open_story(page, query)
    told, staged = (page.locator(part).first.bounding_box() for part in (".ssm-chapter", ".ssm-side"))
    assert told
    assert staged
    assert staged["x"] > told["x"] + told["width"]
    assert staged["y"] == pytest.approx(told["y"], abs=10)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_chapter(new_context, scheme):
    page = new_context(color_scheme=scheme).new_page()
    open_story(page)
    for number in range(1, 1 + len(CHAPTERS)):
        expect(title(page)).to_have_text(CHAPTERS[number - 1].title)
        found = Axe().run(page, context=".ssm").response["violations"]
        assert [f["id"] for f in found if f["impact"] in {"serious", "critical"}] == [], number
        if number < len(CHAPTERS):
            with answered(page):
                the(page, "Next →").click()
