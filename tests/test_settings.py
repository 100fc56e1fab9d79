"""Settings: what is allowed, what a link says, and that no link breaks the page."""

import math
import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm.estimators import ESTIMATORS
from ssm.explorer import problems
from ssm.explorer.problems import tables
from ssm.explorer.settings import (
    DEFAULTS,
    FIELDS,
    FRAME_FIELDS,
    Frame,
    Settings,
    kinds,
    lists,
    noise_of,
    problem_of,
    refuse_overwork,
)
from tests import oracles
from tests.sentences import refuses

PETS = tables.parse("bird 1.5\ncat 0.5\ndog 2.5")
COUNTED = tables.parse("bird 1.5 10\ncat 0.5 20\ndog 2.5 30")
MARK = PETS.fingerprint
ARTICLE = problems.article()
COUNTING = ("naive_importance", "nce", "negative_sampling")  # estimators to which a hit is a sample like any other


def spelled(field):
    """Values that a field allows."""
    match field:
        case kinds.Whole(low=low, high=high):
            return st.integers(low, high)
        case kinds.Real(low=low, high=high):
            return st.floats(low, high)
        case lists.PerClass(low=low, high=high):
            pairs = st.dictionaries(st.integers(0, 12), st.floats(low, high), max_size=5)
            return pairs.map(lambda d: tuple(sorted(d.items())))
        case kinds.Text(pattern=pattern):
            return st.from_regex(pattern, fullmatch=True)
    others = {
        "choice": lambda: st.sampled_from(list(field.choices)),
        "several": lambda: st.lists(
            st.sampled_from(field.known or ["noise", "samples", "k2"]), min_size=field.least, unique=True
        ).map(tuple),
        "flag": st.booleans,
    }
    return others[field.kind]()


def in_agreement(values):
    """Make values that are each allowed allow each other."""
    values["table"] = {"own": tables.pack(COUNTED)}.get(values["problem"], values["table"])
    classes = {"article": 10, "random": values["classes"], "white": 17_091, "own": 3}[values["problem"]]
    values["target"] %= classes
    values["draw"] = min(values["draw"], values["draws"])
    values["hits"] = "rejected" if values["estimator"] in COUNTING else values["hits"]
    for name in ("edits", "weights"):
        values[name] = tuple(pair for pair in values[name] if pair[0] < classes)
    return Settings(**values)


every_settings = st.fixed_dictionaries({name: spelled(field) for name, field in FIELDS.items()}).map(in_agreement)


def test_every_setting_has_a_field_and_a_default_that_it_allows():
    assert [field.name for field in fields(Settings)] == list(FIELDS) == list(DEFAULTS)
    assert all(FIELDS[name].holds(default) for name, default in DEFAULTS.items())


def test_every_field_says_on_the_page_what_it_is():
    for field in FIELDS.values():
        assert field.label
        assert re.fullmatch(r"[A-Z\d].*\.", field.help)
        assert "\n" not in field.help


def test_formulas_and_page_share_their_letters():
    letters = {name: field.letter for name, field in FIELDS.items() if field.letter}
    assert letters == {
        "classes": "n",
        "spread": "\u03c3",
        "target": "t",
        "edits": "x",
        "samples": "k",
        "noise": "q",
        "power": "a",
        "temperature": "\u03c4",
        "weights": "w",
        "draws": "R",
        "draw": "i",
        "batch": "B",
        "dim": "d",
    }


def test_settings_begin_with_the_article_and_its_horse():
    assert Settings().to_query() == "v=1"
    assert Settings() == Settings(target=7)
    assert hash(Settings()) == hash(Settings(target=7))
    assert Settings().target == ARTICLE.target


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match=r"^cannot assign to field 'samples'$"):
        Settings().samples = 5  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(("problem", "target"), [("article", "horse"), ("random", "class 0"), ("white", "whale")])
def test_a_target_that_is_left_out_is_the_problems_own(problem, target):
    chosen = Settings(problem=problem)
    found = problem_of(chosen)
    assert found.names[found.target] == target
    assert chosen.target == found.target
    assert chosen.to_query() == ("v=1" if problem == "article" else f"v=1&problem={problem}")
    assert Settings.from_query(f"problem={problem}") == (chosen, ())


@given(every_settings)
def test_a_link_reads_back_exactly(chosen):
    query = chosen.to_query()
    again, notes = Settings.from_query(query)
    assert (again, notes) == (chosen, ())
    assert [repr(x) for x in vars(again).values()] == [repr(x) for x in vars(chosen).values()]


@given(every_settings)
def test_a_link_is_short_ordered_and_needs_no_escaping(chosen):
    query = chosen.to_query()
    assert re.fullmatch(r"v=1(&[a-z]+=[\w.,:-]+)*", query, re.ASCII)
    keys = [part.partition("=")[0] for part in query.split("&")[1:]]
    assert keys == [field.key or name for name, field in FIELDS.items() if (field.key or name) in keys]
    plain = Settings(problem=chosen.problem, table=chosen.table)
    assert set(keys) - {"problem", "own"} == {name for name in FIELDS if getattr(chosen, name) != getattr(plain, name)}


rubbish = st.text() | st.integers().map(str) | st.floats().map(str) | st.sampled_from(list("&=,:%+"))
parts = st.tuples(st.sampled_from([*FIELDS, "v", "embed"]) | st.text(), rubbish).map("=".join)


@given(st.text() | st.lists(parts).map("&".join), st.sampled_from([None, PETS]))
def test_no_link_whatsoever_breaks_the_page(query, own):
    chosen, notes = Settings.from_query(query, own)
    assert Settings.from_query(chosen.to_query(), own) == (chosen, ())
    assert problem_of(chosen, own).target == chosen.target
    for note in notes:
        assert re.fullmatch(r"\S.+, got .+; \S.*", note, re.DOTALL)
        assert "\n" not in note
        assert len(note) < 400


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("classes", 2, 1_000_000),
        ("spread", 0.0, 20.0),
        ("samples", 1, 10_000),
        ("power", 0.0, 2.0),
        ("temperature", 0.05, 100.0),
        ("draws", 10, 10_000),
        ("seed", 0, 4_294_967_295),
    ],
)
def test_each_range_ends_where_it_says(name, low, high):
    def chosen(value: Any):
        return Settings(**{name: value})

    below, above = (low - 1, high + 1) if isinstance(low, int) else (math.nextafter(low, -1), math.nextafter(high, 999))
    for inside, outside in ((low, below), (high, above)):
        assert getattr(chosen(inside), name) == inside
        assert getattr(Settings.from_query(f"{name}={outside!r}")[0], name) == inside
        with pytest.raises(ValueError, match=rf"^{name} must be .+; use {inside!r}$"):
            chosen(outside)


NAMES = {
    "problem": "one of article, random, white, own",
    "noise": "one of uniform, log_uniform, unigram, softmax, custom",
    "estimator": "one of sampled_softmax, naive_importance, log_q, uncorrected, nce, negative_sampling",
    "hits": "one of rejected, excluded",
    "average": "one of all, so_far",
    "view": "one of distance, classes",
    "scale": "one of scores, weights",
}
EDITS = "(class, score) pairs sorted by class, at most 1,000, scores from -300 to 300"
WEIGHTS = "(class, weight) pairs sorted by class, at most 1,000, weights from 1e-06 to 1e+06"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"samples": 0}, "samples must be a whole number from 1 to 10,000, got 0; use 1"),
        ({"samples": 3.0}, "samples must be a whole number from 1 to 10,000, got 3.0; use 3"),
        ({"samples": True}, "samples must be a whole number from 1 to 10,000, got True; use 3"),
        ({"samples": None}, "samples must be a whole number from 1 to 10,000, got None; use 3"),
        ({"classes": 1}, "classes must be a whole number from 2 to 1,000,000, got 1; use 2"),
        ({"spread": math.nan}, "spread must be a number from 0 to 20, got nan; use 2.0"),
        ({"spread": math.inf}, "spread must be a number from 0 to 20, got inf; use 20.0"),
        ({"spread": "2"}, "spread must be a number from 0 to 20, got '2'; use 2.0"),
        ({"spread": True}, "spread must be a number from 0 to 20, got True; use 2.0"),
        ({"temperature": 0}, "temperature must be a number from 0.05 to 100, got 0; use 0.05"),
        ({"target": -1}, "target must be a whole number from 0 to 999,999, got -1; use 0"),
        ({"target": 10}, "target must be a class from 0 to 9, got 10; use 9"),
        ({"problem": "random", "classes": 5, "target": 7}, "target must be a class from 0 to 4, got 7; use 4"),
        ({"draw": 201}, "draw must be at most the number of draws, 200, got 201; use 200"),
        ({"device": "cuda"}, "device must be cpu, or cuda: and a number, got 'cuda'; use cpu"),
        ({"edits": ((3, math.nan),)}, f"edits must be {EDITS}, got ((3, nan),); use nothing"),
        ({"edits": ((3, 1e308),)}, f"edits must be {EDITS}, got ((3, 1e+308),); use nothing"),
        ({"edits": ((3, 1.0), (2, 1.0))}, f"edits must be {EDITS}, got ((3, 1.0), (2, 1.0)); use nothing"),
        ({"edits": ((3, 1.0), (3, 1.0))}, f"edits must be {EDITS}, got ((3, 1.0), (3, 1.0)); use nothing"),
        ({"edits": ((-1, 1.0),)}, f"edits must be {EDITS}, got ((-1, 1.0),); use nothing"),
        ({"edits": ((1, 1.0, 2),)}, f"edits must be {EDITS}, got ((1, 1.0, 2),); use nothing"),
        ({"edits": [(1, 1.0)]}, f"edits must be {EDITS}, got [(1, 1.0)]; use nothing"),
        ({"edits": ((1, 1.0), (10, 1.0))}, "edits must be for classes from 0 to 9, got 10; use the rest"),
        ({"weights": ((3, 0.0),)}, f"weights must be {WEIGHTS}, got ((3, 0.0),); use nothing"),
        ({"weights": ((3, -1.0),)}, f"weights must be {WEIGHTS}, got ((3, -1.0),); use nothing"),
        ({"weights": ((12, 2.0),)}, "weights must be for classes from 0 to 9, got 12; use the rest"),
        ({"table": "<b>"}, "own must be a packed table, got '<b>'; use nothing"),
        ({"problem": "own"}, "own must be a packed table, got ''; paste or upload the scores again"),
        ({"problem": "own", "table": "eNo"}, "own must be a packed table, got 'eNo'; paste or upload the scores again"),
        (
            {"problem": "own", "table": tables.pack(PETS), "noise": "unigram"},
            "noise must be other than unigram where classes have no counts, got 'unigram'; use uniform",
        ),
        *(
            (
                {"estimator": name, "hits": "excluded"},
                f"hits must be other than excluded with {name}, to which a hit is a sample like any other, "
                "got 'excluded'; use rejected",
            )
            for name in COUNTING
        ),
        *(
            ({name: "x" * 70}, f"{name} must be {rule}, got '{'x' * 59}…; use {DEFAULTS[name]}")
            for name, rule in NAMES.items()
        ),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused_with_a_whole_sentence(values, sentence):
    with refuses(sentence):
        Settings(**values)


@pytest.mark.parametrize(
    ("query", "expected", "notes"),
    [
        ("", "v=1", []),
        ("?samples=9", "v=1&samples=9", []),
        ("samples=%39", "v=1&samples=9", []),
        ("samples=5&samples=9", "v=1&samples=9", []),
        ("v=1&embed=true&embed_options=dark_theme&theme=dark", "v=1", []),
        ("problem=random&classes=5", "v=1&problem=random&classes=5", []),
        ("edits=3:1,2:0.5,3:2", "v=1&edits=2:0.5,3:2.0", []),
        ("edits=", "v=1", []),
        ("device=cuda:1", "v=1&device=cuda:1", []),
        (f"own={MARK}", f"v=1&own={MARK}", []),
        ("v=7", "v=1", ["v must be 1, the version of this page's links, got '7'; 1 is used"]),
        ("a=1&b", "v=1", []),
        ("<b>=1", "v=1", []),
        ("samples=0", "v=1&samples=1", ["samples must be a whole number from 1 to 10,000, got 0; 1 is used"]),
        ("samples=+5", "v=1", ["samples must be a whole number from 1 to 10,000, got ' 5'; 3 is used"]),
        ("samples=٣", "v=1", ["samples must be a whole number from 1 to 10,000, got '٣'; 3 is used"]),
        (
            f"samples={'9' * 5_000}",
            "v=1",
            [f"samples must be a whole number from 1 to 10,000, got '{'9' * 59}…; 3 is used"],
        ),
        ("power=1e308", "v=1&power=2.0", ["power must be a number from 0 to 2, got 1e+308; 2.0 is used"]),
        ("power=-inf", "v=1&power=0.0", ["power must be a number from 0 to 2, got -inf; 0.0 is used"]),
        ("power=nan", "v=1", ["power must be a number from 0 to 2, got nan; 0.75 is used"]),
        ("noise=zipf", "v=1", [f"noise must be {NAMES['noise']}, got 'zipf'; uniform is used"]),
        (
            "target=horse",
            "v=1",
            ["target must be a whole number from 0 to 999,999, got 'horse'; the problem's own is used"],
        ),
        ("target=12", "v=1&target=9", ["target must be a class from 0 to 9, got 12; 9 is used"]),
        ("draw=300", "v=1&draw=200", ["draw must be at most the number of draws, 200, got 300; 200 is used"]),
        (
            "edits=1:nan,2:3,x,4:1e9",
            "v=1&edits=2:3.0",
            [f"edits must be {EDITS}, got '1:nan,x,4:1e9'; that is left out"],
        ),
        ("edits=\u0663:1", "v=1", [f"edits must be {EDITS}, got '\u0663:1'; that is left out"]),
        ("edits=2:3,10:1,11:1", "v=1&edits=2:3.0", ["edits must be for classes from 0 to 9, got 10; the rest is used"]),
        (
            f"problem=own&own={tables.pack(PETS)}&noise=unigram",
            f"v=1&problem=own&own={tables.pack(PETS)}",
            ["noise must be other than unigram where classes have no counts, got 'unigram'; uniform is used"],
        ),
        ("estimator=log_q&hits=excluded", "v=1&estimator=log_q&hits=excluded", []),
        ("estimator=sampled_softmax", "v=1", []),
        (
            "estimator=nce&hits=excluded",
            "v=1&estimator=nce",
            [
                "hits must be other than excluded with nce, to which a hit is a sample like any other, "
                "got 'excluded'; rejected is used"
            ],
        ),
        (
            "problem=own&target=2&edits=1:1&weights=1:2&samples=9",
            "v=1&samples=9",
            ["own must be a packed table, got ''; paste or upload the scores again; the article's example is shown"],
        ),
        (
            f"problem=own&own={COUNTED.fingerprint}",
            "v=1",
            [
                "own must be a table that is still here, got only its mark; paste or upload it again; "
                "the article's example is shown"
            ],
        ),
        (
            "samples=9" * 20_000,
            "v=1",
            ["the link must have at most 100,000 characters, got 180,000; it is left out"],
        ),
    ],
)  # fmt: skip
def test_a_link_is_mended_with_a_note(query, expected, notes):
    chosen, said = Settings.from_query(query, PETS)
    assert chosen.to_query() == expected
    assert list(said) == notes


@pytest.mark.parametrize("name", FIELDS["estimator"].span()["choices"])
def test_hits_are_handled_as_chosen_where_the_estimator_leaves_a_choice(name):
    counted = name in COUNTING
    assert Settings(estimator=name).handling == ("kept" if counted else "rejected")
    chosen, notes = Settings(hits="excluded").patched({"estimator": name})
    assert (chosen.handling, len(notes)) == (("kept", 1) if counted else ("excluded", 0))


def test_every_estimator_of_the_library_can_be_chosen_and_says_what_it_promises():
    said = FIELDS["estimator"].span()
    assert list(said["choices"]) == list(said["promises"]) == list(ESTIMATORS)
    assert all(re.fullmatch(r"[A-Z].{10,45}\.", line) for line in said["promises"].values())


def test_more_pairs_than_a_link_may_hold_are_left_out():
    chosen, notes = Settings.from_query("problem=white&edits=" + ",".join(f"{c}:1" for c in range(1_002)))
    assert chosen.edits == tuple((c, 1.0) for c in range(1_000))
    assert notes == (f"edits must be {EDITS}, got '1000:1,1001:1'; that is left out",)


def test_a_table_too_large_for_the_link_is_found_by_its_mark():
    chosen, notes = Settings.from_query(f"v=1&problem=own&own={MARK}", PETS)
    assert (chosen.target, notes) == (2, ())
    assert chosen.to_query() == f"v=1&problem=own&own={MARK}&target=2"
    assert problem_of(chosen, PETS).scores.tolist() == [1.5, 0.5, 2.5]
    with refuses("own must be a table that is still here, got only its mark; paste or upload it again"):
        problem_of(chosen)
    with refuses("own must be a table that is still here, got only its mark; paste or upload it again"):
        problem_of(chosen, COUNTED)


def test_settings_that_only_have_the_mark_are_checked_when_the_table_comes():
    chosen = Settings(problem="own", table=MARK, edits=((3, 1.0),))
    assert chosen.target is None
    assert problem_of(replace(chosen, edits=()), PETS).target == 2
    with refuses("edits must be for classes from 0 to 2, got 3; use the rest"):
        problem_of(chosen, PETS)


@given(st.dictionaries(st.integers(0, 9), st.floats(-300, 300)), st.integers(0, 9))
def test_the_problem_has_the_dragged_scores_and_the_chosen_target(edits, target):
    problem = problem_of(Settings(edits=tuple(sorted(edits.items())), target=target))
    assert problem.scores.tolist() == [edits.get(c, x) for c, x in enumerate(ARTICLE.scores.tolist())]
    assert problem.target == target


def test_dragging_leaves_the_table_as_it_was():
    chosen = Settings(problem="own", table=tables.link(PETS), edits=((0, 9.0),))
    assert problem_of(chosen).scores[0] == 9
    assert problem_of(replace(chosen, edits=())).scores[0] == 1.5


def test_a_new_seed_draws_anew_and_leaves_the_random_scores():
    one, two = (problem_of(Settings(problem="random", classes=50, spread=3.0, seed=seed)) for seed in (1, 2))
    assert one.scores.tolist() == two.scores.tolist() == problems.random(50, 3.0).scores.tolist()


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ({"noise": "uniform"}, [1, 1, 1]),
        ({"noise": "log_uniform"}, [math.log(2), math.log(3 / 2), math.log(4 / 3)]),
        ({"noise": "unigram", "power": 0.5}, [10**0.5, 20**0.5, 30**0.5]),
        ({"noise": "softmax", "temperature": 2.0}, [math.exp(0.75), math.exp(0.25), math.exp(1.25)]),
        ({"noise": "softmax", "edits": ((1, 3.5),)}, [math.exp(1.5), math.exp(3.5), math.exp(2.5)]),
        ({"noise": "custom", "weights": ((1, 4.0), (2, 0.5))}, [1, 4, 0.5]),
    ],
)
def test_noise_is_what_the_settings_name(values, weights):
    chosen = Settings(problem="own", table=tables.link(COUNTED), **values)
    q = noise_of(chosen, problem_of(chosen))
    assert q.probs.tolist() == pytest.approx(oracles.normalise(weights), abs=1e-15)


def test_unigram_noise_needs_counts():
    with refuses("unigram noise must have counts, got a problem without; add a column count or choose another noise"):
        noise_of(Settings(noise="unigram"), PETS)


def test_more_work_than_one_viewer_may_ask_for_is_refused():
    refuse_overwork(Settings(draws=1_000, samples=10_000))
    sentence = (
        "samples times draws must be at most 10,000,000, got 10,000 draws of 10,000 samples; "
        "choose at most 1,000 draws or 1,000 samples"
    )
    with refuses(sentence):
        refuse_overwork(Settings(draws=10_000, samples=10_000))


def test_settings_of_every_problem_fit_their_problem():
    for name in ("article", "random", "white"):
        problem = problem_of(Settings(problem=name))
        assert problem.classes == len(problem.names) == len(problem.scores)
        assert problem.scores.dtype == torch.float64


# Patches


def test_a_patch_changes_what_it_names_and_nothing_else():
    before = Settings(samples=9, noise="softmax", edits=((0, 2.0),), draw=7)
    after, notes = before.patched({"samples": 4, "seed": 1})
    assert (after, notes) == (replace(before, samples=4, seed=1), ())


def test_another_problem_begins_anew_with_what_only_the_old_one_gave_a_meaning():
    before = Settings(target=3, edits=((0, 2.0),), weights=((1, 5.0),), draw=7, average="so_far", samples=9, seed=5)
    after, notes = before.patched({"problem": "white"})
    assert (after, notes) == (Settings(problem="white", samples=9, seed=5), ())
    assert after.target == problems.white().target
    kept, _ = before.patched({"problem": "random", "target": 5, "edits": ((2, 1.0),)})
    assert (kept.target, kept.edits, kept.weights) == (5, ((2, 1.0),), ())


@pytest.mark.parametrize(
    ("before", "patch", "expected", "note"),
    [
        (
            {"draw": 150},
            {"draws": 100},
            {"draws": 100, "draw": 100},
            "draw must be at most the number of draws, 100, got 150; 100 is used",
        ),
        (
            {"problem": "random", "target": 7},
            {"classes": 5},
            {"problem": "random", "classes": 5, "target": 4},
            "target must be a class from 0 to 4, got 7; 4 is used",
        ),
        (
            {"problem": "random", "edits": ((3, 1.0), (8, 2.0))},
            {"classes": 5},
            {"problem": "random", "classes": 5, "edits": ((3, 1.0),)},
            "edits must be for classes from 0 to 4, got 8; the rest is used",
        ),
        (
            {"noise": "unigram"},
            {"problem": "own", "table": MARK},
            {"problem": "own", "table": MARK, "target": 2},
            "noise must be other than unigram where classes have no counts, got 'unigram'; uniform is used",
        ),
        ({}, {"samples": 0}, {"samples": 1}, "samples must be a whole number from 1 to 10,000, got 0; 1 is used"),
        (
            {},
            {"edits": ((3, 1.0), (1, math.nan))},
            {"edits": ((3, 1.0),)},
            f"edits must be {EDITS}, got '1:nan'; that is left out",
        ),
    ],
)  # fmt: skip
def test_what_no_longer_agrees_with_a_patch_is_repaired_with_a_sentence(before, patch, expected, note):
    assert Settings(**before).patched(patch, PETS) == (Settings(**expected), (note,))


def test_a_patch_of_nothing_that_is_a_setting_is_refused():
    with refuses("patch must be of settings of this page, got ['colour']; leave that out"):
        Settings().patched({"samples": 2, "colour": "red"})


@given(every_settings, st.fixed_dictionaries({}, optional={name: spelled(field) for name, field in FIELDS.items()}))
def test_whatever_is_patched_is_settled(chosen, patch):
    after, notes = chosen.patched(patch)
    assert after.patched({}) == (after, ())
    assert all(re.fullmatch(r"\S.+, got .+; \S.*", note, re.DOTALL) for note in notes)
    resets = {reset for name in patch for reset in FIELDS[name].resets}
    if not notes:
        untouched = set(FIELDS) - set(patch) - resets
        assert {name: getattr(after, name) for name in untouched} == {name: getattr(chosen, name) for name in untouched}


def test_agreements_travel_as_data():
    assert {name: field.plain()["agreements"] for name, field in FIELDS.items() if field.agreements} == {
        "target": [{"kind": "below", "rule": "a class from 0 to {bound}", "of": "classes"}],
        "edits": [{"kind": "below", "rule": "for classes from 0 to {bound}", "of": "classes"}],
        "noise": [
            {
                "kind": "needs_counts",
                "values": ("unigram",),
                "instead": "uniform",
                "rule": "other than {bound} where classes have no counts",
            }
        ],
        "weights": [{"kind": "below", "rule": "for classes from 0 to {bound}", "of": "classes"}],
        "hits": [
            {
                "kind": "only_with",
                "values": ("excluded",),
                "of": "estimator",
                "having": ("sampled_softmax", "log_q", "uncorrected"),
                "instead": "rejected",
                "rule": "other than excluded with {bound}, to which a hit is a sample like any other",
                "words": "Here a hit is a sample like any other.",
            }
        ],
        "draw": [{"kind": "at_most", "of": "draws", "rule": "at most the number of draws, {bound}"}],
    }
    resets = {name: field.resets for name, field in FIELDS.items() if field.resets}
    assert resets == dict.fromkeys(("problem", "table"), ("target", "edits", "weights", "draw", "average"))


# The frame


every_frame = st.builds(Frame, **{name: spelled(field) for name, field in FRAME_FIELDS.items()})


@given(every_frame, every_settings)
def test_a_frame_and_settings_share_a_link(frame, chosen):
    link = f"{chosen.to_query()}&{frame.to_query()}"
    assert Frame.from_query(link) == (frame, ())
    assert Settings.from_query(link) == (chosen, ())
    assert re.fullmatch(r"[\w.,%=&~-]*", frame.to_query(), re.ASCII)


def test_a_frame_of_nothing_special_adds_nothing_to_a_link():
    assert Frame().to_query() == ""
    assert Frame.from_query("v=1&samples=9") == (Frame(), ())


@given(st.text() | st.lists(st.tuples(st.sampled_from([*FRAME_FIELDS]), st.text()).map("=".join)).map("&".join))
def test_no_link_whatsoever_breaks_the_frame(query):
    frame, _ = Frame.from_query(query)
    assert Frame.from_query(frame.to_query()) == (frame, ())


@pytest.mark.parametrize(
    ("query", "expected", "notes"),
    [
        (
            "hidden=samples,<b>,samples",
            Frame(hidden=("samples",)),
            ("hidden must be names of controls, each once, got '<b>'; that is left out",),
        ),
        ("player=no", Frame(), ("player must be 1 or 0, got 'no'; 1 is used",)),
        ("player=0&sentence=1", Frame(player=False), ()),
        (
            f"note={501 * 'x'}",
            Frame(),
            (f"note must be a line of at most 500 characters, got '{59 * 'x'}…; nothing is used",),
        ),
    ],
)  # fmt: skip
def test_a_frame_is_mended_with_a_note(query, expected, notes):
    assert Frame.from_query(query) == (expected, notes)


def test_a_frame_that_cannot_be_is_refused():
    with refuses("locked must be names of controls, each once, got ('a', 'a'); use nothing"):
        Frame(locked=("a", "a"))
