"""Answers: what the server tells the stage about a link, whatever the link says."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm.explorer import experiment, figures, problems
from ssm.explorer.export.spec import PREVIEW_CLASSES, spec
from ssm.explorer.pages import BIAS, PAGES
from ssm.explorer.problems import Numbered, Problem, tables
from ssm.explorer.settings import FIELDS, Frame, Settings
from ssm.explorer.ui import answers
from ssm.explorer.ui.answers import answer, first_answer, is_long, problem
from ssm.explorer.ui.table_store import TABLES, TableStore, size_of

PETS = tables.parse("bird 1.5\ncat 0.5\ndog 2.5")
ABSENT = "sha256-" + 64 * "0"
GONE = "own must be a table that is still here, got only its mark; paste or upload it again"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    answers._found.clear()


def large(name="class", classes=2_000):
    """A table that no link can hold."""
    return Problem([f"{name} {c}" for c in range(classes)], torch.arange(classes) / 100, 0)


# Answers


def test_an_answer_tells_everything_that_torch_found():
    told = answer("v=1&samples=9&draws=20&noise=log_uniform")
    chosen = Settings(samples=9, draws=20, noise="log_uniform")
    result = experiment.run(chosen)
    assert told["query"] == chosen.to_query()
    assert told["settings"] == asdict(chosen)
    assert told["view"] == experiment.as_plain(result)
    assert (told["error"], told["notes"], told["device"], told["counted"]) == (None, [], "cpu", True)
    assert set(told) == {
        "query", "settings", "notes", "error", "urls", "view", "names", "device", "counted",
    }  # fmt: skip
    assert told["names"] == {str(c): name for c, name in enumerate(problems.article().names)}


def test_an_answer_has_the_groups_that_its_page_needs_and_is_kept_for_that_page():
    bias, explorer, again = answer("v=1", BIAS.needs), answer("v=1"), answer("v=1", BIAS.needs)
    groups = {name for name, group in bias["view"].items() if group}
    assert groups == {"classes", "moments", "curves"} == {"classes", *BIAS.needs}
    assert explorer["view"]["draw"]
    assert explorer["view"]["curves"] is None
    assert again == bias
    assert json.loads(json.dumps(bias, allow_nan=False))["view"] == bias["view"]


def test_an_answer_names_every_class_that_it_speaks_of():
    told = answer("v=1&problem=random&classes=1000&samples=100&target=7")
    view = told["view"]
    spoken = {*view["classes"]["index"], *view["convergence"]["watched"]}
    spoken.update(view["draw"]["sample_class"], view["draw"]["block_class"], view["draw"]["dot_class"])
    assert len(spoken) > 60
    assert told["names"] == {str(c): f"class {c}" for c in spoken}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "problem=white&samples=20&draws=10",
        "problem=random&classes=60&draws=10",
        "noise=custom&weights=7:1e6&samples=1&draws=10",
        "edits=3:300,5:-300&noise=softmax&temperature=0.05&draws=10",
    ],
)
def test_an_answer_is_json_that_a_browser_can_read(query):
    told = answer(query)
    assert json.loads(json.dumps(told, allow_nan=False))["view"] == told["view"]
    assert told["view"]["classes"]["index"]


def test_rubbish_is_answered_with_notes_and_a_picture():
    told = answer("samples=0&draws=ten&colour=red&noise=%3Cb%3E&v=2")
    assert told["query"] == "v=1&samples=1"
    assert told["error"] is None
    assert len(told["notes"]) == 4
    assert "samples must be a whole number from 1 to 10,000, got 0; 1 is used" in told["notes"]
    assert told["view"]["draw"]["samples"] == 1


@settings(max_examples=50)
@given(st.text() | st.lists(st.tuples(st.sampled_from([*asdict(Settings()), "v", "x"]), st.text(max_size=9))))
def test_no_link_goes_without_an_answer(link):
    query = link if isinstance(link, str) else "&".join(f"{key}={value}" for key, value in link)
    told = first_answer(query)
    assert told["view"]["classes"]["index"]
    assert json.dumps(told, allow_nan=False)


def test_too_much_work_is_answered_with_a_sentence_and_the_settings():
    told = answer("v=1&samples=5000&draws=10000&seed=x")
    assert told["notes"] == ["seed must be a whole number from 0 to 4,294,967,295, got 'x'; 810 is used"]
    assert told["error"] == (
        "samples times draws must be at most 10,000,000, got 10,000 draws of 5,000 samples; "
        "choose at most 2,000 draws or 1,000 samples"
    )
    assert (told["settings"]["samples"], told["settings"]["draws"]) == (5_000, 10_000)
    assert not {"view", "names"} & set(told)


def test_too_much_work_is_cut_to_size_for_a_link_that_somebody_opens(monkeypatch):
    monkeypatch.setattr("ssm.explorer.settings.work.MOST_WORK", 10_000)
    told = first_answer("v=1&samples=50&draws=1000&draw=900&seed=x")
    assert told["error"] is None
    assert (told["view"]["convergence"]["draws"], told["view"]["draw"]["draw"], told["settings"]["samples"]) == (
        200,
        200,
        50,
    )
    assert told["notes"] == [
        "seed must be a whole number from 0 to 4,294,967,295, got 'x'; 810 is used",
        "samples times draws must be at most 10,000, got 1,000 draws of 50 samples; "
        "choose at most 200 draws or 10 samples; 200 draws are used",
    ]


def test_a_first_answer_to_an_ordinary_link_is_an_ordinary_answer():
    assert first_answer("v=1&samples=4") == answer("v=1&samples=4")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", False),
        ("samples=50&draws=10000", False),
        ("samples=51&draws=10000", True),
        ("problem=random&classes=49000", False),
        ("problem=random&classes=50001", True),
        ("problem=white", False),
        ("classes=1000000", False),
        ("samples=10000&draws=10000", True),
    ],
)
def test_a_link_that_takes_long_is_known_before(query, expected):
    assert is_long(query) is expected


def test_a_remark_on_the_device_is_among_the_notes():
    told = answer("samples=0&device=cuda:99")
    assert told["notes"][0].startswith("samples must be")
    assert told["notes"][1:] == ["There is no cuda:99 here, so the CPU computed this."]
    assert (told["device"], told["settings"]["device"]) == ("cpu", "cuda:99")


# Work that nobody waits for any more


def test_a_newer_question_ends_the_work_on_an_older_one(monkeypatch):
    class Superseded(BaseException):
        pass

    def stop():
        raise Superseded

    monkeypatch.setattr(answers, "get_run_yield_check", lambda: stop)
    with pytest.raises(Superseded):
        answer("v=1&seed=11")
    monkeypatch.setattr(answers, "get_run_yield_check", lambda: None)
    assert answer("v=1&seed=11")["view"]["convergence"]["draws"] == 200


def test_the_same_question_is_computed_once(monkeypatch):
    asked = []
    run = experiment.run

    def counting(*arguments, **more):
        asked.append(arguments)
        return run(*arguments, **more)

    monkeypatch.setattr(experiment, "run", counting)
    first = answer("v=1&seed=12")
    assert answer("seed=12&samples=3") == first
    assert len(asked) == 1
    first["view"]["draw"]["samples"] = 99
    assert answer("v=1&seed=12")["view"]["draw"]["samples"] == 3


# The viewer's own table


def test_a_small_table_travels_in_the_link():
    told = answer(f"v=1&problem=own&own={tables.link(PETS)}&samples=2")
    assert told["names"] == {"0": "bird", "1": "cat", "2": "dog"}
    assert (told["view"]["classes"]["target"], told["counted"], told["notes"]) == (2, False, [])
    assert problem(told["urls"]["own"].partition("?")[2])["scores"] == [1.5, 0.5, 2.5]


def test_a_large_table_is_found_by_its_fingerprint_while_the_server_runs():
    table = large("kept")
    mark = tables.link(table)
    assert mark == table.fingerprint
    TABLES.put(mark, table)
    told = answer(f"v=1&problem=own&own={mark}&edits=5:30.0")
    assert (told["view"]["classes"]["n"], told["notes"], told["error"]) == (2_000, [], None)
    assert told["names"]["5"] == "kept 5"
    assert told["view"]["classes"]["score"][told["view"]["classes"]["index"].index(5)] == 30.0
    plain = problem(told["urls"]["own"].partition("?")[2])
    assert plain == {"names": list(table.names), "scores": table.scores.tolist(), "counts": None}


def test_a_table_that_is_no_longer_here_is_replaced_with_a_note():
    told = answer(f"v=1&problem=own&own={ABSENT}&target=99&samples=5")
    assert told["notes"] == [f"{GONE}; the article's example is shown"]
    assert told["query"] == "v=1&samples=5"
    assert told["names"]["7"] == "horse"
    assert "own" not in told["urls"]


def test_a_table_that_leaves_the_store_meanwhile_leaves_nothing_wrong_behind(monkeypatch):
    table = large("leaving")
    query = f"v=1&problem=own&own={tables.link(table)}"
    store = TableStore()
    store.put(tables.link(table), table)
    monkeypatch.setattr(answers, "TABLES", store)
    run = experiment.run

    def leaving(*arguments, **more):
        monkeypatch.setattr(answers, "TABLES", TableStore())
        return run(*arguments, **more)

    monkeypatch.setattr(experiment, "run", leaving)
    assert answer(query)["names"]["0"] == "leaving 0"
    monkeypatch.setattr(answers, "TABLES", store)
    assert answer(query)["names"]["0"] == "leaving 0"


def test_a_table_that_left_before_its_numbers_were_computed_is_not_another(monkeypatch):
    table = large("left")
    query = f"v=1&problem=own&own={tables.link(table)}"
    there = TableStore()
    there.put(tables.link(table), table)
    monkeypatch.setattr(answers, "TABLES", there)
    settings, _ = answers.settings_of(query)
    monkeypatch.setattr(answers, "settings_of", lambda _: (settings, ()))
    monkeypatch.setattr(answers, "TABLES", TableStore())
    assert answer(query)["error"] == GONE
    monkeypatch.setattr(answers, "TABLES", there)
    assert answer(query)["names"]["0"] == "left 0"


@pytest.mark.parametrize(("classes", "there"), [(PREVIEW_CLASSES, True), (PREVIEW_CLASSES + 1, False)])
def test_a_table_that_the_page_is_not_to_compute_has_no_url(classes, there):
    table = Problem(Numbered(classes), torch.arange(classes, dtype=torch.float64) / classes, classes - 1)
    TABLES.put(table.fingerprint, table)
    told = answer(f"v=1&problem=own&own={table.fingerprint}&samples=2&draws=10")
    assert told["view"]["classes"]["n"] == classes
    assert ("own" in told["urls"]) == there


def test_urls_lead_to_the_problems():
    urls = answer("")["urls"]
    assert urls == {"article": "problem.json?v=1", "white": "problem.json?v=1&problem=white"}
    found = problem(urls["white"].partition("?")[2])
    assert (len(found["names"]), found["names"][problems.white().target]) == (17_091, "whale")
    article = problems.article()
    assert problem(urls["article"].partition("?")[2]) == {
        "names": list(article.names),
        "scores": [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3],
        "counts": [5_000.0] * 10,
    }


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (f"problem=own&own={ABSENT}", f"{GONE}; the article's example is shown"),
        ("samples=0", "samples must be a whole number from 1 to 10,000, got 0; 1 is used"),
    ],
)
def test_a_problem_that_cannot_be_had_is_a_lookup_error(query, sentence):
    with pytest.raises(LookupError) as caught:
        problem(query)
    assert caught.value.args == (sentence,)


def test_a_problem_is_sent_as_it_is_before_anything_is_dragged_and_once_for_all():
    answers._json_of.cache_clear()
    plain = answers.problem_json("v=1")
    assert answers.problem_json("v=1&edits=3:9.0&samples=7") == plain
    assert json.loads(plain) == problem("v=1")
    assert answers._json_of.cache_info()[:2] == (1, 1)


def test_a_table_too_large_to_be_sent_is_answered_and_refused_where_it_would_be_sent(monkeypatch):
    monkeypatch.setattr(answers, "PREVIEW_CLASSES", 1_999)
    table = large("too many")
    TABLES.put(tables.link(table), table)
    query = f"v=1&problem=own&own={tables.link(table)}"
    told = answer(query)
    assert told["names"]["0"] == "too many 0"
    assert "own" not in told["urls"]
    with pytest.raises(LookupError, match="the table must have at most 1,999 classes, got 2000"):
        answers.problem_json(query)


# The store


TEN = size_of(large("a", 10))  # bytes of a table of ten classes


def test_a_table_is_as_large_as_its_names_and_numbers():
    numbers = torch.ones(2, dtype=torch.float64)
    plain = size_of(Problem(["a", "b"], numbers, 0))
    assert size_of(Problem(["a", "b"], numbers, 0, numbers)) == plain + 16
    assert size_of(Problem(["a" + 100 * "x", "b"], numbers, 0)) == plain + 100


def test_the_store_keeps_the_newest_tables():
    store = TableStore(room=TEN * 5 // 2)
    for mark in "abc":
        store.put(mark, large(mark, 10))
    found = [store.get(mark) for mark in "abc"]
    assert found[0] is None
    assert [table.names[0] for table in found[1:] if table] == ["b 0", "c 0"]


def test_a_table_that_is_used_stays_longer():
    store = TableStore(room=TEN * 5 // 2)
    store.put("a", large("a", 10))
    store.put("b", large("b", 10))
    assert store.get("a")
    store.put("c", large("c", 10))
    assert [store.get(mark) is None for mark in "abc"] == [False, True, False]
    store.put("a", large("a", 10))
    store.put("d", large("d", 10))
    assert [store.get(mark) is None for mark in "acd"] == [False, True, False]


def test_one_table_may_be_larger_than_the_store():
    store = TableStore(room=TEN // 2)
    store.put("a", large("a", 10))
    assert store.get("a")
    assert store.get("b") is None
    store.put("b", large("b", 3))
    assert store.get("a") is None


# What the stage is made of


def test_the_spec_is_json_and_leaves_nothing_out():
    told = spec()
    assert json.loads(json.dumps(told, allow_nan=False)).keys() == told.keys()
    assert {name: list(panels) for name, panels in told["panels"].items()} == {
        theme: list(figures.EVERY) for theme in ("light", "dark")
    }
    assert told["pages"] == {page.name: page.plain() for page in PAGES}
    assert told["targets"] == {"article": 7, "white": problems.white().target, "random": 0}
    assert told["sizes"] == {"article": 10, "white": 17_091}
    assert list(told["problems"]) == ["article", "random", "white", "own"]
    assert told["constants"] == dict(experiment.CONSTANTS)
    assert told["frame"] == asdict(Frame())
    assert told["sharing"] == {
        "most": 2_000,
        "note": 500,
        "themes": {"reader": "as the reader has it", "light": "light", "dark": "dark"},
    }
    assert told["devices"]["cpu"] == "CPU"


def test_the_spec_has_every_field_with_its_kind_and_its_rule():
    fields = spec()["fields"]
    assert {name: field["default"] for name, field in fields.items()} == asdict(replace(Settings(), target=7)) | {
        "target": None
    }
    kinds = {name: field["kind"] for name, field in fields.items()}
    assert [kinds[name] for name in ("samples", "temperature", "noise", "edits", "table")] == [
        "whole",
        "real",
        "choice",
        "pairs",
        "text",
    ]
    assert fields["samples"] | {"low": 1, "high": 10_000, "log": True, "letter": "k"} == fields["samples"]
    assert fields["noise"]["choices"]["log_uniform"] == "log-uniform"
    assert all(field["rule"] and field["label"] and field["help"] for field in fields.values())
    assert fields["draw"]["agreements"] == [agreement.plain() for agreement in FIELDS["draw"].agreements]
    assert fields["problem"]["resets"] == ["target", "edits", "weights", "draw", "average"]
    assert {name: field["key"] for name, field in fields.items() if field["key"]} == {"table": "own"}
