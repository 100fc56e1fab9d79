"""A training step in one autograd function: one gather of rows, one buffer of scores, one gradient of the rows used.

A sampled softmax reads its samples' scores once, to exponentiate them, and its gradients are matrix
products with what that leaves. Here the buffer [examples, samples] is exponentiated in place and
kept; what scales a row of it scales the embedding instead, and corrections are one number for each
sample and one for each target. Equal samples share a column that counts as many times.
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
from ssm.noise import Noise

Plain = Callable[[Tensor, Tensor, Tensor | None, Tensor], Tensor]

_BLOCK = 1 << 19  # scores that are exponentiated at a time, few enough for a cache
_REACH = 0.7  # of the logarithms that a dtype has: sums stay in its range, and what is lost of them below their digits
_LINEAR = 40.0  # from where log(1 + exp(z)) is z in every digit


@dataclass(frozen=True, eq=False)
class Drawn:
    """A batch's targets and the samples that all its examples share, equal ones merged.

    Attributes:
        places: classes whose rows are read, of the targets and then of the columns [examples + columns].
        counts: how often each was drawn [columns]; 0 for a column that stands for none.
        column: where a target would be among them [examples].
        hits: whether it is, and does not count as a sample [examples].
        log_q: log of the noise's probability of each place, float64 [examples + columns].
        k: the number of samples, equal ones among them.
        tries: for samples that are all different, the T of `Noise.tries`.
        rest: how likely a sample is no hit; None for ``1 - q_t``.
    """

    places: Tensor
    counts: Tensor
    column: Tensor
    hits: Tensor
    log_q: Tensor
    k: int
    tries: float | None = None
    rest: Tensor | None = None

    @property
    def target(self) -> Tensor:
        """The targets, t [examples]."""
        return self.places[: len(self.hits)]

    @property
    def target_log_q(self) -> Tensor:
        """Log of the noise's probability of the target, float64 [examples]."""
        return self.log_q[: len(self.hits)]

    @property
    def sample_log_q(self) -> Tensor:
        """The same of each column [columns]."""
        return self.log_q[len(self.hits) :]

    @property
    def kept(self) -> Tensor:
        """k_eff, the number of samples that are not hits, int64 [examples]."""
        return self.k - self.counts.index_select(0, self.column) * self.hits


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a step knows before it sees a score.

    Attributes:
        added: to each column's scores [columns].
        target_added: to each target's score [examples]; None for nothing.
        drawn: targets and samples.
        target_counts: whether the target is a candidate beside the samples.
        temperature: that scores are divided by.
        sparse: whether gradients touch only the rows used.
        plain: the same loss of embeddings, projection, bias and target, for the gradient of a gradient.
    """

    added: Tensor
    target_added: Tensor | None
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


def draw(target: Tensor, samples: Tensor, noise: Noise | None, *, rejected: bool, tries: float | None) -> Drawn:
    """Merge equal samples and find the hits among them.

    Args:
        target: t, int64 [examples].
        samples: c, int64 [k].
        noise: q, over all classes; None for losses that correct nothing.
        rejected: whether samples that equal the target do not count.
        tries: for samples of `Noise.draw_unique`, its tries.

    Returns:
        The samples as columns.

    Raises:
        ValueError: a sample that the noise cannot draw, tries out of their range.
    """
    classes, counts = _merged(samples) if samples.device.type == "cpu" else _merged_in_place(samples)
    column = torch.searchsorted(classes, target).clamp_(max=len(classes) - 1)
    hits = classes.index_select(0, column) == target if rejected else torch.zeros_like(target, dtype=torch.bool)
    places = torch.cat([target, classes])
    drawn = Drawn(places, counts, column, hits, estimators.log_probs(noise, places), len(samples), tries)
    if checks.visible(places) and drawn.sample_log_q.min() == -torch.inf:
        estimators.refuse_undrawable(drawn.sample_log_q, classes, (classes == target[:, None]) & hits[:, None])
    if tries is not None:
        checks.tries(tries, len(samples))
    return drawn


def _merged(samples: Tensor) -> tuple[Tensor, Tensor]:
    classes, counts = samples.unique(return_counts=True)  # type: ignore[no-untyped-call]
    return classes, counts


def _merged_in_place(samples: Tensor) -> tuple[Tensor, Tensor]:
    """The same with as many columns as samples: what depends on values is a shape that a GPU waits for."""
    classes = samples.sort().values
    first = torch.searchsorted(classes, classes)
    counts = torch.searchsorted(classes, classes, right=True) - first
    return classes, counts.masked_fill(first != torch.arange(len(first), device=first.device), 0)


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
    logs = drawn.counts.double().log()
    added = (logs if found.samples is None else logs - found.samples).to(dtype)
    # A target that the noise always draws is alone: its score is as good as infinite, but may be subtracted.
    least = torch.finfo(dtype).min / 4
    target_added = None if found.target is None else found.target.to(dtype).clamp_(min=least).neg_()
    return Plan(
        added,
        target_added,
        drawn,
        estimator != "naive_importance",
        temperature,
        sparse,
        plain,
    )


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
        rows = w.index_select(0, places)  # [examples + columns, dim]
        y_t, added = (h * rows[:n]).sum(1), step.added  # [examples], [columns]
        if b is not None:
            biases = b.index_select(0, places)
            y_t, added = y_t + biases[:n], added + biases[n:] / step.temperature
        if step.temperature != 1:
            y_t = y_t / step.temperature
        if step.target_added is not None:
            y_t = y_t + step.target_added

        def scores() -> Tensor:
            y = torch.addmm(added, h, rows[n:].T, alpha=1 / step.temperature)  # [examples, columns]
            return _leave_out(y, step.drawn)

        e, total, y_t = _exponentials(scores, y_t, apart=step.target_counts)
        e_t = y_t.exp() if step.target_counts else torch.zeros_like(y_t)
        ctx.save_for_backward(h, rows, e, total, e_t + total)
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


def _exponentials(scores: Callable[[], Tensor], y_t: Tensor, *, apart: bool) -> tuple[Tensor, Tensor, Tensor]:
    """``exp(y)`` in the buffer of y, its sums over the columns, and y_t; all y shifted where they reach too far.

    To find a row's largest y and to take it off are two passes more. Scores hardly ever need that, and
    where values may be looked at, sums and targets tell, at the price of a second product if they do.
    """
    if checks.visible(y_t):
        e, total = _summed(scores(), None)
        if not len(y_t) or _within_reach(total, y_t if apart else total.log()):
            return e, total, y_t
        del e
    y = scores()
    most = torch.maximum(y.amax(1), y_t) if apart else y.amax(1)
    return *_summed(y, most), y_t - most


def _within_reach(total: Tensor, logs: Tensor) -> bool:
    """Whether sums and logarithms are far from where exponentials end."""
    reach = _REACH * math.log(torch.finfo(logs.dtype).max)
    least, most = (end.item() for end in logs.aminmax())
    return -reach < least and most < reach and total.max().item() < math.exp(reach)


def _summed(y: Tensor, most: Tensor | None) -> tuple[Tensor, Tensor]:
    """``exp(y - most)`` in place, some rows at a time, and its sums over the columns."""
    if not checks.visible(y) or y.numel() <= _BLOCK:
        e = y.exp_() if most is None else y.sub_(most[:, None]).exp_()
        return e, e.sum(1)
    total = y.new_empty(len(y))
    rows = max(1, _BLOCK // y.shape[1])
    for start in range(0, len(y), rows):
        here = slice(start, start + rows)
        block = y[here] if most is None else y[here].sub_(most[here, None])
        torch.sum(block.exp_(), 1, out=total[here])
    return y, total


def _leave_out(y: Tensor, drawn: Drawn) -> Tensor:
    column = drawn.column[:, None]
    return y.scatter_(1, column, y.gather(1, column).masked_fill_(drawn.hits[:, None], -torch.inf))


def _gradients(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
    (h, rows, e, total, whole), (w, b), step = ctx.saved_tensors, ctx.layer, ctx.step
    n, s = len(h), g / (whole * step.temperature)  # each row of p is s e
    s_t = -s * total  # what pulls at the target is what pushes at the samples
    of_h = of_w = of_b = None
    if ctx.needs_input_grad[1]:
        by_row = torch.empty_like(rows)
        torch.mul(h, s_t[:, None], out=by_row[:n])
        torch.mm(e.T, h * s[:, None], out=by_row[n:])
        of_w = _of_classes(w, step, by_row)
    if ctx.needs_input_grad[2]:
        of_b = _of_classes(b, step, torch.cat([s_t, e.T @ s]))
    if ctx.needs_input_grad[0]:
        of_h = torch.mm(e, rows[n:]).mul_(s[:, None]).addcmul_(rows[:n], s_t[:, None])
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
