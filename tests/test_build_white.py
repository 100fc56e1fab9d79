"""The counts of Moby-Dick: a small book counted by hand, and the file in the package."""

import json
import math
from pathlib import Path

import pytest

from assets import build_white
from ssm.explorer import problems
from ssm.explorer.problems import Problem, presets

BOOK = Path(__file__).parents[2] / "shared" / "data" / "moby-dick.txt"
SMALL = """The White whale! The white whale's white\u2014flag; the o'th'er
don't. 'White whale,' the white flag 1851 a white ant"""


@pytest.fixture
def small() -> dict[str, object]:
    return build_white.build(SMALL)


def test_words_are_letters_with_one_apostrophe_inside(small):
    assert small["vocabulary"] == [
        (6, "white"),
        (4, "the"),
        (2, "flag whale"),
        (1, "a ant don't er o'th whale's"),
    ]


def test_followers_are_the_words_after_white(small):
    assert small["followers"] == [(2, "flag whale"), (1, "ant whale's")]


def test_the_discount_comes_from_the_pairs_seen_once_and_twice(small):
    twice = ["white whale", "whale the", "white flag"]
    once = ["white whale's", "whale's white", "flag the", "the o'th", "o'th er", "er don't", "don't white", "flag a"]
    once += ["a white", "white ant"]
    assert small["discount"] == len(once) / (len(once) + 2 * len(twice))


def test_the_model_of_a_small_book_is_the_formula_and_sums_to_one(small, tmp_path, monkeypatch):
    file = tmp_path / "white.json"
    file.write_text(build_white.spell(small), encoding="utf-8")
    problem = read(file, monkeypatch)
    assert problem.counts is not None
    d, counts, after = small["discount"], problem.counts.tolist(), {"flag": 2, "whale": 2, "ant": 1, "whale's": 1}
    expected = [
        math.log((max(after.get(word, 0) - d, 0) + d * 4 * count / sum(counts)) / 6)
        for word, count in zip(problem.names, counts, strict=True)
    ]
    assert problem.scores.tolist() == pytest.approx(expected, abs=1e-13)
    assert math.fsum(map(math.exp, problem.scores.tolist())) == pytest.approx(1, abs=1e-14)
    assert list(problem.names) == ["white", "the", "flag", "whale", "a", "ant", "don't", "er", "o'th", "whale's"]
    assert problem.names[problem.target] == "whale"


def read(file: Path, monkeypatch: pytest.MonkeyPatch) -> Problem:
    """What the package makes of another file."""
    monkeypatch.setattr(presets, "_WHITE", file)
    presets._read_white.cache_clear()
    problem = problems.white()
    presets._read_white.cache_clear()
    return problem


def test_the_file_is_one_row_a_count_and_agrees_with_itself():
    spelled = build_white.OUTPUT.read_text(encoding="utf-8")
    built = json.loads(spelled)
    counts, followers = ([count for count, _ in built[key]] for key in ("vocabulary", "followers"))
    words = " ".join(text for _, text in built["vocabulary"]).split(" ")
    assert build_white.spell(built) == spelled
    assert counts == sorted(set(counts), reverse=True)
    assert followers == sorted(set(followers), reverse=True)
    assert all(text.split(" ") == sorted(text.split(" ")) for _, text in built["vocabulary"])
    assert len(words) == len(set(words)) == 17_091
    assert sum(count * len(text.split(" ")) for count, text in built["followers"]) == 280
    assert 0 < built["discount"] < 1


def test_the_file_is_what_the_book_gives():
    spelled = build_white.OUTPUT.read_text(encoding="utf-8")
    if BOOK.exists():  # beside the checkout of the project itself; elsewhere the test above must do
        assert build_white.spell(build_white.build(BOOK.read_text(encoding="utf-8"))) == spelled
    assert json.loads(spelled)["vocabulary"][0] == [14_174, "the"]
