"""The full softmax over very many classes, in blocks: never a matrix of [batch, classes]."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ssm import checks, multilabel

_ROWS = 1024  # embeddings that are scored at a time
_BLOCK = 1 << 22  # scores that exist at a time


class Top(NamedTuple):
    """The best classes of each example, the best first.

    Attributes:
        scores: x_c [..., top].
        classes: c, int64 [..., top].
    """

    scores: Tensor
    classes: Tensor


class Unfilled(NamedTuple):
    """The scores that a layer could have, not computed.

    Attributes:
        shape: [..., classes].
        device: of all that they are made of.
    """

    shape: torch.Size
    device: torch.device


def full_softmax(  # noqa: PLR0913 - a layer, and what is right
    embeddings: Tensor,
    projection: Tensor,
    target: Tensor,
    *,
    bias: Tensor | None = None,
    cosine: bool = False,
    temperature: float | Tensor = 1.0,
    positives: Tensor | None = None,
) -> Tensor:
    """The loss that training estimates, exactly: what methods must be compared by.

    ``loss = -x_t + log(sum over c of exp(x_c))``, ``x_c = (h . w_c + b_c) / temperature``

    as torch's cross-entropy of a linear layer, in float32 at least and without autocast. Memory
    grows with the batch and not with the classes; a gradient, if asked for, computes each block of
    scores once more, and is dense.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        target: t, int64 [...].
        bias: b [classes].
        cosine: whether embeddings and rows are normalised first, a block at a time.
        temperature: above 0; a tensor has a gradient too.
        positives: other classes that are right and left out of the sum, int64 [..., m], short rows
            filled with -1.

    Returns:
        The loss of each example in nats [...].

    Raises:
        ValueError: shapes, dtypes or devices do not fit, an embedding is not finite.
        IndexError: a target is not a class.

    >>> h, w = torch.eye(3), torch.zeros(20, 3)
    >>> full_softmax(h, w, torch.tensor([0, 5, 19])).exp().round().tolist()
    [20.0, 20.0, 20.0]
    """
    scores = layer_scores(embeddings, projection, bias)
    checks.labels(target, scores)
    tau = temperature if isinstance(temperature, Tensor) else checks.temperature(temperature)
    layer = _Layer(projection, bias, tau, cosine=cosine)
    rows, places = embeddings.reshape(-1, embeddings.shape[-1]), target.flatten()
    right = _right(positives, target, len(projection))
    parts = zip(torch.split(rows, _ROWS), torch.split(places, _ROWS), torch.split(right, _ROWS), strict=True)
    losses = [_log_sum(part, layer, t, others) - layer.of_targets(part, t) for part, t, others in parts]
    return torch.cat(losses).reshape(target.shape)


def log_sum(
    embeddings: Tensor,
    projection: Tensor,
    *,
    bias: Tensor | None = None,
    cosine: bool = False,
    temperature: float | Tensor = 1.0,
) -> Tensor:
    """``log(sum over c of exp(x_c))`` alone, what `full_softmax` takes a target's score off.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        bias: b [classes].
        cosine: as of `full_softmax`.
        temperature: above 0.

    Returns:
        One number for each example [...].

    Raises:
        ValueError: shapes, dtypes or devices do not fit, an embedding is not finite.

    >>> log_sum(torch.eye(3), torch.zeros(20, 3)).exp().round().tolist()
    [20.0, 20.0, 20.0]
    """
    scores = layer_scores(embeddings, projection, bias)
    tau = temperature if isinstance(temperature, Tensor) else checks.temperature(temperature)
    layer = _Layer(projection, bias, tau, cosine=cosine)
    rows = embeddings.reshape(-1, embeddings.shape[-1])
    none = torch.empty(len(rows), 0, dtype=torch.int64, device=rows.device)  # no positives
    parts = zip(torch.split(rows, _ROWS), torch.split(none, _ROWS), strict=True)
    sums = [_log_sum(part, layer, right, right) for part, right in parts]
    return torch.cat(sums).reshape(scores.shape[:-1])


@torch.no_grad()
def top(  # noqa: PLR0913 - a layer, and how many
    embeddings: Tensor,
    projection: Tensor,
    k: int,
    *,
    bias: Tensor | None = None,
    cosine: bool = False,
    temperature: float = 1.0,
) -> Top:
    """The k classes of the highest scores, as ``torch.topk`` of all scores would find them.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        k: how many, from 1 to the number of classes.
        bias: b [classes].
        cosine: as of `full_softmax`.
        temperature: above 0; it changes the scores and not the order.

    Returns:
        Scores and classes [..., k].

    Raises:
        ValueError: shapes, dtypes or devices do not fit, k is out of its range.

    >>> top(torch.tensor([1.0]), torch.tensor([[3.0], [5.0], [4.0]]), 2).classes.tolist()
    [1, 2]
    """
    scores = layer_scores(embeddings, projection, bias)
    k = checks.whole("k", k, 1, len(projection), "ask for no more than there are classes")
    layer = _Layer(projection, bias, checks.temperature(temperature), cosine=cosine)
    found = [_best(part, layer, k) for part in torch.split(embeddings.reshape(-1, embeddings.shape[-1]), _ROWS)]
    shape = (*scores.shape[:-1], k)
    return Top(*(torch.cat(each).reshape(shape) for each in zip(*found, strict=True)))


def layer_scores(embeddings: Tensor, projection: Tensor, bias: Tensor | None) -> Unfilled:
    """The scores that a layer could have: their shape, once its parts fit together.

    Args:
        embeddings: h, floating point [..., dim].
        projection: w [classes, dim].
        bias: b [classes].

    Returns:
        Their shape and device.

    Raises:
        ValueError: shapes, dtypes or devices do not fit, an embedding is not finite.

    >>> layer_scores(torch.zeros(2, 3), torch.zeros(7, 3), None).shape
    torch.Size([2, 7])
    """
    if not embeddings.is_floating_point():
        checks.refuse("embeddings", "floating point", embeddings.dtype, "convert with .float()")
    _refuse_other_shapes(embeddings, projection, bias)
    _refuse_other_kinds(embeddings, projection)
    for name, each in (("embeddings", embeddings), ("bias", bias)):
        if each is not None and each.device != projection.device:
            found = checks.Said(f"{each.device} and {projection.device}")
            checks.refuse(name, "on the device of projection", found, f"move with .to('{projection.device}')")
    _refuse_endless(embeddings)
    return Unfilled(torch.Size((*embeddings.shape[:-1], len(projection))), embeddings.device)


def _refuse_other_shapes(embeddings: Tensor, projection: Tensor, bias: Tensor | None) -> None:
    fit = embeddings.ndim > 0 and projection.ndim == 2 and embeddings.shape[-1] == projection.shape[-1]
    if not fit or 0 in projection.shape:
        rule = "[..., dim] and projection [classes, dim] with one class or more"
        found = checks.Said(f"{tuple(embeddings.shape)} and {tuple(projection.shape)}")
        checks.refuse("embeddings", rule, found, "transpose or add classes")
    if bias is not None and bias.shape != projection.shape[:1]:
        checks.refuse("bias", f"one number for each of {len(projection)} classes", checks.shape(bias), "reshape it")


def _refuse_other_kinds(embeddings: Tensor, projection: Tensor) -> None:
    if embeddings.dtype != projection.dtype and not torch.is_autocast_enabled(embeddings.device.type):
        found = checks.Said(f"{embeddings.dtype} and {projection.dtype}")
        way_out = f"convert with .to({projection.dtype}) or use torch.autocast"
        checks.refuse("embeddings", "the dtype of projection", found, way_out, verb="have")


def _refuse_endless(embeddings: Tensor) -> None:
    # A sum is read five times as fast, and finite unless it overflows.
    if checks.visible(embeddings) and not (math.isfinite(embeddings.detach().sum()) or embeddings.isfinite().all()):
        place = tuple((~embeddings.isfinite()).nonzero()[0].tolist())
        found = checks.Said(f"{embeddings[place].item()} at {place}")
        checks.refuse("embeddings", "finite", found, "look for a division by 0 or too high a learning rate")


def _right(positives: Tensor | None, target: Tensor, classes: int) -> Tensor:
    """The positives of each row, [rows, m]; m is 0 without any."""
    if positives is None:
        return target.new_empty(target.numel(), 0)
    multilabel.check(positives, target, classes)
    return positives.reshape(target.numel(), positives.shape[-1])


@dataclass(frozen=True, eq=False)
class _Layer:
    """What scores are made of, in float32 at least: ``(h . w_c + b_c) / tau``."""

    weight: Tensor
    bias: Tensor | None
    tau: float | Tensor
    cosine: bool

    def blocks(self, rows: Tensor) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The weights and biases of some classes at a time."""
        size = max(1, _BLOCK // max(1, len(rows)))
        # Splits and not slices: the gradient of each slice would be as large as the whole.
        biases = [None] * -(-len(self.weight) // size) if self.bias is None else torch.split(self.bias, size)
        return zip(torch.split(self.weight, size), biases, strict=True)

    def of_block(self, rows: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
        """The scores of a block [rows, classes of the block]."""
        with torch.autocast(rows.device.type, enabled=False):
            return functional.linear(self._read(rows), self._read(w), None if b is None else _wide(b)) / self.tau

    def of_targets(self, rows: Tensor, target: Tensor) -> Tensor:
        """The score of one class for each row."""
        score = (self._read(rows) * self._read(self.weight[target])).sum(-1)
        return (score if self.bias is None else score + self.bias[target]) / self.tau

    def _read(self, rows: Tensor) -> Tensor:
        return functional.normalize(_wide(rows), dim=-1) if self.cosine else _wide(rows)


def _log_sum(rows: Tensor, layer: _Layer, target: Tensor, right: Tensor) -> Tensor:
    def part(w: Tensor, b: Tensor | None, first: int) -> Tensor:
        scores = layer.of_block(rows, w, b)
        if right.shape[1]:
            scores = scores.masked_fill(multilabel.mask(right, target, first, len(w)), -torch.inf)
        if b is not None:  # of a block of -inf alone the gradient would be nan
            scores = scores.clamp(min=torch.finfo(scores.dtype).min)
        return scores.logsumexp(-1)

    sums, first = [], 0
    for w, b in layer.blocks(rows):
        sums.append(_frugally(partial(part, first=first), w, b))
        first += len(w)
    return torch.stack(sums).logsumexp(0)  # from [blocks, rows]


def _frugally(work: Callable[[Tensor, Tensor | None], Tensor], w: Tensor, b: Tensor | None) -> Tensor:
    """Work whose scores are forgotten at once, and computed again if there is a backward pass."""
    if torch.is_grad_enabled() and not torch._C._are_functorch_transforms_active():  # they know no checkpoints
        return checkpoint(work, w, b, use_reentrant=False)  # type: ignore[no-any-return]
    return work(w, b)


def _best(rows: Tensor, layer: _Layer, k: int) -> Top:
    best, first = Top(*(rows.new_empty(len(rows), 0, dtype=kind) for kind in (_wide(rows).dtype, torch.int64))), 0
    for w, b in layer.blocks(rows):
        scores, places = layer.of_block(rows, w, b).topk(min(k, len(w)))
        scores, places = torch.cat([best.scores, scores], 1), torch.cat([best.classes, places + first], 1)
        scores, order = scores.topk(min(k, scores.shape[1]))
        best, first = Top(scores, places.gather(1, order)), first + len(w)
    return best


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
