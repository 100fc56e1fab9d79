"""The implementation as it is drawn: cells, programs and bars to scale, by pointer and by keys."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from ssm.explorer import experiment, figures
from ssm.explorer.figures import SHEETS, templates
from ssm.explorer.figures.records import Code
from ssm.explorer.pages import IMPLEMENTATION
from ssm.explorer.settings import Settings
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, along, answered, held, panel, sentence, step, typed

EMPTY = Settings(samples=1, draw=5)
SHOW = "Show a row whose every sample is a hit"


def open_page(page: Page, settings: Settings = Settings()) -> None:  # noqa: B008 - frozen
    page.goto(f"/implementation?{settings.to_query()}")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)


def matrix(page: Page, name: str) -> Locator:
    return page.locator(f'[data-matrix="{name}"]')


def cells(page: Page, name: str) -> list[list[str]]:
    """What stands in the cells of a tensor, row by row."""
    return [row.locator("td[aria-label]").all_inner_texts() for row in matrix(page, name).locator("tbody tr").all()]


def says(page: Page, settings: Settings) -> None:
    """Expect every title and sentence that torch's numbers give."""
    words = figures.words(experiment.run(settings, needs=IMPLEMENTATION.needs))
    expect(sentence(page)).to_have_text(templates.render(IMPLEMENTATION.sentence, words))
    for name, sheet in SHEETS.items():
        expect(panel(page, name).get_by_role("heading")).to_have_text(templates.render(sheet.title, words))
        expect(panel(page, name).locator(".ssm-caption")).to_have_text(templates.render(sheet.caption, words))


def test_each_step_shows_its_program_its_tensors_and_a_sentence_with_their_numbers(page: Page) -> None:
    open_page(page)
    says(page, Settings())
    steps = experiment.run(Settings(), needs={"steps"}).steps
    assert steps is not None
    for name in ("embedding", "weight", "target_score", "sample_score", "loss", "embedding_gradient"):
        shown = [[templates.number(float(x)) for x in row] for row in getattr(steps, name)]
        assert cells(page, name) == shown, name
    assert [row[1] for row in cells(page, "corrected_score")] == ["1.31", "hit", "−0.697", "−0.0975"]
    assert [row[0] for row in cells(page, "weight_gradient")].count("") == 4
    programs = [(sheet.name, code) for sheet in SHEETS.values() for code in sheet.content if isinstance(code, Code)]
    for name, code in programs:
        text = code.source if code.of else steps.snippet
        assert panel(page, name).locator("pre").evaluate("(node) => node.textContent") == text


def test_a_change_is_answered_in_all_steps(page: Page) -> None:
    open_page(page)
    with answered(page):
        typed(page, "batch").fill("2")
        typed(page, "batch").press("Enter")
    says(page, Settings(batch=2))
    assert len(cells(page, "embedding")) == 2
    with answered(page):
        step(page)
    says(page, Settings(batch=2, draw=2, average="so_far"))


def test_what_torch_alone_computes_is_dimmed_while_the_hand_moves(page: Page) -> None:
    open_page(page)
    before = cells(page, "sample_score")
    stale = re.compile("ssm-stale")
    with answered(page), held(page, along(page, "dimension", 0.4)):
        page.mouse.move(*along(page, "dimension", 0.9))
        expect(typed(page, "dimension")).not_to_have_value("4")
        expect(panel(page, "step_samples")).to_have_class(stale)
        assert cells(page, "sample_score") == before
    expect(panel(page, "step_samples")).not_to_have_class(stale)
    says(page, Settings(dim=int(typed(page, "dimension").input_value())))


def test_the_program_can_be_copied(new_context) -> None:
    context = new_context(fresh=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    open_page(page)
    page.get_by_role("button", name="Copy").click()
    expect(panel(page, "step_snippet").get_by_role("status")).to_have_text("copied")
    steps = experiment.run(Settings(), needs={"steps"}).steps
    assert steps is not None
    assert page.evaluate("navigator.clipboard.readText()") == steps.snippet


def test_a_row_of_hits_alone_is_one_key_away_and_so_is_the_way_back(page: Page) -> None:
    before = Settings(samples=5, noise="custom", weights=((3, 2.0),), edits=((1, 0.5),), batch=2, seed=3)
    open_page(page, before)
    assert "nan" not in str(cells(page, "reversed_loss"))
    with answered(page):
        page.get_by_role("button", name=SHOW).press("Enter")
    says(page, EMPTY)
    assert cells(page, "loss")[1] == ["0"]
    assert cells(page, "reversed_loss")[1] == ["nan"]
    assert cells(page, "reversed_gradient")[1] == ["nan"] * 4
    with answered(page):
        page.get_by_role("button", name="Back to the batch before").press("Enter")
    says(page, before)
    expect(page).to_have_url(re.compile(rf"\?{re.escape(before.to_query())}$"))


def test_arrow_keys_walk_the_cells_and_each_is_read(page: Page) -> None:
    open_page(page)
    table = matrix(page, "corrected_score")
    assert table.locator('[tabindex="0"]').count() == 1
    table.locator('[tabindex="0"]').focus()
    line = table.locator(".ssm-cell-line")
    expect(line).to_have_text("example 1, target horse, sample 1, bird: 0.968")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(line).to_have_text("example 2, target cat, sample 2, cat: a hit, thrown away")
    assert table.locator(":focus").get_attribute("aria-label") == line.inner_text()
    matrix(page, "sample_score").locator("td[aria-label]").nth(2).hover()
    expect(matrix(page, "sample_score").locator(".ssm-cell-line")).to_have_text(
        "example 1, target horse, sample 3, dog: 2.15"
    )
    with answered(page):
        page.evaluate("document.activeElement.dataset.mark = 'same'")
        page.get_by_role("button", name="Draw again").dispatch_event("click")
    expect(table.locator(":focus")).to_have_attribute("data-mark", "same")


def test_bars_are_to_scale(page: Page) -> None:
    open_page(page)
    widths = [bar.bounding_box() for bar in panel(page, "step_bytes").locator(".ssm-bar-fill").all()]
    sparse, dense, hair, many = (box["width"] for box in widths if box)
    assert sparse / dense == pytest.approx(240 / 320, abs=0.01)
    assert hair <= 1
    assert many == pytest.approx(dense, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_programs_and_tensors_and_not_the_page(new_context, scheme: str) -> None:
    page = new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme).new_page()
    open_page(page, Settings(samples=9, dim=8))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for scroller in page.locator(".ssm-code, .ssm-cells-scroll").all():
        box = scroller.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390 + 3
    code = panel(page, "step_corrected").locator("pre")
    code.focus()
    page.keyboard.press("ArrowRight")
    expect(code).to_be_focused()
    expect(code).not_to_have_js_property("scrollLeft", 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new_context, scheme: str) -> None:
    page = new_context(color_scheme=scheme).new_page()
    open_page(page, EMPTY)
    found = Axe().run(page, ".ssm").response["violations"]
    assert [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in found] == []


def test_other_pages_know_nothing_of_batch_and_dimension(page: Page) -> None:
    page.goto("/?v=1&hidden=seed")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    for name in ("batch", "dimension"):
        expect(typed(page, name)).to_have_count(0)
    link = page.get_by_role("link", name="Implementation")
    assert re.search(r"implementation\?v=1", link.get_attribute("href") or "")
