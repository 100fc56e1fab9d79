"""What is taken home of a picture: its panels as PNG and SVG, its numbers as CSV and JSON, and the way back."""

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Locator, Page, expect

from ssm.explorer import experiment, export
from ssm.explorer.figures.theme import LIGHT
from ssm.explorer.pages import EXPLORER
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, panel, sentence
from tests.browser.picture import Box
from tests.browser.pixels import colours
from tests.browser.test_share import open_dialog

SVG = "{http://www.w3.org/2000/svg}"
SEEN = """(node) => [...node.querySelectorAll("h3, .ssm-caption, .ssm-label")]
  .filter((part) => part.checkVisibility({ visibilityProperty: true })).map((part) => part.textContent.trim())"""
OWN = tables.link(tables.parse('class,score\n=1+1,1\n"a,b",0\n<b>c</b>,-1'))


def saved(page: Page, dialog: Locator, what: str) -> tuple[str, bytes]:
    """Press a button of the dialog; the name and the bytes of the file."""
    with page.expect_download() as found:
        dialog.get_by_role("button", name=f"Save as {what}").click()
    return found.value.suggested_filename, found.value.path().read_bytes()


def share(page: Page) -> None:
    """Close the dialog."""
    page.get_by_role("dialog").get_by_role("button", name="Close").click()


def said(svg: bytes) -> list[str]:
    """The lines of text of a picture."""
    return ["".join(text.itertext()).strip() for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def letters(lines: list[str]) -> str:
    return re.sub(r"\s", "", "".join(sorted("".join(lines))))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_panel_is_a_picture_on_white_with_all_that_is_read_in_it(new_context, scheme):
    page = new_context(color_scheme=scheme).new_page()
    dialog = open_dialog(page, "/?v=1")
    dialog.get_by_label("panels of the picture").select_option(label="Gradient, full: spike and forest")
    name, svg = saved(page, dialog, "SVG")
    assert name == "sampled-softmax-gradient_full.svg"
    alt = page.locator("[data-panel=gradient_full] [role=img]").get_attribute("aria-label") or ""
    root = ElementTree.fromstring(svg)
    assert root.findtext(f"{SVG}desc") == alt
    assert root.findtext(f"{SVG}title") == "Gradient, full: spike and forest"
    assert not re.search(rb"(href|src)=", svg)
    *lines, foot = said(svg)
    assert foot.endswith("/?v=1")
    assert letters(lines) == letters(panel(page, "gradient_full").evaluate(SEEN))
    name, png = saved(page, dialog, "PNG")
    assert name == "sampled-softmax-gradient_full.png"
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.info["Description"] == alt
    assert image.info["Title"] == "Gradient, full: spike and forest"
    width, height = (int(root.attrib[side]) for side in ("width", "height"))
    assert image.size == (2 * width, 2 * height)
    flat = image.convert("RGBA")
    assert {flat.getpixel(at) for at in [(0, 0), (0, 2 * height - 1), (2 * width - 1, 0)]} == {(255, 255, 255, 255)}
    inks = colours(image.convert("RGB"), Box(0, 0, 2 * width, 2 * height))
    assert inks[ImageColor.getrgb(LIGHT.gradient)[:3]] > 1_000
    assert inks[ImageColor.getrgb(LIGHT.ink)[:3]] > 50  # the title
    assert inks.most_common(1)[0][0] == (255, 255, 255)
    shown = dialog.get_by_role("img", name=alt)
    expect(shown).to_be_visible()
    share(page)
    expect(shown).to_be_hidden()


def test_all_panels_are_one_picture_laid_out_as_on_the_page(page):
    dialog = open_dialog(page, "/bias?v=1")
    _, svg = saved(page, dialog, "SVG")
    lines = said(svg)
    for figure in page.locator("[data-panel]:visible").all():
        for text in figure.evaluate(SEEN):
            assert text in lines, text
    assert "5 % allowed".replace(" ", "") in {line.replace("\u00a0", "").replace(" ", "") for line in lines}
    _, png = saved(page, dialog, "PNG")
    image = Image.open(io.BytesIO(png)).convert("RGB")
    whole = colours(image, Box(0, 0, *image.size))
    for ink in (LIGHT.noise_line, LIGHT.noise, LIGHT.gradient, LIGHT.model):
        assert whole[ImageColor.getrgb(ink)[:3]] > 100, ink


def test_numbers_are_the_librarys_with_units_and_settings(page):
    settings = Settings(samples=9, noise="softmax", seed=5)
    dialog = open_dialog(page, f"/?{settings.to_query()}")
    expect(page.locator(READY)).to_have_attribute("data-state", "settled")
    name, text = saved(page, dialog, "JSON")
    assert name == "sampled-softmax-numbers.json"
    found = json.loads(text)
    assert (found["format"], found["version"]) == ("sampled-softmax-explorer", 1)
    assert found["link"].endswith(f"/?{settings.to_query()}")
    assert found["target"] == "horse"
    assert {key: found["settings"][key] for key in ("samples", "noise", "seed", "target")} == {
        "samples": 9,
        "noise": "softmax",
        "seed": 5,
        "target": 7,
    }
    result = experiment.run(settings, needs=EXPLORER.needs)
    known = {key: value for key, value in result.numbers.items() if key in found["numbers"]}
    assert len(known) > 20
    for key, value in known.items():
        assert found["numbers"][key] == pytest.approx(value, rel=1e-9, abs=1e-14), key
    shown = page.locator("[data-panel]:visible").evaluate_all("nodes => nodes.map((n) => n.dataset.panel)")
    panels = {each["panel"]: each for each in found["panels"]}
    assert list(panels) == shown
    (full,) = panels["gradient_full"]["series"]
    assert full["names"] == list(result.problem.names)
    assert full["y"] == pytest.approx(result.classes.full.tolist(), rel=1e-9, abs=1e-14)
    assert panels["convergence"]["unit"] == "distance from full gradient"
    name, table = saved(page, dialog, "CSV")
    assert name == "sampled-softmax-numbers.csv"
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    told = {row["series"]: row["value"] for row in rows if row["panel"] == "numbers"}
    assert {key: float(value) for key, value in told.items()} == found["numbers"]
    forest = [row for row in rows if row["panel"] == "gradient_full"]
    assert [(row["name"], float(row["value"]), row["unit"]) for row in forest] == [
        (name, value, "gradient") for name, value in zip(full["names"], full["y"], strict=True)
    ]


def test_names_are_no_formulas_to_a_spreadsheet_and_no_markup_in_a_picture(page):
    dialog = open_dialog(page, f"/?v=1&problem=own&own={OWN}")
    _, table = saved(page, dialog, "CSV")
    names = {row["name"] for row in csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""))}
    assert {"'=1+1", "a,b", "<b>c</b>"} <= names
    _, svg = saved(page, dialog, "SVG")
    assert "<b>c</b>" in said(svg)


def test_a_json_read_back_shows_the_same_screen(page, tmp_path):
    dialog = open_dialog(page, f"/?v=1&problem=own&own={OWN}&samples=5&hidden=noise&edits=1:2.5")
    (tmp_path / "numbers.json").write_bytes(saved(page, dialog, "JSON")[1])
    share(page)
    before = page.url, sentence(page).inner_text()
    dialog = open_dialog(page, "/?v=1&samples=12&noise=softmax")
    dialog.get_by_label("Open a JSON").set_input_files(tmp_path / "numbers.json")
    page.wait_for_url("**/*own=*")
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    expect(sentence(page)).to_have_text(before[1])
    expect(page.locator("[data-control=noise]")).to_be_hidden()
    assert sorted(page.url.partition("?")[2].split("&")) == sorted(before[0].partition("?")[2].split("&"))


@pytest.mark.parametrize(
    ("text", "sentence_of"),
    {
        "{": "no JSON",
        "[]": "not saved here",
        '{"format": "sampled-softmax-explorer", "version": 2}': "version 2",
        '{"format": "sampled-softmax-explorer", "version": 1, "link": "javascript:alert(1)"}': "lost its link",
    }.items(),
)
def test_any_other_file_gets_a_sentence_and_changes_nothing(page, tmp_path: Path, text, sentence_of):
    (tmp_path / "other.json").write_text(text)
    dialog = open_dialog(page)
    before = page.url
    dialog.get_by_label("Open a JSON").set_input_files(tmp_path / "other.json")
    expect(dialog.get_by_text(sentence_of)).to_be_visible()
    assert page.url == before


@pytest.mark.parametrize("around", [None, "allow-scripts"])
def test_the_file_makes_pictures_and_numbers_with_no_network(chromium, tmp_path, around):
    (tmp_path / "lesson.html").write_text(export.page("v=1&samples=9"), "utf-8")
    frame = f'<iframe src="lesson.html" sandbox="{around}" title="a" width="1200" height="800"></iframe>'
    (tmp_path / "outer.html").write_text(f"<!DOCTYPE html>{frame}", "utf-8")
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    page = context.new_page()
    page.goto((tmp_path / ("outer.html" if around else "lesson.html")).as_uri())
    inside = page.frames[-1]
    expect(inside.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    inside.get_by_role("button", name="Save…").click()
    dialog = inside.get_by_role("dialog", name="Save what is shown")
    if around:  # a frame that may download nothing shows the picture all the same
        dialog.get_by_role("button", name="Save as PNG").click()
    else:
        name, png = saved(page, dialog, "PNG")
        assert name == "sampled-softmax-panels.png"
        assert Image.open(io.BytesIO(png)).info["Description"].startswith("Bar chart")
        assert json.loads(saved(page, dialog, "JSON")[1])["settings"]["samples"] == 9
    expect(dialog.get_by_role("img")).to_be_visible()
    assert dialog.get_by_role("img").evaluate("(image) => image.naturalWidth") > 500
    expect(dialog.get_by_label("Open a JSON")).to_have_count(0)
    context.close()
    assert faults == []
