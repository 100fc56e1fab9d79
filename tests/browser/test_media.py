"""Other grounds and other media: forced colours, dark and light, paper; what matters stands out and is there."""

import re
from collections.abc import Iterator

import pytest
from PIL import Image

from ssm.explorer.settings import Settings
from tests.browser.explorer import open_explorer, track
from tests.browser.picture import Box, Picture, box_of, still
from tests.browser.pixels import Colour, colours, photograph, stands_out

GROUNDS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced light": {"color_scheme": "light", "forced_colors": "active"},
    "forced dark": {"color_scheme": "dark", "forced_colors": "active"},
}
TEXT, MARK = 3.5, 3.0  # 4.5 by the colours themselves; the thin strokes of 12 px letters are blended with the ground
FOLLOWED = 1_500  # ms in which the page notices another ground
SEEN = """() => [document.body.innerText, ...[...document.querySelectorAll("input, select")]
  .filter((node) => node.checkVisibility()).map((node) => node.value)].join("\\n")"""


def faint_parts(picture: Picture, photo: Image.Image, paper: Colour) -> Iterator[str]:
    """Texts and bars of a panel that do not stand out from the ground."""
    for label in picture.labels:
        if (found := stands_out(photo, label.box, paper)) < TEXT:
            yield f"{picture.name}: {label.kind} {label.text} {found:.1f}"
    for bar in picture.bars:
        edges = Box(bar.left.left - 1, bar.left.top - 1, bar.left.right + 1, bar.left.bottom + 1)
        if bar.seen and bar.left.height > 4 and (found := stands_out(photo, edges, paper)) < MARK:
            yield f"{picture.name}: a bar {found:.1f}"


@pytest.fixture(scope="module")
def shown(chromium, app_url):
    """One page for all grounds."""
    page = chromium.new_page(base_url=app_url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    open_explorer(page)
    yield page
    page.close()


@pytest.mark.parametrize("ground", GROUNDS)
def test_texts_marks_and_tracks_stand_out(shown, ground):
    page = shown
    page.emulate_media(**{"forced_colors": "none", **GROUNDS[ground]})
    page.wait_for_timeout(FOLLOWED)
    pictures, photo = still(page), photograph(page)
    paper, _ = colours(photo, Box(0, 0, 1280, 900)).most_common(1)[0]
    assert (sum(paper) < 3 * 128) == ("dark" in ground)
    faint = [fault for picture in pictures.values() for fault in faint_parts(picture, photo, paper)]
    samples = box_of(track(page, "samples"))
    far = samples.left + 0.6 * samples.width  # beyond the thumb and the filled part
    if (found := stands_out(photo, Box(far, samples.top, far + 20, samples.bottom), paper)) < MARK:
        faint.append(f"the track of the samples {found:.1f}")
    assert not faint, "\n".join(faint)


def test_paper_says_what_was_chosen(page):
    settings = Settings(samples=7, noise="log_uniform", seed=42)
    open_explorer(page, f"?{settings.to_query()}")
    page.emulate_media(media="print")
    said = page.evaluate(SEEN)
    missing = [words for words in (r"\b7 samples\b", r"\blog-uniform\b", r"\bseed 42\b") if not re.search(words, said)]
    assert missing == []
    assert page.locator(".ssm").get_by_role("button").filter(visible=True).count() == 0
