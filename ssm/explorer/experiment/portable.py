"""Random numbers by position in a few lines, for programs that have torch alone; `ssm.philox` has the same, fast."""

import math

import torch
from torch import Tensor


def words(seed: int, c0: Tensor, c1: int, c3: int) -> list[Tensor]:
    """Four words of 32 random bits for each counter: Philox4x32-10 (Salmon et al. 2011)."""
    mask, key0, key1 = 0xFFFFFFFF, seed & 0xFFFFFFFF, seed >> 32
    c = [c0, torch.full_like(c0, c1), torch.zeros_like(c0), torch.full_like(c0, c3)]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32 & mask) ^ c[1] ^ key0, b & mask, (a >> 32 & mask) ^ c[3] ^ key1, a & mask]
        key0, key1 = key0 + 0x9E3779B9 & mask, key1 + 0xBB67AE85 & mask
    return c


def fraction(high: Tensor, low: Tensor) -> Tensor:
    """53 of their bits as a number in [0, 1)."""
    return ((high >> 5 << 26) | (low >> 6)).double() / 2**53


def uniforms(seed: int, draw: int, k: int) -> Tensor:
    """The numbers behind the samples of a draw, which are counted from 0 [k]."""
    a, b, c, d = words(seed, torch.arange((k + 1) // 2), draw, 0)
    return torch.stack([fraction(a, b), fraction(c, d)], -1).flatten()[:k]


def normals(seed: int, n: int, first: int = 0) -> Tensor:
    """Standard normal numbers, by Box and Muller (1958) [n]."""
    a, b, c, d = words(seed, torch.arange(first, first + n), 0, 1)
    return (-2 * (-fraction(a, b)).log1p()).sqrt() * (2 * math.pi * fraction(c, d)).cos()
