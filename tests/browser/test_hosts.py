"""The file that needs no server in the places that teachers have: a Quarto page, a reveal.js deck, and a bare page."""

import json
import subprocess
from pathlib import Path

import pypandoc  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Frame, Page, expect

from ssm.explorer import export
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY
from tests.browser.server import ROOT
from tests.browser.test_embed import where
from tests.browser.test_standalone import CANVAS

REVEAL = ROOT / "node_modules/reveal.js/dist"
HEIGHT = 760
DECK = """<!DOCTYPE html><html lang="en">
<head><title>A deck</title><link rel="stylesheet" href="{reveal}/reveal.css"></head>
<body><div class="reveal"><div class="slides">
<section><h2>First</h2></section>
<section><iframe src="lesson.html" title="Sampled softmax" width="100%" height="600"></iframe></section>
</div></div>
<script src="{reveal}/reveal.js"></script>
<script>Reveal.initialize({{ width: 1200, height: 680, transition: "none" }});</script>
</body></html>"""
FORMS = """
import { FORMS } from "./assets/stage/share_link.js";
const shared = JSON.parse(process.argv[1]);
console.log(FORMS.find(({ name }) => name === "quarto").write(shared));
"""


def written(shared: dict[str, object]) -> str:
    """The dialog's own text for a Quarto page."""
    node = ROOT / ".venv/bin/node"
    command = [str(node), "--input-type=module", "-e", FORMS, json.dumps(shared)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def opened(new_context, tmp_path: Path):
    """Put a page around the file, and open both from the disk."""

    def opened(html: str, query: str = "v=1&samples=9") -> tuple[Page, Frame]:
        (tmp_path / "lesson.html").write_text(export.page(query), "utf-8")
        (tmp_path / "outer.html").write_text(html, "utf-8")
        page = new_context(offline=True).new_page()
        page.goto((tmp_path / "outer.html").as_uri())
        (inside,) = page.frames[1:]
        return page, inside

    return opened


def works(page: Page, inside: Frame) -> None:
    """A slider moves by key and the numbers follow; the keys that the page wants are the page's."""
    expect(inside.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    said = inside.locator(".ssm-sentence")
    before = said.inner_text()
    typed = inside.get_by_role("textbox", name="samples")
    samples = int(typed.input_value())
    inside.get_by_role("slider", name="samples", exact=True).press("ArrowRight")
    expect(typed).to_have_value(str(samples + 1))
    expect(said).not_to_have_text(before)
    expect(inside.locator("[data-panel=gradient_full]")).to_be_visible()
    element = page.locator("iframe")
    box = element.bounding_box()
    assert box
    sizes = inside.evaluate("[innerWidth, document.documentElement.scrollWidth]")
    assert sizes[1] <= sizes[0]
    assert box["width"] > 500


def test_in_a_page_that_quarto_s_own_converter_makes(opened):
    form = written({"title": "Sampled Softmax", "link": "lesson.html", "embedded": "lesson.html", "height": HEIGHT})
    text = f"# A lesson\n\nRead, then slide.\n\n{form}\n\n" + "More to read.\n\n" * 60
    html = pypandoc.convert_text(text, "html", format="markdown", extra_args=["--standalone", "--metadata", "title=A"])
    page, inside = opened(html)
    works(page, inside)
    page.mouse.move(20, 20)
    page.mouse.wheel(0, 900)
    page.wait_for_function("() => scrollY > 300")


def test_in_a_bare_page_with_the_attributes_that_canvas_keeps(opened):
    page, inside = opened(f'<!DOCTYPE html><title>A page</title><iframe src="lesson.html" {CANVAS}></iframe>')
    works(page, inside)


def test_in_a_deck_it_plays_on_its_own_slide_and_takes_no_key_from_the_deck(opened):
    page, inside = opened(DECK.format(reveal=REVEAL.as_uri()), "v=1&play=1&draws=1000")
    expect(inside.locator(READY)).to_be_attached(timeout=MILLISECONDS_TO_OPEN)
    page.keyboard.press("ArrowRight")
    expect(where(inside)).not_to_have_text("draw 1 of 1,000")
    works(page, inside)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    page.wait_for_timeout(300)
    stopped = where(inside).text_content()
    page.wait_for_timeout(800)
    assert where(inside).text_content() == stopped
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => Reveal.getIndices().h === 1")
    if stopped != "draw 1,000 of 1,000":
        expect(where(inside)).not_to_have_text(stopped or "")
