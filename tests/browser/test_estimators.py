"""The page of the estimators as a visitor sees it: what is drawn is what torch found, at each width, by keys too."""

import re
from functools import cache

import pytest
from playwright.sync_api import Page, expect

from ssm.estimators import ESTIMATORS
from ssm.explorer import figures
from ssm.explorer.experiment import ALL, Result, run
from ssm.explorer.figures import PANELS
from ssm.explorer.figures.templates import NBSP, render
from ssm.explorer.pages import ESTIMATORS as PAGE
from ssm.explorer.settings import Settings
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answered, choice
from tests.browser.layout import faults
from tests.browser.picture import Picture, still


def opened(page: Page, query: str = "") -> None:
    """Go to the page and wait until torch has answered."""
    page.goto(f"/estimators{query}")
    stage = page.locator(READY)
    expect(stage).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(stage).to_have_attribute("data-state", "settled")


@cache
def found(settings: Settings) -> Result:
    return run(settings, needs=ALL)


def tall(page: Page) -> None:
    """Let every panel be in the window, where it can be read."""
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": size["width"], "height": 5_000})


def heights(picture: Picture, trace: int) -> list[float]:
    """The value at which the bar of a trace ends in each slot, by the ticks."""
    (low, start), (high, end) = picture.scale[0], picture.scale[-1]
    ends = []
    for slot in picture.slots:
        bars = [picture.ends(bar.box) for bar in picture.at(slot) if bar.trace == trace]
        zero = picture.place(0.0)
        far = max((end for pair in bars for end in pair), key=lambda place: abs(place - zero), default=zero)
        ends.append((far - zero) * (high - low) / (end - start))
    return ends


def one_pixel(picture: Picture) -> float:
    (low, start), (high, end) = picture.scale[0], picture.scale[-1]
    return abs((high - low) / (end - start))


def test_each_estimator_is_drawn_over_the_full_gradient(page):
    opened(page)
    tall(page)
    pictures, result = still(page), found(Settings())
    assert result.estimators is not None
    for row, name in enumerate(ESTIMATORS):
        picture = pictures[f"estimator_{name}"]
        assert picture.title.replace(NBSP, " ") == render(PANELS[picture.name].title, figures.words(result)).replace(
            NBSP, " "
        )
        assert sorted(picture.texts("class")) == sorted(result.problem.names)
        near = 2.5 * one_pixel(picture)
        assert heights(picture, 0) == pytest.approx(result.classes.full.tolist(), abs=near)
        assert heights(picture, 1) == pytest.approx(result.estimators.one[row].tolist(), abs=near)
        assert heights(picture, 2) == pytest.approx(result.estimators.average[row].tolist(), abs=near)


def test_the_loss_that_is_chosen_shows_what_it_learns(page):
    opened(page)
    tall(page)
    for name in ("log_q", "nce", "uncorrected"):
        with answered(page):
            choice(page, "estimator").select_option(name)
        settings = Settings(estimator=name)
        picture, result = still(page)["learned"], found(settings)
        words = figures.words(result)
        panel = PANELS[f"learned_{name}"]
        assert picture.title == render(panel.title, words)
        expect(page.locator(".ssm-sentence")).to_have_text(render(PAGE.sentence, words))
        assert result.learned is not None
        model = result.learned.models[list(ESTIMATORS).index(name)]
        assert heights(picture, 1) == pytest.approx(model.tolist(), abs=2.5 * one_pixel(picture))


def test_without_an_optimum_no_model_is_drawn(page):
    opened(page, "?v=1&estimator=naive_importance")
    tall(page)
    picture = still(page)["learned"]
    assert picture.title == "Naive importance learns nothing"
    assert {bar.trace for bar in picture.bars if bar.seen} == {0}
    expect(page.locator(".ssm-sentence")).to_contain_text("with fewer than 7 samples")


def test_keys_move_the_samples_and_every_panel_follows(page):
    opened(page)
    slider = page.get_by_role("slider", name="samples", exact=True)
    slider.focus()
    with answered(page):
        for _ in range(2):
            slider.press("ArrowRight")
    chosen = int(page.get_by_role("textbox", name="samples").input_value())
    assert chosen != 3
    settings = Settings(samples=chosen)
    tall(page)
    words = figures.words(found(settings))
    for name, picture in still(page).items():
        assert picture.title.replace(NBSP, " ") == render(PANELS[name].title, words).replace(NBSP, " ")
    expect(page.locator(".ssm-sentence")).to_have_text(render(PAGE.sentence, words))


def test_a_hand_on_the_slider_moves_the_small_pictures_before_torch_answers(page):
    opened(page)
    tall(page)
    before = still(page)["estimator_nce"].bars
    slider = page.get_by_role("slider", name="samples", exact=True)
    box = slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.13 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2, steps=4)
    expect(page.locator(READY)).to_have_attribute("data-state", "preview")
    pictures = still(page)
    stale = "(name) => document.querySelector(`[data-panel=${name}]`).classList.contains('ssm-stale')"
    assert pictures["estimator_nce"].bars != before
    assert [page.evaluate(stale, name) for name in ("estimator_nce", "learned", "divergence")] == [False, True, True]
    with answered(page):
        page.mouse.up()
    assert [page.evaluate(stale, name) for name in ("estimator_nce", "learned", "divergence")] == [False] * 3
    badge = page.locator(".ssm-badge").inner_text()
    found_apart = re.match(r"page vs torch: (\S+)", badge)
    assert found_apart
    assert float(found_apart[1]) < 1e-9


def test_a_draw_steps_all_six(page):
    opened(page)
    with answered(page):
        page.get_by_role("button", name="Draw again", exact=True).click()
    tall(page)
    pictures, result = still(page), found(Settings(draw=2, average="so_far"))
    assert result.estimators is not None
    for row, name in enumerate(ESTIMATORS):
        picture = pictures[f"estimator_{name}"]
        assert heights(picture, 1) == pytest.approx(result.estimators.one[row].tolist(), abs=2.5 * one_pixel(picture))


def test_every_library_says_where_it_was_read(page):
    opened(page)
    assert PAGE.table is not None
    rows = page.get_by_role("region", name=PAGE.table.title).get_by_role("row")
    expect(rows).to_have_count(1 + len(PAGE.table.rows))
    for told, row in zip(PAGE.table.rows, rows.all()[1:], strict=True):
        assert row.get_by_role("rowheader").inner_text() == told[0]
        assert [cell.inner_text() for cell in row.get_by_role("cell").all()] == [*told[1:-1], told[-1][0]]
        assert row.get_by_role("link").get_attribute("href") == told[-1][1]


def test_the_settings_travel_to_this_page_and_on(page):
    page.goto("/?v=1&samples=9&noise=log_uniform")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Estimators").click()
    expect(page).to_have_url(re.compile(r"/estimators\?v=1&samples=9&noise=log_uniform$"))
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(page.locator(".ssm-sentence")).to_have_text(
        render(PAGE.sentence, figures.words(found(Settings(samples=9, noise="log_uniform"))))
    )
    assert PAGE.next is not None
    page.get_by_role("link", name=PAGE.next.question).click()
    expect(page).to_have_url(re.compile(r"/implementation\?v=1&samples=9&noise=log_uniform$"))
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_nothing_is_cut_or_covered(new_context, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    opened(page)
    tall(page)
    assert faults(page) == []
