"""The viewer's own scores: pasted, or from a file; a sentence for what cannot be read, and nothing is lost by it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from ssm.explorer.export.spec import PREVIEW_CLASSES
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests.browser.expected import Expected, wrong
from tests.browser.explorer import MILLISECONDS_TO_ANSWER, answered, bar, choice, open_explorer, panel, shows
from tests.browser.picture import drawing, still

COUNTED = "class,score,count\n17,1.5,20\n3,-0.5,300\n250,2.25,1\n8,0.25,40\n"
PLAIN = "sparrow 1.5\nwren 0.25\nowl 3\n"
PASTED = {
    "empty": "   \n",
    "one row": "cat,1.5",
    "not a number": "cat,1.5\ndog,nan",
    "beyond all bounds": "cat,1e308\ndog,1",
    "equal names": "cat,1.5\ndog,2\ncat,3",
    "a column too few": "cat,1.5,10\ndog,2.5",
    "zero count": "cat,1.5,10\ndog,2.5,0",
}


def npy(array: np.ndarray[Any, Any], *, pickled: bool = False) -> bytes:
    """An array as a .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickled)
    return file.getvalue()


FILES: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "pickled.npy": (npy(np.array([1.5, "x", None], dtype=object), pickled=True), tables.parse_npy),
    "cut.npy": (npy(np.arange(5.0))[:-3], tables.parse_npy),
    "latin.csv": (b"caf\xe9,1.5\ndog,2\n", tables.parse_csv),
    "33 MB.csv": (b"class,score\n" + b"x" * (33 * 2**20), tables.parse_csv),
}


def ask(page: Page) -> Locator:
    """Open the dialog for one's own scores."""
    choice(page, "problem").select_option("your own")
    dialog = page.get_by_role("dialog", name="Your own scores")
    expect(dialog).to_be_visible(timeout=MILLISECONDS_TO_ANSWER)
    return dialog


def send(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Show these scores").click()


def upload(dialog: Locator, file: Path, data: bytes) -> None:
    """Choose a file and wait until the server has it."""
    file.write_bytes(data)
    with dialog.page.expect_response("**/upload_file/**"):
        dialog.locator("input[type=file]").set_input_files(file)
    expect(dialog.get_by_text(file.name, exact=True)).to_be_visible()


def sentence_of(parse: Callable[[Any], object], data: str | bytes) -> str:
    """What the library says of a table that it refuses."""
    with pytest.raises(ValueError, match=r".+") as refused:
        parse(data)
    return str(refused.value)


def adopted(page: Page, table: str | bytes, **rest: Any) -> None:
    """Expect a table on the screen, and its link to be whole."""
    text = table if isinstance(table, str) else table.decode()
    settings = Settings(problem="own", table=tables.link(tables.parse(text)), **rest)
    shows(page, settings)
    assert wrong(still(page), Expected.of(settings)) == []
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_pasted_scores_are_shown_and_travel_in_the_link(page, new_context):
    open_explorer(page, "?v=1&samples=2&seed=5")
    dialog = ask(page)
    dialog.get_by_role("textbox", name="Paste a table").fill(PLAIN)
    with answered(page):
        send(dialog)
    adopted(page, PLAIN, samples=2, seed=5)
    assert [bar(page, name).count() for name in ("sparrow", "wren", "owl")] == [1, 1, 1]
    expect(choice(page, "target")).to_have_value("2")
    expect(choice(page, "noise").get_by_role("option", name="unigram")).to_be_disabled()
    elsewhere = new_context().new_page()
    elsewhere.goto(page.url)
    adopted(elsewhere, PLAIN, samples=2, seed=5)


def test_csv_in_any_order_brings_its_counts(page, tmp_path):
    open_explorer(page)
    dialog = ask(page)
    upload(dialog, tmp_path / "scores.csv", COUNTED.encode())
    with answered(page):
        send(dialog)
    adopted(page, COUNTED)
    with answered(page):
        choice(page, "noise").select_option("unigram")
    adopted(page, COUNTED, noise="unigram")
    assert float(bar(page, "250").get_attribute("aria-valuenow") or 0) == 2.25


def test_npy_is_read_without_names(page, tmp_path):
    open_explorer(page)
    dialog = ask(page)
    upload(dialog, tmp_path / "scores.npy", npy(np.array([0.5, -1.0, 2.0, 0.25])))
    with answered(page):
        send(dialog)
    adopted(page, "class 0,0.5\nclass 1,-1\nclass 2,2\nclass 3,0.25")


def test_a_table_beyond_the_preview_is_left_to_torch(page, tmp_path):
    asked: list[str] = []
    page.on("request", lambda request: asked.extend([request.url] if "problem=own" in request.url else []))
    open_explorer(page)
    dialog = ask(page)
    upload(dialog, tmp_path / "scores.npy", npy(np.linspace(-3, 3, PREVIEW_CLASSES + 1)))
    with answered(page):
        send(dialog)
    expect(page.locator(".ssm-own")).to_contain_text("20,001 classes")
    with answered(page):
        choice(page, "noise").select_option("softmax")
    expect(page.locator(".ssm-badge")).to_contain_text("torch's own numbers")
    assert asked == []


def test_what_cannot_be_read_gets_a_sentence_and_keeps_its_text(page):
    open_explorer(page)
    before = drawing(page)
    dialog = ask(page)
    box = dialog.get_by_role("textbox", name="Paste a table")
    for table in PASTED.values():
        box.fill(table)
        send(dialog)
        expect(dialog.get_by_role("alert")).to_have_text(sentence_of(tables.parse, table))
        expect(box).to_have_value(table)
        assert drawing(page) == before
    box.fill("cat,1.5\ndog,2.5")
    with answered(page):
        send(dialog)
    adopted(page, "cat,1.5\ndog,2.5")


@pytest.mark.parametrize("name", FILES)
def test_file_that_cannot_be_read_gets_a_sentence(page, tmp_path, name):
    data, parse = FILES[name]
    open_explorer(page)
    before = drawing(page)
    dialog = ask(page)
    upload(dialog, tmp_path / name, data)
    send(dialog)
    expect(dialog.get_by_role("alert")).to_have_text(sentence_of(parse, data), timeout=MILLISECONDS_TO_ANSWER)
    assert drawing(page) == before


def test_neither_what_is_pasted_nor_what_is_loaded_is_left_out_without_a_word(page, tmp_path):
    open_explorer(page)
    dialog = ask(page)
    upload(dialog, tmp_path / "cats.csv", b"cat,1.5\ndog,2.5\n")
    box = dialog.get_by_role("textbox", name="Paste a table")
    box.fill("owl,1\nwren,2")
    send(dialog)
    both = "the table must be pasted or loaded, got both; empty the box, or remove the file"
    expect(dialog.get_by_role("alert")).to_have_text(both)
    box.fill("")
    with answered(page):
        send(dialog)
    adopted(page, "cat,1.5\ndog,2.5")


def test_html_in_a_name_is_text(page):
    name = "<img src=x onerror=alert(1)>"
    popped: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        popped.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", on_dialog)
    open_explorer(page)
    dialog = ask(page)
    table = f'"{name}",3\n<b>bold</b>,1\n&amp;,0.5'
    dialog.get_by_role("textbox", name="Paste a table").fill(table)
    with answered(page):
        send(dialog)
    adopted(page, table)
    page.get_by_text("Data table").click()
    expect(page.get_by_role("rowheader", name=f"{name} (target)")).to_be_visible()
    expect(page.get_by_role("rowheader", name="&amp;", exact=True)).to_be_visible()
    expect(choice(page, "target").get_by_role("option", name=name)).to_have_count(1)
    bar(page, name).focus()
    expect(panel(page, "scores_full").locator("figcaption")).to_contain_text(name)
    assert page.locator(".ssm img").count() == 0
    assert popped == []
