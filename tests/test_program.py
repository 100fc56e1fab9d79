"""The program that is taken home: twenty of them run with torch alone and find what the page shows; so do notebooks."""

import asyncio
import json
import random
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from starlette.requests import Request

from ssm.explorer import experiment
from ssm.explorer import settings as choices
from ssm.explorer.export.answers import listing
from ssm.explorer.export.notebook import notebook
from ssm.explorer.export.program import DATA, MOST_LITERALS, cells, program
from ssm.explorer.export.spec import PREVIEW_CLASSES
from ssm.explorer.problems import tables
from ssm.explorer.settings import FIELDS, Settings
from ssm.explorer.ui import downloads
from tests.sentences import refuses
from tests.test_export import made

NUMBERS = ("loss_full", "loss_draw", "error_draw", "relative_draw", "loss_mean", "error_mean", "relative_mean")
HOSTILE = tables.link(tables.parse('class,score,count\n"""""",1,8\n\'\\,0,1\n<b>é,-1,4'))
RUNNER = """
import contextlib, io, json, pathlib, sys
sys.modules["ssm"] = sys.modules["numpy"] = None  # neither can be imported
found = []
for text, data in json.load(sys.stdin):
    pathlib.Path("problem.json").write_text(data)
    scope, said = {}, io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(text, scope)
    told = {name: scope[name] for name in sys.argv[1:]}
    lists = {name: scope[name].tolist() for name in ("samples", "gradient", "mean", "gradient_full")}
    found.append(told | lists | {"said": said.getvalue()})
json.dump(found, sys.stdout)
"""


def words(name):
    """What a setting can be."""
    return list(FIELDS[name].span()["choices"])


def drawn(dice, i):
    """A state as viewers may choose it."""
    estimator, noise, problem = (words(name)[i % len(words(name))] for name in ("estimator", "noise", "problem"))
    n = {"article": 10, "own": 3, "white": 17_091}.get(problem, dice.choice([2, 9, 300]))
    few = min(n, 50)
    return Settings(
        problem=problem,
        table=HOSTILE if problem == "own" else "",
        classes=n if problem == "random" else 1_000,
        target=dice.randrange(few),
        spread=dice.choice([0.5, 3.0]),
        edits=((dice.randrange(few), dice.uniform(-4, 4)),),
        samples=dice.choice([1, 3, 12, 70]),
        noise=noise,
        power=dice.choice([0.75, 1.0]),
        temperature=dice.choice([1.0, 0.4]),
        weights=((dice.randrange(few), dice.choice([0.3, 5.0])),),
        estimator=estimator,
        hits=words("hits")[i // 6 % 2] if estimator in {"sampled_softmax", "log_q", "uncorrected"} else "rejected",
        draws=dice.choice([10, 40]),
        draw=dice.randrange(1, 11),
        average=dice.choice(words("average")),
        seed=dice.randrange(2**32),
    )


def cases():
    """Twenty states: each estimator, each noise and each problem among them."""
    dice = random.Random(4)
    found = [drawn(dice, i) for i in range(20)]
    for name in ("estimator", "noise", "problem", "hits", "average"):
        assert {getattr(s, name) for s in found} == set(words(name)), name
    return found


def ran(texts, data, folder):
    """What programs find where neither the library nor numpy can be imported."""
    command = [sys.executable, "-I", "-W", "ignore", "-c", RUNNER, *NUMBERS]
    told = json.dumps(list(zip(texts, data, strict=True)))
    done = subprocess.run(command, cwd=folder, input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["program", "notebook"])
def test_twenty_find_what_is_shown_with_torch_alone(tmp_path, kind):
    states = cases()
    if kind == "program":
        texts = [program(s) for s in states]
    else:
        books = [nbformat.reads(notebook(s), as_version=4) for s in states]
        texts = ["\n".join(cell.source for cell in book.cells if cell.cell_type == "code") for book in books]
    found = ran(texts, [json.dumps(listing(s)) for s in states], tmp_path)
    for s, told in zip(states, found, strict=True):
        result = experiment.run(s, needs={"draw", "convergence"})
        assert result.draw
        assert result.convergence
        for name in NUMBERS:
            assert told[name] == pytest.approx(result.numbers[name], rel=1e-9, abs=1e-15), (name, s)
            assert f"{name} {told[name]}" in told["said"]
        assert told["samples"][: len(result.draw.sample_class)] == result.draw.sample_class.tolist()
        slots = result.classes.index.tolist()
        for name, shown in (
            ("gradient", result.draw.gradient),
            ("mean", result.convergence.mean),
            ("gradient_full", result.classes.full),
        ):
            assert [told[name][c] for c in slots] == pytest.approx(shown.tolist(), rel=1e-9, abs=1e-15), (name, s)


def test_notebooks_are_valid_and_hold_the_program():
    for s in cases():
        book = nbformat.reads(notebook(s), as_version=4)
        nbformat.validate(book)
        assert [cell.source for cell in book.cells] == [text for cell in cells(s) for text in cell]
    assert "?v=1&samples=9" in notebook(Settings(samples=9), None, "Its link: ?v=1&samples=9")


def test_the_program_names_what_it_is_and_is_made_of_what_it_needs():
    text = program(Settings(noise="log_uniform"), None, "Its link: ?v=1&noise=log_uniform")
    first = text.splitlines()[0]
    assert first.startswith(
        '"""Sampled softmax: 10 classes, 3 samples, log-uniform noise, seed 810. Needs torch alone.'
    )
    assert first.endswith('Its link: ?v=1&noise=log_uniform"""')
    assert "def naive_importance" not in text
    assert "def normals" not in text
    assert "ssm" not in text


def test_what_is_too_long_to_write_out_is_read_from_a_file_and_says_which():
    assert DATA not in program(Settings(problem="random", classes=1_000_000))
    large = tables.parse("class,score\n" + "".join(f"{c},{c}\n" for c in range(MOST_LITERALS + 1)))
    for s, table in ((Settings(problem="white"), None), (Settings(problem="own", table=large.fingerprint), large)):
        address = replace(Settings(), problem=s.problem, table=s.table, target=choices.problem_of(s, table).target)
        assert f"{DATA}?v=1&problem={s.problem}" in program(s, table)
        assert address.table in program(s, table)


@pytest.mark.parametrize(("route", "name"), [("program_py", "program.py"), ("program_ipynb", "program.ipynb")])
def test_the_server_hands_it_out_and_says_what_is_missing(route, name):
    def asked(query):
        scope = {"type": "http", "method": "GET", "path": f"/{name}", "query_string": query.encode(), "headers": []}
        return asyncio.run(getattr(downloads, route)(Request(scope)))

    make = program if name.endswith("py") else notebook
    answer = asked("v=1&samples=9&rubbish=%ff")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.body.decode() == make(Settings(samples=9), None, "Its link: ?v=1&samples=9")
    gone = asked("v=1&problem=own&own=sha256-" + 64 * "0")
    assert gone.status_code == 404
    assert gone.body.decode().startswith("The table of this page is not on the server any more. Change anything")


def test_a_table_that_the_server_does_not_list_is_refused():
    table = tables.parse("\n".join(f"{c},{c % 7}" for c in range(PREVIEW_CLASSES + 1)))
    with refuses("the table must have at most 20,000 classes for a program, got 20001; take fewer of them"):
        program(Settings(problem="own", table=tables.link(table), target=0), table)


@pytest.mark.slow
def test_the_command_line_makes_it_by_the_name_of_the_file(tmp_path):
    for name, make in (("a.py", program), ("a.ipynb", notebook)):
        done = made("v=1&samples=9&draws=1", "-o", name, folder=tmp_path)
        assert done.returncode == 0
        assert "draws must be" in done.stderr
        assert (tmp_path / name).read_text("utf-8") == make(
            Settings(samples=9, draws=10), None, "Its link: ?v=1&samples=9&draws=10"
        )


def test_a_result_shows_itself_in_a_notebook():
    html = experiment.run(Settings(samples=9))._repr_html_()
    assert "<caption>v=1&amp;samples=9</caption>" in html
    assert "<th>relative_draw</th><td>" in html
