"""The chapters: short, their numbers computed, each opening the Explorer in the state that it shows."""

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from ssm.explorer import figures
from ssm.explorer.experiment import run
from ssm.explorer.figures import PANELS
from ssm.explorer.figures.templates import Parts, render
from ssm.explorer.figures.theme import LIGHT
from ssm.explorer.pages import EXPLORER, PAGES, STORY
from ssm.explorer.settings import DEFAULTS, FIELDS, Frame, Settings
from ssm.explorer.story import CHAPTERS, MOST_WORDS, Chapter, Level, Options, Place, opened
from ssm.explorer.story.record import CHOSEN, MARKED, Prediction, showing

UNKNOWN = "…"  # what a number reads as that nobody has computed
MATHEMATICS = {"1", "2", "100", f"{math.log(2):.2f}"}  # a whole, a doubling, per cent
CITED = {"2026", "300,000"}  # in words that name their sources

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)


def words(settings: Settings) -> dict[str, Any]:
    """What the page knows of a state: the groups that its panels draw and no more."""
    return figures.words(run(settings, needs=STORY.needs))


def states(chapter: Chapter) -> list[Settings]:
    """The states that a chapter leads to by a click."""
    return [chapter.settings, chapter.myth.settings, *([chapter.predict.settings] if chapter.predict else [])]


def asked(chapter: Chapter) -> Prediction:
    """A chapter's question."""
    assert chapter.predict is not None
    return chapter.predict


def templates(parts: Parts) -> list[str]:
    return [one["say"] for part in parts for one in part]


def said(chapter: Chapter) -> list[str]:
    """Every text of a chapter as it is written."""
    predict, myth = chapter.predict, chapter.myth
    asked = [*templates(predict.question), *templates(predict.why)] if predict else []
    plain = [chapter.title, chapter.claim, myth.belief, myth.trial]
    return [*plain, *templates(chapter.words), *templates(myth.refutation), *asked]


def test_there_are_eight_chapters_each_with_a_title_of_its_own():
    assert len({chapter.title for chapter in CHAPTERS}) == len(CHAPTERS) == 8


@every_chapter
def test_the_words_are_few_and_every_number_in_them_is_known(chapter):
    for settings in states(chapter):
        text = render(chapter.words, words(settings))
        assert len(text.split()) <= MOST_WORDS
        assert UNKNOWN not in text


@every_chapter
def test_the_words_stay_few_and_known_wherever_the_chapter_s_own_controls_lead(chapter):
    for name in ("estimator", "noise", "hits"):
        if name in chapter.frame.hidden:
            continue
        for value in FIELDS[name].span()["choices"]:
            settings, _ = chapter.settings.patched({name: value})
            if settings.noise != "unigram" or settings.problem != "article":
                text = render(chapter.words, words(settings))
                assert len(text.split()) <= MOST_WORDS
                assert UNKNOWN not in text, (name, value)


@every_chapter
def test_slots_and_conditions_name_numbers_and_inks_that_are_there(chapter):
    parts = [*chapter.words, *chapter.myth.refutation, *asked(chapter).question, *asked(chapter).why]
    alternatives = [one for part in parts for one in part]
    slots = [slot for one in alternatives for slot in re.findall(r"\{(\w+)[%#~]?(?:\|(\w+))?\}", one["say"])]
    conditions = {one[key][0] for one in alternatives for key in ("if", "and") if key in one}
    everything = words(CHAPTERS[-1].settings)
    assert {name for name, _ in slots} | conditions <= set(everything)
    assert {role for _, role in slots} - {""} <= set(LIGHT.text)
    assert all("if" not in part[-1] for part in parts)


@every_chapter
def test_a_number_is_computed_or_chosen_or_cited(chapter):
    chosen = {f"{v:,}" for s in states(chapter) for v in vars(s).values() if type(v) is int}
    dragged = {f"{score:g}" for s in states(chapter) for _, score in s.edits}
    for text in said(chapter):
        typed = set(re.findall(r"\d[\d,.]*\d|\d", re.sub(r"\{\w+[%#~]?(\|\w+)?\}", "", text)))
        groups = {"10"} if "largest pushes" in text else set()  # the first of MASS_ENDS
        assert typed <= chosen | dragged | MATHEMATICS | groups | (CITED if chapter.sources else set()), text


@every_chapter
def test_the_question_and_the_answer_have_their_numbers(chapter):
    predict = asked(chapter)
    before, after = words(chapter.settings), words(predict.settings)
    assert UNKNOWN not in render(predict.question, before)
    assert UNKNOWN not in render(predict.why, after)
    assert predict.settings != chapter.settings
    match predict.answer:
        case Level(panel=panel, number=number, at=at):
            assert panel in chapter.frame.panels
            assert isinstance(after[number], float)
            assert at == "all" or PANELS[panel].along.name == "classes"
            outcome = {"guess": 0.25, "answer": after[number], "gap": abs(after[number] - 0.25)}
            assert UNKNOWN not in render(MARKED, outcome)
        case Options(words=options, right=right):
            assert 0 <= right < len(set(options)) == len(options)


def test_a_pick_is_right_or_another():
    assert render(CHOSEN, {"right": 1}) == "So it is."
    assert render(CHOSEN, {"right": 0}) == "Not so."


@every_chapter
def test_a_click_refutes_the_myth_with_numbers(chapter):
    text = render(chapter.myth.refutation, words(chapter.myth.settings))
    assert UNKNOWN not in text
    assert re.search(r"\d", text)
    assert chapter.myth.settings != chapter.settings


@every_chapter
def test_its_link_opens_the_explorer_in_the_very_state(chapter):
    assert Settings.from_query(chapter.query) == (chapter.settings, ())
    frame, notes = Frame.from_query(chapter.query, EXPLORER.frame)
    assert (set(frame.hidden), notes) == (set(chapter.frame.hidden), ())
    assert replace(frame, hidden=chapter.frame.hidden) == chapter.frame
    for settings in states(chapter):
        assert Settings.from_query(settings.to_query()) == (settings, ())
    assert set(chapter.frame.panels) & set(EXPLORER.panels)


@every_chapter
def test_it_shows_few_panels_and_leads_to_pages_by_their_names(chapter):
    assert 2 <= len(chapter.frame.panels) <= 4
    assert {PANELS[name].variant for name in chapter.frame.panels} == {None}
    assert {onward.page for onward in chapter.onward} <= {*(page.name for page in PAGES), "bias"}
    assert all(source.url.startswith("https://") for source in chapter.sources)


def test_the_last_chapter_ends_at_the_explorer():
    assert "explore" in {onward.page for onward in CHAPTERS[-1].onward}


def test_what_a_frame_does_not_show_it_hides():
    frame = showing(("noise",), {"samples", "draw"})
    assert set(FIELDS) - set(frame.hidden) == {"samples", "draw"}
    assert frame.player
    assert not showing(("noise",), {"samples"}).player
    with pytest.raises(KeyError):
        showing(("noise",), {"sample"})
    with pytest.raises(KeyError):
        showing(("noises",), {"samples"})


# What the chapters claim


def test_the_spike_is_the_forest_with_another_sign():
    assert words(CHAPTERS[0].settings)["pull"] == pytest.approx(1 - 1 / (1 + math.exp(-1.65) * _others()))


def _others() -> float:
    scores = (-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, -6.0, 0.3)
    return sum(map(math.exp, scores))


def test_twice_the_samples_shorten_the_arrow_by_log_2():
    chapter = CHAPTERS[4]
    before, after = words(chapter.settings), words(asked(chapter).settings)
    assert before["first_correction"] - after["first_correction"] == pytest.approx(math.log(2))


def test_the_naive_error_outgrows_the_gradient_and_that_of_the_kept_target_does_not():
    sure = CHAPTERS[3].myth.settings
    naive, kept = words(sure), words(replace(sure, estimator=DEFAULTS["estimator"]))
    assert naive["relative_bias"] > 10
    assert kept["relative_bias"] < 0.1


# Where in the story


def test_a_place_is_spelled_and_read():
    for chapter in range(1, 1 + len(CHAPTERS)):
        assert Place.from_query(Place(chapter).to_query()) == (Place(chapter), ())
    assert Place().to_query() == ""
    assert Place(3).here is CHAPTERS[2]
    with pytest.raises(ValueError, match=r"^chapter must be a whole number from 1 to 8, got 9; use 8$"):
        Place(9)


def test_a_link_that_names_a_chapter_and_settings_means_these():
    place, query, notes = opened("v=1&samples=9&chapter=3&note=see")
    assert (place.chapter, query, notes) == (3, "v=1&samples=9&note=see", ())


@pytest.mark.parametrize("link", ["", "v=1&samples=9&noise=softmax", "chapter=1"])
def test_without_a_chapter_or_settings_the_chapter_opens_as_it_was_written(link):
    place, query, notes = opened(link)
    assert (place.chapter, Settings.from_query(query)[0], notes) == (1, CHAPTERS[0].settings, ())


def test_a_chapter_alone_opens_as_it_was_written_and_keeps_the_frame_of_the_link():
    place, query, _ = opened("chapter=3&locked=samples")
    assert Settings.from_query(query) == (CHAPTERS[2].settings, ())
    assert Frame.from_query(query, place.here.frame)[0].locked == ("samples",)


def test_a_chapter_that_is_not_there_is_a_note():
    place, _, notes = opened("chapter=99")
    assert (place.chapter, notes) == (8, ("chapter must be a whole number from 1 to 8, got 99; 8 is used",))
