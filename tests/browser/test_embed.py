"""Inside another page: the height that is announced, slides that start and stop it, the way out, and light or dark."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from ssm.explorer.pages import PAGES
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answered, choice, open_explorer, typed

HOST = """<!DOCTYPE html><html lang="en"><title>host</title><body style="margin:0;height:6000px">
<input aria-label="mine"><div style="height:{above}px"></div>
<iframe title="page" src="{src}" width="{width}" height="{height}" style="border:0;display:block"></iframe>
<script>
  window.heard = [];
  addEventListener("message", ({{ data, source }}) => {{
    const frame = document.querySelector("iframe");
    if (source !== frame.contentWindow) return;
    heard.push(data);
    if ({obeys} && data.subject === "lti.frameResize") frame.height = data.height;
  }});
</script>"""
WIDTHS = (1280, 800, 390)


def hosted(page: Page, src: str, *, obeys: bool = False, **box: int) -> FrameLocator:
    """Open a page of another kind with `src` in a frame, and wait until that is ready."""
    body = HOST.format(src=src, obeys=str(obeys).lower(), **{"above": 0, "width": 800, "height": 600, **box})
    page.route("**/host.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("/host.html")
    frame = page.frame_locator("iframe")
    expect(frame.locator(READY)).to_be_attached(timeout=MILLISECONDS_TO_OPEN)
    return frame


def heard(page: Page) -> list[dict[str, Any]]:
    """What the page in the frame has told its host; Streamlit tells it more, in words of its own."""
    found: list[dict[str, Any]] = page.evaluate("window.heard.filter((told) => Number.isInteger(told?.height))")
    return found


def where(frame: FrameLocator | Page) -> Locator:
    """Which draw is shown."""
    return frame.locator(".ssm-where")


def tell(page: Page, word: str) -> None:
    """Tell the page in the frame what a slide deck tells it."""
    page.evaluate("(word) => document.querySelector('iframe').contentWindow.postMessage(word, '*')", word)


def ground(frame: FrameLocator | Page) -> str:
    """The colour of the page's ground."""
    found: str = frame.locator("[data-testid=stApp]").evaluate("(app) => getComputedStyle(app).backgroundColor")
    return found


@pytest.mark.parametrize("record", PAGES, ids=[page.name for page in PAGES])
def test_a_host_that_gives_the_height_it_is_told_shows_everything_without_a_second_scroll_bar(page, record):
    for width in WIDTHS:
        frame = hosted(page, f"/{record.path}?embed=true", obeys=True, width=width)
        page.wait_for_timeout(1_000)
        told = heard(page)
        assert told, width
        assert len(told) % 2 == 0, width
        for plain, resize in zip(told[::2], told[1::2], strict=True):
            assert plain == {"height": resize["height"]}
            assert resize == {"subject": "lti.frameResize", "height": plain["height"]}
        heights = [each["height"] for each in told[::2]]
        assert all(one != other for one, other in pairwise(heights)), "only on change"
        assert len(heights) <= 4, f"{width}: {heights}"
        main = frame.locator("[data-testid=stMain]")
        room = main.evaluate("(main) => [main.scrollHeight, main.clientHeight]")
        assert room[0] <= room[1], f"{width}: {room}"
        end = frame.locator(".ssm-outward").evaluate("(last) => innerHeight - last.getBoundingClientRect().bottom")
        assert 0 <= end < 80, f"{width}: nothing but a margin is below the last line, got {end}"


def test_a_host_with_a_height_of_its_own_is_filled_and_not_asked_for_more(page):
    frame = hosted(page, "/?embed=true", width=1280, height=700)
    page.wait_for_timeout(500)
    first = heard(page)
    end = frame.locator(".ssm-outward").evaluate("(last) => innerHeight - last.getBoundingClientRect().bottom")
    assert 0 <= end < 80
    page.locator("iframe").evaluate("(frame) => { frame.height = 760; }")
    page.wait_for_timeout(500)
    assert heard(page) == first
    end = frame.locator(".ssm-outward").evaluate("(last) => innerHeight - last.getBoundingClientRect().bottom")
    assert 0 <= end < 80


def test_a_page_by_itself_announces_nothing(page):
    page.add_init_script("window.heard = []; addEventListener('message', ({ data }) => heard.push(data));")
    open_explorer(page, "?v=1&embed=true")
    assert heard(page) == []


def test_a_slide_starts_and_stops_what_wants_to_play(page):
    frame = hosted(page, "/?v=1&play=1&embed=true")
    expect(where(frame)).not_to_have_text("draw 1 of 200")
    tell(page, "slide:stop")
    expect(frame.get_by_role("button", name="Play", exact=True)).to_be_visible()
    stopped = where(frame).inner_text()
    page.wait_for_timeout(1_000)
    assert where(frame).inner_text() == stopped
    tell(page, "slide:start")
    expect(where(frame)).not_to_have_text(stopped)


@pytest.mark.parametrize("query", ["v=1", "v=1&play=1&player=0", "v=1&play=1&locked=draw", "v=1&play=1&hidden=draw"])
def test_what_does_not_want_to_play_or_could_not_be_stopped_stays(page, query):
    frame = hosted(page, f"/?{query}&embed=true")
    tell(page, "slide:start")
    page.wait_for_timeout(1_200)
    assert where(frame).text_content() == "draw 1 of 200"


def test_playing_waits_until_it_is_seen(page):
    frame = hosted(page, "/?v=1&play=1&embed=true", above=3_000)
    page.wait_for_timeout(1_500)
    assert where(frame).text_content() == "draw 1 of 200"
    page.evaluate("scrollTo(0, 3000)")
    expect(where(frame)).not_to_have_text("draw 1 of 200")


def test_nothing_plays_by_itself_for_who_wants_no_motion(new_context):
    page = new_context(reduced_motion="reduce").new_page()
    open_explorer(page, "?v=1&play=1")
    page.wait_for_timeout(1_200)
    expect(where(page)).to_have_text("draw 1 of 200")


def test_the_page_in_the_frame_takes_neither_focus_nor_wheel(page):
    frame = hosted(page, "/?v=1&play=1&embed=true", obeys=True)
    mine = page.get_by_label("mine")
    mine.focus()
    tell(page, "slide:stop")
    tell(page, "slide:start")
    page.wait_for_timeout(500)
    expect(mine).to_be_focused()
    expect(frame.locator(".ssm-panels")).to_be_visible()
    page.mouse.move(400, 500)
    page.mouse.wheel(0, 400)
    page.wait_for_function("() => scrollY > 200")


def test_a_frame_has_a_way_out_to_its_own_state(page):
    frame = hosted(page, "/bias?v=1&samples=7&locked=noise&note=Look%20here&theme=dark&embed=true")
    way = frame.get_by_role("link", name="Open in a new tab")
    expect(way).to_be_visible()
    typed_in = frame.get_by_role("textbox", name=re.compile("^samples"))
    typed_in.fill("9")
    typed_in.press("Enter")
    with page.context.expect_page() as opened:
        way.click()
    out = opened.value
    expect(out.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    assert urlsplit(out.url).path == "/bias"
    assert "embed=" not in out.url
    expect(typed(out, "samples")).to_have_value("9")
    expect(choice(out, "noise")).to_be_disabled()
    expect(out.locator(".ssm-word")).to_have_text("Look here")
    assert ground(out) == "rgb(17, 19, 21)"


def test_a_page_by_itself_has_no_way_out(page):
    open_explorer(page)
    expect(page.locator(".ssm-outward")).to_be_hidden()


@pytest.mark.parametrize(
    ("scheme", "query", "colour"),
    [
        ("light", "v=1&theme=dark", "rgb(17, 19, 21)"),
        ("dark", "v=1&theme=light", "rgb(255, 255, 255)"),
        ("dark", "v=1&theme=reader", "rgb(17, 19, 21)"),
        ("light", "v=1&theme=dark&embed=true&embed_options=light_theme", "rgb(17, 19, 21)"),
    ],
)
def test_a_link_makes_the_page_light_or_dark(new_context, scheme, query, colour):
    context: BrowserContext = new_context(color_scheme=scheme)
    page = context.new_page()
    open_explorer(page, f"?{query}")
    assert ground(page) == colour
    inks = {"rgb(17, 19, 21)": "#e8e8e6", "rgb(255, 255, 255)": "#1b1d1f"}
    ink = page.locator(READY).evaluate("(stage) => stage.style.getPropertyValue('--ssm-ink')")
    assert ink == inks[colour]
    if "embed" not in query:  # a reader's next visit is as they had it
        with answered(page):
            page.get_by_role("button", name="Draw again").click()
        open_explorer(page, "?v=1")
        assert ground(page) == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 19, 21)"}[scheme]
