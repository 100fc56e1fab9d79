"""The link is the state: read cold, written on settle, brought within range with a note, the viewer's own alone."""

import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, Route, expect

from ssm.explorer.settings import MOST_WORK, Settings
from tests.browser.explorer import (
    MILLISECONDS_TO_OPEN,
    PANELS,
    READY,
    answered,
    bar,
    choice,
    open_explorer,
    panel,
    sentence,
    shows,
    track,
    typed,
)
from tests.browser.server import free_port, running_app
from tests.links import Link, fuzzed, restored
from tests.test_settings import every_settings

RUBBISH = (
    "v=1&own=" + 5_000 * "x",
    "v=1&samples=0&draws=abc&target=99&noise=evil&edits=1:nan,2:1e308,3:x&foo=bar",
    "v=99&problem=<script>alert(1)</script>&hits=both",
    "v=1&problem=own&own=zzz",
    "v=1&problem=own&own=sha256-" + 64 * "0",
    "samples=-5&samples=99999999999999999999&seed=-1&draw=777&average=none",
    "%ff%fe=%00&=&&&==",
    "v=1&noise=custom&weights=0:-1,1:0,2:nan,11:1&power=inf&temperature=0",
)
MOST_OF_A_REQUEST = 60_000  # characters: uvicorn refuses a head of more than 65,536 bytes if it comes in parts


def within_reach(chosen: Settings) -> Settings:
    """The same, not so large that a browser test waits for it."""
    least = (
        replace(chosen, classes=1_000, samples=1, target=None, edits=(), weights=())
        if chosen.classes > 1_000
        else chosen
    )
    return replace(
        least,
        table=chosen.table if chosen.problem == "own" else "",
        samples=min(least.samples, 300),
        draws=min(least.draws, 500),
        draw=min(least.draw, least.draws, 500),
        spread=min(least.spread, 5.0),
        device="cpu",
    )


def notes(page: Page) -> list[str]:
    """The notes under the controls."""
    listed = page.locator(".ssm-notes").get_by_role("listitem").all_inner_texts()
    return [note for note in listed if note != "Dismiss"]


@pytest.mark.slow
def test_any_link_is_restored_cold_and_written_again(page):
    # The page stays: each link is loaded as a new document, but Plotly comes from the browser's memory.
    @given(every_settings.map(within_reach), st.randoms(use_true_random=False))
    @settings(max_examples=25)
    def run(chosen: Settings, random) -> None:
        parts = chosen.to_query().split("&")
        random.shuffle(parts)
        open_explorer(page, "?" + "&".join(parts))
        assert notes(page) == []
        shows(page, chosen)

    run()


@pytest.mark.slow
def test_rubbish_is_mended_with_notes(page):
    for query in RUBBISH:
        mended, expected = Settings.from_query(query)
        open_explorer(page, "?" + quote(query, safe="=&%"))
        shows(page, mended)
        assert notes(page) == list(expected)
        for name in PANELS:
            expect(panel(page, name)).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)
    page.get_by_role("button", name="Dismiss").click()
    assert notes(page) == []


def spelled(link: Link) -> str:
    """Its query as a browser asks for it."""
    return quote(link.query.removeprefix("?"), safe="=&%")


def reachable(link: Link) -> bool:
    """Whether a server reads it at all, and a test need not wait for what it asks for."""
    if len(spelled(link)) > MOST_OF_A_REQUEST:
        return False
    chosen = restored(link.path, link.query).settings
    return chosen.samples * chosen.draws <= 20_000 and chosen.problem != "white"


@pytest.mark.slow
def test_forty_links_that_nobody_meant_open_without_a_complaint(page):
    links = [link for link in fuzzed(60, seed=1) if reachable(link)][:40]
    assert len(links) == 40
    for link in links:  # `page` holds that nothing is written on the console, and no dialog is opened by any note
        page.goto(f"/{link.path}?{spelled(link)}")
        expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
        expect(page.get_by_text("Traceback")).to_have_count(0)
        expect(page.locator("[data-panel]:visible").first).to_be_visible()


def test_link_follows_the_hand_when_it_rests(page):
    open_explorer(page)
    expect(page).to_have_url(re.compile(r"/\?v=1$"))
    pages_behind = page.evaluate("history.length")
    with answered(page):
        bar(page, "dog").press("ArrowUp")
    expect(page).to_have_url(re.compile(r"/\?v=1&edits=5:0\.0$"))
    with answered(page):
        track(page, "samples").press("ArrowRight")
    expect(page).to_have_url(re.compile(r"/\?v=1&edits=5:0\.0&samples=4$"))
    assert page.evaluate("history.length") == pages_behind
    page.reload()
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    shows(page, Settings(edits=((5, 0.0),), samples=4))


def test_cold_link_to_the_page_by_its_name_shows_its_state(page):
    page.goto("/explore?v=1&samples=5")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    shows(page, Settings(samples=5))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_cold_link_to_no_page_shows_the_explorer_all_the_same(page, complaints):
    page.goto("/nowhere?v=1&samples=5")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(page.get_by_role("dialog")).to_contain_text("Page not found")
    page.keyboard.press("Escape")
    shows(page, Settings(samples=5))
    complaints.clear()  # Streamlit writes the same on the console


@pytest.mark.slow
def test_server_that_starts_again_finds_everything_as_it_was(new_context):
    port = free_port()
    page = new_context(base_url=f"http://127.0.0.1:{port}", goes_away=True).new_page()
    with running_app(port):
        open_explorer(page, "?v=1&problem=random&classes=60&samples=7")
        with answered(page):
            choice(page, "noise").select_option("softmax")
    here = Settings(problem="random", classes=60, samples=7, noise="softmax")
    shows(page, here)
    with running_app(port):
        app = page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=MILLISECONDS_TO_OPEN)
        with answered(page):  # the page was open all the time
            typed(page, "samples").fill("8")
            page.keyboard.press("Enter")
        shows(page, replace(here, samples=8))
        page.reload()
        expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
        shows(page, replace(here, samples=8))


def test_two_viewers_share_nothing(new_context):
    one, other = new_context().new_page(), new_context().new_page()
    open_explorer(one)
    open_explorer(other, "?v=1&seed=3")
    with answered(one):
        choice(one, "noise").select_option("softmax")
    with answered(other):
        typed(other, "samples").fill("9")
        other.keyboard.press("Enter")
    with answered(one):
        bar(one, "dog").press("PageUp")
    shows(one, Settings(noise="softmax", edits=((5, 0.9),)))
    shows(other, Settings(seed=3, samples=9))


def test_overwork_gets_a_sentence_and_the_picture_stays(page):
    open_explorer(page)
    with answered(page):
        typed(page, "samples").fill("10,000")
        page.keyboard.press("Enter")
    page.get_by_role("button", name="More controls").click()
    said = sentence(page).inner_text()
    with answered(page, "refused"):
        typed(page, "draws").fill("10,000")
        page.keyboard.press("Enter")
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text(
        f"samples times draws must be at most {MOST_WORK:,}, got 10,000 draws of 10,000 samples; "
        "choose at most 1,000 draws or 1,000 samples"
    )
    expect(sentence(page)).to_be_visible()
    for name in PANELS:
        assert panel(page, name).locator(".barlayer path, .scatterlayer path").count() > 0
    with answered(page):
        page.get_by_role("button", name="Back to the last picture").click()
    expect(refusal).to_be_hidden()
    expect(sentence(page)).to_have_text(said)


def test_overwork_in_a_cold_link_is_cut_to_size(page):
    open_explorer(page, "?v=1&samples=10000&draws=10000")
    shows(page, Settings(samples=10_000, draws=1_000))
    assert len(notes(page)) == 1
    assert notes(page)[0].endswith("choose at most 1,000 draws or 1,000 samples; 1,000 draws are used")


def test_a_bar_that_comes_late_carries_the_settings_too(page):
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/static/js/Html.*.js", hold)  # what Streamlit needs for the bar, and for no stage
    open_explorer(page, "?v=1&samples=9")
    assert waiting
    assert page.locator(".ssm-bar").count() == 0
    for route in waiting:
        route.continue_()
    expect(page.locator("[data-ribbon]")).to_have_text(re.compile("9 samples"))
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Bias")
    expect(link).to_have_attribute("href", re.compile(r"/bias\?v=1&samples=9$"))
