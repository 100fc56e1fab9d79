"""The pages as Streamlit runs them, without an exception whatever the link says; tests/browser has the stage itself."""

import io
import json
import re
from dataclasses import asdict, replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from ssm.explorer.export import markup
from ssm.explorer.export.markup import ASSETS
from ssm.explorer.figures import EVERY, texts
from ssm.explorer.pages import EXPLORER, PAGES
from ssm.explorer.problems import tables
from ssm.explorer.settings import FIELDS, Settings, kinds, lists
from ssm.explorer.story import CHAPTERS
from ssm.explorer.ui import explorer
from ssm.explorer.ui.paths import base_path
from ssm.explorer.ui.table_store import TABLES

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
    assert answer["view"]["classes"]["n"] == 10
    assert answer["view"]["draw"]["count"] == [0, 0, 1, 1, 0, 1, 0, 0, 0, 0]


def test_before_its_first_answer_the_stage_is_a_skeleton_of_the_page():
    proto = stage_of(opened())
    assert proto.html_content.count('class="ssm-panel ssm-skeleton"') == 6
    assert proto.html_content.count('class="ssm-column"') == 4
    assert f'<p class="ssm-what">{texts.WHAT}</p>' in proto.html_content
    assert 'aria-busy="true"' in proto.html_content
    assert f'new URL("{explorer._ENTRY}", document.baseURI)' in proto.js_content
    assert "The panels could not be loaded. Check the connection and reload the page." in proto.js_content


@pytest.fixture
def order(monkeypatch):
    """What a page puts on the screen, in its order: HTML and the stage."""
    shown = []

    def stage(**_):
        shown.append("stage")
        return SimpleNamespace(ask=None, own=None)

    monkeypatch.setattr(st, "html", shown.append)
    monkeypatch.setattr("ssm.explorer.ui.explorer._component", stage)
    return shown


def test_the_style_comes_before_anything_else_so_that_nothing_moves(order):
    assert not opened().exception
    style, header, stage = order
    for path in markup.STYLES:
        assert (ASSETS / path).read_text("utf-8") in style
    assert (header[:22], stage) == ('<header class="ssm-bar', "stage")


def test_an_embedded_page_has_no_bar(monkeypatch):
    monkeypatch.setattr(ContextProxy, "is_embedded", property(lambda _: True))
    app = opened("embed=true")
    assert [element.type for element in app.main][1:] == ["bidi_component"]
    assert told(app)["notes"] == []


def test_the_bar_links_to_every_page_and_says_which_one_this_is():
    html = opened().main[0].proto.body
    assert re.findall('<a href="([^"]*)" data-page([^>]*)>([^<]*)</a>', html) == [
        (f"./{page.path}", "" if page.path else " aria-current=page", page.title) for page in PAGES
    ]
    more = markup.bar([("Story", "story"), ("A <b>", "")], "")
    assert re.findall('<a href="([^"]*)" data-page([^>]*)>([^<]*)</a>', more) == [
        ("./story", "", "Story"),
        ("./", " aria-current=page", "A &lt;b&gt;"),
    ]
    assert "data-ribbon" in more


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_its_own_stage_in_its_own_frame(page):
    script = AppTest.from_file(str(FRAME.with_name(f"{page.name}.py")), default_timeout=SECONDS)
    script.query_params["samples"] = "4"
    app = script.run()
    sent = json.loads(stage_of(app).json)
    place = {"chapter": 1} if page.chapters else {}
    assert (sent["page"], sent["frame"]) == (page.name, json.loads(json.dumps(asdict(page.frame) | place)))
    assert {name for name, group in told(app)["view"].items() if group} >= page.needs - {"ranked"}
    html = stage_of(app).html_content
    assert f'<p class="ssm-what">{page.question}</p>' in html
    shown = page.frame.panels or page.panels
    assert re.findall('data-panel="([^"]*)"', html) == [p for p in shown if "ranked" not in EVERY[p].needs]


def test_the_header_of_streamlit_takes_no_clicks(order):
    opened()
    *_, rule = re.findall(r"\.stAppHeader \{([^}]*)\}", order[0])
    assert {"height: 0", "pointer-events: none"} <= {part.strip() for part in rule.split(";")}


def framed(app):
    return json.loads(stage_of(app).json)["frame"]


def test_the_frame_of_the_link_goes_to_the_stage_and_its_faults_among_the_notes():
    usual = EXPLORER.frame
    assert framed(opened()) == json.loads(json.dumps(asdict(usual)))
    app = opened("v=1&samples=4&locked=samples&player=no&note=Drag k")
    assert framed(app) == json.loads(json.dumps(asdict(replace(usual, locked=("samples",), note="Drag k"))))
    assert told(app)["notes"] == ["player must be 1 or 0, got 'no'; 1 is used"]
    app.session_state["stage"] = {"ask": {"ask": 3, "query": "v=1&samples=9"}}
    assert (told(app.run())["notes"], framed(app)["locked"]) == ([], ["samples"])


def story(query=""):
    """The story as a link opens it."""
    app = opened(query)
    return app.switch_page("story.py").run()


def test_a_chapter_opens_with_its_settings_and_its_frame():
    app = story("chapter=3")
    chapter = CHAPTERS[2]
    assert told(app)["query"] == chapter.settings.to_query()
    assert told(app)["notes"] == []
    assert framed(app) == json.loads(json.dumps(asdict(chapter.frame) | {"chapter": 3}))
    assert 'class="ssm ssm-flow ssm-story"' in stage_of(app).html_content


def test_a_link_of_the_story_keeps_settings_beside_a_chapter_and_says_what_is_wrong():
    app = story("v=1&samples=4&chapter=99&locked=samples")
    assert (told(app)["settings"]["samples"], framed(app)["chapter"], framed(app)["locked"]) == (4, 8, ["samples"])
    assert told(app)["notes"] == ["chapter must be a whole number from 1 to 8, got 99; 8 is used"]


def test_elsewhere_a_chapter_is_a_key_like_any_other_that_is_unknown():
    answer = told(opened("v=1&chapter=3"))
    assert (answer["notes"], answer["query"]) == ([], "v=1")


def ends(name):
    """What a control can be at either end, or all that it can be."""
    match FIELDS[name]:
        case kinds.Whole(low=low, high=high) | kinds.Real(low=low, high=high):
            return [low, high]
        case kinds.Choice(choices=choices):
            return list(choices)
        case lists.PerClass(low=low, high=high):
            return [f"0:{low}", f"9:{high}"]
        case lists.Several(known=known):
            return [known[0], ",".join(known)]
        case _:
            return {"table": ["", "eN"], "device": ["cpu", "cuda:99"]}[name]


@pytest.mark.parametrize("name", FIELDS)
def test_every_control_goes_to_both_ends(name):
    key = FIELDS[name].key or name
    for end in ends(name):
        answer = told(opened(f"v=1&{key}={end}" if name == "draws" else f"v=1&draws=20&{key}={end}"))
        assert answer["error"] is None
        assert answer["view"]["classes"]["index"]


def test_rubbish_in_the_link_is_a_note():
    answer = told(opened("samples=0&noise=<b>&unknown=1"))
    assert len(answer["notes"]) == 2
    assert answer["query"] == "v=1&samples=1"


def test_a_link_that_takes_long_shows_its_page_first_and_is_answered_when_the_page_asks(monkeypatch):
    monkeypatch.setattr("ssm.explorer.ui.answers.LONG", 100)
    link = "samples=2&draws=60"
    app = opened(link)
    assert told(app) is None
    app.session_state["stage"] = {"ask": {"ask": 1, "query": link, "first": True}}
    answer = told(app.run())
    assert (answer["ask"], answer["serial"], answer["view"]["convergence"]["draws"]) == (1, "1.0", 60)


def test_what_the_page_asks_is_answered_under_its_number():
    app = opened("samples=4")
    assert (told(app)["settings"]["samples"], told(app)["ask"]) == (4, 0)
    app.session_state["stage"] = {"ask": {"ask": 3, "query": "v=1&samples=9"}}
    answer = told(app.run())
    assert (answer["settings"]["samples"], answer["ask"], answer["serial"]) == (9, 3, "3.0")


def test_too_much_work_is_an_error_where_a_picture_is_and_a_note_where_none_is(monkeypatch):
    monkeypatch.setattr("ssm.explorer.settings.work.MOST_WORK", 10_000)
    link = "v=1&samples=50&draws=1000"
    first = told(opened(link))
    assert first["error"] is None
    assert first["view"]["convergence"]["draws"] == 200
    assert first["notes"][0].endswith("choose at most 200 draws or 10 samples; 200 draws are used")
    app = opened()
    app.session_state["stage"] = {"ask": {"ask": 1, "query": link}}
    later = told(app.run())
    assert later["error"].endswith("choose at most 200 draws or 10 samples")
    assert "view" not in later


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

    own_scores(lambda patch, table: st.session_state.update(patch=patch, table=table), uploads=True)


def dialog():
    """The dialog by itself."""
    return AppTest.from_function(own_scores_page, default_timeout=SECONDS).run()


def shown(app, text="", file=None):
    """The same after a paste or an upload and the button."""
    app.text_area(key="own.text").set_value(text)
    if file:
        app.get("file_uploader")[0].set_value((*file, "application/octet-stream"))
    app.button(key="own.show").click().run()
    assert not app.exception
    return app


def alerts(app):
    """What the dialog says that it cannot read, as HTML."""
    bodies = [element.proto.body for element in app.get("html")]
    return [body.partition(">")[2].removesuffix("</p>") for body in bodies if 'role="alert"' in body]


def adopted(app, before=Settings()):  # noqa: B008 - frozen
    """What the dialog's patch makes of settings, and the problem that they then mean."""
    assert not alerts(app)
    patch, table = app.session_state["patch"], app.session_state["table"]
    assert patch == {"problem": "own", "table": tables.link(table)}
    assert TABLES.get(patch["table"]) is table
    chosen, _ = before.patched(patch, table)
    return chosen, table


def test_a_pasted_table_is_shown_with_the_samples_and_the_noise_as_they_were():
    before = Settings(samples=9, noise="softmax", temperature=2.0, target=3, edits=((0, 1.0),), draw=5)
    chosen, problem = adopted(shown(dialog(), "cat 1\ndog 2\n"), before)
    assert (chosen.samples, chosen.noise, chosen.temperature) == (9, "softmax", 2.0)
    assert (chosen.problem, chosen.target, chosen.edits, chosen.draw) == ("own", 1, (), 1)
    assert (list(problem.names), problem.scores.tolist()) == (["cat", "dog"], [1.0, 2.0])


def test_noise_from_counts_stays_where_there_are_some():
    chosen, _ = adopted(shown(dialog(), "cat 1 10\ndog 2 20"), Settings(noise="unigram", power=0.5))
    assert (chosen.noise, chosen.power) == ("unigram", 0.5)


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


def test_a_table_too_large_for_a_link_is_kept():
    rng = np.random.default_rng(0)
    app = shown(dialog(), file=("scores.npy", array_file(rng.normal(size=5_000))))
    chosen, problem = adopted(app)
    assert chosen.table == problem.fingerprint
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
    assert [unescape(error) for error in alerts(app)] == [sentence]
    assert "patch" not in app.session_state


def test_a_sentence_that_quotes_a_table_is_neither_markdown_nor_html():
    app = shown(dialog(), "<b>*cat*</b> 1\n$dog$ [2](x)<b>")
    assert not app.error
    (error,) = alerts(app)
    assert "&#x27;[2](x)&lt;b&gt;&#x27;" in error


def test_the_page_opens_the_dialog_and_shows_what_was_pasted():
    app = opened("samples=2")
    assert not app.text_area
    app.session_state["stage"] = {"own": {"cookie": True}}
    app.run()
    app.text_area(key="own.text").set_value("cat 1\ndog 2")
    app.session_state["stage"] = {"own": {"cookie": True}}
    app.button(key="own.show").click().run()
    answer = told(app)
    assert (list(answer["names"].values()), answer["settings"]["samples"]) == (["cat", "dog"], 2)
    assert (answer["notes"], answer["serial"]) == ([], "0.1")


@pytest.mark.parametrize(("cookie", "protection", "uploads"), [(True, True, 1), (False, True, 0), (False, False, 1)])
def test_where_no_file_gets_through_the_dialog_says_to_paste(monkeypatch, cookie, protection, uploads):
    monkeypatch.setattr(st, "get_option", {"server.enableXsrfProtection": protection}.get)
    app = opened("samples=2")
    app.session_state["stage"] = {"own": {"cookie": cookie}}
    app.run()
    assert len(app.get("file_uploader")) == uploads
    assert ("paste what is in it instead" in app.caption[-1].value) == (not uploads)


def test_the_page_says_what_a_table_changed():
    app = opened("samples=2&noise=unigram")
    app.session_state["stage"] = {"own": {"cookie": True}}
    app.run()
    app.text_area(key="own.text").set_value("cat 1\ndog 2")
    app.session_state["stage"] = {"own": {"cookie": True}}
    app.button(key="own.show").click().run()
    answer = told(app)
    assert (answer["settings"]["noise"], answer["settings"]["samples"]) == ("uniform", 2)
    assert answer["notes"] == [
        "noise must be other than unigram where classes have no counts, got 'unigram'; uniform is used"
    ]


def test_a_table_that_the_server_has_lost_is_taken_from_the_page():
    table = tables.parse("".join(f'"pet, {c}",{c / 997},{c + 1}\n' for c in range(2_000)))
    link = f"problem=own&own={table.fingerprint}&samples=4"
    app = opened(link)
    assert told(app)["missing"] == f"problem.json?v=1&problem=own&own={table.fingerprint}"
    assert (told(app)["settings"]["problem"], TABLES.get(table.fingerprint)) == ("article", None)
    app.session_state["stage"] = {"table": tables.to_text(table)}
    answer = told(app.run())
    assert (answer["missing"], answer["notes"], answer["error"]) == (None, [], None)
    assert (answer["settings"]["table"], answer["settings"]["samples"]) == (table.fingerprint, 4)


def test_a_page_that_sends_anything_else_gets_a_sentence():
    app = opened("samples=4")
    app.session_state["stage"] = {"table": "cat 1\ndog two"}
    answer = told(app.run())
    assert answer["notes"][0].startswith("row 2, column 2 (score) must be a number from -300 to 300, got 'two'")
    assert answer["settings"]["samples"] == 4


def adopting_page():
    import streamlit as st  # noqa: PLC0415 - AppTest runs the body alone

    from ssm.explorer.ui import explorer  # noqa: PLC0415

    if patch := st.session_state.pop("patch", None):
        explorer._adopt(patch, None)
    st.json(explorer._question()._asdict())


def asked(app):
    assert not app.exception
    return json.loads(app.json[0].value)


def test_what_python_adopts_is_asked_until_the_page_asks_again():
    app = AppTest.from_function(adopting_page, default_timeout=SECONDS)
    app.query_params["samples"] = "4"
    first = {"ask": 0, "query": "samples=4", "first": True, "revision": 0, "notes": []}
    assert asked(app.run()) == first
    app.session_state["stage"] = {"ask": {"ask": 2, "query": "v=1&samples=5"}}
    assert asked(app.run()) == {**first, "ask": 2, "query": "v=1&samples=5", "first": False}
    app.session_state["patch"] = {"seed": 7}
    adopted = {**first, "ask": 2, "query": "v=1&samples=5&seed=7", "first": False, "revision": 1}
    assert asked(app.run()) == adopted
    app.session_state["patch"] = {"draws": 20}
    assert asked(app.run()) == {**adopted, "query": "v=1&samples=5&draws=20&seed=7", "revision": 2}
    app.session_state["stage"] = {"ask": {"ask": 3, "query": "v=1"}}
    assert asked(app.run()) == {**first, "ask": 3, "query": "v=1", "first": False}
