"""The line to the server is cut and comes back: nothing that was chosen or pasted meanwhile is lost."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests.browser.explorer import (
    MILLISECONDS_TO_OPEN,
    answered,
    answers,
    choice,
    open_explorer,
    shows,
    typed,
    wait_for_answer,
)
from tests.browser.proxy import Proxy, proxied
from tests.browser.server import free_port, running_app
from tests.browser.test_own import ask, send

LARGE = "\n".join(f'"bird, no. {c}",{(c * 7919 % 2003) / 700},{c + 1}' for c in range(2_000))

LAST = b"bird, no. 1999"  # of the names in it


@pytest.fixture
def line(app_url: str) -> Iterator[Proxy]:
    """What the page reaches the server through."""
    with proxied(urlsplit(app_url).port or 0) as proxy:
        yield proxy


def is_up(page: Page, state: str = "CONNECTED") -> None:
    """Wait until Streamlit has seen what became of the line."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-connection-state", state, timeout=MILLISECONDS_TO_OPEN)


def choose_samples(page: Page, samples: int) -> None:
    typed(page, "samples").fill(str(samples))
    page.keyboard.press("Enter")


def pasted(page: Page) -> str:
    """Paste a table that no link holds; the link by which the page then knows it."""
    dialog = ask(page)
    dialog.get_by_role("textbox", name="Paste a table").fill(LARGE)
    with answered(page):
        send(dialog)
    expect(page.locator(".ssm-badge")).to_contain_text("page vs torch")
    return page.url


@pytest.mark.parametrize("seconds", [1, 6])
def test_a_change_made_while_the_line_is_cut_is_answered_once_it_is_back(new_context, line, seconds):
    page = new_context(base_url=line.url, goes_away=True).new_page()
    open_explorer(page)
    with answered(page):
        line.cut()
        is_up(page, "PINGING_SERVER")
        choose_samples(page, 7)
        page.wait_for_timeout(1_000 * seconds)
        line.mend()
    shows(page, Settings(samples=7))
    with answered(page):  # and the next one is answered as ever
        choice(page, "noise").select_option("softmax")
    shows(page, Settings(samples=7, noise="softmax"))


def test_a_question_that_is_being_answered_when_the_line_is_cut_is_asked_again(new_context, line):
    page = new_context(base_url=line.url, goes_away=True).new_page()
    open_explorer(page, "?v=1&problem=white")
    choose_samples(page, 9)
    page.wait_for_function("() => document.querySelector('.ssm').dataset.state === 'asking'")
    line.cut()
    is_up(page, "PINGING_SERVER")
    line.mend()
    expect(page).to_have_url(
        re.compile("samples=9"), timeout=MILLISECONDS_TO_OPEN
    )  # Streamlit may mount the stage anew
    shows(page, Settings(problem="white", samples=9))


@pytest.mark.slow
def test_a_server_that_starts_again_gets_the_table_from_the_page(new_context):
    port = free_port()
    page = new_context(base_url=f"http://127.0.0.1:{port}", goes_away=True).new_page()
    problem = tables.parse(LARGE)
    here = Settings(problem="own", table=problem.fingerprint, samples=5, target=problem.target)
    with running_app(port):
        open_explorer(page, "?v=1&samples=5")
        link = pasted(page)
    is_up(page, "PINGING_SERVER")
    choose_samples(page, 8)
    with running_app(port):
        expect(page).not_to_have_url(link, timeout=MILLISECONDS_TO_OPEN)
        assert "samples=8" in page.url, page.url
        assert here.table in page.url
        expect(page.locator(".ssm-notes li")).to_have_count(0)
        expect(page.locator(".ssm-own")).to_contain_text("Your own table, 2,000 classes.")
        with answered(page):
            choice(page, "noise").select_option("unigram")
        assert here.table in page.url


@pytest.mark.slow
def test_a_table_that_is_lost_on_its_way_back_is_sent_again(new_context):
    port = free_port()
    page = new_context(base_url=f"http://127.0.0.1:{port}", goes_away=True).new_page()
    sent: list[bool] = []  # whether the server had started again by then

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def on_message(message: str | bytes) -> None:
            if LAST not in message:
                return server.send(message)
            sent.append(restarted)
            return None if sent.count(True) == 1 else server.send(message)

        route.on_message(on_message)

    restarted = False
    page.route_web_socket("**/_stcore/stream", relay)
    with running_app(port):
        open_explorer(page, "?v=1&samples=5")
        link = pasted(page)
    is_up(page, "PINGING_SERVER")
    before, restarted = answers(page), True
    with running_app(port):
        wait_for_answer(page, before)
        assert sent.count(True) == 2
        expect(page).to_have_url(link)
        expect(page.locator(".ssm-notes li")).to_have_count(0)
        expect(page.locator(".ssm-own")).to_contain_text("Your own table, 2,000 classes.")


@pytest.mark.slow
def test_a_server_that_starts_again_while_nobody_does_anything_changes_nothing(new_context):
    port = free_port()
    page = new_context(base_url=f"http://127.0.0.1:{port}", goes_away=True).new_page()
    with running_app(port):
        open_explorer(page, "?v=1&samples=5")
        with answered(page):  # so that Streamlit remembers a question of before the table
            choose_samples(page, 6)
        link = pasted(page)
    is_up(page, "PINGING_SERVER")
    before = answers(page)
    with running_app(port):
        wait_for_answer(page, before)
        page.wait_for_timeout(2_000)  # an answer to the older question would have come by now
        expect(page).to_have_url(link)
        expect(page.locator(".ssm-own")).to_contain_text("Your own table, 2,000 classes.")
