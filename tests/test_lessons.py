"""The pages: what each declares is there, in the library and in the style sheet."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from ssm.estimators import ESTIMATORS as NAMES
from ssm.explorer import figures
from ssm.explorer.experiment import ALL, run
from ssm.explorer.figures import EVERY
from ssm.explorer.figures.templates import NBSP, chosen, render
from ssm.explorer.pages import ESTIMATORS, EXPLORER, PAGES
from ssm.explorer.settings import FIELDS, Frame, Settings

ROOT = Path(__file__).parents[1]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_explorer_goes_from_cause_to_effect():
    assert EXPLORER.panels == (
        "noise",
        "scores_full",
        "scores_sampled",
        "gradient_full",
        "gradient_sampled",
        "convergence",
        "balance",
        "ranks",
    )
    assert EXPLORER.needs == {"draw", "convergence", "moments", "ranked"}
    assert EXPLORER.frame.hidden == ("batch", "dim")


def test_a_setting_of_one_page_is_hidden_on_all_others():
    for page in PAGES:
        assert ("steps" in page.needs) is not ({"batch", "dim"} <= set(page.frame.hidden)), page.name


@every_page
def test_a_page_is_a_script_and_shows_panels_that_are_there(page):
    assert (ROOT / f"pages/{page.name}.py").exists()
    assert {EVERY[name].variant for name in page.panels} == {None}
    assert page.needs <= ALL
    assert {*page.frame.hidden, *page.frame.locked} <= set(FIELDS)


def test_each_page_ends_with_the_question_that_the_next_one_of_the_bar_answers():
    for page, after in pairwise(PAGES):
        onward = page.chapters[-1].onward if page.chapters else [page.next] if page.next else []
        assert after.name in {question.page for question in onward}, page.name
    assert PAGES[-1].next is not None
    assert PAGES[-1].next.page in {page.name for page in PAGES[:-1]}


@every_page
def test_a_layout_places_panels_of_the_page(page):
    if page.layout:
        wide = [name for _, names in page.layout.columns for name in names]
        pairs = [name for pair in page.layout.pairs for name in pair]
        many = {name for name in page.panels if "ranked" in EVERY[name].needs}
        assert set(wide) == set(pairs) == set(page.panels) - many
        assert set(page.layout.smallest) <= set(wide)


def test_no_two_pages_share_a_name_or_an_address_and_one_opens_first():
    assert len({page.name for page in PAGES}) == len({page.path for page in PAGES}) == len(PAGES)
    assert [page.path for page in PAGES].count("") == 1


def test_the_frame_of_a_link_is_laid_over_the_page_s_own():
    usual = Frame(hidden=("seed",), player=False)
    assert Frame.from_query("v=1", usual) == (usual, ())
    assert Frame.from_query("player=1&note=see", usual)[0] == Frame(hidden=("seed",), note="see")
    assert Frame.from_query("hidden=noise,seed", usual)[0] == Frame(hidden=("seed", "noise"), player=False)
    assert Frame.from_query("player=x", usual) == (usual, ("player must be 1 or 0, got 'x'; 0 is used",))


# Estimators


def words(**chosen):
    return figures.words(run(Settings(**chosen), needs=ALL))


CASES = [
    *(words(estimator=name, samples=k, noise=q) for name in NAMES for k in (1, 9) for q in ("uniform", "log_uniform")),
    words(average="so_far"),
    words(estimator="naive_importance", samples=20),
    words(problem="white", samples=20),
    words(edits=((0, 300.0), (1, -300.0)), noise="softmax", temperature=0.5),
    words(noise="softmax", target=8, samples=2),
]


def test_every_number_of_the_estimators_page_is_there_and_every_alternative_is_said():
    for part in ESTIMATORS.sentence:
        said = {chosen(part, numbers) for numbers in CASES}
        slots = {slot for template in said for slot in re.findall(r"\{(\w+)", template)}
        assert slots <= set().union(*CASES)
        if part is not ESTIMATORS.sentence[0]:
            assert said == {one["say"] for one in part}
    for numbers in CASES:
        assert "…" not in render(ESTIMATORS.sentence, numbers)


def test_the_sentence_of_the_estimators_page_says_what_the_loss_learns():
    said = render(ESTIMATORS.sentence, words()).replace(NBSP, " ")
    assert said == (
        "Sampled softmax: draw 1 is shown, 200 are averaged, and the exact mean of all draws is 30 % off the full "
        "gradient. Trained to the end where the softmax is the truth, it gives horse 55 % where the truth is 43 %, "
        "0.0782 nats off in all: too sure of it, and less so with more samples."
    )
    said = render(ESTIMATORS.sentence, words(estimator="naive_importance"))
    assert "with fewer than 7 samples some classes are drawn more rarely than they are right" in said
    assert "it learns the truth exactly" in render(ESTIMATORS.sentence, words(estimator="log_q", samples=1))
    assert "of these 8 classes alone" in render(ESTIMATORS.sentence, words(problem="white"))


def test_each_library_says_where_it_was_read():
    table = ESTIMATORS.table
    assert table is not None
    for row in table.rows:
        assert len(row) == len(table.heads)
        text, address = row[-1]
        assert address.startswith("https://github.com/")
        assert text
    assert len({(row[0], row[1]) for row in table.rows}) == len(table.rows)
