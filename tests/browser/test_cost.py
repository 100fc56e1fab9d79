"""The Cost page: a measurement starts, grows, survives a reload and stops; what somebody else measured is shown."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ssm.explorer.experiment import COSTS
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY
from tests.browser.job import SLOW, Server, in_state, job, opened, press, stop
from tests.measured import MEASURED

LINK = "/cost?v=1&examples=16&width=8"


def rows(page: Page) -> int:
    """How many steps the table has."""
    return page.locator(".ssm-job-below tbody tr").count()


def more_rows(page: Page, than: int) -> int:
    """Wait until there are more steps than a number."""
    expect(page.locator(".ssm-job-below tbody tr").nth(than)).to_be_visible(timeout=SLOW)
    return rows(page)


def dots(page: Page, panel: str) -> int:
    """How many steps a panel shows by a dot."""
    return page.locator(f'[data-panel="{panel}"] .scatterlayer .point').count()


@pytest.fixture
def stopped(new_context: Callable[..., BrowserContext]) -> Iterator[Callable[[], Page]]:
    """Pages whose measurements are stopped at the end, whatever happens."""
    pages: list[Page] = []

    def open_one() -> Page:
        pages.append(new_context().new_page())
        return pages[-1]

    yield open_one
    for page in pages:
        stop(page)


def test_a_measurement_grows_rests_survives_a_reload_stops_and_lets_the_next_one_begin(
    stopped: Callable[[], Page],
) -> None:
    ann, bob = stopped(), stopped()
    opened(ann, LINK)
    expect(ann.locator(".ssm-sentence")).to_contain_text("Start it: a step of each kind is measured on the server")
    press(ann, "Start")
    in_state(ann, "running")
    few = more_rows(ann, 5)
    before = dots(ann, "step_time")
    more_rows(ann, 2 * few)
    assert dots(ann, "step_time") > before > 0
    expect(ann.locator(".ssm-sentence")).to_contain_text(re.compile(r"Among [\d,]+ classes a step takes [\d.]+ ms"))
    expect(job(ann)).to_contain_text(re.compile(r"Under way: \d+ of 46 steps measured, now [\d,]+ classes, "))
    press(ann, "Pause")
    in_state(ann, "paused")
    ann.reload()
    expect(ann.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    in_state(ann, "paused")
    assert more_rows(ann, few) > few
    press(ann, "Resume")
    in_state(ann, "running")
    opened(bob, LINK)
    press(bob, "Start")
    in_state(bob, "waiting")
    expect(job(bob)).to_contain_text("In line: 1 measurement goes first.")
    press(ann, "Stop")
    in_state(ann, "stopped")
    expect(job(ann)).to_contain_text("Stopped; what was found stays.")
    in_state(bob, "running")
    more_rows(bob, 0)


@pytest.fixture
def of_others(page: Page) -> Page:
    """The page, and a measurement that somebody else has made."""
    Server(page, {"state": "none", "known": MEASURED})
    opened(page, "/cost?v=1")
    expect(page.locator(".ssm-sentence")).to_contain_text("Among 1,000,000 classes")
    return page


def test_what_somebody_else_has_measured_is_shown_and_said_to_be_so(of_others: Page) -> None:
    page = of_others
    in_state(page, "idle")
    expect(job(page)).to_contain_text(
        re.compile(
            r"Shown: 128 examples, 64 samples, width 64, measured on this server 2\d \w+ 2026, \d\d:\d\d, "
            r"one thread of 2 cores with AVX512\.$"
        )
    )
    expect(page.locator(".ssm-sentence")).to_contain_text("646 times less")
    expect(page.locator('[data-panel="step_time"] h3')).to_have_text("A step among 1,000,000 classes: 646× less")
    assert page.locator('[data-panel="step_time"] [data-label="reading"]').all_inner_texts() == ["1,381"]
    assert dots(page, "step_time") == 2 * len({row["classes"] for row in MEASURED["rows"]}) + 1


def test_another_choice_says_that_the_numbers_are_not_of_it(of_others: Page) -> None:
    box = of_others.get_by_role("textbox", name="width")
    box.fill("32")
    box.press("Enter")
    expect(job(of_others)).to_contain_text("Start to measure your own choice.", timeout=SLOW)


def test_a_measurement_under_way_for_another_choice_says_of_which(page: Page) -> None:
    Server(page, {"state": "running", "kind": "cost", "ahead": 0, "query": "v=1", "found": MEASURED, "known": None})
    opened(page, "/cost?v=1")
    expect(job(page)).to_contain_text("Under way: 46 of 46 steps measured.")
    expect(job(page)).not_to_contain_text("Shown")
    box = page.get_by_role("textbox", name="width")
    box.fill("32")
    box.press("Enter")
    expect(job(page)).to_contain_text(re.compile(r"Shown: 128 .* Restart to measure your own choice\."))


def test_one_of_another_device_is_of_another_choice(of_others: Page) -> None:
    """There is none here: what a link names is the CPU, and a measurement of a GPU another choice."""
    other = {"state": "none", "known": MEASURED | {"device": "cuda:0", "machine": "a GPU"}}
    of_others.unroute(re.compile(r"/job\.json\?"))
    Server(of_others, other)
    opened(of_others, "/cost?v=1&device=cuda:7")
    expect(job(of_others)).to_contain_text("a GPU. Start to measure your own choice.", timeout=SLOW)


def test_the_price_of_a_bias_can_be_read_as_a_table(of_others: Page) -> None:
    of_others.get_by_text("Data table").click()
    groups = of_others.locator(".ssm-details tbody")
    assert [each.locator("th").first.inner_text().partition(":")[0] for each in groups.all()] == [
        "A step among 1,000,000 classes",
        "Memory",
        of_others.locator('[data-panel="bias_price"] h3').inner_text(),
        "Error of one draw, and what it costs",
    ]
    for priced in (groups.nth(2), groups.nth(3)):
        rows = [row.split("\t") for row in priced.locator("tr").all_inner_texts()[1:]]
        assert {"uniform", "softmax"} <= {name for name, _, _ in rows}
        assert max(sum(name == one for name, _, _ in rows) for one, _, _ in rows) == 12
    times = groups.first.locator("tr").all_inner_texts()
    assert times[1].split("\t")[:2] == ["full", "1,000"]


def test_what_was_left_out_says_why(of_others: Page) -> None:
    left_out = of_others.locator(".ssm-job-below tbody tr", has_text="left out")
    assert left_out.all_inner_texts() == [
        "3,000,000\tfull softmax\tleft out: it would take 12.5 s, and 10.0 s are allowed",
        "10,000,000\tsampled, dense gradients\tleft out: it needs 15.4 GB of memory, and 11.0 GB may be used",
    ]


def test_the_table_has_every_step_with_its_time_memory_and_operations(of_others: Page) -> None:
    row = of_others.locator(".ssm-job-below tbody tr").first
    first = MEASURED["rows"][0]
    assert row.inner_text().split("\t") == [
        "1,000",
        "full softmax",
        f"{1e3 * first['seconds']:.3f} ms",
        f"{1e3 * first['optimiser_seconds']:.3f} ms",
        f"{first['peak_bytes'] / 1e6:.2f} MB",
        "4.9e7",
        "1.00×",
    ]


def test_under_the_pointer_each_line_is_read_where_it_was_measured(of_others: Page) -> None:
    figure = of_others.locator('[data-panel="step_time"]')
    usual = figure.locator(".ssm-caption").inner_text()
    tick = figure.locator('[data-label="tick"]', has_text=re.compile("^100,000$")).bounding_box()
    assert tick
    figure.locator(".ssm-plot").hover(position={"x": 5, "y": 5})
    of_others.mouse.move(tick["x"] + tick["width"] / 2, tick["y"] - 60)
    there = [row for row in MEASURED["rows"] if row["classes"] == 100_000]
    said = dict(zip(COSTS, (f"{1e3 * (row['seconds'] + row['optimiser_seconds']):.3g}" for row in there), strict=True))
    expect(figure.locator(".ssm-caption")).to_have_text(
        f"At 100,000: full {said['full']}, fused {said['fused']}, in chunks {said['chunked']}, "
        f"sampled dense {said['dense']}, sampled sparse {said['sparse']}."
    )
    of_others.mouse.move(5, 5)
    expect(figure.locator(".ssm-caption")).to_have_text(usual)


def test_an_answer_that_cannot_be_had_is_said(page: Page) -> None:
    Server(page, {"error": "the line is full; come back"})
    opened(page, LINK)
    expect(job(page)).to_contain_text("the line is full; come back")
