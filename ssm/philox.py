"""Random numbers as a pure function of their position: the counter-based generator Philox4x32-10.

The uniform behind sample j of draw i depends on (seed, i, j) alone, so any part of a stream can be
had in any order, on any device, and again.
"""

import math

import torch
from torch import Tensor

from ssm import checks

_MASK = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
# Blocks worked on at a time: their few words stay in cache through the ten rounds.
_CHUNK = 1 << 16

Word = Tensor | int
Words = tuple[Tensor, Tensor, Tensor, Tensor]


def blocks(  # noqa: PLR0913, PLR0917 - the published interface: four words and two
    c0: Word, c1: Word, c2: Word, c3: Word, key0: int, key1: int
) -> Tensor:
    """Ten rounds of Philox on a counter of four 32-bit words, under a key of two.

    One round: ``(c0, c1, c2, c3) <- (hi(m1 c2) ^ c1 ^ key0, lo(m1 c2), hi(m0 c0) ^ c3 ^ key1,
    lo(m0 c0))``, after which each word of the key grows by its own constant, modulo 2^32.

    Args:
        c0: first word of the counter, an int or an int64 tensor; the four broadcast together.
        c1: second word.
        c2: third word.
        c3: fourth word.
        key0: first word of the key.
        key1: second word of the key.

    Returns:
        Int64 tensor [..., 4] of words from 0 to 2^32 - 1.

    >>> [f"{word:08x}" for word in blocks(0, 0, 0, 0, 0, 0).tolist()]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']

    Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    device = next((word.device for word in (c0, c1, c2, c3) if isinstance(word, Tensor)), None)
    d0, d1, d2, d3 = (torch.as_tensor(word, device=device) for word in (c0, c1, c2, c3))
    words = _rounds((d0, d1, d2, d3), (key0, key1))
    return torch.stack([word & _MASK for word in words], -1)  # [..., 4]


def uniforms(seed: int, draws: int, k: int, *, first: int = 0, device: torch.device | str | None = None) -> Tensor:
    """Uniform numbers in [0, 1) with 53 random bits, each a function of seed, draw and sample.

    Sample j of draw i: words a, b of the block at counter (j // 2, i, 0, 0), under the key of the
    seed's low and high word; a, b are the block's words 0, 1 for even j and 2, 3 for odd j, and
    ``u = ((a >> 5) 2^26 + (b >> 6)) / 2^53``.

    Args:
        seed: from 0 to 2^64 - 1.
        draws: number of rows.
        k: samples of each draw.
        first: number of the first draw.
        device: where to compute; the numbers are the same everywhere.

    Returns:
        Float64 tensor [draws, k].

    Raises:
        ValueError: an argument is out of its range.

    >>> whole = uniforms(7, draws=5, k=3)
    >>> bool((whole[2:] == uniforms(7, draws=3, k=3, first=2)).all())
    True
    """
    draws, k = checks.draw_count(draws), checks.sample_count(k)
    _position("first + draws", _position("first", first) + draws)
    key = _key(seed)
    pairs = (k + 1) // 2
    across = torch.arange(pairs, device=device)
    zero = across.new_zeros(())
    uniforms = torch.empty(draws, 2 * pairs, dtype=torch.float64, device=device)
    rows, columns = max(1, _CHUNK // pairs), min(_CHUNK, pairs)
    for top in range(0, draws, rows):
        down = torch.arange(first + top, first + min(top + rows, draws), device=device)[:, None]
        for left in range(0, pairs, columns):
            w0, w1, w2, w3 = _rounds((across[left : left + columns], down, zero, zero), key)
            here = uniforms[top : top + rows, 2 * left : 2 * (left + columns)]  # [rows, 2 columns]
            _fraction(w0, w1, out=here[:, 0::2])
            _fraction(w2, w3, out=here[:, 1::2])
    return uniforms[:, :k] if k == 2 * pairs else uniforms[:, :k].contiguous()


def normals(seed: int, n: int, device: torch.device | str | None = None, *, first: int = 0) -> Tensor:
    """Standard normal numbers, each a function of seed and place (Box and Muller 1958).

    Number c: u1 from words 0, 1 of the block at counter (c, 0, 0, 1), u2 from its words 2, 3, and
    ``sqrt(-2 log(1 - u1)) cos(2 pi u2)``.

    Args:
        seed: from 0 to 2^64 - 1.
        n: how many.
        device: where to compute.
        first: the first place.

    Returns:
        Float64 tensor [n].

    Raises:
        ValueError: an argument is out of its range.

    >>> bool((normals(0, 5, first=4) == normals(0, 9)[4:]).all())
    True
    """
    n = checks.whole("n", n, 1, 1 << 32, "ask for one number or more")
    _position("first + n", _position("first", first) + n)
    key = _key(seed)
    normals = torch.empty(n, dtype=torch.float64, device=device)
    for left in range(0, n, _CHUNK):
        place = torch.arange(first + left, first + min(left + _CHUNK, n), device=device)
        zero = place.new_zeros(())
        w0, w1, w2, w3 = _rounds((place, zero, zero, zero + 1), key)
        u1, u2 = (torch.empty(len(place), dtype=torch.float64, device=device) for _ in range(2))
        _fraction(w0, w1, out=u1)
        _fraction(w2, w3, out=u2)
        normals[left : left + _CHUNK] = (-2 * (-u1).log1p()).sqrt() * (2 * math.pi * u2).cos()
    return normals


def _position(name: str, value: int) -> int:
    return checks.whole(name, value, 0, 1 << 32, "take another seed for more draws")


def _key(seed: int) -> tuple[int, int]:
    seed = checks.whole("seed", seed, 0, (1 << 64) - 1, "take a number of 64 bits without a sign")
    return seed & _MASK, seed >> 32


def _rounds(counter: Words, key: tuple[int, int]) -> Words:
    # int64 products wrap modulo 2^64: bits 32 to 63 are the exact high word once the sign is masked
    # off. Words 1 and 3 are only ever mixed by xor, so the next mask, or the caller's, trims them.
    # The words of a counter broadcast: by the third round each holds the shape of all.
    (c0, c1, c2, c3), (key0, key1) = counter, key
    for _ in range(_ROUNDS):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0 = ((p1 >> 32) ^ c1).bitwise_xor_(key0).bitwise_and_(_MASK)
        c2 = ((p0 >> 32) ^ c3).bitwise_xor_(key1).bitwise_and_(_MASK)
        c1, c3 = p1, p0
        key0, key1 = (key0 + _KEY_STEPS[0]) & _MASK, (key1 + _KEY_STEPS[1]) & _MASK
    return c0, c1, c2, c3


def _fraction(high: Tensor, low: Tensor, *, out: Tensor) -> None:
    bits = (high >> 5).bitwise_left_shift_(26).bitwise_or_((low & _MASK).bitwise_right_shift_(6))
    torch.mul(bits.double(), 2.0**-53, out=out)
