"""One experiment: every number of a Result against plain Python, and what happens where it cannot be had."""

import json
import math
import sys
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm import convergence
from ssm.explorer import problems
from ssm.explorer.experiment import as_plain, devices, ranks, run, runs
from ssm.explorer.problems import Problem, tables
from ssm.explorer.settings import Settings
from tests import oracles
from tests.sentences import refuses

AIRPLANE, BIRD, CAT, DOG, HORSE = 0, 2, 3, 5, 7
RANKED = ("ranked_rank", "ranked_score", "ranked_noise", "ranked_gradient")
SMALL = st.floats(-8, 8)


class Case(NamedTuple):
    """Settings with an own table, and the same in plain numbers."""

    settings: Settings
    scores: list[float]
    target: int
    q: list[float]

    @property
    def source(self):
        """What the samples are drawn from."""
        return oracles.without(self.q, self.target) if self.settings.hits == "excluded" else self.q

    def samples(self, draw):
        """The classes of one draw, counted from 1."""
        chosen = self.settings
        return [oracles.invert(self.source, oracles.uniform(chosen.seed, draw - 1, j)) for j in range(chosen.samples)]


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@st.composite
def cases(draw):
    """Draw any small experiment."""
    n = draw(st.integers(2, 5))
    table = [draw(st.lists(numbers, min_size=n, max_size=n)) for numbers in (SMALL, st.floats(0.1, 100))]
    scores, counts = table
    problem = Problem([f"c{c}" for c in range(n)], tensor(scores), 0, tensor(counts))
    some = st.dictionaries(st.integers(0, n - 1), st.floats(0.1, 10), max_size=n).map(
        lambda d: tuple(sorted(d.items()))
    )
    target, draws = draw(st.integers(0, n - 1)), draw(st.integers(10, 16))
    chosen = Settings(
        problem="own",
        own=tables.link(problem),
        target=target,
        edits=draw(some),
        samples=draw(st.integers(1, 3)),
        noise=draw(st.sampled_from(["uniform", "log_uniform", "unigram", "softmax", "custom"])),
        power=draw(st.floats(0, 2)),
        temperature=draw(st.floats(0.5, 100)),
        weights=draw(some),
        hits=draw(st.sampled_from(["excluded", "rejected"])),
        draws=draws,
        seed=draw(st.integers(0, 2**32 - 1)),
        draw=draw(st.integers(1, draws)),
        average=draw(st.sampled_from(["all", "so_far"])),
    )
    for c, score in chosen.edits:
        scores[c] = score
    return Case(chosen, scores, target, noise(chosen, scores, counts))


def noise(chosen, scores, counts):
    """The noise distribution that settings name, class by class."""
    match chosen.noise:
        case "uniform":
            return oracles.normalise([1.0] * len(scores))
        case "log_uniform":
            return oracles.log_uniform(len(scores))
        case "unigram":
            return oracles.normalise([count**chosen.power for count in counts])
        case "softmax":
            return oracles.softmax(scores, chosen.temperature)
        case _:
            return oracles.normalise([dict(chosen.weights).get(c, 1.0) for c in range(len(scores))])


def expected_columns(case):
    """Every column of a Result, in plain Python; nan where there is nothing."""
    x, t, q, chosen = case.scores, case.target, case.source, case.settings
    classes = range(len(x))
    full = oracles.full_gradient(x, t)
    gradients = [oracles.sampled_gradient(x, t, case.samples(i), q) for i in range(1, chosen.draws + 1)]
    averaged = chosen.draws if chosen.average == "all" else chosen.draw
    now = case.samples(chosen.draw)
    values = dict(oracles.corrected(x, t, now, q)[1:])
    corrected = [values.get(c, math.nan) for c in classes]
    kept = [c for c in now if c != t]
    exact, variance, _ = oracles.moments(x, t, q, chosen.samples, chosen.hits)
    marks = convergence.checkpoints(chosen.draws)
    watched = [t, *(c for c in sorted(classes, key=lambda c: (-x[c], c)) if c != t)][:5]
    return {
        "class": list(classes),
        "score": x,
        "probability": oracles.softmax(x),
        "noise": q,
        "gradient_full": full,
        "gradient_mean": oracles.mean(gradients[:averaged]),
        "gradient_exact": exact,
        "gradient_variance": variance,
        "model": [x[c] if c in values else math.nan for c in classes],
        "correction": [y - x[c] for c, y in enumerate(corrected)],
        "corrected": corrected,
        "count": [now.count(c) for c in classes],
        "gradient_draw": gradients[chosen.draw - 1],
        "term_class": kept,
        "term_score": [x[c] for c in kept],
        "term_correction": [values[c] - x[c] for c in kept],
        **{name: [] for name in RANKED},
        "checkpoints": marks,
        "errors": [math.dist(oracles.mean(gradients[:m]), full) for m in marks],
        "watched": watched,
        "watched_full": [full[c] for c in watched],
        "watched_exact": [exact[c] for c in watched],
        "watched_mean": [[oracles.mean(gradients[:m])[c] for m in marks] for c in watched],
    }


def expected_numbers(case):
    """Every number of a Result, in plain Python."""
    x, t, q, chosen = case.scores, case.target, case.source, case.settings
    columns, now = expected_columns(case), case.samples(chosen.draw)
    kept = [c for c in now if c != t]
    full, averaged = columns["gradient_full"], chosen.draws if chosen.average == "all" else chosen.draw
    losses = [oracles.sampled_loss(x, t, case.samples(i), q) for i in range(1, averaged + 1)]
    return {
        "classes": len(x),
        "samples": chosen.samples,
        "target": t,
        "draw": chosen.draw,
        "draws": chosen.draws,
        "averaged": averaged,
        "score_target": x[t],
        "probability_target": oracles.softmax(x)[t],
        "noise_target": case.q[t],
        "spike": full[t],
        "loss_full": oracles.full_loss(x, t),
        "loss_draw": oracles.sampled_loss(x, t, now, q),
        "loss_mean": math.fsum(losses) / len(losses),
        "loss_exact": oracles.moments(x, t, q, chosen.samples, chosen.hits)[2],
        "error_draw": math.dist(columns["gradient_draw"], full),
        "error_mean": math.dist(columns["gradient_mean"], full),
        "floor": math.dist(columns["gradient_exact"], full),
        "variance": math.fsum(columns["gradient_variance"]),
        "chi2": oracles.chi_squared(x, t, case.q),
        "effective": oracles.effective([math.exp(y) for _, y in oracles.corrected(x, t, now, q)[1:]]),
        "kept": len(kept),
        "hit_count": now.count(t),
        "computed": len({t, *now}),
        "touched": len({t, *kept}) if kept else 0,
    }


@settings(max_examples=60)
@given(cases())
def test_every_number_is_that_of_plain_python(case):
    result = run(case.settings)
    numbers, columns = expected_numbers(case), expected_columns(case)
    assert result.numbers == pytest.approx(numbers, rel=1e-9, abs=1e-10)
    assert set(result.columns) == set(columns)
    for name, values in columns.items():
        assert result.columns[name].shape == np.shape(values), name
        np.testing.assert_allclose(result.columns[name], values, rtol=1e-9, atol=1e-10, err_msg=name)
    assert (result.settings, result.device, result.notes) == (case.settings, "cpu", ())


# The article


def by_name(result, column):
    """One column of the article's result by the names of its classes, without what is 0 or not there."""
    values = zip(result.columns["class"], result.columns[column].tolist(), strict=True)
    return {result.problem.names[c]: round(x, 4) for c, x in values if x and not math.isnan(x)}


def test_the_article_shows_its_own_numbers_at_once():
    result = run(Settings())
    full = by_name(result, "gradient_full")
    assert {name: full[name] for name in ("horse", "cat", "truck", "dog")} == {
        "horse": -0.5681,
        "cat": 0.3364,
        "truck": 0.1120,
        "dog": 0.0751,
    }
    assert by_name(result, "gradient_draw") == {"horse": -0.7429, "cat": 0.6007, "dog": 0.1340, "bird": 0.0082}
    assert by_name(result, "count") == {"bird": 1, "cat": 1, "dog": 1}
    assert by_name(result, "correction") == {"bird": 1.0986, "cat": 1.0986, "dog": 1.0986}
    assert result.numbers["kept"] == 3
    assert result.numbers["computed"] == 4
    assert round(result.numbers["error_draw"], 3) == 0.342
    assert round(result.numbers["floor"], 4) == 0.2045


@pytest.mark.parametrize(
    ("noise", "hits", "expected"),
    [("uniform", "excluded", 2.6787), ("uniform", "rejected", 2.6787), ("softmax", "excluded", 0.0)],
)
def test_chi_squared_is_that_of_the_noise_off_the_target_however_hits_are_treated(noise, hits, expected):
    off_target = np.delete(np.exp([-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]), HORSE)
    uniform = 9 * np.sum((off_target / off_target.sum()) ** 2) - 1
    assert expected in {0.0, round(uniform, 4)}
    assert run(Settings(noise=noise, hits=hits)).numbers["chi2"] == pytest.approx(expected, abs=1e-4)


def test_chi_squared_beyond_all_numbers_is_the_largest_so_that_json_can_hold_it():
    far_off = run(Settings(edits=((CAT, 300.0), (DOG, -300.0)), noise="softmax", temperature=0.05, draws=10))
    assert far_off.numbers["chi2"] == sys.float_info.max
    assert json.dumps(far_off.numbers, allow_nan=False)


def test_a_perfect_sampler_is_not_biased_and_every_sample_of_it_is_worth_one():
    numbers = run(Settings(noise="softmax", hits="excluded", samples=6)).numbers
    assert numbers["floor"] < 1e-12
    assert numbers["effective"] == pytest.approx(6)
    assert numbers["loss_draw"] == pytest.approx(numbers["loss_full"], abs=1e-12)


def test_a_draw_of_hits_alone_teaches_nothing():
    settings = Settings(samples=1, noise="custom", weights=((HORSE, 10_000.0),))
    result = run(settings)
    assert by_name(result, "count") == {"horse": 1}
    assert not result.columns["gradient_draw"].any()
    assert np.isnan(result.columns["model"]).all()
    assert np.isnan(result.columns["corrected"]).all()
    assert result.columns["term_class"].shape == (0,)
    some = ("kept", "hit_count", "loss_draw", "effective", "computed", "touched")
    assert [result.numbers[name] for name in some] == [0, 1, 0.0, 0.0, 1, 0]
    full = math.dist(oracles.full_gradient(result.columns["score"].tolist(), HORSE), [0.0] * 10)
    assert result.numbers["error_draw"] == pytest.approx(full, abs=1e-12)
    assert all(math.isfinite(value) for value in result.numbers.values())


def test_only_the_first_six_terms_of_the_equation_are_told():
    result = run(Settings(samples=50))
    drawn = [oracles.invert([0.1] * 10, oracles.uniform(810, 0, j)) for j in range(50)]
    assert result.columns["term_class"].tolist() == [c for c in drawn if c != HORSE][:6]
    assert result.numbers["kept"] == sum(c != HORSE for c in drawn)


def test_the_average_covers_all_draws_or_those_so_far():
    so_far, to_the_end = (run(Settings(average=average, draw=12)) for average in ("so_far", "all"))
    assert [result.numbers["averaged"] for result in (so_far, to_the_end)] == [12, 200]
    twelve = run(Settings(draws=12))
    assert so_far.columns["gradient_mean"].tolist() == twelve.columns["gradient_mean"].tolist()
    assert so_far.numbers["error_mean"] == pytest.approx(so_far.columns["errors"][11], abs=1e-13)
    assert to_the_end.numbers["error_mean"] == pytest.approx(to_the_end.columns["errors"][-1], abs=1e-13)
    assert so_far.numbers["loss_mean"] == twelve.numbers["loss_mean"] != to_the_end.numbers["loss_mean"]


def test_scores_dragged_and_a_target_chosen_are_those_computed_with():
    result = run(Settings(edits=((BIRD, 4.0),), target=CAT))
    assert result.problem.names[int(result.numbers["target"])] == "cat"
    assert result.columns["score"][BIRD] == 4.0
    assert result.columns["watched"].tolist() == [CAT, BIRD, HORSE, 9, DOG]


# Many classes


MANY = Settings(problem="random", classes=1_000, target=7, samples=100)


def most_first(scores):
    return sorted(range(len(scores)), key=lambda c: (-scores[c], c))


@pytest.mark.parametrize("draw", [1, 2])
@pytest.mark.parametrize("samples", [3, 100])
def test_of_many_classes_the_target_the_largest_and_the_samples_are_shown(samples, draw):
    result = run(replace(MANY, samples=samples, draw=draw))
    scores = result.problem.scores.tolist()
    shown = result.columns["class"].tolist()
    others = [c for c in most_first(scores) if c != 7]
    drawn = {oracles.invert([1e-3] * 1_000, oracles.uniform(810, draw - 1, j)) for j in range(samples)}
    sampled = sorted(drawn - {7, *others[:24]}, key=lambda c: (-scores[c], c))[:15]
    assert shown == [7, *others[:24], *sampled, *others[24 : 39 - len(sampled)]]
    assert len(shown) == len(set(shown)) == 40
    assert {len(result.columns[name]) for name in ("score", "noise", "model", "count", "gradient_exact")} == {40}
    assert result.columns["count"].tolist() == [
        sum(oracles.invert([1e-3] * 1_000, oracles.uniform(810, draw - 1, j)) == c for j in range(samples))
        for c in shown
    ]


def test_the_rest_that_is_shown_is_never_shown_twice():
    settings = Settings(problem="random", classes=60, samples=20, noise="softmax")
    for draw in range(1, 11):
        shown = run(replace(settings, draw=draw)).columns["class"].tolist()
        assert len(shown) == len(set(shown)) == 40


@pytest.mark.parametrize(("classes", "shown"), [(49, 49), (50, 50), (51, 40)])
def test_up_to_fifty_classes_all_are_shown_in_their_order(classes, shown):
    columns = run(Settings(problem="random", classes=classes)).columns
    assert len(columns["class"]) == shown
    assert (columns["class"].tolist() == list(range(classes))) is (classes <= 50)
    assert (len(columns["ranked_rank"]) > 0) is (classes > 50)


def test_equal_scores_are_shown_by_their_index():
    columns = run(Settings(problem="random", classes=100, spread=0.0, samples=1, noise="log_uniform")).columns
    drawn = oracles.invert(oracles.log_uniform(100), oracles.uniform(810, 0, 0))
    assert columns["class"].tolist() == sorted({*range(39 if drawn > 38 else 40), drawn})
    assert columns["watched"].tolist() == [0, 1, 2, 3, 4]


def test_the_ranked_curves_hold_every_rank_at_which_they_look():
    result = run(replace(MANY, noise="log_uniform", hits="excluded"))
    columns, scores = result.columns, result.problem.scores.tolist()
    at = columns["ranked_rank"].tolist()
    assert at == ranks(1_000)
    ordered = {
        "ranked_score": scores,
        "ranked_noise": oracles.without(oracles.log_uniform(1_000), 7),
        "ranked_gradient": [p for c, p in enumerate(oracles.softmax(scores)) if c != 7],
    }
    for name, values in ordered.items():
        falling = [*sorted(values, reverse=True), math.nan]
        np.testing.assert_allclose(columns[name], [falling[rank - 1] for rank in at], rtol=1e-12, err_msg=name)


@given(st.integers(1, 10**6))
def test_ranks_rise_by_four_per_cent_to_the_last_class(classes):
    found = ranks(classes)
    assert (found[0], found[-1]) == (1, classes)
    assert all(after == min(classes, max(rank + 1, math.floor(rank * 1.04))) for rank, after in pairwise(found))
    assert len(found) <= 400


def test_the_watched_classes_are_the_target_and_the_largest_others():
    result = run(replace(MANY, samples=20))
    columns, scores = result.columns, result.problem.scores.tolist()
    watched = [7, *(c for c in most_first(scores) if c != 7)][:5]
    assert columns["watched"].tolist() == watched
    assert columns["watched_mean"].shape == (5, len(columns["checkpoints"]))
    place = columns["class"].tolist().index
    for c, means in zip(watched, columns["watched_mean"], strict=True):
        assert means[-1] == pytest.approx(columns["gradient_mean"][place(c)], abs=1e-14)
    at = columns["checkpoints"].tolist().index(11)
    so_far = run(replace(MANY, samples=20, draw=11, average="so_far")).columns
    place = so_far["class"].tolist().index
    for c, means in zip(watched, columns["watched_mean"], strict=True):
        assert means[at] == pytest.approx(so_far["gradient_mean"][place(c)], abs=1e-14)


# Where it is computed, and where it stops


def test_the_devices_are_the_cpu_and_every_gpu_by_its_name(monkeypatch):
    assert devices()[0] == ("cpu", "CPU")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: ["Large", "Small"][i])
    assert devices() == [("cpu", "CPU"), ("cuda:0", "GPU 0, Large"), ("cuda:1", "GPU 1, Small")]


def same(first, second):
    """Whether two results hold the same numbers."""
    return first.numbers == second.numbers and all(
        np.array_equal(values, second.columns[name], equal_nan=True) for name, values in first.columns.items()
    )


def test_a_device_that_is_not_here_is_replaced_with_a_note():
    result = run(Settings(device="cuda:99"))
    assert result.notes == ("There is no cuda:99 here, so the CPU computed this.",)
    assert (result.device, result.settings.device) == ("cpu", "cuda:99")
    assert same(result, run(Settings()))


def test_a_device_that_runs_out_of_memory_is_replaced_with_a_note(monkeypatch):
    asked = []

    def small(device, *rest):
        asked.append(device)
        if device == "cuda:0":
            raise torch.OutOfMemoryError
        return run_on(device, *rest)

    run_on = runs._run_on
    monkeypatch.setattr("ssm.explorer.experiment.runs._run_on", small)
    monkeypatch.setattr(runs, "devices", lambda: [("cpu", "CPU"), ("cuda:0", "GPU 0, Small")])
    result = run(Settings(device="cuda:0"))
    assert asked == ["cuda:0", "cpu"]
    assert result.notes == ("The memory of cuda:0 ran out, so the CPU computed this; fewer samples or draws may fit.",)
    assert (result.device, result.settings.device) == ("cpu", "cuda:0")
    assert same(result, run(Settings()))


def test_too_much_work_is_refused_before_any_is_done(monkeypatch):
    monkeypatch.setattr("ssm.explorer.experiment.runs._run_on", None)
    sentence = (
        "10,000 draws of 1,001 samples are 10,010,000 scores to correct and this page stops at 10,000,000; "
        "choose at most 9,990 draws or 1,000 samples"
    )
    with refuses(sentence):
        run(Settings(samples=1_001, draws=10_000))


def test_a_table_that_is_not_here_is_refused():
    mark = "sha256-" + 64 * "0"
    with refuses("own must be a table that is still here, got only its mark; paste or upload it again"):
        run(Settings(problem="own", own=mark))


def test_a_table_that_a_link_only_marks_is_passed_along():
    problem = problems.article()
    result = run(Settings(problem="own", own=problem.fingerprint, target=HORSE), problem)
    assert same(result, run(Settings()))


def test_the_work_stops_between_chunks_when_it_is_asked_to():
    asked = []

    def stop_at_the_third():
        asked.append(1)
        if len(asked) == 3:
            raise InterruptedError

    long = Settings(problem="random", samples=1_000, draws=1_000)
    with pytest.raises(InterruptedError):
        run(long, on_chunk=stop_at_the_third)
    assert len(asked) == 3


def test_plain_columns_hold_none_where_a_number_is_not_finite():
    columns = {
        "whole": np.array([1, 2]),
        "broken": np.array([[0.5, math.nan], [math.inf, -math.inf]]),
        "no": np.empty(0),
    }
    plain = as_plain(columns)
    assert plain == {"whole": [1, 2], "broken": [[0.5, None], [None, None]], "no": []}
    assert [type(c) for c in plain["whole"]] == [int, int]
