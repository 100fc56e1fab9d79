"""The Bias page: what is drawn over the number of samples, the tolerance under the hand, and what waits for torch."""

import re

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer import figures
from ssm.explorer.experiment import run
from ssm.explorer.figures import templates
from ssm.explorer.pages import BIAS
from ssm.explorer.settings import Settings
from tests.browser.explorer import (
    MILLISECONDS_TO_OPEN,
    READY,
    answered,
    bar,
    choice,
    held,
    middle,
    panel,
    sentence,
    touching,
    track,
    typed,
)
from tests.browser.layout import faults

STALE = re.compile(r"\bssm-stale\b")
CURVES = ("bias_curve", "spread_curve", "error_curve", "gap_curve")


def open_bias(page: Page, query: str = "") -> None:
    """Go to the page by its own address."""
    page.goto(f"/bias{query}")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)


def level(page: Page):
    """The tolerance as the line that is dragged."""
    return panel(page, "bias_curve").get_by_role("slider", name="tolerance", exact=True)


def says(page: Page, settings: Settings) -> None:
    """Expect the sentence, the title and the address that torch has for some settings."""
    words = figures.words(run(settings, needs=BIAS.needs))
    expect(sentence(page)).to_have_text(templates.render(BIAS.sentence, words))
    title = templates.render(figures.PANELS["bias_curve"].title, words)
    expect(panel(page, "bias_curve").get_by_role("heading")).to_have_text(title)
    expect(page).to_have_url(re.compile(rf"/bias\?{re.escape(settings.to_query())}$"))


def readings(page: Page) -> list[str]:
    """The numbers of samples that stand at the tolerance."""
    return panel(page, "bias_curve").locator('[data-label="reading"]:not([hidden])').all_inner_texts()


def test_the_page_shows_its_own_panels_and_what_it_needs_of_the_controls(page):
    open_bias(page)
    says(page, Settings())
    assert page.locator("[data-panel]:visible").evaluate_all("nodes => nodes.map((n) => n.dataset.panel)") == [
        *BIAS.panels
    ]
    assert readings(page) == ["23", "4", "26"]
    for name in ("Draw again", "Play"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("link", name="Bias")).to_have_attribute("aria-current", "page")


def test_the_tolerance_follows_the_hand_before_torch_has_answered(page):
    open_bias(page, "?v=1&noise=log_uniform")
    x, y = middle(level(page))
    with answered(page), held(page, (x, y)):
        page.mouse.move(x, y + 60, steps=6)
        expect(panel(page, "bias_curve").get_by_role("heading")).not_to_have_text("Bias: k = 26 for 5 %")
        expect(panel(page, "bias_curve")).not_to_have_class(STALE)
        moved = level(page).get_attribute("aria-valuenow")
        assert moved is not None
        assert middle(level(page))[1] == pytest.approx(y + 60, abs=4)
    says(page, Settings(noise="log_uniform", tolerance=float(moved)))


def test_the_tolerance_moves_by_keys_to_both_ends(page):
    open_bias(page)
    for key, tolerance in (("ArrowUp", 0.055), ("PageDown", 0.026), ("Home", 1e-4), ("End", 1.0)):
        with answered(page):
            level(page).press(key)
        expect(level(page)).to_be_focused()
        says(page, Settings(tolerance=tolerance))
        assert faults(page) == []


def test_the_tolerance_can_be_typed(page):
    open_bias(page)
    with answered(page):
        typed(page, "tolerance").fill("0.1")
        typed(page, "tolerance").press("Enter")
    says(page, Settings(tolerance=0.1))
    with answered(page):
        level(page).press("PageDown")
    expect(typed(page, "tolerance")).to_have_value(re.compile(r"^0\.04"))


def test_the_tolerance_follows_a_finger_on_its_grip_and_a_finger_beside_it_scrolls(new_context):
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_bias(page)
    level(page).scroll_into_view_if_needed()
    x, y = middle(level(page).locator(".ssm-grip"))
    with answered(page), touching(context, page, (x, y)) as move:
        for far in (10, 25, 40):
            move((x, y + far))
    chosen = float(level(page).get_attribute("aria-valuenow") or 0)
    assert 0.0005 < chosen < 0.04
    says(page, Settings(tolerance=chosen))
    left, _ = middle(panel(page, "bias_curve"))
    top = middle(level(page))[1]
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('.ssm-level')", [left, top]) is None


def test_what_torch_alone_computes_waits_and_the_rest_is_live(page):
    open_bias(page, "?v=1&noise=custom&weights=3:5.0")
    title = panel(page, "noise_ideal").get_by_role("heading")
    before = title.inner_text(), sentence(page).inner_text()
    x, y = middle(bar(page, "cat", "noise probability of").locator(".ssm-grip"))
    with answered(page), held(page, (x, y)):
        page.mouse.move(x, y - 20, steps=4)
        expect(title).not_to_have_text(before[0])
        for name in CURVES:
            expect(panel(page, name)).to_have_class(STALE)
        for name in ("noise_ideal", "class_bias"):
            expect(panel(page, name)).not_to_have_class(STALE)
        expect(sentence(page)).to_have_class(STALE)
        assert sentence(page).inner_text() == before[1]
    for name in CURVES:
        expect(panel(page, name)).not_to_have_class(STALE)
    expect(sentence(page)).not_to_have_text(before[1])


def test_more_samples_move_along_the_curve_that_stays(page):
    open_bias(page)
    with answered(page):
        track(page, "samples").press("ArrowRight")
        expect(panel(page, "class_bias").get_by_role("heading")).to_have_text("Bias of each class at k = 4")
        expect(panel(page, "bias_curve")).not_to_have_class(STALE)
    says(page, Settings(samples=4))


def test_the_perfect_noise_has_no_bias(page):
    open_bias(page, "?v=1&hits=excluded")
    with answered(page):
        choice(page, "noise").select_option("softmax")
    says(page, Settings(noise="softmax", hits="excluded"))
    expect(sentence(page)).to_contain_text("Here there is none")


def test_settings_travel_from_page_to_page_and_back(page):
    open_bias(page, "?v=1&samples=7&tolerance=0.1")
    page.get_by_role("link", name="Do other losses").click()
    expect(page).to_have_url(re.compile(r"/estimators\?v=1&samples=7&tolerance=0\.1$"))
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    page.get_by_role("link", name="Bias", exact=True).click()
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    says(page, Settings(samples=7, tolerance=0.1))


def test_a_link_may_choose_panels_and_lay_its_frame_over_the_page_s(page):
    open_bias(page, "?v=1&panels=class_bias,bias_curve&hidden=noise")
    shown = page.locator("[data-panel]:visible").evaluate_all("nodes => nodes.map((n) => n.dataset.panel)")
    assert shown == ["class_bias", "bias_curve"]  # in the order of the link
    expect(choice(page, "noise")).to_be_hidden()
    expect(level(page)).to_be_visible()
    open_bias(page, "?v=1&locked=tolerance")
    assert readings(page) == ["23", "4", "26"]
    expect(level(page)).to_be_hidden()


QUERIES = {
    "article": "?v=1",
    "white": "?v=1&problem=white&samples=50&noise=unigram",
    "embedded": "?v=1&embed=true",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_width_has_room_for_everything(new_context, query):
    page = new_context(reduced_motion="reduce").new_page()
    open_bias(page, query)
    found = []
    for width in (390, 800, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(200)
        found += [f"{width} px: {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)
