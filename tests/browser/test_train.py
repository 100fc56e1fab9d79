"""The Train page: a training starts, its curves grow, a reload finds it again, and a server that was killed is told."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, typed
from tests.browser.job import IDLE, SLOW, Server, in_state, job, opened, press, stop
from tests.browser.server import free_port, running_app
from tests.browser.test_home import saved
from tests.trained import TRAINING

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
    page.get_by_role("button", name="Stop", exact=True).press("Enter")
    in_state(page, "stopped")
    expect(job(page)).to_contain_text("Stopped; what was found stays.")
    expect(page.get_by_role("button", name="Restart", exact=True)).to_be_focused()  # Stop cannot have the focus now


def test_the_models_are_asked_for_the_next_word(stopped: Page) -> None:
    page = stopped
    opened(page, LINK)
    press(page, "Start")
    box = page.get_by_role("textbox", name=re.compile("What comes after"))
    more_steps(page, 10)
    last = page.locator(".ssm-job-below tbody td:last-child").first
    expect(last).to_have_text(re.compile(r"(\S+ .*%, ){4}\S+ .*%"), timeout=SLOW)
    press(page, "Stop")
    in_state(page, "stopped")
    page.wait_for_timeout(500)
    expect(last).to_have_text(re.compile(r"(\S+ .*%, ){4}\S+ .*%"))
    expect(page.locator(".ssm-job-below")).not_to_contain_text("not here any more")
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


# What the page makes of what it hears; a made-up server answers at once.

ALL = "full,sampled_unigram,sampled_log_uniform,sampled_uniform,log_q,uncorrected,nce,negative_sampling"
WHOLE = f"v=1&losses={ALL}"
TOPS = {arm: [["whale", 0.5]] for arm in TRAINING["arms"]}
DONE: dict[str, Any] = {
    "state": "done", "kind": "training", "ahead": 0, "query": WHOLE, "found": TRAINING, "known": None,
    "answer": {"context": ["the", "white"], "tops": TOPS},
}  # fmt: skip
RUNNING = DONE | {"state": "running"}
BEGUN = {"state": "running", "kind": "training", "ahead": 0, "query": WHOLE, "found": None}  # as an order is answered


def choose(page: Page, control: str, value: str) -> None:
    """Type a value into a control."""
    box = typed(page, control)
    box.fill(value)
    box.press("Enter")


def test_curves_of_another_choice_say_whose_they_are_and_are_saved_as_such(page: Page) -> None:
    server = Server(page, DONE)
    opened(page, f"/train?{WHOLE}")
    in_state(page, "done")
    expect(job(page)).to_have_text(re.compile(r"Done: every loss has had its time\.\s*$"))
    whose = "Shown: 64 samples, seed 810, 8 losses. Restart to train your own choice."
    choose(page, "negatives", "512")
    expect(job(page)).to_contain_text(whose)
    expect(page.locator(".ssm-sentence")).to_contain_text("The sampled losses are over 64 words")
    page.get_by_role("button", name="Share…").click()
    dialog = page.get_by_role("dialog", name="Share this page")
    _, text = saved(page, dialog, "JSON")
    file = json.loads(text)
    assert (file["settings"]["negatives"], file["numbers"]["trained_negatives"]) == (512, 64)
    assert file["job"] == {"kind": "training", "query": WHOLE}
    page.keyboard.press("Escape")
    choose(page, "negatives", "64")
    expect(job(page)).not_to_contain_text("Shown")
    choose(page, "seed", "5")
    expect(job(page)).to_contain_text(whose)
    choose(page, "seed", "810")
    page.get_by_role("checkbox", name="full softmax").uncheck()
    expect(job(page)).to_contain_text(whose)
    server.told = DONE | {"state": "paused"}  # also of one that goes on
    page.get_by_role("checkbox", name="full softmax").check()
    in_state(page, "paused")
    expect(job(page)).not_to_contain_text("Shown")
    choose(page, "negatives", "512")
    expect(job(page)).to_contain_text(whose)


def test_a_start_that_nobody_hears_is_told_and_the_last_picture_stays(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = new_context(goes_away=True).new_page()
    server = Server(page, IDLE)
    opened(page, f"/train?{WHOLE}")
    in_state(page, "idle")
    server.away = True
    press(page, "Start")
    told = "The server does not answer; nothing was started. Try again."
    expect(job(page)).to_contain_text(told)
    server.away, server.told = False, DONE
    choose(page, "seed", "811")
    in_state(page, "done")
    before = points(page, "perplexity_steps")
    server.away = True
    press(page, "Restart")
    expect(job(page)).to_contain_text(told)
    choose(page, "negatives", "512")
    page.wait_for_timeout(600)
    assert points(page, "perplexity_steps") == before > 0
    expect(page.locator(".ssm-job-below tbody tr")).to_have_count(8)
    server.away, server.to = False, {"start": {"error": "the line must have at most 20 jobs, got 20; come back later"}}
    press(page, "Restart")
    in_state(page, "refused")
    expect(job(page)).to_contain_text("come back later")
    expect(job(page)).to_contain_text("Shown: 64 samples")
    assert points(page, "perplexity_steps") == before
    server.told = server.to["start"] = BEGUN | {"state": "waiting", "ahead": 1}
    press(page, "Restart")
    in_state(page, "waiting")
    expect(job(page)).to_contain_text("In line: 1 training goes first.")
    expect(page.locator(".ssm-job-below tbody tr")).to_have_count(0)  # those were another's
    expect(page.locator('[data-panel="perplexity_steps"] .scatterlayer .js-line[d*="L"]')).to_have_count(0)


FIRST = """addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  const start = document.querySelector(".ssm-job button");
  if (start) window.first ??= start.disabled;
}).observe(document.body, { childList: true, subtree: true }))"""


def test_nothing_can_be_started_before_there_are_settings(page: Page) -> None:
    page.add_init_script(FIRST)
    Server(page, IDLE)
    opened(page, "/train?v=1")
    assert page.evaluate("window.first") is True
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def test_that_a_job_was_lost_is_told_of_that_job_alone(page: Page) -> None:
    server = Server(page, RUNNING)
    opened(page, f"/train?{WHOLE}")
    in_state(page, "running")
    server.told, server.to = IDLE, {"start": BEGUN}
    expect(job(page)).to_contain_text("the same one was started again", timeout=SLOW)
    server.told = RUNNING
    press(page, "Restart")
    expect(page.locator(".ssm-job-below tbody tr")).to_have_count(8)
    expect(job(page)).not_to_contain_text("started again")
    assert [order["do"] for order in server.orders][-1] == "start"


SAID = """() => {
  window.said = [];
  const tell = ({ target }) => target.closest("[role=status]") && said.push(target.textContent);
  const seen = new MutationObserver((all) => all.forEach(tell));
  seen.observe(document.querySelector(".ssm-job"), { childList: true, subtree: true });
}"""


def test_progress_is_seen_each_second_and_read_aloud_never(page: Page) -> None:
    server = Server(page, RUNNING)
    opened(page, f"/train?{WHOLE}")
    expect(job(page)).to_contain_text("Under way: 8 of 96 seconds of one core.")
    page.evaluate(SAID)
    for seconds in (2.0, 3.0):
        server.told = RUNNING | {"found": TRAINING | {"spent": dict.fromkeys(TRAINING["spent"], seconds)}}
        expect(job(page)).to_contain_text(f"Under way: {8 * seconds:.0f} of 96 seconds of one core.")
    assert page.evaluate("said") == []
    server.told = DONE
    in_state(page, "done")
    assert page.evaluate("said") == ["Done: every loss has had its time."]


def test_the_curves_can_be_read_as_a_table(page: Page) -> None:
    Server(page, DONE)
    opened(page, f"/train?{WHOLE}")
    in_state(page, "done")
    page.get_by_text("Data table").click()
    groups = page.locator(".ssm-details tbody")
    assert [each.locator("th").first.inner_text() for each in groups.all()] == [
        "Perplexity on held-out text, over seconds: perplexity, over seconds of one core, for each loss",
        "Loss trained on, and the full loss: nats, over steps",
        "Perplexity on held-out text, over steps: perplexity, over steps",
        "Bias of the gradient as it learns: in parts of the full gradient, over steps",
    ]
    rows = groups.nth(2).locator("tr").all_inner_texts()
    assert rows[1:4] == ["full\t10\t1,500", "full\t13\t1,400", "full\t17\t1,200"]
    assert len(rows) == 1 + 3 * 8


TWO = """<!DOCTYPE html><html lang="en"><title>host</title><body style="margin:0">
<iframe title="ann" src="/train?v=1&losses=nce&seed=6&embed=true" width="600" height="700"></iframe>
<iframe title="bob" src="/train?v=1&losses=log_q&seed=7&embed=true" width="600" height="700"></iframe>"""


def test_two_frames_of_one_page_have_each_a_job_of_its_own_that_a_reload_finds(page: Page) -> None:
    page.route("**/host.html", lambda route: route.fulfill(body=TWO, content_type="text/html"))
    page.goto("/host.html")
    frames = [page.frame_locator(f"iframe[title={name}]") for name in ("ann", "bob")]
    heads = ["NCE, unigram noise", "log-q, unigram noise"]

    def both(state: str) -> None:
        for frame, head in zip(frames, heads, strict=True):
            expect(frame.locator(".ssm-job")).to_have_attribute("data-job", state, timeout=SLOW)
            expect(frame.locator(".ssm-job-below tbody th")).to_have_text([head], timeout=SLOW)

    for frame in frames:
        frame.get_by_role("button", name="Start", exact=True).click(timeout=MILLISECONDS_TO_OPEN)
        expect(frame.locator(".ssm-job-below tbody tr")).to_have_count(1, timeout=SLOW)
    both("running")
    for frame in frames:
        frame.get_by_role("button", name="Pause", exact=True).click()
    both("paused")
    page.reload()
    both("paused")
    page.frames[2].evaluate("location.reload()")
    both("paused")
    for frame in frames:
        frame.get_by_role("button", name="Stop", exact=True).click()
    both("stopped")
