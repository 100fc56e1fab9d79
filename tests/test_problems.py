"""Problems: the article's numbers, random ones, the word after "white", and what is no problem at all."""

import math
from dataclasses import FrozenInstanceError

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm.explorer import problems
from ssm.explorer.problems import Names, Numbered, Problem, presets
from tests import oracles
from tests.sentences import refuses

PAIR = ["cat", "dog"]


def test_the_article_has_the_numbers_read_off_its_chart():
    article = problems.article()
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    assert list(article.names) == names
    assert article.scores.tolist() == [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]
    assert article.names[article.target] == "horse"
    assert article.counts is not None
    assert article.counts.tolist() == [5_000] * 10


def test_the_articles_full_gradient_is_the_one_it_shows():
    article = problems.article()
    gradient = oracles.full_gradient(article.scores.tolist(), article.target)
    shown = {article.names[c]: round(g, 4) for c, g in enumerate(gradient)}
    assert shown.items() >= {("horse", -0.5681), ("cat", 0.3364), ("truck", 0.1120), ("dog", 0.0751)}


@given(classes=st.integers(2, 40), spread=st.floats(0, 20), seed=st.integers(0, 2**64 - 1))
def test_random_scores_are_spread_normals(classes, spread, seed):
    problem = problems.random(classes, spread, seed)
    expected = [spread * oracles.normal(seed, c) for c in range(classes)]
    assert problem.scores.tolist() == pytest.approx(expected, abs=1e-12)
    assert problem.counts is not None
    assert problem.counts.tolist() == pytest.approx([1e6 / (c + 1) for c in range(classes)])
    assert list(problem.names) == [f"class {c}" for c in range(classes)]
    assert problem.target == 0


def test_fewer_random_classes_are_the_first_of_more():
    assert problems.random(30, 2.0).scores[:20].tolist() == problems.random(20, 2.0).scores.tolist()


def test_a_million_names_are_made_only_when_asked_for():
    names = problems.random(1_000_000).names
    assert isinstance(names, Numbered)
    assert (len(names), names[0], names[-1]) == (1_000_000, "class 0", "class 999999")
    assert names[2:4] == ["class 2", "class 3"]
    with pytest.raises(IndexError, match=r"^range object index out of range$"):
        names[1_000_000]


def test_the_words_after_white_are_a_distribution_over_the_book():
    white = problems.white()
    assert white.classes == 17_091
    assert white.names[white.target] == "whale"
    assert math.fsum(map(math.exp, white.scores.tolist())) == pytest.approx(1, abs=1e-12)
    assert bool(white.scores.isfinite().all())
    assert white.counts is not None
    assert white.counts.sum() == 212_312
    assert white.names[:3] == ("the", "of", "and")
    assert bool((white.counts.diff() <= 0).all())


def test_after_white_comes_whale_and_a_word_never_seen_there_keeps_its_frequency():
    white = problems.white()
    assert int(white.scores.argmax()) == white.target
    the, not_seen = (white.names.index(word) for word in ("the", "whaling"))
    assert white.counts is not None
    ratio = white.counts[the] / white.counts[not_seen]
    assert float(white.scores[the] - white.scores[not_seen]) == pytest.approx(math.log(ratio), abs=1e-12)


def test_presets_are_not_changed_by_those_who_use_them():
    for preset in problems.PRESETS.values():
        preset().scores[0] = 99
        assert preset().scores[0] < 0


def test_a_problem_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match=r"^cannot assign to field 'target'$"):
        problems.article().target = 3  # type: ignore[misc]  # that is the point


def test_a_problem_takes_lists_and_keeps_float64():
    problem = Problem(PAIR, torch.tensor([1, 2]), 1, torch.tensor([3, 4]))
    assert problem.scores.dtype == torch.float64
    assert problem.counts is not None
    assert problem.counts.dtype == torch.float64
    assert problem.names == Names(("cat", "dog"))


@pytest.mark.parametrize(
    "other",
    [
        Problem(["cat", "cow"], torch.tensor([1.0, 2.0]), 0),
        Problem(["catdog", ""], torch.tensor([1.0, 2.0]), 0),
        Problem(PAIR, torch.tensor([1.0, 3.0]), 0),
        Problem(PAIR, torch.tensor([1.0, 2.0]), 0, torch.tensor([1.0, 1.0])),
    ],
)
def test_only_equal_tables_share_a_digest(other):
    problem = Problem(PAIR, torch.tensor([1.0, 2.0]), 0)
    assert problem.fingerprint == Problem(tuple(PAIR), torch.tensor([1.0, 2.0]), 1).fingerprint
    assert problem.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ((["cat"], [1.0], 0), "scores must be of two classes or more, got [1.0]; add a class"),
        ((PAIR, [1.0], 0), "scores must be of two classes or more, got [1.0]; add a class"),
        ((PAIR, [1.0, 2.0, 3.0], 0), "names must be 3, one for each score, got 2; give every class one"),
        ((["cat", "cat"], [1.0, 2.0], 0), "names must be all different, got 'cat'; rename class 0 or class 1"),
        ((PAIR, [1.0, math.nan], 0), "scores must be finite, got nan at class 1; replace it by a number"),
        ((PAIR, [-math.inf, 1.0], 0), "scores must be finite, got -inf at class 0; replace it by a number"),
        (
            (PAIR, [1.0, 1e308], 0),
            "scores must be from -300 to 300, got 1e+308 at class 1; shrink them all by one factor",
        ),
        ((PAIR, [1.0, 2.0], 2), "target must be a whole number from 0 to 1, got 2; count classes from 0"),
        ((PAIR, [1.0, 2.0], -1), "target must be a whole number from 0 to 1, got -1; count classes from 0"),
        ((PAIR, [1.0, 2.0], 0, [1.0]), "counts must be 2, one for each score, got 1; give every class one"),
        (
            (PAIR, [1.0, 2.0], 0, [1.0, 0.0]),
            "counts must be positive, got 0.0 at class 1; drop the class or give it a small weight",
        ),
    ],
)  # fmt: skip
def test_what_is_no_problem_is_refused(parts, sentence):
    with refuses(sentence):
        Problem(*parts)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((1,), "classes must be a whole number of at least 2, got 1; a choice needs two classes or more"),
        ((9, -1.0), "spread must be 0 or more, got -1.0; 1 is the usual one"),
        ((9, math.nan), "spread must be a finite number, got nan; 1 is the usual one"),
    ],
)
def test_random_problems_out_of_range_are_refused(values, sentence):
    with refuses(sentence):
        problems.random(*values)


def test_without_its_counts_the_book_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(presets, "_WHITE", tmp_path / "white.json")
    presets._read_white.cache_clear()
    sentence = (
        "ssm/explorer/problems/data/white.json must come with the package, got no such file; "
        "install it whole or run make assets"
    )
    with refuses(sentence):
        problems.white()


@pytest.mark.parametrize(
    "names",
    [(["a\nb", "c"], ["a", "b\nc"]), (["ab", "c"], ["a", "bc"]), (["\ud800", "?x"], ["\ud801", "?x"])],
)
def test_names_cut_in_other_places_have_another_fingerprint(names):
    first, second = (Problem(words, torch.zeros(2), 0).fingerprint for words in names)
    assert first != second


def test_counts_are_part_of_the_fingerprint():
    some = (None, torch.ones(2), torch.tensor([1.0, 2.0]))
    marks = {Problem(["a", "b"], torch.zeros(2), 0, counts).fingerprint for counts in some}
    assert len(marks) == 3
