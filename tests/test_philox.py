"""The uniforms: published words, a function of their place alone, and uniform."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import philox
from tests import oracles

SEEDS = st.integers(0, 2**64 - 1)
WORDS = st.integers(0, 2**32 - 1)


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
def test_the_published_words(counter, key, words):
    assert " ".join(f"{word:08x}" for word in philox.blocks(*counter, *key).tolist()) == words


@given(st.lists(WORDS, min_size=6, max_size=6))
def test_any_block_is_that_of_the_oracle(words):
    assert philox.blocks(*words).tolist() == oracles.philox(words[:4], words[4:])


def test_words_of_a_counter_broadcast():
    rows, columns = torch.arange(3)[:, None], torch.arange(2)
    blocks = philox.blocks(columns, rows, 5, 0, 1, 2)
    assert blocks.shape == (3, 2, 4)
    assert blocks[2, 1].tolist() == oracles.philox((1, 2, 5, 0), (1, 2))


@given(SEEDS, st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 4))
def test_each_uniform_is_that_of_the_oracle(seed, draws, k, first):
    expected = [[oracles.uniform(seed, first + i, j) for j in range(k)] for i in range(draws)]
    assert philox.uniforms(seed, draws, k, first=first).tolist() == expected


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 16])
@pytest.mark.parametrize("k", [1, 4, 9])
def test_the_chunks_leave_no_trace(monkeypatch, chunk, k):
    monkeypatch.setattr(philox, "_CHUNK", chunk)
    expected = [[oracles.uniform(5, 3 + i, j) for j in range(k)] for i in range(6)]
    assert philox.uniforms(5, 6, k, first=3).tolist() == expected
    assert philox.normals(5, 9).tolist() == pytest.approx([oracles.normal(5, c) for c in range(9)], abs=1e-14)


@given(SEEDS, st.integers(1, 9))
def test_each_normal_is_that_of_the_oracle(seed, n):
    expected = [oracles.normal(seed, c) for c in range(n)]
    assert philox.normals(seed, n).tolist() == pytest.approx(expected, abs=1e-13)


def test_normals_begin_at_any_place():
    assert philox.normals(5, 6, first=64).tolist() == pytest.approx([oracles.normal(5, 64 + c) for c in range(6)])
    with pytest.raises(ValueError, match="first"):
        philox.normals(5, 6, first=-1)


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_uniforms_are_uniform(seed):
    u = philox.uniforms(seed, 2000, 51)
    assert u.dtype == torch.float64
    assert ((u >= 0) & (u < 1)).all()
    counts = torch.bincount((u * 64).long().flatten(), minlength=64).tolist()
    assert oracles.chi_square(counts, [1 / 64] * 64) < oracles.chi_square_limit(63)


def test_neighbours_are_independent():
    u = (philox.uniforms(3, 30_000, 4) * 4).long()
    pairs = {
        "in a block": u[:, 0] * 4 + u[:, 1],
        "of blocks": u[:, 1] * 4 + u[:, 2],
        "of draws": u[1:, 0] * 4 + u[:-1, 0],
    }
    for cells in pairs.values():
        counts = torch.bincount(cells, minlength=16).tolist()
        assert oracles.chi_square(counts, [1 / 16] * 16) < oracles.chi_square_limit(15)


def test_normals_are_normal():
    z = philox.normals(0, 100_000)
    deciles = torch.special.ndtr(z).mul(10).long()
    counts = torch.bincount(deciles, minlength=10).tolist()
    assert oracles.chi_square(counts, [0.1] * 10) < oracles.chi_square_limit(9)
