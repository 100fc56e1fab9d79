"""The pages as Streamlit runs them, without an exception whatever the link says; tests/browser has the stage itself."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from ssm.explorer.settings import FIELDS, Settings, kinds
from ssm.explorer.ui.explorer import base_path
from ssm.explorer.ui.table_store import SHELF

FRAME = Path(__file__).parents[1] / "pages/main.py"
SECONDS = 30


def opened(query=""):
    """The app as a link opens it."""
    app = AppTest.from_file(str(FRAME), default_timeout=SECONDS)
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        app.query_params[key] = value
    return app.run()


def stage_of(app):
    """The stage's element."""
    assert not app.exception
    (found,) = [element for element in app.main if element.type == "bidi_component"]
    return found.proto


def told(app) -> dict[str, Any]:
    """What the stage was told."""
    answer: dict[str, Any] = json.loads(stage_of(app).json, parse_constant=refuse)["answer"]
    return answer


def refuse(constant):
    """No browser reads NaN or Infinity."""
    raise AssertionError(constant)


# The Explorer


def test_the_first_view_is_the_article_without_a_click():
    app = opened()
    assert [element.type for element in app.main][1:] == ["html", "bidi_component"]
    assert "Sampled Softmax Explorer" in app.main[0].proto.body
    answer = told(app)
    assert (answer["query"], answer["notes"], answer["error"], answer["ask"]) == ("v=1", [], None, 0)
    assert answer["numbers"]["classes"] == 10
    assert answer["columns"]["count"] == [0, 0, 1, 1, 0, 1, 0, 0, 0, 0]


def test_before_its_first_answer_the_stage_is_a_skeleton_of_six_panels():
    proto = stage_of(opened())
    assert proto.html_content.count('class="ssm-panel ssm-skeleton"') == 6
    assert 'aria-busy="true"' in proto.html_content
    assert '"/assets/stage.css"' in proto.html_content
    assert '"/assets/stage.js"' in proto.js_content
    assert "The panels could not be loaded. Check the connection and reload the page." in proto.js_content


def test_an_embedded_page_has_no_title(monkeypatch):
    monkeypatch.setattr(ContextProxy, "is_embedded", property(lambda _: True))
    app = opened("embed=true")
    assert [element.type for element in app.main][1:] == ["bidi_component"]
    assert told(app)["notes"] == []


def ends(name):
    """What a control can be at either end, or all that it can be."""
    match FIELDS[name]:
        case kinds.Whole(low=low, high=high) | kinds.Real(low=low, high=high):
            return [low, high]
        case kinds.Choice(choices=choices):
            return list(choices)
        case kinds.PerClass(low=low, high=high):
            return [f"0:{low}", f"9:{high}"]
        case _:
            return {"own": ["", "eN"], "device": ["cpu", "cuda:99"]}[name]


@pytest.mark.parametrize("name", FIELDS)
def test_every_control_goes_to_both_ends(name):
    for end in ends(name):
        answer = told(opened(f"v=1&{name}={end}" if name == "draws" else f"v=1&draws=20&{name}={end}"))
        assert answer["error"] is None
        assert answer["columns"]


def test_rubbish_in_the_link_is_a_note():
    answer = told(opened("samples=0&noise=<b>&unknown=1"))
    assert len(answer["notes"]) == 3
    assert answer["query"] == "v=1&samples=1"


def test_a_link_that_takes_long_shows_its_page_first_and_is_answered_when_the_page_asks(monkeypatch):
    monkeypatch.setattr("ssm.explorer.ui.answers.LONG", 100)
    link = "samples=2&draws=60"
    app = opened(link)
    assert told(app) is None
    app.session_state["stage"] = {"ask": {"ask": 1, "query": link, "first": True}}
    answer = told(app.run())
    assert (answer["ask"], answer["serial"], answer["numbers"]["draws"]) == (1, "1.0", 60)


def test_what_the_page_asks_is_answered_under_its_number():
    app = opened("samples=4")
    assert (told(app)["settings"]["samples"], told(app)["ask"]) == (4, 0)
    app.session_state["stage"] = {"ask": {"ask": 3, "query": "v=1&samples=9"}}
    answer = told(app.run())
    assert (answer["settings"]["samples"], answer["ask"], answer["serial"]) == (9, 3, "3.0")


def test_too_much_work_is_an_error_where_a_picture_is_and_a_note_where_none_is(monkeypatch):
    monkeypatch.setattr("ssm.explorer.settings.record.MOST_WORK", 10_000)
    link = "v=1&samples=50&draws=1000"
    first = told(opened(link))
    assert first["error"] is None
    assert first["numbers"]["draws"] == 200
    assert first["notes"][0].endswith("choose at most 200 draws or 10 samples; 200 draws are used")
    app = opened()
    app.session_state["stage"] = {"ask": {"ask": 1, "query": link}}
    later = told(app.run())
    assert later["error"].endswith("choose at most 200 draws or 10 samples")
    assert "columns" not in later


def test_a_new_session_hears_what_the_page_asked_before_it_began(monkeypatch):
    asks = []

    def late(**told):
        asks.append(told["data"]["answer"]["ask"])
        st.session_state["stage"] = {"ask": {"ask": 2, "query": "v=1&samples=9"}}
        return SimpleNamespace(ask=st.session_state["stage"]["ask"], own=None)

    monkeypatch.setattr("ssm.explorer.ui.explorer._component", late)
    assert not opened("samples=4").exception
    assert asks == [0, 2]


@pytest.mark.parametrize(("option", "path"), [("", ""), ("/", ""), ("tools/softmax", "/tools/softmax"), ("/x/", "/x")])
def test_the_app_knows_where_it_lives(monkeypatch, option, path):
    monkeypatch.setattr(config, "get_option", {"server.baseUrlPath": option}.get)
    assert base_path() == path


# The viewer's own scores


def own_scores_page():
    import streamlit as st  # noqa: PLC0415 - AppTest runs the body alone

    from ssm.explorer.ui.own_scores import own_scores  # noqa: PLC0415

    own_scores(st.session_state["settings"], lambda link: st.session_state.update(adopted=link))


def dialog(**chosen):
    """The dialog, opened over some settings."""
    app = AppTest.from_function(own_scores_page, default_timeout=SECONDS)
    app.session_state["settings"] = asdict(Settings(**chosen))
    return app.run()


def shown(app, text="", file=None):
    """The same after a paste or an upload and the button."""
    app.text_area(key="own.text").set_value(text)
    if file:
        app.get("file_uploader")[0].set_value((*file, "application/octet-stream"))
    app.button(key="own.show").click().run()
    assert not app.exception
    return app


def adopted(app):
    """The settings and the problem of the link that the dialog led to."""
    assert not app.error
    link = app.session_state["adopted"]
    mark = link.rpartition("=")[2]
    chosen, notes = Settings.from_query(link, SHELF.get(mark))
    assert notes == ()
    return chosen, SHELF.get(mark)


def test_a_pasted_table_is_shown_with_the_samples_and_the_noise_as_they_were():
    app = shown(dialog(samples=9, noise="softmax", temperature=2.0, target=3, edits=((0, 1.0),)), "cat 1\ndog 2\n")
    chosen, problem = adopted(app)
    assert (chosen.samples, chosen.noise, chosen.temperature) == (9, "softmax", 2.0)
    assert (chosen.problem, chosen.target, chosen.edits) == ("own", 1, ())
    assert (list(problem.names), problem.scores.tolist()) == (["cat", "dog"], [1.0, 2.0])


def test_noise_from_counts_gives_way_where_there_are_none():
    assert adopted(shown(dialog(noise="unigram"), "cat 1\ndog 2"))[0].noise == "uniform"
    counted = adopted(shown(dialog(noise="unigram", power=0.5), "cat 1 10\ndog 2 20"))[0]
    assert (counted.noise, counted.power) == ("unigram", 0.5)


def array_file(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "names"),
    [
        ("pets.csv", b"class,score\ncat,1\ndog,2\n", ["cat", "dog"]),
        ("pets.TXT", b"cat 1\ndog 2\n", ["cat", "dog"]),
        ("PETS.NPY", array_file(np.array([1.0, 2.0])), ["class 0", "class 1"]),
    ],
)
def test_an_uploaded_table_is_shown(name, data, names):
    _, problem = adopted(shown(dialog(), file=(name, data)))
    assert (list(problem.names), problem.scores.tolist()) == (names, [1.0, 2.0])


def test_a_table_too_large_for_a_link_is_kept_on_the_shelf():
    rng = np.random.default_rng(0)
    app = shown(dialog(), file=("scores.npy", array_file(rng.normal(size=5_000))))
    chosen, problem = adopted(app)
    assert chosen.own == problem.fingerprint
    assert problem.classes == 5_000


@pytest.mark.parametrize(
    ("text", "file", "sentence"),
    [
        ("", None, "the table must have rows, got nothing; write a class and its score in each line"),
        (
            "cat 1\ndog two",
            None,
            "row 2, column 2 (score) must be a number from -300 to 300, got 'two'; "
            "write such a number or leave the class out",
        ),
        (
            "",
            ("bad.npy", array_file(np.array([{}], dtype=object))),
            "the array must be plain real numbers, never unpickled, got dtype('O'); save scores.astype(float)",
        ),
        ("", ("empty.csv", b""), "the table must have rows, got nothing; write a class and its score in each line"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_changes_nothing(text, file, sentence):
    app = shown(dialog(), text, file)
    assert [error.value.replace("\\", "") for error in app.error] == [sentence]
    assert "adopted" not in app.session_state


def test_a_sentence_that_quotes_a_table_is_never_markdown():
    app = shown(dialog(), "<b>*cat*</b> 1\n$dog$ [2](x)")
    (error,) = app.error
    assert "'\\[2\\]\\(x\\)'" in error.value


def test_the_page_opens_the_dialog_and_shows_what_was_pasted():
    app = opened("samples=2")
    assert not app.text_area
    app.session_state["stage"] = {"own": 1}
    app.run()
    app.text_area(key="own.text").set_value("cat 1\ndog 2")
    app.session_state["stage"] = {"own": 1}
    app.button(key="own.show").click().run()
    answer = told(app)
    assert (list(answer["names"].values()), answer["settings"]["samples"]) == (["cat", "dog"], 2)
    assert (answer["notes"], answer["serial"]) == ([], "0.1")


def adopting_page():
    import streamlit as st  # noqa: PLC0415 - AppTest runs the body alone

    from ssm.explorer.ui import explorer  # noqa: PLC0415

    if link := st.session_state.pop("link", None):
        explorer._adopt(link)
    st.json(explorer._question()._asdict())


def asked(app):
    assert not app.exception
    return json.loads(app.json[0].value)


def test_what_python_adopts_is_asked_until_the_page_asks_again():
    app = AppTest.from_function(adopting_page, default_timeout=SECONDS)
    app.query_params["samples"] = "4"
    assert asked(app.run()) == {"ask": 0, "query": "samples=4", "first": True, "revision": 0}
    app.session_state["stage"] = {"ask": {"ask": 2, "query": "v=1&samples=5"}}
    assert asked(app.run()) == {"ask": 2, "query": "v=1&samples=5", "first": False, "revision": 0}
    app.session_state["link"] = "v=1&problem=own&own=x"
    assert asked(app.run()) == {"ask": 2, "query": "v=1&problem=own&own=x", "first": False, "revision": 1}
    app.session_state["link"] = "v=1&problem=own&own=y"
    assert asked(app.run())["revision"] == 2
    assert asked(app.run())["query"] == "v=1&problem=own&own=y"
    app.session_state["stage"] = {"ask": {"ask": 3, "query": "v=1"}}
    assert asked(app.run()) == {"ask": 3, "query": "v=1", "first": False, "revision": 0}
