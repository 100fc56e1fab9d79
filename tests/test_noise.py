"""Noise: declared probabilities, draws that have them, and what is left without the target."""

import copy
import dataclasses
import inspect
import math
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import noise, philox
from tests import oracles

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
