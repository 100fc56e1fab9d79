"""The oracles themselves, against published numbers and each other."""

import math

import pytest

from tests import oracles

SCORES, Q = (2, 1, 0, -1, 0.5), (0.4, 0.25, 0.15, 0.12, 0.08)
GOLDEN = {
    1: (0.5474132956, -0.406505948458),
    2: (0.5604601114, -0.421178109732),
    4: (0.5673408850, -0.428961559311),
}
STEP = 1e-6
NAMES = ["sampled_softmax", "naive_importance", "log_q", "uncorrected", "nce", "negative_sampling"]


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_its_published_words(counter, key, words):
    assert " ".join(f"{word:08x}" for word in oracles.philox(counter, key)) == words


@pytest.mark.parametrize("k", GOLDEN)
def test_enumeration_gives_the_golden_numbers(k):
    mean, _, loss = oracles.moments(SCORES, 0, Q, k, "excluded")
    assert loss == pytest.approx(GOLDEN[k][0], abs=1e-10)
    assert mean[0] == pytest.approx(GOLDEN[k][1], abs=1e-12)


def test_rejection_is_a_binomial_mixture():
    parts = [oracles.moments(SCORES, 0, Q, j, "excluded") for j in (1, 2, 3)]
    mixed, direct = oracles.binomial_mixture(parts, 1 - Q[0]), oracles.moments(SCORES, 0, Q, 3, "rejected")
    for ours, theirs in zip(mixed, direct, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-14)


@pytest.mark.parametrize("samples", [(1, 3, 3), (0, 4, 1), (0, 0, 0)])
@pytest.mark.parametrize("hits", ["rejected", "kept"])
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_the_slope_of_the_loss(name, hits, samples):
    def slope(c):
        losses = []
        for step in (STEP, -STEP):
            moved = [x + step * (c == d) for d, x in enumerate(SCORES)]
            losses.append(oracles.loss_of(name, moved, 0, samples, Q, hits))
        return (losses[0] - losses[1]) / (2 * STEP)

    hits = "kept" if name == "naive_importance" else hits
    slopes = [slope(c) for c in range(len(SCORES))]
    assert oracles.gradient_of(name, SCORES, 0, samples, Q, hits) == pytest.approx(slopes, abs=1e-9)


def test_the_full_gradient_is_softmax_but_for_the_target():
    p = oracles.softmax(SCORES)
    assert oracles.full_loss(SCORES, 0) == pytest.approx(-math.log(p[0]), abs=1e-15)
    assert oracles.full_loss(SCORES, 0) == pytest.approx(0.574438, abs=1e-6)
    assert oracles.full_gradient(SCORES, 0) == pytest.approx([p[0] - 1, *p[1:]], abs=1e-15)


@pytest.mark.parametrize(("freedom", "percentile"), [(9, 27.877), (99, 148.230)])
def test_the_limit_of_chi_square_is_that_of_the_tables(freedom, percentile):
    assert oracles.chi_square_limit(freedom, 3.090232) == pytest.approx(percentile, rel=1e-2)


def test_chi_square_counts_the_impossible_as_infinite():
    assert oracles.chi_square([5, 5], [0.5, 0.5]) == 0
    assert oracles.chi_square([6, 4], [0.5, 0.5]) == pytest.approx(0.4)
    assert oracles.chi_square([6, 4], [1.0, 0.0]) == math.inf
