"""The sheets: their programs are the library's own text, and every text names numbers that are there."""

import json
import re
from inspect import getsource

import pytest

from ssm.explorer import experiment, figures
from ssm.explorer.experiment import five_steps
from ssm.explorer.figures import EVERY, SHEETS, templates
from ssm.explorer.figures.records import Code, Jump, Matrix, Scale
from ssm.explorer.figures.theme import DARK, LIGHT
from ssm.explorer.pages import IMPLEMENTATION
from ssm.explorer.settings import Settings

CASES = [
    Settings(),
    Settings(samples=1, draw=5),
    Settings(draw=2),
    Settings(noise="softmax", samples=6),
    Settings(samples=20, batch=8),
    Settings(noise="custom", weights=((2, 1e4),), samples=3),
    Settings(batch=1, samples=1, target=2),
]
RESULTS = [experiment.run(settings, needs={"steps"}) for settings in CASES]
WORDS = [figures.words(result) for result in RESULTS]
every_sheet = pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)


def parts_of(sheet):
    """Every text of a sheet."""
    yield from (*sheet.title, *sheet.caption, *sheet.label)
    for content in sheet.content:
        if isinstance(content, Matrix):
            yield content.shape
        if isinstance(content, Scale):
            yield from (said for _, said, _ in content.bars)


def contents(kind):
    return [content for sheet in SHEETS.values() for content in sheet.content if isinstance(content, kind)]


def said(sheet, words=WORDS[0]):
    return templates.render(sheet.caption, words).replace(templates.NBSP, " ")


@every_sheet
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_sheet_is_json_and_the_same_in_every_theme(sheet, theme):
    told = figures.spec(sheet.name, theme)
    assert json.loads(json.dumps(told, allow_nan=False)) == told == figures.spec(sheet.name)
    assert [part["kind"] for part in told["content"]] == [part.kind for part in sheet.content]


def test_the_page_shows_all_sheets_and_plots_share_no_name_with_them():
    assert IMPLEMENTATION.panels == tuple(SHEETS)
    assert IMPLEMENTATION.needs == {"steps"}
    assert len(EVERY) == len(figures.PANELS) + len(SHEETS)


def test_a_program_is_the_text_of_the_functions_that_ran():
    shown = [code for code in contents(Code) if code.of]
    assert {code.of for code in shown} == {"ssm/explorer/experiment/five_steps.py"}
    names = ("embeddings", "target_scores", "draw", "sample_scores", "corrected", "losses", "mistaken")
    functions = [getattr(five_steps, name) for name in names]
    whole = "\n\n\n".join(code.source for code in shown)
    assert whole == "\n\n\n".join(getsource(function).strip() for function in functions)
    assert max(map(len, whole.splitlines())) <= 82  # what fits beside the tensors


def test_a_tensor_is_an_array_of_the_steps_with_as_many_cells_as_its_heads():
    for matrix in contents(Matrix):
        for result in RESULTS:
            steps, s = result.steps, result.settings
            assert steps is not None
            rows = len(steps.label) if matrix.rows == "examples" else len(steps.row)
            samples = min(s.samples, 10)
            columns = {"dims": s.dim, "samples": samples, "candidates": 1 + samples, "single": 1}[matrix.columns]
            assert getattr(steps, matrix.value).shape == (rows, columns), matrix.value
        assert matrix.ink == "ink" or hasattr(LIGHT, matrix.ink)


@every_sheet
def test_a_notebook_has_the_tensors_as_heat_maps(sheet):
    for result in RESULTS:
        figure = figures.panel(sheet.name, result)
        tensors = [content for content in sheet.content if isinstance(content, Matrix)]
        assert [trace.name for trace in figure.data] == [tensor.name for tensor in tensors]
        for trace, tensor in zip(figure.data, tensors, strict=True):
            shape = getattr(result.steps, tensor.value).shape
            assert (len(trace.y), len(trace.x)) == (len(set(trace.y)), len(set(trace.x))) == shape
    (corrected,) = [trace for trace in figures.panel("step_corrected", RESULTS[0]).data if trace.name == "y_c"]
    assert [list(row) for row in corrected.text][:2] == [["0.968", "1.31", "3.25"], ["2.46", "hit", "2.16"]]


def test_bars_and_buttons_name_what_is_there():
    assert {name for scale in contents(Scale) for name, _, _ in scale.bars} <= set(WORDS[0])
    for jump in contents(Jump):
        ends = (Settings(**jump.settings), Settings(**jump.settings | jump.home))
        results = [experiment.run(settings, needs={"steps"}) for settings in ends]
        assert [result.numbers["empty_examples"] for result in results] == [1, 0]


@every_sheet
def test_texts_name_numbers_and_inks_that_are_there(sheet):
    templates_of = [one["say"] for part in parts_of(sheet) for one in part]
    slots = [slot for text in templates_of for slot in re.findall(r"\{(\w+)[%#~]?(?:\|(\w+))?\}", text)]
    for words in WORDS:
        assert {name for name, _ in slots} <= set(words) | {"kept_correction", "kept_factor"}
    assert {role for _, role in slots} - {""} <= set(LIGHT.text)
    assert {one["if"][0] for part in parts_of(sheet) for one in part if "if" in one} <= set(WORDS[0])
    for part in parts_of(sheet):
        assert ["if" in one for one in part] == [True] * (len(part) - 1) + [False]


def test_the_cases_say_each_alternative_and_no_number_is_missing():
    for sheet in SHEETS.values():
        for part in parts_of(sheet):
            assert {templates.chosen(part, words) for words in WORDS} == {one["say"] for one in part}, sheet.name
        for words in WORDS:
            assert "…" not in said(sheet, words)
            assert re.search(r"\d", templates.render(sheet.label, words)) or sheet.name in {
                "step_snippet",
                "step_reversed",
            }
    for part in IMPLEMENTATION.sentence:
        assert {templates.chosen(part, words) for words in WORDS} == {one["say"] for one in part}


def test_sentences_say_the_numbers_of_the_article():
    assert templates.render(IMPLEMENTATION.sentence, WORDS[0]) == (
        "Five steps score 16 pairs of example and class instead of 40, and their loss leaves a gradient on 6 of 10 "
        "rows of the projection. Of the 12 pairs of example and sample one is a hit, the target itself, and is "
        "thrown away."
    )
    assert said(SHEETS["step_corrected"]).endswith("the first of them gets 1.10 more, as if it were 3 classes.")
    assert said(SHEETS["step_bytes"]).startswith(
        "embedding(..., sparse=True) holds 6 rows and their numbers, 40 bytes each: 240, whatever the number of "
        "classes. "
    )
    assert "one step later 4 of 4 losses are nan" in said(SHEETS["step_reversed"], WORDS[1])
