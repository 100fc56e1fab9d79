"""One experiment: every number of a Result against plain Python, and what happens where it cannot be had."""

import json
import math
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssm import convergence
from ssm.estimators import ESTIMATORS
from ssm.explorer import figures, problems
from ssm.explorer.experiment import ALL, CONSTANTS, USUAL, as_plain, constants, devices, ranks, runs
from ssm.explorer.problems import Problem, tables
from ssm.explorer.settings import Settings
from tests import oracles
from tests.sentences import refuses

COUNTING = ("naive_importance", "nce", "negative_sampling")  # estimators to which a hit is a sample like any other
AIRPLANE, BIRD, CAT, DOG, HORSE = 0, 2, 3, 5, 7
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

    @property
    def hits(self):
        """Whether the samples that are the target count."""
        return "kept" if self.settings.estimator in COUNTING else "rejected"

    def corrections(self, samples):
        """What is added to the score of each class in the loss, and to the target's own; None where it has no term."""
        name, q, k = self.settings.estimator, self.q, len(samples)
        kept = oracles.kept_samples(self.target, samples, self.hits)
        if name in {"uncorrected", "negative_sampling"}:
            return dict.fromkeys(kept, 0.0), 0.0
        if name == "sampled_softmax":
            r = oracles.without(q, self.target)
            return {c: -math.log(len(kept) * r[c]) for c in kept}, 0.0
        own = None if name == "naive_importance" else -math.log(k * q[self.target])
        return {c: -math.log(k * q[c]) for c in kept}, own

    def shown(self, samples):
        """The corrections of the classes that have one, the target among them where its own score gets one."""
        by_class, own = self.corrections(samples)
        return by_class | ({self.target: own} if self.settings.estimator in {"log_q", "nce"} else {})

    def loss(self, samples):
        """The loss of one draw."""
        given = (self.settings.estimator, self.scores, self.target, samples, self.q, self.hits)
        return oracles.loss_of(*given)

    def gradient(self, samples):
        """The gradient of one draw."""
        given = (self.settings.estimator, self.scores, self.target, samples, self.q, self.hits)
        return oracles.gradient_of(*given)

    def push(self, samples, c):
        """The gradient of one sample of a class."""
        if c == self.target and self.hits == "rejected":
            return 0.0
        y = [x + shift for x, shift in zip(self.scores, self.every_correction(samples), strict=True)]
        if self.settings.estimator in {"nce", "negative_sampling"}:
            return oracles.logistic(y[c])
        terms = [y[d] for d in oracles.kept_samples(self.target, samples, self.hits)]
        own = self.corrections(samples)[1]
        terms += [] if own is None else [self.scores[self.target] + own]
        return math.exp(y[c] - oracles.log_sum_exp(terms))

    def every_correction(self, samples):
        """As `corrections`, 0 where there is none."""
        return [self.corrections(samples)[0].get(c, 0.0) for c in range(len(self.scores))]

    def samples(self, draw):
        """The classes of one draw, counted from 1."""
        chosen = self.settings
        return [oracles.invert(self.source, oracles.uniform(chosen.seed, draw - 1, j)) for j in range(chosen.samples)]


def run(*arguments: Any, **more: Any) -> Any:
    """As `runs.run`: what a test asked for is there."""
    return runs.run(*arguments, **more)


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
    estimator = draw(st.sampled_from(list(ESTIMATORS)))
    chosen = Settings(
        problem="own",
        table=tables.link(problem),
        target=target,
        edits=draw(some),
        samples=draw(st.integers(1, 3)),
        noise=draw(st.sampled_from(["uniform", "log_uniform", "unigram", "softmax", "custom"])),
        power=draw(st.floats(0, 2)),
        temperature=draw(st.floats(0.5, 100)),
        weights=draw(some),
        estimator=estimator,
        hits=draw(st.sampled_from(["rejected"] if estimator in COUNTING else ["excluded", "rejected"])),
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


def expected(case):
    """Every group of a Result, in plain Python; None where there is nothing."""
    return {
        "classes": expected_classes(case),
        "draw": expected_draw(case),
        "convergence": expected_convergence(case),
        "moments": expected_moments(case),
        "ranked": None,
        "curves": None,
        "estimators": expected_estimators(case),
        "learned": None,
        "steps": None,
    }


def expected_classes(case):
    x, t, q = case.scores, case.target, case.source
    full = oracles.full_gradient(x, t)
    return {
        "index": list(range(len(x))),
        "score": x,
        "probability": oracles.softmax(x),
        "noise": q,
        "full": full,
        "hidden": 0,
        "n": len(x),
        "target": t,
        "target_slot": t,
        "norm_full": length(full),
        "score_target": x[t],
        "probability_target": oracles.softmax(x)[t],
        "noise_target": case.q[t],
        "spike": full[t],
        "loss_full": oracles.full_loss(x, t),
        "chi2": oracles.chi_squared(x, t, case.q),
        "noise_scores": len(x) if case.settings.noise == "softmax" else 0,
    }


def expected_draw(case):
    x, t, now = case.scores, case.target, case.samples(case.settings.draw)
    kept, shifts = oracles.kept_samples(t, now, case.hits), case.shown(now)
    gradient, full = case.gradient(now), oracles.full_gradient(x, t)
    thrown = [c == t and case.hits == "rejected" for c in now]
    pushes = sorted({c for c in now if c != t}, key=lambda c: (-round(gradient[c], 9), c))
    each = [case.push(now, c) for c in now]
    return {
        "count": [now.count(c) for c in range(len(x))],
        "correction": [shifts.get(c) for c in range(len(x))],
        "corrected": [x[c] + shifts[c] if c in shifts else None for c in range(len(x))],
        "gradient": gradient,
        "sample_class": now,
        "sample_hit": thrown,
        "sample_score": [x[c] for c in now],
        "sample_correction": [case.corrections(now)[0].get(c) for c in now],
        "sample_gradient": each,
        "block_class": pushes,
        "block_gradient": [gradient[c] for c in pushes],
        "block_rest": 0.0,
        "dot_class": [],
        "dot_rank": [],
        "dot_gradient": [],
        "draw": case.settings.draw,
        "samples": len(now),
        "loss_draw": case.loss(now),
        "kept": len(kept),
        "hit_count": sum(thrown),
        "target_correction": case.corrections(now)[1],
        "target_drawn": now.count(t),
        "effective": oracles.effective([g for g in each if g]),
        "computed": len({t, *now}),
        "touched": len({t, *kept}) if kept else 0,
        "error_draw": math.dist(gradient, full),
        "relative_draw": math.dist(gradient, full) / length(full),
    }


def expected_convergence(case):
    x, t, chosen = case.scores, case.target, case.settings
    full, marks = oracles.full_gradient(x, t), convergence.checkpoints(chosen.draws)
    averaged = chosen.draws if chosen.average == "all" else chosen.draw
    gradients = gradients_of(case, chosen.seed)
    watched = [t, *(c for c in sorted(range(len(x)), key=lambda c: (-x[c], c)) if c != t)][:5]
    mean = oracles.mean(gradients[:averaged])
    losses = [case.loss(case.samples(i)) for i in range(1, averaged + 1)]
    others = [gradients_of(case, chosen.seed + 1 + i) for i in range(20)]
    return {
        "mean": mean,
        "checkpoints": marks,
        "errors": distances(gradients, full, marks),
        "others": [distances(other, full, marks) for other in others],
        "watched": watched,
        "watched_full": [full[c] for c in watched],
        "watched_mean": [[oracles.mean(gradients[:m])[c] for m in marks] for c in watched],
        "extent": expected_extent(case, gradients),
        "draws": chosen.draws,
        "averaged": averaged,
        "loss_mean": math.fsum(losses) / len(losses),
        "error_mean": math.dist(mean, full),
        "relative_mean": math.dist(mean, full) / length(full),
    }


def gradients_of(case, seed):
    """The sampled gradient of every draw under a seed."""
    draws, k = range(case.settings.draws), range(case.settings.samples)
    drawn = [[oracles.invert(case.source, oracles.uniform(seed, i, j)) for j in k] for i in draws]
    return [case.gradient(samples) for samples in drawn]


def distances(gradients, full, marks):
    return [math.dist(oracles.mean(gradients[:m]), full) for m in marks]


def length(vector):
    return math.dist(vector, [0.0] * len(vector))


def expected_extent(case, gradients):
    x, t = case.scores, case.target
    corrected, weights = [], [1.0]
    for i in range(1, case.settings.draws + 1):
        now = case.samples(i)
        own = case.settings.estimator in {"log_q", "nce"}
        for c, shift in case.shown(now).items():
            terms = (now.count(c) if c != t or case.hits == "kept" else 0) + (c == t and own)
            corrected.append(x[c] + shift)
            weights.append(math.exp(x[c] + shift - x[t]) * terms)
    flat = [0.0, *(g for gradient in gradients for g in gradient)]
    return {
        "corrected_low": min(corrected, default=None),
        "corrected_high": max(corrected, default=None),
        "gradient_low": min(flat),
        "gradient_high": max(flat),
        "weight_high": max(weights),
    }


def expected_moments(case):
    x, t, chosen = case.scores, case.target, case.settings
    hits = case.hits if chosen.hits == "rejected" else chosen.hits
    mean, variance, loss = oracles.moments(x, t, case.q, chosen.samples, hits, chosen.estimator)
    full = oracles.full_gradient(x, t)
    return {
        "mean": mean,
        "variance": variance,
        "watched_exact": [mean[c] for c in expected_convergence(case)["watched"]],
        "bias": math.dist(mean, full),
        "relative_bias": math.dist(mean, full) / length(full),
        "variance_total": math.fsum(variance),
        "loss_exact": loss,
    }


def expected_estimators(case):
    """Each estimator's row, made of the groups that it has by itself."""
    rows = []
    for name in ESTIMATORS:
        hits = "rejected" if name in COUNTING else case.settings.hits
        each = case._replace(settings=replace(case.settings, estimator=name, hits=hits))
        draw, moments = expected_draw(each), expected_moments(each)
        rows.append(
            {
                "one": draw["gradient"],
                "average": expected_convergence(each)["mean"],
                "expected": moments["mean"],
                "apart": moments["bias"],
                "apart_relative": moments["relative_bias"],
                "scatter": moments["variance_total"],
                "loss_one": draw["loss_draw"],
                "loss_expected": moments["loss_exact"],
            }
        )
    return {name: [row[name] for row in rows] for name in rows[0]}


def near(found, wanted, path="view"):
    """Hold plain data against plain data, numbers to nine digits."""
    if isinstance(wanted, dict):
        assert list(found) == list(wanted), path
        for name in wanted:
            near(found[name], wanted[name], f"{path}.{name}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), path
        for i, (one, other) in enumerate(zip(found, wanted, strict=True)):
            near(one, other, f"{path}[{i}]")
    elif wanted is None or isinstance(wanted, bool):
        assert found is wanted, path
    else:
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-10), path


@settings(max_examples=40)
@given(cases())
def test_every_number_is_that_of_plain_python(case):
    result = run(case.settings, needs=USUAL | {"estimators"})
    near(as_plain(result), expected(case))
    assert (result.settings, result.device, result.notes) == (case.settings, "cpu", ())


def test_numbers_are_those_of_all_groups_under_their_names():
    result = run(Settings(draws=20))
    plain = as_plain(result)
    scalars = [
        {name: x for name, x in group.items() if isinstance(x, (int, float))} for group in plain.values() if group
    ]
    assert result.numbers == {name: x for group in scalars for name, x in group.items()}
    assert len(result.numbers) == sum(map(len, scalars)), "no two groups have a number of one name"


@pytest.mark.parametrize(
    "needs",
    [(), ("draw",), ("convergence",), ("moments",), ("ranked",), ("moments", "ranked"), ("estimators",), ("learned",)],
)
def test_only_the_groups_that_are_needed_are_computed(needs):
    asked = Settings(problem="random", classes=60, draws=20)
    whole, part = as_plain(run(asked, needs=ALL)), as_plain(run(asked, needs=needs))
    assert {name for name, group in part.items() if group} == {"classes", *needs}
    for name in needs:
        by_slot = {
            "draw": ("count", "gradient", "correction", "corrected"),
            "estimators": ("one", "average", "expected"),
        }
        slots = by_slot.get(name, ("mean", "variance"))
        assert {k: v for k, v in part[name].items() if k not in slots} == {
            k: v for k, v in whole[name].items() if k not in slots
        }


def softmax_of(models):
    return [math.log(m) for m in models]


@pytest.mark.parametrize("hits", ["rejected", "excluded"])
@pytest.mark.parametrize("noise", ["uniform", "custom"])
def test_what_is_learned_is_where_the_exact_slope_over_all_draws_is_0(noise, hits):
    scores = [2.0, 1.0, 0.0, -0.5]
    table = tables.link(Problem(list("abcd"), tensor(scores), 0))
    asked = Settings(problem="own", table=table, samples=3, noise=noise, weights=((1, 3.0),), hits=hits)
    found = run(asked, needs={"learned"}).learned
    truth, q = oracles.softmax(scores), oracles.normalise([1, 3 if noise == "custom" else 1, 1, 1])
    assert found.truth.tolist() == pytest.approx(truth)
    assert found.learned_noise.tolist() == pytest.approx(q)
    for name, model, apart in zip(ESTIMATORS, found.models.tolist(), found.divergence.tolist(), strict=True):
        if math.isnan(apart):
            assert name == "naive_importance"
            assert found.least_samples > asked.samples
            continue
        assert math.fsum(p * math.log(p / m) for p, m in zip(truth, model, strict=True)) == pytest.approx(
            apart, abs=1e-12
        )
        if name in {"sampled_softmax", "log_q", "uncorrected"}:
            gradients = [oracles.moments(softmax_of(model), t, q, 3, hits, name)[0] for t in range(4)]
            slopes = [math.fsum(p * g[c] for p, g in zip(truth, gradients, strict=True)) for c in range(4)]
            assert slopes == pytest.approx([0.0] * 4, abs=1e-11)
    by_name = dict(zip(ESTIMATORS, found.models.tolist(), strict=True))
    assert by_name["nce"] == pytest.approx(truth)
    ratios = oracles.normalise([p / q_c for p, q_c in zip(truth, q, strict=True)])
    assert by_name["negative_sampling"] == pytest.approx(ratios)


def test_the_curves_of_what_is_learned_pass_through_what_is_learned():
    found = run(Settings(samples=8, noise="log_uniform"), needs={"learned"}).learned
    place = found.learned_samples.tolist().index(8)
    assert found.divergences[:, place].tolist() == pytest.approx(found.divergence.tolist(), nan_ok=True)
    assert found.least_samples == 12
    naive = found.divergences[list(ESTIMATORS).index("naive_importance")]
    assert np.isnan(naive).tolist() == [k < 12 for k in found.learned_samples]


def test_of_many_classes_the_target_and_seven_others_are_learned_and_always_have_a_bar():
    result = run(Settings(problem="white", samples=50, noise="unigram"), needs={"draw", "learned"})
    found, scores = result.learned, result.problem.scores
    best = [c for c in most_first(scores.tolist()) if c != result.problem.target][:7]
    assert found.learned_class.tolist() == sorted([result.problem.target, *best])
    assert set(found.learned_class) <= set(result.classes.index)
    share = scores.softmax(0)[torch.tensor(found.learned_class)].sum().item()
    assert found.left_out == pytest.approx(1 - share)


def test_what_has_no_probability_is_not_learned():
    def found(**chosen):
        return run(Settings(**chosen), needs={"learned"}).learned

    deep = found(edits=((7, 54.0),))
    assert deep is not None
    assert np.isfinite(np.delete(deep.divergences, list(ESTIMATORS).index("naive_importance"), 0)).all()
    assert found(edits=((7, 54.1),)) is None
    assert found(noise="softmax", edits=((7, 20.0),)) is not None
    assert found(noise="softmax", edits=((7, 24.0),)) is None


def test_estimators_are_drawn_from_the_same_uniforms():
    asked = Settings(samples=3, estimator="nce")
    found = run(asked, needs={"draw", "estimators"})
    drawn = {BIRD, CAT, DOG, HORSE}
    assert [set(np.flatnonzero(row)) for row in found.estimators.one] == [drawn] * 6
    one = found.estimators.one[list(ESTIMATORS).index("nce")]
    assert one.tolist() == found.draw.gradient.tolist()


def test_an_estimator_whose_moments_take_too_much_is_shown_without(monkeypatch):
    monkeypatch.setattr("ssm.explorer.experiment.moments.MOST_MOMENTS", 1)
    s = Settings(problem="random", classes=1_000, spread=20.0, noise="softmax", temperature=0.05, draws=10)
    found = run(s, needs={"estimators"}).estimators
    assert np.isnan(found.expected[0]).all()
    assert np.isnan(found.apart_relative[0])
    assert np.isfinite(found.average).all()


def test_a_group_that_is_none_is_refused():
    with refuses(
        "needs must be some of convergence, curves, draw, estimators, learned, moments, ranked, steps, "
        "got ['curve', 'draw']; leave out the others"
    ):
        run(Settings(), needs={"draw", "curve"})


def test_the_page_gets_the_constants_that_python_has():
    names = {name for name in vars(constants) if name.isupper()} - {"CONSTANTS"}
    assert dict(CONSTANTS) == {name: getattr(constants, name) for name in names}
    assert json.loads(json.dumps(dict(CONSTANTS)))["MASS_ENDS"] == [10, 100, 1_000]
    marks = convergence.checkpoints(10_000)
    assert all(b == min(10_000, max(a + 1, int(a * constants.CHECKPOINT_GROWTH))) for a, b in pairwise(marks))


# The article


def by_name(result, values):
    """Numbers of the article's result by the names of its classes, without what is 0 or not there."""
    values = zip(result.classes.index, values.tolist(), strict=True)
    return {result.problem.names[c]: round(x, 4) for c, x in values if x and not math.isnan(x)}


def test_the_article_shows_its_own_numbers_at_once():
    result = run(Settings())
    full = by_name(result, result.classes.full)
    assert {name: full[name] for name in ("horse", "cat", "truck", "dog")} == {
        "horse": -0.5681,
        "cat": 0.3364,
        "truck": 0.1120,
        "dog": 0.0751,
    }
    assert by_name(result, result.draw.gradient) == {"horse": -0.7429, "cat": 0.6007, "dog": 0.1340, "bird": 0.0082}
    assert by_name(result, result.draw.count) == {"bird": 1, "cat": 1, "dog": 1}
    assert by_name(result, result.draw.correction) == {"bird": 1.0986, "cat": 1.0986, "dog": 1.0986}
    assert result.numbers["kept"] == 3
    assert result.numbers["computed"] == 4
    assert round(result.numbers["error_draw"], 3) == 0.342
    assert round(result.numbers["bias"], 4) == 0.2045
    assert round(result.numbers["relative_bias"], 3) == 0.303


@pytest.mark.parametrize(
    ("noise", "hits", "expected"),
    [("uniform", "excluded", 2.6787), ("uniform", "rejected", 2.6787), ("softmax", "excluded", 0.0)],
)
def test_chi_squared_is_that_of_the_noise_off_the_target_however_hits_are_treated(noise, hits, expected):
    off_target = np.delete(np.exp([-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]), HORSE)
    uniform = 9 * np.sum((off_target / off_target.sum()) ** 2) - 1
    assert expected in {0.0, round(uniform, 4)}
    assert run(Settings(noise=noise, hits=hits)).numbers["chi2"] == pytest.approx(expected, abs=1e-4)


def test_chi_squared_keeps_its_digits_next_to_the_ideal_noise():
    warmth = 1e-7  # to first order the weights are off by warmth (x - E[x])
    x = np.delete([-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3], HORSE)
    p = np.exp(x) / np.exp(x).sum()
    expected = warmth**2 * (p @ x**2 - (p @ x) ** 2)
    found = run(Settings(noise="softmax", temperature=1 + warmth)).numbers["chi2"]
    assert found == pytest.approx(expected, rel=1e-5, abs=0)


def test_chi_squared_beyond_all_numbers_is_left_out_so_that_json_can_hold_the_rest():
    far_off = run(Settings(edits=((CAT, 300.0), (DOG, -300.0)), noise="softmax", temperature=0.05, draws=10))
    assert "chi2" not in far_off.numbers
    assert json.loads(json.dumps(as_plain(far_off), allow_nan=False))["classes"]["chi2"] is None


def test_a_perfect_sampler_is_not_biased_and_every_sample_of_it_is_worth_one():
    numbers = run(Settings(noise="softmax", hits="excluded", samples=6)).numbers
    assert numbers["bias"] < 1e-12
    assert numbers["effective"] == pytest.approx(6)
    assert numbers["loss_draw"] == pytest.approx(numbers["loss_full"], abs=1e-12)


def test_a_draw_of_hits_alone_teaches_nothing():
    settings = Settings(samples=1, noise="custom", weights=((HORSE, 10_000.0),))
    result = run(settings)
    assert by_name(result, result.draw.count) == {"horse": 1}
    assert not result.draw.gradient.any()
    assert np.isnan(result.draw.correction).all()
    assert np.isnan(result.draw.corrected).all()
    assert (result.draw.sample_class.tolist(), result.draw.sample_hit.tolist()) == ([HORSE], [True])
    assert result.draw.block_class.shape == (0,)
    some = ("kept", "hit_count", "loss_draw", "effective", "computed", "touched")
    assert [result.numbers[name] for name in some] == [0, 1, 0.0, 0.0, 1, 0]
    full = length(oracles.full_gradient(result.classes.score.tolist(), HORSE))
    assert result.numbers["error_draw"] == pytest.approx(full, abs=1e-12)
    assert all(math.isfinite(value) for value in result.numbers.values())


def test_where_every_draw_is_of_hits_alone_there_is_no_corrected_score():
    extent = run(Settings(samples=1, noise="custom", weights=((HORSE, 1e6),), draws=10)).convergence.extent
    assert math.isnan(extent.corrected_low)
    assert math.isnan(extent.corrected_high)
    assert (extent.gradient_low, extent.gradient_high, extent.weight_high) == (0.0, 0.0, 1.0)


def test_only_the_first_twelve_samples_are_told():
    result = run(Settings(samples=50))
    drawn = [oracles.invert([0.1] * 10, oracles.uniform(810, 0, j)) for j in range(50)]
    assert result.draw.sample_class.tolist() == drawn[:12]
    assert result.draw.sample_hit.tolist() == [c == HORSE for c in drawn[:12]]
    assert result.numbers["kept"] == sum(c != HORSE for c in drawn)


def test_no_gradient_has_parts_where_there_is_none():
    certain = run(Settings(problem="own", table=tables.link(tables.parse("a 300\nb -300\nc -300")), draws=10))
    assert certain.numbers["norm_full"] == 0
    assert not {"relative_draw", "relative_mean", "relative_bias"} & set(certain.numbers)
    assert as_plain(certain)["draw"]["relative_draw"] is None


def test_the_average_covers_all_draws_or_those_so_far():
    so_far, to_the_end = (run(Settings(average=average, draw=12)) for average in ("so_far", "all"))
    assert [result.numbers["averaged"] for result in (so_far, to_the_end)] == [12, 200]
    twelve = run(Settings(draws=12))
    assert so_far.convergence.mean.tolist() == twelve.convergence.mean.tolist()
    assert so_far.numbers["error_mean"] == pytest.approx(so_far.convergence.errors[11], abs=1e-13)
    assert to_the_end.numbers["error_mean"] == pytest.approx(to_the_end.convergence.errors[-1], abs=1e-13)
    assert so_far.numbers["loss_mean"] == twelve.numbers["loss_mean"] != to_the_end.numbers["loss_mean"]


def test_scores_dragged_and_a_target_chosen_are_those_computed_with():
    result = run(Settings(edits=((BIRD, 4.0),), target=CAT))
    assert result.problem.names[int(result.numbers["target"])] == "cat"
    assert result.classes.score[BIRD] == 4.0
    assert result.convergence.watched.tolist() == [CAT, BIRD, HORSE, 9, DOG]


# Many classes


MANY = Settings(problem="random", classes=1_000, target=7, samples=100)


def most_first(scores):
    return sorted(range(len(scores)), key=lambda c: (-scores[c], c))


@pytest.mark.parametrize("draw", [1, 2])
@pytest.mark.parametrize("samples", [3, 100])
def test_of_many_classes_the_target_the_largest_and_the_samples_are_shown(samples, draw):
    result = run(replace(MANY, samples=samples, draw=draw))
    scores = result.problem.scores.tolist()
    shown = result.classes.index.tolist()
    others = [c for c in most_first(scores) if c != 7]
    drawn = drawn_from_a_thousand(samples, draw)
    sampled = sorted(set(drawn) - {7, *others[:7]}, key=lambda c: (-scores[c], c))[:5]
    assert shown == [7, *others[:7], *sampled, *[c for c in others[7:12] if c not in sampled][: 5 - len(sampled)]]
    assert len(shown) == len(set(shown)) == 13
    assert (result.classes.hidden, result.classes.target_slot) == (987, 0)
    each = (result.classes.score, result.classes.noise, result.draw.corrected, result.moments.mean)
    assert {len(values) for values in each} == {13}
    assert result.draw.count.tolist() == [drawn.count(c) for c in shown]


def drawn_from_a_thousand(samples, draw=1):
    return [oracles.invert([1e-3] * 1_000, oracles.uniform(810, draw - 1, j)) for j in range(samples)]


def test_the_rest_that_is_shown_is_never_shown_twice():
    settings = Settings(problem="random", classes=60, samples=20, noise="softmax")
    for draw in range(1, 11):
        shown = run(replace(settings, draw=draw)).classes.index.tolist()
        assert len(shown) == len(set(shown)) == 13


@pytest.mark.parametrize(("classes", "shown"), [(49, 49), (50, 50), (51, 13)])
def test_up_to_fifty_classes_all_are_shown_in_their_order(classes, shown):
    result = run(Settings(problem="random", classes=classes))
    assert len(result.classes.index) == shown
    assert result.classes.hidden == classes - shown
    assert (result.classes.index.tolist() == list(range(classes))) is (classes <= 50)
    assert (result.ranked is None) is (classes <= 50)
    assert (len(result.draw.dot_class) > 0) is (classes > 50)


def test_equal_scores_are_shown_by_their_index():
    result = run(Settings(problem="random", classes=100, spread=0.0, samples=1, noise="log_uniform"))
    drawn = oracles.invert(oracles.log_uniform(100), oracles.uniform(810, 0, 0))
    assert result.classes.index.tolist() == list(dict.fromkeys([*range(8), drawn, *range(8, 13)]))[:13]
    assert result.convergence.watched.tolist() == [0, 1, 2, 3, 4]


def test_the_ranked_curves_hold_every_rank_at_which_they_look():
    result = run(replace(MANY, noise="log_uniform", hits="excluded"))
    ranked, scores = result.ranked, result.problem.scores.tolist()
    at = ranked.rank.tolist()
    assert at == ranks(1_000)
    ordered = {
        "score": scores,
        "noise": oracles.without(oracles.log_uniform(1_000), 7),
        "full": [p for c, p in enumerate(oracles.softmax(scores)) if c != 7],
    }
    for name, values in ordered.items():
        falling = [*sorted(values, reverse=True), math.nan]
        np.testing.assert_allclose(getattr(ranked, name), [falling[rank - 1] for rank in at], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("classes", "bounds"),
    [
        (51, [(1, 10), (11, 50), None, None]),
        (101, [(1, 10), (11, 100), None, None]),
        (102, [(1, 10), (11, 100), (101, 101), None]),
        (1_500, [(1, 10), (11, 100), (101, 1_000), (1_001, 1_499)]),
    ],
)
def test_the_pushes_are_summed_by_groups_of_ranks(classes, bounds):
    result = run(Settings(problem="random", classes=classes, target=3, draws=10))
    pushes = [p for c, p in enumerate(oracles.softmax(result.problem.scores.tolist())) if c != 3]
    falling = sorted(pushes, reverse=True)
    plain = as_plain(result)["ranked"]
    assert plain["mass_from"] == [span and span[0] for span in bounds]
    assert plain["mass_to"] == [span and span[1] for span in bounds]
    sums = [math.fsum(falling[span[0] - 1 : span[1]]) if span else 0.0 for span in bounds]
    assert plain["mass"] == pytest.approx(sums, rel=1e-12)
    assert math.fsum(plain["mass"]) == pytest.approx(-result.classes.spike, rel=1e-12)


def test_a_draw_of_many_is_told_as_blocks_and_as_dots():
    result = run(replace(MANY, samples=500))
    scores, draw = result.problem.scores.tolist(), result.draw
    drawn = drawn_from_a_thousand(500)
    gradient = oracles.sampled_gradient(scores, 7, drawn, [1e-3] * 1_000)
    order = sorted(set(drawn) - {7}, key=lambda c: (-gradient[c], c))
    ranked = [c for c in most_first(scores) if c != 7]
    assert draw.block_class.tolist() == order[:8]
    assert draw.block_gradient == pytest.approx([gradient[c] for c in order[:8]])
    assert draw.block_rest == pytest.approx(math.fsum(gradient[c] for c in order[8:]))
    assert draw.dot_class.tolist() == order[:200]
    assert draw.dot_rank.tolist() == [ranked.index(c) + 1 for c in order[:200]]
    assert draw.dot_gradient == pytest.approx([gradient[c] for c in order[:200]])


def test_pushes_that_only_rounding_tells_apart_are_sorted_by_class():
    perfect = run(replace(MANY, noise="softmax", samples=300, hits="excluded"))
    pushes = list(zip(perfect.draw.dot_class.tolist(), perfect.draw.dot_gradient.tolist(), strict=True))
    for (a, g), (b, h) in pairwise(pushes):
        assert g > h * (1 + 1e-6) or (g == pytest.approx(h, rel=1e-6) and a < b)


def test_other_seeds_are_left_out_where_they_are_too_much_work():
    few = run(replace(MANY, samples=100, draws=200)).convergence
    many = run(replace(MANY, samples=101, draws=200)).convergence
    assert few.others.shape == (20, len(few.checkpoints))
    assert as_plain(run(replace(MANY, samples=101, draws=200)))["convergence"]["others"] == []
    assert many.others.shape == (0, len(many.checkpoints))


def test_other_seeds_are_what_they_find_by_themselves():
    for chosen in (MANY, replace(MANY, noise="softmax", hits="excluded"), Settings(seed=2**32 - 1)):
        others = run(replace(chosen, draws=50)).convergence.others
        for i, seed in enumerate(range(chosen.seed + 1, min(chosen.seed + 21, 2**32))):
            alone = run(replace(chosen, draws=50, seed=seed), needs={"convergence"})
            np.testing.assert_allclose(others[i], alone.convergence.errors, rtol=1e-11, atol=1e-14)


@given(st.integers(1, 10**6))
def test_ranks_rise_by_four_per_cent_to_the_last_class(classes):
    found = ranks(classes)
    assert (found[0], found[-1]) == (1, classes)
    assert all(after == min(classes, max(rank + 1, math.floor(rank * 1.04))) for rank, after in pairwise(found))
    assert len(found) <= 400


def test_the_watched_classes_are_the_target_and_the_largest_others():
    result = run(replace(MANY, samples=20))
    found, scores = result.convergence, result.problem.scores.tolist()
    watched = [7, *(c for c in most_first(scores) if c != 7)][:5]
    assert found.watched.tolist() == watched
    assert found.watched_mean.shape == (5, len(found.checkpoints))
    place = result.classes.index.tolist().index
    for c, means in zip(watched, found.watched_mean, strict=True):
        assert means[-1] == pytest.approx(found.mean[place(c)], abs=1e-14)
    at = found.checkpoints.tolist().index(11)
    so_far = run(replace(MANY, samples=20, draw=11, average="so_far"))
    place = so_far.classes.index.tolist().index
    for c, means in zip(watched, found.watched_mean, strict=True):
        assert means[at] == pytest.approx(so_far.convergence.mean[place(c)], abs=1e-14)


# Where it is computed, and where it stops


def test_the_devices_are_the_cpu_and_every_gpu_by_its_name(monkeypatch):
    assert devices()[0] == ("cpu", "CPU")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: ["Large", "Small"][i])
    assert devices() == [("cpu", "CPU"), ("cuda:0", "GPU 0, Large"), ("cuda:1", "GPU 1, Small")]


def same(first, second):
    """Whether two results hold the same numbers."""
    return as_plain(first) == as_plain(second)


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
        "samples times draws must be at most 10,000,000, got 10,000 draws of 1,001 samples; "
        "choose at most 9,990 draws or 1,000 samples"
    )
    with refuses(sentence):
        run(Settings(samples=1_001, draws=10_000))


def test_a_table_that_is_not_here_is_refused():
    mark = "sha256-" + 64 * "0"
    with refuses("own must be a table that is still here, got only its mark; paste or upload it again"):
        run(Settings(problem="own", table=mark))


def test_a_table_that_a_link_only_marks_is_passed_along():
    problem = problems.article()
    result = run(Settings(problem="own", table=problem.fingerprint, target=HORSE), problem)
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


def test_plain_groups_hold_none_where_a_number_is_not_finite():
    result = run(Settings(draws=10))
    broken = replace(
        result,
        classes=replace(result.classes, score=np.array([0.5, math.inf]), chi2=math.nan),
        convergence=replace(result.convergence, others=np.empty((0, 3)), watched_mean=np.array([[1.0, -math.inf]])),
    )
    plain = as_plain(broken)
    assert (plain["classes"]["score"], plain["classes"]["chi2"]) == ([0.5, None], None)
    assert (plain["convergence"]["others"], plain["convergence"]["watched_mean"]) == ([], [[1.0, None]])
    assert type(plain["draw"]["count"][0]) is int
    assert type(plain["draw"]["sample_hit"][0]) is bool
    assert "chi2" not in broken.numbers


def test_every_group_has_its_fields_and_no_other_group_has_them():
    result = run(Settings(problem="random", classes=60, draws=10), needs=ALL)
    names = [field.name for name in ("classes", *sorted(ALL)) for field in fields(getattr(result, name))]
    doubles = {name for name in names if names.count(name) > 1}
    expected = {"mean", "score", "noise", "full", "chi2", "bias", "correction", "sample_score"}
    assert doubles == expected, "per slot in one group; by rank, exact, for each noise or of a batch in another"


# Work that nobody waits for, and work without end


def test_exact_moments_ask_whether_they_are_still_wanted():
    asked = []
    s = Settings(problem="random", classes=2_000, draws=10)
    run(s, needs={"draw"}, on_chunk=lambda: asked.append("draw"))
    run(s, needs={"draw", "moments"}, on_chunk=lambda: asked.append("both"))
    assert asked.count("both") > asked.count("draw")


def test_moments_over_their_budget_are_left_out_with_a_sentence(monkeypatch):
    s = Settings(problem="random", classes=1_000, spread=20.0, noise="softmax", temperature=0.05, draws=10)
    whole = run(s)
    assert whole.moments
    assert whole.notes == ()
    monkeypatch.setattr("ssm.explorer.experiment.moments.MOST_MOMENTS", 1)
    result = run(s)
    assert result.moments is None
    assert result.notes == (
        "Exact averages of these scores under this noise take too much work, so the pictures are without them; "
        "fewer classes or a noise closer to the scores may help.",
    )
    assert as_plain(result) | {"moments": None} == as_plain(whole) | {"moments": None}
    assert figures.words(result)
