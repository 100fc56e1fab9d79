"""Frequencies of a stream: against the formula one class at a time, and against what the stream was drawn from."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import losses, noise
from ssm.streaming import Frequencies
from tests import oracles
from tests.sentences import refuses


def batches(q, number, size, seed=0):
    """Return a stream of classes."""
    return q.draw((number, size), generator=torch.Generator().manual_seed(seed))


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), max_size=8), st.floats(0.01, 1.0))
def test_it_is_the_formula_one_class_at_a_time(stream, rate):
    seen = Frequencies(4, rate)
    for ids in stream:
        seen(torch.tensor(ids))
    assert seen.probs().tolist() == pytest.approx(oracles.streamed(stream, 4, rate), rel=1e-12)


def test_its_log_probabilities_are_those_after_the_batch():
    seen = Frequencies(4)
    ids = torch.tensor([[3, 0], [3, 1]])
    log_q = seen(ids)
    assert log_q.shape == (2, 2)
    assert log_q.tolist() == seen.probs().log()[ids].tolist()
    assert seen.probs().tolist() == pytest.approx([0.25, 0.25, 0.2, 0.5], rel=1e-14)


@pytest.mark.parametrize("size", [1, 20])
def test_it_finds_the_frequencies_of_a_stream(size):
    """Within 5 standard errors: of a mean of geometric gaps that forgets, ``sqrt(rate (1 - p) / (2 - rate))``."""
    q, rate, number = noise.log_uniform(8), 0.02, 12_000
    seen = Frequencies(8, rate)
    for ids in batches(q, number // size, size):
        seen(ids)
    for found, p in zip(seen.probs().tolist(), q.probs.tolist(), strict=True):
        assert found == pytest.approx(p, rel=5 * math.sqrt(rate * (1 - p) / (2 - rate)))
    assert seen.times.sum() == seen.now == number


def test_the_mean_of_many_streams_is_not_off():
    """Off by half the rate from the convexity of 1 / gap, and by no more, over 200 streams."""
    streams, rate, p = 200, 0.02, torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
    found = torch.zeros(4, dtype=torch.float64)
    for seed in range(streams):
        seen = Frequencies(4, rate)
        for ids in batches(noise.custom(p), 60, 50, seed):
            seen(ids)
        found += seen.probs() / streams
    deviation = (rate * (1 - p) / 2).sqrt()
    assert ((found / p - 1).abs() < rate + 5 * deviation / math.sqrt(streams)).all()


def test_it_forgets():
    before, after = (noise.custom(weights) for weights in ([8.0, 1.0, 1.0], [1.0, 1.0, 8.0]))
    seen = Frequencies(3, 0.05)
    for q in (before, after):
        for ids in batches(q, 100, 40):
            seen(ids)
        assert seen.probs().tolist() == pytest.approx(q.probs.tolist(), rel=0.8)


def test_what_comes_no_more_is_forgotten():
    seen = Frequencies(2)
    for ids in (*[[0] * 20] * 100, *[[1] * 200] * 1_000):
        seen(torch.tensor(ids))
    gone, here = seen.probs().tolist()
    assert gone < 1e-3
    assert here == pytest.approx(1, rel=0.01)
    assert seen.noise(power=1).probs[0] < 1e-3
    assert seen.eval()(torch.tensor([0])).exp().item() == pytest.approx(gone, rel=1e-12)


def test_at_first_it_counts():
    seen = Frequencies(3, 1e-6)
    for ids in ([0, 0, 1], [0, 1, 0], [0, 0, 0]):
        seen(torch.tensor(ids))
    # The last of class 1 came in the second batch: its gaps were 3 examples and 3, and those of class 0 9 / 7.
    assert seen.probs().tolist() == pytest.approx([7 / 9, 1 / 3, 1 / 10], rel=1e-5)


def test_nothing_seen_is_uniform():
    assert Frequencies(4).noise().probs.tolist() == [0.25] * 4


def test_evaluation_sees_nothing():
    seen = Frequencies(4)
    seen(torch.tensor([1, 2]))
    before = copy.deepcopy(seen.state_dict())
    expected = seen.probs().log()[3].item()
    assert seen.eval()(torch.tensor([3, 3])).tolist() == [expected] * 2
    assert all((seen.state_dict()[name] == each).all() for name, each in before.items())


def test_its_noise_is_unigram_and_stays():
    seen = Frequencies(3)
    seen(torch.tensor([0, 1, 0, 2]))
    q = seen.noise()
    assert q.probs.tolist() == pytest.approx(noise.unigram([2, 1, 1]).probs.tolist(), rel=1e-14)
    seen(torch.tensor([2, 2]))
    assert q.probs.tolist() == pytest.approx(noise.unigram([2, 1, 1]).probs.tolist(), rel=1e-14)


def test_a_saved_state_goes_on_as_if_nothing_had_been():
    first, ids = Frequencies(5), batches(noise.log_uniform(5), 20, 7)
    for each in ids[:10]:
        first(each)
    again = Frequencies(5)
    again.load_state_dict(first.state_dict())
    for each in ids[10:]:
        assert (first(each) == again(each)).all()
    assert (first.probs() == again.probs()).all()


def test_a_model_in_half_precision_leaves_it_as_it_is():
    seen = Frequencies(2)
    for _ in range(1000):
        seen(torch.zeros(100, dtype=torch.int64))
    seen(torch.tensor([1]))
    expected = seen.probs().tolist()
    assert torch.nn.ModuleList([seen]).half()[0] is seen
    assert seen.probs().tolist() == expected
    assert expected[1] == pytest.approx(1 / 100_001, rel=1e-12)
    assert seen.to("meta").to_empty(device="cpu").gaps.dtype == torch.float64


def test_in_batch_takes_it():
    seen, ids = Frequencies(5), torch.tensor([1, 2, 1])
    scores = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    expected = losses.in_batch(scores, torch.tensor([2 / 3, 1 / 3, 2 / 3]).double().log(), ids)
    assert losses.in_batch(scores, seen(ids), ids).tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_it_says_what_it_is():
    assert repr(Frequencies(7)) == "Frequencies(7, rate=0.01)"


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (0, "rate must be above 0, got 0; 0.01 is the usual one"),
        (1.5, "rate must be at most 1, got 1.5; 1 knows the newest gap alone"),
    ],
)
def test_a_rate_that_is_none(rate, sentence):
    with refuses(sentence):
        Frequencies(3, rate)


def test_ids_that_are_none():
    with refuses("ids must be of dtype torch.int64, got torch.float32; convert with .long()"):
        Frequencies(3)(torch.zeros(1))
    with pytest.raises(IndexError, match=r"^ids must be classes from 0 to 2, got 3; count classes from 0$"):
        Frequencies(3)(torch.tensor([1, 3]))
