"""A training step in one autograd function: one gather of rows, one buffer of scores, one gradient of the rows used.

A sampled softmax reads its samples' scores once, to exponentiate them, and its gradients are matrix
products with what that leaves. Here the buffer [columns, examples] is exponentiated in place and
kept; what scales an example's part of it scales the embedding instead, and corrections are one number
for each sample and one for each target. Equal samples share a column that counts as many times.
Columns of scores lie in memory one after another: their number is any, that of examples mostly a
round one, and products are quicker with such rows. Their scores are in bits, since powers of 2 take a
third of the time of powers of e and no longer where they vanish.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from ssm import checks, estimators
from ssm._drawn import Drawn

Plain = Callable[[Tensor, Tensor, Tensor | None, Tensor], Tensor]

_BLOCK = 1 << 19  # scores that are exponentiated at a time, few enough for a cache
_REACH = 0.7  # of the logarithms that a dtype has: sums stay in its range, and what is lost of them below their digits
_LINEAR = 40.0  # from where log(1 + exp(z)) is z in every digit
_BITS = 1 / math.log(2)  # in a nat


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a step knows before it sees a score.

    Attributes:
        added: to each column's scores, in bits [columns].
        target_loses: what is taken off each target's score [examples]; None for nothing.
        drawn: targets and samples.
        target_counts: whether the target is a candidate beside the samples.
        temperature: that scores are divided by.
        sparse: whether gradients touch only the rows used.
        plain: the same loss of embeddings, projection, bias and target, for the gradient of a gradient.
    """

    added: Tensor
    target_loses: Tensor | None
    drawn: Drawn
    target_counts: bool
    temperature: float
    sparse: bool
    plain: Plain


def holds(estimator: str, embeddings: Tensor, projection: Tensor, samples: Tensor) -> bool:
    """Whether a step is one function: the one condition, and where it fails the plain formulas serve.

    The loss is a softmax, the samples are the whole batch's, and scores have the digits that a
    correction needs: float32 or float64, without autocast. A compiler fuses the plain formulas by
    itself, and the transforms of `torch.func` have to see into them.

    Args:
        estimator: the name of a loss.
        embeddings: h [..., dim].
        projection: w [classes, dim].
        samples: c, [k] or [..., k].
    """
    return (
        estimator in estimators.CORRECTIONS
        and samples.ndim == 1
        and embeddings.dtype == projection.dtype
        and projection.dtype in {torch.float32, torch.float64}
        and not torch.is_autocast_enabled(projection.device.type)
        and not torch.compiler.is_compiling()
        and not torch._C._are_functorch_transforms_active()
    )


def plan(  # noqa: PLR0913 - what was drawn, and how it is meant
    estimator: str, drawn: Drawn, dtype: torch.dtype, *, temperature: float, sparse: bool, plain: Plain
) -> Plan:
    """What a step adds to its scores.

    Args:
        estimator: a softmax, one of `estimators.CORRECTIONS`.
        drawn: targets and samples.
        dtype: of the scores.
        temperature: that they are divided by.
        sparse: whether gradients touch only the rows used.
        plain: the same loss of embeddings, projection, bias and target.

    Returns:
        The plan of the step.
    """
    found = estimators.CORRECTIONS[estimator](drawn)
    added = torch.zeros_like(drawn.sample_log_q) if found.samples is None else found.samples * -_BITS
    if drawn.counts is not None:
        added.add_(drawn.counts.double().log2_())
    # A target that the noise always draws is alone: its score is as good as infinite, but may be subtracted.
    least = torch.finfo(dtype).min / 4
    loses = None if found.target is None else found.target.to(dtype).clamp_(min=least)
    return Plan(added.to(dtype), loses, drawn, estimator != "naive_importance", temperature, sparse, plain)


def loss(embeddings: Tensor, projection: Tensor, bias: Tensor | None, step: Plan) -> Tensor:
    """The loss of each example, to rounding that of `ssm.estimators`, gradients included.

    Args:
        embeddings: h [examples, dim].
        projection: w [classes, dim].
        bias: b [classes].
        step: the plan.

    Returns:
        In nats [examples].
    """
    found: Tensor = _Step.apply(embeddings, projection, bias, step)  # type: ignore[no-untyped-call]
    return found


class _Step(Function):
    """``log(1 + sum of e_c / e_t)``, ``e = exp(x + added)``."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, w: Tensor, b: Tensor | None, step: Plan) -> Tensor:  # noqa: ANN401 - torch's own
        n, places = len(h), step.drawn.places
        rows = w.index_select(0, places)
        of_targets, of_columns = rows[:n], rows[n:]  # [examples, dim], [columns, dim]
        y_t, added, scale = (h * of_targets).sum(1), step.added, _BITS / step.temperature
        if b is not None:
            biases = b.index_select(0, places)
            y_t, added = y_t + biases[:n], added.add(biases[n:], alpha=scale)
        if step.temperature != 1:
            y_t = y_t / step.temperature
        if step.target_loses is not None:
            y_t = y_t - step.target_loses

        def scores() -> Tensor:
            y = torch.addmm(added[:, None], of_columns, h.T, alpha=scale)  # [columns, examples]
            return _leave_out(y, step.drawn)

        e, total, whole, y_t = _exponentials(scores, y_t, apart=step.target_counts)
        ctx.save_for_backward(h, of_targets, of_columns, e, total, whole)
        ctx.layer, ctx.step = (w, b), step
        rest = total.log() - y_t
        return functional.softplus(rest, threshold=_LINEAR) if step.target_counts else rest

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        if torch.is_grad_enabled():
            return _differentiable(ctx, g)
        if torch.is_autocast_enabled(g.device.type):  # as the forward pass was not
            with torch.autocast(g.device.type, enabled=False):
                return _gradients(ctx, g)
        return _gradients(ctx, g)


def _exponentials(scores: Callable[[], Tensor], y_t: Tensor, *, apart: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``2^y`` in the buffer of y, its sums, those with ``exp(y_t)``, and y_t; all shifted where they reach too far.

    To find an example's largest y and to take it off are two passes more. Scores hardly ever need that, and
    where values may be looked at, sums tell, at the price of a second product if they do.
    """
    if checks.visible(y_t):
        e, total = _summed(scores(), None)
        whole = total + y_t.exp() if apart else total
        if _within_reach(whole):
            return e, total, whole, y_t
        del e
    y = scores()
    most = torch.maximum(y.amax(0) / _BITS, y_t) if apart else y.amax(0) / _BITS  # in nats, as y_t
    e, total = _summed(y, most * _BITS)
    y_t = y_t - most
    return e, total, total + y_t.exp() if apart else total, y_t


def _within_reach(sums: Tensor) -> bool:
    """Whether sums are far from where exponentials end; what vanishes beside them is lost to any sum."""
    if not len(sums):
        return True
    reach = _REACH * math.log(torch.finfo(sums.dtype).max)
    least, most = (end.item() for end in sums.aminmax())
    return math.exp(-reach) < least and most < math.exp(reach)


def _summed(y: Tensor, most: Tensor | None) -> tuple[Tensor, Tensor]:
    """``2^(y - most)`` in place, some columns at a time, and its sums."""
    if not checks.visible(y) or y.numel() <= _BLOCK:
        e = y.exp2_() if most is None else y.sub_(most).exp2_()
        return e, e.sum(0)
    total = y.new_zeros(y.shape[1])
    for block in torch.split(y, max(1, _BLOCK // y.shape[1])):
        total += (block if most is None else block.sub_(most)).exp2_().sum(0)
    return y, total


def _leave_out(y: Tensor, drawn: Drawn) -> Tensor:
    if drawn.hits is None:
        return y
    column = drawn.column[None]
    return y.scatter_(0, column, y.gather(0, column).masked_fill_(drawn.hits, -torch.inf))


def _gradients(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
    (h, of_targets, of_columns, e, total, whole), (w, b), step = ctx.saved_tensors, ctx.layer, ctx.step
    s = g / (whole if step.temperature == 1 else whole * step.temperature)  # each example's part of p is s e
    s_t = -s * total  # what pulls at the target is what pushes at the samples
    of_h = of_w = of_b = None
    if ctx.needs_input_grad[1]:
        by_row = h.new_empty(len(step.drawn.places), h.shape[1])
        torch.mul(h, s_t[:, None], out=by_row[: len(h)])
        torch.mm(e, h * s[:, None], out=by_row[len(h) :])
        of_w = _of_classes(w, step, by_row)
    if ctx.needs_input_grad[2]:
        of_b = _of_classes(b, step, torch.cat([s_t, e @ s]))
    if ctx.needs_input_grad[0]:
        of_h = torch.mm(e.T, of_columns).mul_(s[:, None]).addcmul_(of_targets, s_t[:, None])
    return of_h, of_w, of_b, None


def _of_classes(parameter: Tensor, step: Plan, by_row: Tensor) -> Tensor:
    if step.sparse:
        return torch.sparse_coo_tensor(step.drawn.places[None], by_row, parameter.shape, check_invariants=False)
    return torch.zeros_like(parameter).index_add_(0, step.drawn.places, by_row)


def _differentiable(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
    """The same gradients with a graph of their own, from the plain formulas."""
    inputs = (ctx.saved_tensors[0], *ctx.layer)
    wanted = [each for each, needs in zip(inputs, ctx.needs_input_grad, strict=False) if needs]
    with torch.enable_grad():
        found = iter(torch.autograd.grad(ctx.step.plain(*inputs, ctx.step.drawn.target), wanted, g, create_graph=True))
    return (*(next(found) if needs else None for needs in ctx.needs_input_grad[:3]), None)
