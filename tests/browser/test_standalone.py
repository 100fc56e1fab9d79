"""The page as one file: without a server or a network, on its own and in frames that allow hardly anything."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from ssm.explorer import experiment, export, figures
from ssm.explorer.figures import templates, texts
from ssm.explorer.pages import BIAS, STORY
from ssm.explorer.pages import Page as Record
from ssm.explorer.settings import Settings
from ssm.explorer.story import CHAPTERS
from tests.browser.axe import grave
from tests.browser.explorer import MILLISECONDS_TO_ANSWER, MILLISECONDS_TO_OPEN, READY

WIDTHS = (320, 600, 800, 1_200)
HEIGHT = 900
CLOSE = 1e-9
ORIGINAL = 1.4  # the score of cat
OUTER = (
    '<!DOCTYPE html><html lang="en"><title>A course</title><link rel="icon" href="data:,"><main>{frame}</main></html>'
)
# What Canvas lets an iframe have.
CANVAS = (
    'width="100%" height="700" name="a" align="left" frameborder="0" scrolling="auto" sandbox="allow-scripts" '
    'allowfullscreen style="border:0" title="Sampled softmax" class="b" id="c"'
)
AROUND = {
    "file": None,
    "sandbox": '<iframe sandbox="allow-scripts" src="lesson.html" title="Sampled softmax" width="100%" height="800">',
    "srcdoc": '<iframe srcdoc="{inside}" title="Sampled softmax" width="100%" height="800">',
    "canvas": f'<iframe src="lesson.html" {CANVAS}>',
}
NUMBERS = """name => document.querySelector(`[data-panel="${name}"] .js-plotly-plot`).data.map(
  trace => [trace.name, [trace.x, trace.y].map(values => Array.from(values ?? []))])"""
SCROLLED = "[document.scrollingElement, document.body].reduce((sum, node) => sum + node.scrollTop, 0)"
REPORT = "document.addEventListener('securitypolicyviolation', (e) => console.error(e.blockedURI, e.violatedDirective))"

Open = Callable[..., Frame]
T = TypeVar("T")


@pytest.fixture
def offline(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Pages without a network; the test fails on any complaint of theirs, and on any request."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def made(**options: Any) -> Page:
        context = chromium.new_context(offline=True, **options)
        context.add_init_script(REPORT)
        context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", lambda request: complaints.append(request.url) if "http" in request.url[:4] else None)
        contexts.append(context)
        return context.new_page()

    yield made
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def opened(offline: Callable[..., Page], tmp_path: Path) -> Open:
    """Make a file and open it in one of the ways of `AROUND`."""

    def opened(query: str, page: Record | None = None, way: str = "file", width: int = 1_200, **options: Any) -> Frame:
        text = export.page(query, page) if page else export.page(query)
        (tmp_path / "lesson.html").write_text(text, "utf-8")
        around = AROUND[way]
        if around:
            outer = OUTER.format(frame=around.format(inside=escape(text)) + "</iframe>")
            (tmp_path / "outer.html").write_text(outer, "utf-8")
        shown = offline(viewport={"width": width, "height": HEIGHT}, **options)
        shown.goto((tmp_path / ("outer.html" if around else "lesson.html")).as_uri())
        frame = shown.frames[-1]
        expect(frame.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
        return frame

    return opened


@contextmanager
def answered(frame: Frame) -> Iterator[None]:
    """Make a change inside a `with`; it ends when the page has answered it."""
    stage = frame.locator(READY)
    before = stage.get_attribute("data-ssm-settled") or ""
    yield
    expect(stage).not_to_have_attribute("data-ssm-settled", before, timeout=MILLISECONDS_TO_ANSWER)
    expect(stage).to_have_attribute("data-state", "settled", timeout=MILLISECONDS_TO_ANSWER)


def shown(frame: Frame, panel: str, trace: str) -> list[float]:
    """The numbers of a trace, those along which its bars grow, as soon as they are drawn."""

    def drawn() -> list[float]:
        found = dict(frame.evaluate(NUMBERS, panel))[trace]
        return next((values for values in found if any(isinstance(value, float) for value in values)), [])

    return eventually(frame, drawn, len)


def expect_numbers(frame: Frame, settings: Settings) -> None:
    """Expect the sentence of some settings, and their gradients to nine digits."""
    result = experiment.run(settings)
    expect(frame.locator(".ssm-sentence")).to_have_text(templates.render(texts.SENTENCE, figures.words(result)))
    assert result.draw is not None
    gradients = {
        ("gradient_full", "full gradient"): result.classes.full,
        ("gradient_sampled", "this draw"): result.draw.gradient,
    }
    for (panel, trace), values in gradients.items():
        expected = pytest.approx([float(value) for value in values], rel=CLOSE, abs=CLOSE)
        look = partial(shown, frame, panel, trace)
        assert eventually(frame, look, expected.__eq__) == expected


def eventually(frame: Frame, look: Callable[[], T], enough: Callable[[T], object]) -> T:
    """What is seen as soon as that is enough, or after a while."""
    for _ in range(100):
        if enough(found := look()):
            break
        frame.page.wait_for_timeout(50)
    return found


def scrolled(frame: Frame) -> float:
    """How far the frame and what is around it are scrolled."""
    return float(sum(each.evaluate(SCROLLED) for each in frame.page.frames))


def badge(frame: Frame, words: str) -> None:
    expect(frame.locator(".ssm-badge")).to_have_text(re.compile(words))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("way", ["file", "sandbox", "srcdoc"])
def test_it_drags_plays_and_scrubs_and_finds_the_librarys_numbers(opened, way, width):
    frame = opened("v=1&samples=4", way=way, width=width)
    badge(frame, r"^page vs torch: (0|\de-1\d) · computed on CPU$")
    expect_numbers(frame, Settings(samples=4))
    handle = frame.get_by_role("slider", name="score of cat", exact=True)
    handle.scroll_into_view_if_needed()
    mouse = frame.page.mouse
    upright = handle.get_attribute("aria-orientation") == "vertical"
    with answered(frame):
        grip = handle.locator(".ssm-grip").bounding_box()
        assert grip is not None
        x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x - (0 if upright else 15), y + (15 if upright else 0), steps=3)
        mouse.up()
    badge(frame, "^computed by this page$")
    score = eventually(frame, lambda: shown(frame, "scores_full", "model score")[3], lambda score: score < ORIGINAL)
    assert score < ORIGINAL
    expect_numbers(frame, Settings(samples=4, edits=((3, score),)))
    scrub = frame.get_by_role("slider", name="draw", exact=True)
    frame.get_by_role("button", name="Play", exact=True).click()
    frame.wait_for_function("node => Number(node.value) > 2", arg=scrub.element_handle())
    with answered(frame):
        frame.get_by_role("button", name="Pause", exact=True).click()
    with answered(frame):
        scrub.fill("57")
    expect_numbers(frame, Settings(samples=4, edits=((3, score),), draw=57, average="so_far"))


@pytest.mark.parametrize("way", list(AROUND))
def test_the_wheel_over_a_panel_scrolls_the_page(opened, way):
    frame = opened("v=1", way=way, width=600)
    frame.locator('[data-panel="scores_sampled"] .ssm-holder').hover()
    before = scrolled(frame)
    frame.page.mouse.wheel(0, 200)
    assert eventually(frame, lambda: scrolled(frame), lambda now: now > before) > before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("query", "page"), [("v=1", None), ("chapter=2", STORY), ("v=1", BIAS)])
def test_axe_finds_nothing_serious(opened, query, page, scheme):
    frame = opened(query, page, color_scheme=scheme)
    assert grave(frame) == []


def test_a_bare_page_with_canvass_attributes_shows_it(opened):
    frame = opened("v=1&samples=5&noise=softmax", way="canvas")
    expect_numbers(frame, Settings(samples=5, noise="softmax"))
    with answered(frame):
        frame.get_by_role("button", name="Draw again", exact=True).click()
    expect_numbers(frame, Settings(samples=5, noise="softmax", draw=2, average="so_far"))


def test_chapters_open_with_torchs_numbers(opened):
    frame = opened("chapter=1", STORY)
    for number, chapter in enumerate(CHAPTERS, start=1):
        known = figures.words(experiment.run(chapter.settings, needs=STORY.needs))
        expect(frame.get_by_role("heading", level=2)).to_have_text(chapter.title)
        expect(frame.locator(".ssm-words")).to_have_text(templates.render(chapter.words, known))
        badge(frame, "computed on CPU$")
        if number < len(CHAPTERS):
            with answered(frame):
                frame.get_by_role("button", name="Next →").click()
    expect(frame.locator("a:visible:not([href^='http'])")).to_have_count(0)


def test_what_torch_alone_computes_stays_and_is_marked(opened):
    frame = opened("v=1", BIAS)
    with answered(frame):
        frame.get_by_role("combobox", name=re.compile("^noise")).select_option("softmax")
    badge(frame, "^computed by this page$")
    expect(frame.locator(".ssm-notes")).to_contain_text("What is pale is torch's")
    expect(frame.locator(".ssm-sentence")).to_have_class(re.compile("ssm-stale"))
    with answered(frame):
        frame.get_by_role("combobox", name=re.compile("^noise")).select_option("uniform")
    badge(frame, "^page vs torch: ")


def test_what_needs_a_server_is_not_offered(opened):
    frame = opened("v=1")
    frame.get_by_role("button", name="More controls").click()
    expect(frame.get_by_role("button", name=re.compile("scores…"))).to_have_count(0)
    expect(frame.locator('[data-control="device"]:visible')).to_have_count(0)
    problem = frame.get_by_role("combobox", name=re.compile("^problem"))
    assert problem.locator("option").all_inner_texts() == [
        "the article's example",
        "random scores",
        "the word after \u201cwhite\u201d",
    ]
    with answered(frame):
        problem.select_option("white")
    expect(frame.locator(".ssm-ribbon")).to_contain_text("17,091 classes")


def test_too_many_classes_are_refused_with_a_way_back(opened):
    frame = opened("v=1&problem=random")
    count = frame.get_by_role("textbox", name=re.compile("^classes"))
    count.fill("30000")
    count.press("Enter")
    expect(frame.get_by_role("alert")).to_contain_text("up to 20,000 classes", timeout=MILLISECONDS_TO_ANSWER)
    with answered(frame):
        frame.get_by_role("button", name="Back to the last picture").click()
    badge(frame, "^page vs torch: ")


def test_a_frame_hides_and_locks(opened):
    frame = opened(
        "v=1&panels=gradient_full,gradient_sampled&hidden=noise&locked=samples&player=0&note=Look%20%3Cb%3E."
    )
    assert frame.locator("[data-panel]:visible").evaluate_all("nodes => nodes.map(n => n.dataset.panel)") == [
        "gradient_full",
        "gradient_sampled",
    ]
    expect(frame.get_by_role("combobox", name=re.compile("^noise"))).to_have_count(0)
    expect(frame.get_by_role("slider", name="samples", exact=True)).to_be_disabled()
    expect(frame.get_by_text("Look <b>.", exact=True)).to_be_visible()


def test_paper_shows_panels_and_settings_and_no_controls(opened):
    frame = opened("v=1&samples=4")
    frame.page.emulate_media(media="print")
    for part in (".ssm-controls", ".ssm-status", ".ssm-player", ".ssm-primary-row"):
        expect(frame.locator(part)).to_be_hidden()
    for part in ('[data-panel="gradient_sampled"]', ".ssm-ribbon", ".ssm-made"):
        expect(frame.locator(part)).to_be_visible()
