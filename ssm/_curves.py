"""Moments over the number of samples: all of them from one set of nodes, in sums over the classes.

What one sample adds does not depend on k, so the exponentials of classes and nodes are taken once, and
of the classes only sums are kept: of bias squared and of variance. The rule is the trapezoid's in log v,
wide enough for the largest k and the smallest.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ssm import _quadrature
from ssm._quadrature import Mean, Nodes, Sample
from ssm._sums import Ratio

_STEP = 0.2
_LOWEST = -38.0  # what is left out below it is exp(-38) of a moment


@dataclass(frozen=True, eq=False)
class Full:
    """The full softmax that the averages are held against.

    What is near E[g_c] is ``n_c = q_c a_c exp(shift)``. It is p_c itself, but where samples are not corrected.

    Attributes:
        shift: log of what q_c a_c is multiplied by.
        log_target: log p_t where p_c is p_t a_c and not n_c, else None.
        others: the sum of p_c over all classes but the target, 1 - p_t.
        squares: the sum of their squares.
        apart: the sum of p_c - n_c over all classes but the target.
        apart_squares: the sum of the squares of these.
    """

    shift: float
    log_target: float | None
    others: float
    squares: float
    apart: float
    apart_squares: float


class Sums(NamedTuple):
    """Moments for each number of samples [ks].

    Attributes:
        bias: of the mean gradient, the L2 distance from the full one.
        variance: the sum of Var g_c.
        loss: E[loss].
        error: as in `_quadrature.Sums`, the largest.
    """

    bias: Tensor
    variance: Tensor
    loss: Tensor
    error: float


class _Classes(NamedTuple):
    """Sums over the classes: of E[g_c], its bias, their squares [ks], and what variances integrate [nodes]."""

    first: Tensor
    bias: Tensor
    bias_squared: Tensor
    first_squared: Tensor
    once: Tensor
    twice: Tensor


def integrate(ratio: Ratio, full: Full, ks: Tensor, on_chunk: Callable[[], object] | None = None) -> Sums:
    """The moments for each number of samples.

    Args:
        ratio: what a draw adds up, for any k.
        full: what the averages are held against.
        ks: the numbers of samples, float64 [ks].
        on_chunk: called before each part of the classes; what it raises ends the work.

    Returns:
        The moments and the largest estimate of their errors.
    """
    nodes = _nodes(ratio, ks)._replace(on_chunk=on_chunk)
    k = ks[:, None]
    m = _quadrature.mean_share(ratio, k)
    sample = _sample(nodes, ratio, m)
    rows = _quadrature.target_rows(nodes, sample, (ratio, k, m))  # [5, ks, nodes]
    by_one = k * nodes.fade * _quadrature.power(nodes, sample, ratio, k - 1)  # [ks, nodes]
    by_two = k * (k - 1) * nodes.fade**2 * _quadrature.power(nodes, sample, ratio, k - 2)
    found = _classes(nodes, ratio, full, by_one * nodes.weight[1])
    second = (by_one * found.once + by_two * found.twice) @ nodes.weight.T  # [ks, 2]
    return _gather(rows, second, found, (nodes, ratio, full, k, m))


def _nodes(ratio: Ratio, ks: Tensor) -> Nodes:
    least, most = (replace(ratio, k=int(end)) for end in ks.aminmax())
    start = _LOWEST - _quadrature.log_most(most)
    end = math.log(_quadrature.HIGHEST) - _quadrature.log_least(least) + 2 * _STEP
    log_v = torch.arange(start, end, _STEP, dtype=torch.float64, device=ratio.q.device)
    weight = torch.full((2, len(log_v)), _STEP, dtype=torch.float64, device=ratio.q.device)
    weight[0, ::2], weight[0, 1::2] = 2 * _STEP, 0
    return _quadrature.nodes_at(log_v, weight, ratio)


def _sample(nodes: Nodes, ratio: Ratio, m: Mean) -> Sample:
    one, none = ratio.q.new_ones(1), ratio.q.new_zeros(1)
    if not ratio.start:  # m is the same for each k, or 1
        found, missed = _quadrature.sample_at(nodes, ratio, Mean(m.target.min(), m.others.max())), m.target == 1
        if not missed.any():
            return found
    others = _quadrature.sample_at(nodes, ratio, Mean(one, none))
    if not ratio.start:
        once, twice = (torch.where(missed, *pair) for pair in ((others.once, found.once), (others.twice, found.twice)))
        return found._replace(once=once, twice=twice)
    target = _quadrature.sample_at(nodes, ratio, Mean(none, one))
    # A sample adds to T or to O and never to both.
    once = m.target * others.once + m.others * target.once
    return others._replace(once=once, twice=m.target**2 * others.twice + m.others**2 * target.twice)


def _classes(nodes: Nodes, ratio: Ratio, full: Full, by_one: Tensor) -> _Classes:
    sums = by_one.new_zeros(4, len(by_one))
    once, twice = torch.zeros_like(nodes.v), torch.zeros_like(nodes.v)
    for part, va in _quadrature.parts(nodes, ratio):
        q, squares, log_a = ratio.q[part], ratio.squares[part], ratio.log_a[part]
        decay = (-va).exp_().mul_(va)  # v a_c exp(-v a_c)
        first, near = by_one @ decay, (log_a + full.shift).exp()  # [ks, part]
        off = first - near
        off_squared = off**2 @ squares
        if full.log_target is not None:
            off_squared += 2 * (off @ (squares * near - q * (log_a + full.log_target).exp()))
        sums += torch.stack([first @ q, off @ q, off_squared, first**2 @ squares])
        twice += decay**2 @ squares
        once += decay.mul_(va) @ q
    return _Classes(sums[0], sums[1], sums[2], sums[3], once, twice)


def _gather(rows: Tensor, second: Tensor, found: _Classes, of: tuple[Nodes, Ratio, Full, Tensor, Mean]) -> Sums:
    nodes, ratio, full, k, m = of
    log_empty = k[:, 0] * ratio.log_forgotten
    loss, share, square, product, off = rows @ nodes.weight[1]
    missed = log_empty.exp() * m.others[:, 0]
    target_first, target_second = off + missed, square + product + missed * m.others[:, 0]
    others = (second[:, 1] - found.first_squared).clamp(min=0)
    target = (target_second - target_first**2).clamp(min=0)
    unbalanced = share + found.first + log_empty.expm1()
    changed = _quadrature.change(rows[:-1], second, nodes.weight, m)
    return Sums(
        bias=(found.bias_squared + full.apart_squares + (full.apart - found.bias) ** 2).clamp(min=0).sqrt(),
        variance=others + target,
        loss=loss,
        error=float(unbalanced.abs().max()) + float(changed) ** 2,
    )
