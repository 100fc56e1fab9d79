"""The Train page: a training starts, its curves grow, a reload finds it again, and a server that was killed is told."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY
from tests.browser.job import SLOW, in_state, job, opened, press, stop
from tests.browser.server import free_port, running_app

LINK = "/train?v=1&losses=sampled_unigram,sampled_uniform&seed=5"


def steps(page: Page) -> int:
    """How many steps the first loss has had; 0 before there is a table."""
    cells = page.locator(".ssm-job-below tbody tr").first.locator("td")
    return int(cells.first.inner_text().replace(",", "")) if cells.count() else 0


def more_steps(page: Page, than: int) -> int:
    """Wait until there are more steps than a number."""
    expect(page.locator(".ssm-job-below tbody tr").first).to_be_visible(timeout=SLOW)
    for _ in range(120):
        if (found := steps(page)) > than:
            return found
        page.wait_for_timeout(500)
    pytest.fail("the training does not go on")


def points(page: Page, panel: str) -> int:
    """How many points the lines of a panel have."""
    plots: int = page.evaluate(
        """(name) => [...document.querySelectorAll(`[data-panel="${name}"] .scatterlayer .js-line`)]
          .reduce((sum, line) => sum + (line.getAttribute("d") ?? "").split(/[ML]/).length - 1, 0)""",
        panel,
    )
    return plots


@pytest.fixture
def stopped(page: Page) -> Iterator[Page]:
    """A page whose training is stopped at the end, whatever happens."""
    yield page
    stop(page)


def test_a_training_starts_grows_rests_survives_a_reload_and_stops(stopped: Page) -> None:
    page = stopped
    opened(page, LINK)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    press(page, "Start")
    in_state(page, "running")
    first = more_steps(page, 15)
    before = points(page, "perplexity_steps")
    more_steps(page, 2 * first)
    assert points(page, "perplexity_steps") > before
    expect(page.locator(".ssm-sentence")).to_contain_text("leads on held-out text", timeout=SLOW)
    press(page, "Pause")
    in_state(page, "paused")
    rested = more_steps(page, first)
    page.reload()
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    in_state(page, "paused")
    assert more_steps(page, rested - 1) >= rested
    press(page, "Resume")
    more_steps(page, rested)
    press(page, "Stop")
    in_state(page, "stopped")
    expect(job(page)).to_contain_text("Stopped; what was found stays.")


def test_the_models_are_asked_for_the_next_word(stopped: Page) -> None:
    page = stopped
    opened(page, LINK)
    press(page, "Start")
    box = page.get_by_role("textbox", name=re.compile("What comes after"))
    more_steps(page, 10)
    last = page.locator(".ssm-job-below tbody td:last-child").first
    expect(last).to_have_text(re.compile(r"(\S+ .*%, ){4}\S+ .*%"), timeout=SLOW)
    box.fill("the qzxv")
    expect(page.locator(".ssm-job-below")).to_contain_text("The book has no word “qzxv”; try another.", timeout=SLOW)


def test_two_viewers_train_and_do_not_mix(new_context: Callable[..., BrowserContext]) -> None:
    ann, bob = new_context().new_page(), new_context().new_page()
    opened(ann, LINK)
    opened(bob, "/train?v=1&losses=nce&seed=6")
    for page in (ann, bob):
        press(page, "Start")
    for page in (ann, bob):
        more_steps(page, 10)
    rows = [page.locator(".ssm-job-below tbody th").all_inner_texts() for page in (ann, bob)]
    assert rows == [["sampled, unigram noise", "sampled, uniform noise"], ["NCE, unigram noise"]]
    for page in (ann, bob):
        press(page, "Stop")
        in_state(page, "stopped")


def test_a_killed_server_is_told_and_the_training_starts_again(new_context: Callable[..., BrowserContext]) -> None:
    port = free_port()
    with ExitStack() as servers:
        url = servers.enter_context(running_app(port))
        page = new_context(base_url=url, goes_away=True).new_page()
        opened(page, LINK)
        press(page, "Start")
        more_steps(page, 15)
        servers.close()
        in_state(page, "gone")
        expect(job(page)).to_contain_text("The server does not answer; what was found stays, and it is asked again.")
        assert steps(page) > 15
        servers.enter_context(running_app(port))
        in_state(page, "running")
        expect(job(page)).to_contain_text("the same one was started again", timeout=SLOW)
        press(page, "Stop")
        in_state(page, "stopped")
