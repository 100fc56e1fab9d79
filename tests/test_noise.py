"""Noise: declared probabilities, draws that have them, and what is left without the target."""

import copy
import dataclasses
import inspect
import io
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import noise, philox, sampling
from tests import oracles
from tests.sentences import refuses

COUNTS, SCORES = [70.0, 1.0, 9.0, 30.0, 2.0], [1.0, -2.0, 0.5, 3.0, 0.0]
POWERS = [count**0.75 for count in COUNTS]
# One of each constructor, or more, with the probabilities it declares: every test below runs on all.
NOISES = [
    ("uniform", noise.uniform(7), [1 / 7] * 7),
    ("uniform", noise.uniform(1), [1.0]),
    ("log_uniform", noise.log_uniform(6), oracles.log_uniform(6)),
    ("unigram", noise.unigram(COUNTS), oracles.normalise(POWERS)),
    ("unigram", noise.unigram(COUNTS, power=0.0), [0.2] * 5),
    ("softmax", noise.softmax(SCORES), oracles.softmax(SCORES)),
    ("softmax", noise.softmax(SCORES, temperature=2.5), oracles.softmax(SCORES, 2.5)),
    ("custom", noise.custom([3, 1, 4, 1, 5]), oracles.normalise([3, 1, 4, 1, 5])),
    ("custom", noise.custom([1.0, 2.0, 3.0]).without(0), [0.0, 0.4, 0.6]),
    ("custom", noise.custom([1.0, 2.0, 3.0]).without(1), [0.25, 0.0, 0.75]),
    ("custom", noise.custom([1.0, 2.0, 3.0]).without(2), [1 / 3, 2 / 3, 0.0]),
]
every_noise = pytest.mark.parametrize(
    ("q", "probs"), [pytest.param(q, probs, id=f"{name}-{i}") for i, (name, q, probs) in enumerate(NOISES)]
)
DRAWS = 20_000


def test_every_constructor_is_in_the_list():
    functions = inspect.getmembers(noise, inspect.isfunction)
    here = {name for name, function in functions if function.__module__ == noise.__name__ and name[0] != "_"}
    assert here == {name for name, _, _ in NOISES}


@every_noise
def test_it_has_the_probabilities_it_declares(q, probs):
    assert q.classes == len(probs)
    assert q.log_probs.dtype == torch.float64
    assert q.probs.tolist() == pytest.approx(probs, abs=1e-15)
    logs = [math.log(p) if p else -math.inf for p in probs]
    assert q.log_probs.tolist() == pytest.approx(logs, abs=1e-14)


@every_noise
def test_its_draws_have_its_probabilities(q, probs):
    samples = q.draw((DRAWS // 4, 4), generator=torch.Generator().manual_seed(1))
    assert samples.shape == (DRAWS // 4, 4)
    assert_drawn_from(samples, probs)


@every_noise
def test_its_inverted_uniforms_have_its_probabilities(q, probs):
    assert_drawn_from(q.invert(philox.uniforms(2, DRAWS // 5, 5)), probs)


def assert_drawn_from(samples, probs):
    assert samples.dtype == torch.int64
    counts = torch.bincount(samples.flatten(), minlength=len(probs)).tolist()
    freedom = max(1, sum(p > 0 for p in probs) - 1)
    assert oracles.chi_square(counts, probs) < oracles.chi_square_limit(freedom)


@every_noise
@given(u=st.floats(0, 1, exclude_max=True))
def test_it_inverts_its_cumulative_distribution(q, probs, u):
    boundaries = [math.fsum(probs[:c]) for c in range(1, len(probs))]
    if min((abs(u - boundary) for boundary in boundaries), default=1) > 1e-12:
        assert q.invert(torch.tensor([u], dtype=torch.float64)).tolist() == [oracles.invert(probs, u)]


@every_noise
def test_the_ends_of_the_unit_interval_give_classes_that_can_be_drawn(q, probs):
    last = torch.tensor([[0.0], [math.nextafter(1, 0)], [1.0]], dtype=torch.float64)
    possible = [c for c, p in enumerate(probs) if p > 0]
    assert q.invert(last).tolist() == [[possible[0]], [possible[-1]], [possible[-1]]]


@every_noise
def test_without_a_class_the_others_keep_their_proportions(q, probs):
    for target in range(len(probs)):
        if probs[target] < 1:
            rest = q.without(target)
            assert rest.probs.tolist() == pytest.approx(oracles.without(probs, target), abs=1e-15)
            assert rest.log_probs[target] == -math.inf


@every_noise
def test_it_can_be_copied_pickled_and_moved(q, probs):
    q.draw((1,), generator=torch.Generator())
    for again in (copy.deepcopy(q), pickle.loads(pickle.dumps(q)), q.to("cpu")):
        assert again.probs.tolist() == pytest.approx(probs, abs=1e-15)


@every_noise
def test_it_cannot_be_changed(q, probs):
    with pytest.raises(dataclasses.FrozenInstanceError, match=r"^cannot assign to field 'log_probs'$"):
        q.log_probs = q.log_probs
    assert len(q.log_probs) == len(probs)


def test_one_generator_gives_one_sequence_of_draws():
    q = noise.log_uniform(100)
    first, again = (q.draw((3, 4), generator=torch.Generator().manual_seed(9)) for _ in range(2))
    assert (first == again).all()
    u = torch.rand(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(9))
    assert (first == q.invert(u)).all()


def test_a_rare_class_of_a_large_vocabulary_keeps_its_digits():
    n = 2_000_000
    q = noise.log_uniform(n)
    exact = math.log1p(1 / n) / math.log1p(n)
    assert q.probs[-1].item() == pytest.approx(exact, rel=1e-14)
    assert q.probs.sum().item() == pytest.approx(1, abs=1e-12)


def test_a_target_that_takes_nearly_all_leaves_the_others_their_digits():
    rest = noise.softmax([50.0, 1.0, 0.0]).without(0)
    assert rest.probs.tolist() == pytest.approx(oracles.softmax([-math.inf, 1.0, 0.0]), abs=1e-14)


def test_temperature_tends_to_uniform():
    assert noise.softmax(SCORES, 1e9).probs.tolist() == pytest.approx([0.2] * 5, abs=1e-9)


def test_numbers_may_come_in_any_container():
    for weights in ([1, 3], (1.0, 3.0), torch.tensor([1, 3])):
        assert noise.custom(weights).probs.tolist() == pytest.approx([0.25, 0.75], abs=1e-15)


def test_noise_keeps_its_own_numbers():
    weights = torch.tensor([1.0, 3.0], dtype=torch.float64)
    q = noise.custom(weights)
    assert weights.tolist() == [1, 3]
    weights[0] = 100
    assert q.probs[0].item() == pytest.approx(0.25, abs=1e-15)


# Leaving out each example's target

every_large_noise = pytest.mark.parametrize(
    ("q", "probs"), [pytest.param(q, probs, id=f"{name}-{i}") for i, (name, q, probs) in enumerate(NOISES) if i != 1]
)


@every_large_noise
def test_others_have_the_probabilities_without_the_target(q, probs):
    for target in range(len(probs)):
        rest = oracles.without(probs, target)
        targets = torch.full((3, 10), target)
        samples = q.draw_others(targets, DRAWS // 30, generator=torch.Generator().manual_seed(target))
        assert samples.shape == (3, 10, DRAWS // 30)
        assert_drawn_from(samples, rest)


def test_each_example_leaves_out_its_own():
    for q in (noise.uniform(4), noise.custom([5.0, 1.0, 1.0, 9.0])):
        targets = torch.arange(4)
        samples = q.draw_others(targets, 200, generator=torch.Generator().manual_seed(0))
        for target, row in enumerate(samples):
            assert set(row.tolist()) == set(range(4)) - {target}


@given(st.lists(st.floats(1e-3, 1), min_size=2, max_size=6), st.floats(0, 1, exclude_max=True))
def test_the_gap_never_gives_the_target(weights, u):
    q = noise.custom(weights)
    targets = torch.arange(len(weights))
    places = sampling.around(torch.tensor([u, 0.0], dtype=torch.float64), q._cumulative, targets)
    assert (torch.searchsorted(q._cumulative, places, right=True) != targets[:, None]).all()


def test_one_class_has_no_others():
    with refuses("noise must have two classes or more to leave one out, got 1; add a class"):
        noise.uniform(1).draw_others(torch.tensor([0]), 1)


# Alias tables


@given(st.lists(st.floats(0, 1) | st.just(0.0) | st.just(1.0), min_size=1, max_size=30).filter(sum))
def test_an_alias_table_holds_each_class_as_often_as_it_is_drawn(weights):
    probs = oracles.normalise(weights)
    table = sampling.alias(torch.tensor(probs, dtype=torch.float64))
    mass = [0.0] * len(probs)
    for column, (threshold, other) in enumerate(zip(table.thresholds.tolist(), table.others.tolist(), strict=True)):
        assert -1e-12 <= threshold <= 1 + 1e-12
        mass[column] += threshold / len(probs)
        mass[other] += (1 - threshold) / len(probs)
    assert mass == pytest.approx(probs, abs=1e-13)


def test_an_alias_table_splits_its_columns():
    table = sampling.Alias(torch.tensor([1.0, 0.5], dtype=torch.float64), torch.tensor([0, 0]))
    assert table.invert(torch.tensor([0.0, 0.49, 0.5, 0.74, 0.76], dtype=torch.float64)).tolist() == [0, 0, 1, 1, 0]


# Without replacement


@pytest.mark.parametrize("ahead", [1, 4, 50])
@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("weights", [[1, 1, 1, 1], [8, 4, 2, 1], [1, 100, 1, 3]])
def test_unique_draws_come_in_every_order_as_often_as_they_should(monkeypatch, weights, k, ahead):
    monkeypatch.setattr(sampling, "ahead", lambda k: max(1, ahead * k - 1))
    q, probs = noise.custom(weights), oracles.normalise(weights)
    chances = oracles.unique_orders(probs, k)
    draws, g = 2000, torch.Generator().manual_seed(ahead)
    found = [q.draw_unique(k, generator=g) for _ in range(draws)]
    orders = [tuple(draw.samples.tolist()) for draw in found]
    counts = [orders.count(order) for order in chances]
    assert sum(counts) == draws
    assert oracles.chi_square(counts, list(chances.values())) < oracles.chi_square_limit(len(chances) - 1)


@every_noise
def test_inclusion_probabilities_sum_to_the_number_of_samples(q, probs):
    possible = sum(p > 0 for p in probs)
    for k in range(1, possible + 1):
        chances = q.inclusion(k)
        assert chances.sum().item() == pytest.approx(k, abs=1e-12)
        assert (
            chances - torch.tensor(oracles.inclusion_after(probs, q.tries(k)), dtype=torch.float64)
        ).abs().max() < 1e-12
        assert (chances <= 1).all()
        assert (chances > 0).tolist() == [p > 0 for p in probs]


@pytest.mark.parametrize("q", [noise.uniform(200), noise.log_uniform(200)], ids=["uniform", "log_uniform"])
def test_inclusion_probabilities_match_the_draws(q):
    draws, k, g = 4000, 60, torch.Generator().manual_seed(3)
    counts = torch.zeros(200, dtype=torch.float64)
    for _ in range(draws):
        counts[q.draw_unique(k, generator=g).samples] += 1
    chances = q.inclusion(k)
    spread = (chances * (1 - chances) / draws).sqrt()
    assert ((counts / draws - chances).abs() <= 5 * spread + 2e-3).all()


def test_uniform_inclusion_is_exact():
    assert noise.uniform(8).inclusion(3).tolist() == pytest.approx([3 / 8] * 8, abs=1e-12)


def test_more_unique_samples_than_classes():
    sentence = (
        "k must be a whole number from 1 to 2, got 3; "
        "the noise can draw 2 classes, so ask for no more or draw with replacement"
    )
    for refused in (noise.uniform(3).without(1).draw_unique, noise.uniform(3).without(1).inclusion):
        with refuses(sentence):
            refused(3)


def test_a_class_that_is_hardly_ever_drawn_is_found_at_last():
    samples, tries = noise.custom([1.0, 1e-200]).draw_unique(2, generator=torch.Generator().manual_seed(0))
    assert samples.tolist() == [0, 1]
    assert tries == math.inf


def test_as_many_tries_as_a_rare_class_needs():
    assert noise.custom([1.0, 1e-200, 2e-200]).tries(2) == pytest.approx(math.log((1 + 5**0.5) / 2) / 1e-200)


# Many classes


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["uniform", "log_uniform", "unigram"])
def test_twenty_million_classes(kind):
    n = 20_000_000
    law = {"uniform": noise.uniform, "log_uniform": noise.log_uniform}.get(kind)
    q = noise.unigram(torch.arange(1, n + 1, dtype=torch.float64), power=1.0) if law is None else law(n)
    u = q.draw((40_000,), generator=torch.Generator().manual_seed(4)).double()
    rank = {
        "uniform": lambda c: (c + 0.5) / n,
        "log_uniform": lambda c: (c + 1.5).log() / math.log1p(n),
        "unigram": lambda c: ((c + 0.5) / n) ** 2,
    }[kind](u)
    tenths = torch.bincount((rank * 10).long().clamp(max=9), minlength=10)[2 if kind == "log_uniform" else 0 :]
    share = 1 / 10
    assert ((tenths / 40_000 - share).abs() < 5 * math.sqrt(share * (1 - share) / 40_000)).all()


def test_uniform_noise_holds_one_number():
    q = noise.uniform(1000)
    for moved in (q, q.to("meta")):
        assert moved.log_probs.shape == (1000,)
        assert moved.log_probs.untyped_storage().nbytes() == 8


def test_what_is_drawn_from_holds_three_numbers_a_class():
    q = noise.unigram(range(1, 1001))
    q.prepare()
    assert "probs" not in vars(q)
    tables = q.log_probs, q._alias.thresholds, q._alias.others
    assert sum(each.untyped_storage().nbytes() for each in tables) == 24 * 1000


def test_a_fingerprint_tells_noises_apart(monkeypatch):
    monkeypatch.setattr(sampling, "_AT_ONCE", 3)
    some = [noise.unigram(counts) for counts in ([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], [4, 2, 3, 1, 5])]
    some += [noise.uniform(5), noise.log_uniform(5)]
    assert len({q.fingerprint for q in some}) == len(some)
    assert noise.unigram([1, 2, 3, 4, 5]).fingerprint == some[0].fingerprint


@pytest.mark.parametrize("power", [0.0, 0.75, -1.0])
def test_a_class_that_never_occurs_is_never_drawn(power):
    q = noise.unigram([0.0, 16.0, 0.0, 1.0], power=power)
    assert q.probs.tolist() == pytest.approx([0, 16**power / (1 + 16**power), 0, 1 / (1 + 16**power)], abs=1e-15)
    assert set(q.draw((500,), generator=torch.Generator().manual_seed(0)).tolist()) == {1, 3}


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ([1.0, -2.0], "at least 0, got -2.0 at class 1; a class that never occurs has the count 0"),
        ([0.0, 0.0], "above 0 for a class, got 0 for all; count again, or take uniform noise"),
    ],
)
def test_counts_that_are_none(counts, sentence):
    with refuses(f"noise counts must be {sentence}"):
        noise.unigram(counts)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_counts_may_be_numpys(dtype):
    counts = np.array([16, 1, 1], dtype)
    counts.setflags(write=False)  # as those of a memory map are
    assert noise.unigram(counts, 0.5).probs.tolist() == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_it_loads_where_only_weights_may():
    held = io.BytesIO()
    torch.save({"noise": noise.unigram([3.0, 1.0])}, held)
    held.seek(0)
    q = torch.load(held, weights_only=True)["noise"]
    assert q.log_probs.tolist() == noise.unigram([3.0, 1.0]).log_probs.tolist()
    assert q.draw((5,)).shape == (5,)


def test_prepared_noise_has_its_tables():
    for q, others in ((noise.custom([1.0, 2.0]), False), (noise.log_uniform(3), True)):
        q.prepare(others=others)
        assert {"_alias"} <= set(vars(q)) or {"_cumulative", "_last"} <= set(vars(q))
    for law in (noise.uniform(3), noise.log_uniform(3)):
        law.prepare()
        assert set(vars(law)) == {"log_probs", "worth", "_law"}


def test_a_pickle_holds_no_tables():
    q = noise.custom([1.0, 2.0])
    q.draw((3,), generator=torch.Generator())
    assert set(vars(pickle.loads(pickle.dumps(q)))) == {"log_probs", "worth", "_law"}


@pytest.mark.parametrize("rest", [1e-10, 1e-14, 1e-17, 1e-40])
def test_what_a_class_of_nearly_everything_leaves_is_drawn_in_its_proportions(rest):
    q = noise.custom([rest, 1.0, 3 * rest])
    generator = torch.Generator().manual_seed(5)
    drawn = q.draw_others(torch.tensor([1, 0]), 20_000, generator=generator)
    counts = torch.bincount(drawn[0], minlength=3).tolist()
    assert counts[1] == 0
    assert oracles.chi_square(counts, [0.25, 0.0, 0.75]) < oracles.chi_square_limit(1)
    assert (drawn[1] != 0).all()
