"""A contiguous range of the classes: what the process that holds it computes of a loss over all of them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ssm import _drawn, checks, estimators, evaluation
from ssm._drawn import Drawn
from ssm.estimators import Candidates, Correction
from ssm.evaluation import Top
from ssm.noise import Noise


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a range of classes, and how scores are made of them.

    Attributes:
        weight: w [rows, dim].
        bias: b [rows].
        start: the class of the first row.
        temperature: that scores are divided by.
        cosine: whether embeddings and rows are normalised.
        sparse: whether gradients touch only the rows used.
    """

    weight: Tensor
    bias: Tensor | None
    start: int
    temperature: float
    cosine: bool
    sparse: bool

    @property
    def stop(self) -> int:
        """The first class after the range."""
        return self.start + len(self.weight)

    def has(self, classes: Tensor) -> Tensor:
        """Which of some classes are in the range."""
        return (classes >= self.start) & (classes < self.stop)


@dataclass(frozen=True, eq=False)
class Draw:
    """How samples were drawn, and what their loss is.

    Attributes:
        noise: what from.
        estimator: the name of the loss.
        rejected: whether samples that equal the target do not count.
        tries: for samples that are all different, the T of `Noise.tries`.
        power: of gBCE.
    """

    noise: Noise
    estimator: str
    rejected: bool
    tries: float | None
    power: float


@dataclass(frozen=True, eq=False)
class _Part(Candidates):
    """The samples in the range, among all that were drawn."""

    drawn: int = 0

    @property
    def k(self) -> int:
        """The number of samples of each example, those out of the range among them."""
        return self.drawn


def drawn(target: Tensor, samples: Tensor, how: Draw) -> tuple[Drawn, Correction]:
    """What the whole range has of a draw whose loss is a softmax, the same on every process."""
    found = _drawn.draw(target, samples, how.noise, rejected=how.rejected, tries=how.tries)
    return found, estimators.CORRECTIONS[how.estimator](found)


def softmax_parts(rows: Rows, h: Tensor, draw: Drawn, correction: Correction) -> Tensor:
    """The log of the sum over the samples in the range, and the score of a target that is there, [2, examples].

    Columns are sorted, so that those of the range lie side by side.
    """
    classes = draw.places[len(h) :]
    ends = torch.tensor([rows.start, rows.stop], device=classes.device)
    first, last = torch.searchsorted(classes, ends).tolist()
    x_t, y = _scores(rows, h, draw.target, classes[first:last], elsewhere=0.0)
    added = torch.zeros_like(draw.sample_log_q) if correction.samples is None else -correction.samples
    if draw.counts is not None:
        added = added + draw.counts.double().log()
    return torch.stack([_log_sum(_without_hits(y + added[first:last].to(y.dtype), draw, first)), x_t])


def softmax_loss(parts: Tensor, correction: Correction, how: Draw) -> Tensor:
    """The loss from the log of the sum over all samples and the score of the target, [2, examples]."""
    log_sum, x_t = parts
    if correction.target is not None:
        least = torch.finfo(parts.dtype).min / 4  # a target that is always drawn, as in the fused step
        x_t = x_t - correction.target.to(parts.dtype).clamp(min=least)
    rest = log_sum - x_t
    return rest if how.estimator == "naive_importance" else -functional.logsigmoid(-rest)


def logistic_terms(rows: Rows, h: Tensor, target: Tensor, samples: Tensor, how: Draw) -> Tensor:
    """The terms of the range in a loss that is a sum, by the formulas of that loss [examples].

    A target that is elsewhere has so high a score here that its term is 0.
    """
    here = samples[rows.has(samples)]
    most = torch.finfo(torch.promote_types(h.dtype, torch.float32)).max
    x = _scores(rows, h, target, here, elsewhere=most)
    log_q = estimators.log_probs(how.noise, target), estimators.log_probs(how.noise, here)
    part = _Part(*x, *log_q, (here == target[:, None]) & how.rejected, how.tries, drawn=len(samples))
    if how.power != 1:
        return estimators.negative_sampling(part, how.power)
    return estimators.ESTIMATORS[how.estimator](part)


def exact_parts(rows: Rows, h: Tensor, target: Tensor) -> Tensor:
    """The log of the sum over the range, in blocks, and the score of a target that is there, [2, examples]."""
    x_t, none = _scores(rows, _wide(h), target, target[:0], elsewhere=0.0)
    if not len(rows.weight):
        return torch.stack([_log_sum(none), x_t])
    log_sum = evaluation.log_sum(h, rows.weight, bias=rows.bias, cosine=rows.cosine, temperature=rows.temperature)
    return torch.stack([log_sum, x_t])


def best(rows: Rows, h: Tensor, k: int) -> Top:
    """The k best classes of the range, filled up with scores of -inf [examples, k]."""
    wide = torch.promote_types(h.dtype, torch.float32)
    scores, classes = h.new_full((len(h), k), -torch.inf, dtype=wide), h.new_zeros(len(h), k, dtype=torch.int64)
    here = min(k, len(rows.weight))
    if here:
        found = evaluation.top(h, rows.weight, here, bias=rows.bias, cosine=rows.cosine)
        scores[:, :here], classes[:, :here] = found.scores, found.classes + rows.start
    return Top(scores, classes)


def _scores(rows: Rows, h: Tensor, target: Tensor, classes: Tensor, *, elsewhere: float) -> tuple[Tensor, Tensor]:
    """The score of each target, `elsewhere` if it is out of the range, and those of some classes in it."""
    whose = rows.has(target).nonzero()[:, 0]
    places = torch.cat([target[whose], classes]) - rows.start
    read = functional.embedding(places, rows.weight, sparse=rows.sparse)
    read = read.to(torch.promote_types(read.dtype, h.dtype))
    if rows.cosine:
        h, read = functional.normalize(h, dim=-1), functional.normalize(read, dim=-1)
    of_targets, of_classes = read.tensor_split([len(whose)])
    x_own, x = (h[whose] * of_targets).sum(-1), h @ of_classes.T
    if rows.bias is not None:
        of_own, of_all = torch.gather(rows.bias, 0, places, sparse_grad=rows.sparse).tensor_split([len(whose)])
        x_own, x = x_own + of_own, x + of_all
    x_own, x = (_wide(each) / rows.temperature for each in (x_own, x))
    return x_own.new_full((len(h),), elsewhere).index_put((whose,), x_own), x


def _without_hits(y: Tensor, draw: Drawn, first: int) -> Tensor:
    """Scores [examples, columns] with the least finite number where a column is the target."""
    if draw.hits is None or not y.shape[1]:
        return y
    column = draw.column - first
    hits = draw.hits & (column >= 0) & (column < y.shape[1])
    place = column.clamp(0, y.shape[1] - 1)[:, None]
    return y.scatter(1, place, y.gather(1, place).masked_fill(hits[:, None], torch.finfo(y.dtype).min))


def _log_sum(y: Tensor) -> Tensor:
    """Over the columns of scores; the least finite number where there is none, with a gradient of 0 all the same."""
    return (y if y.shape[1] else functional.pad(y, (0, 1), value=torch.finfo(y.dtype).min)).logsumexp(1)


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))


def split(classes: int, sizes: object, rank: int, ranks: int) -> list[int]:
    """How many classes each rank holds."""
    if sizes is None:
        return [classes * (r + 1) // ranks - classes * r // ranks for r in range(ranks)]
    found = list(sizes) if isinstance(sizes, list | tuple) else []
    if len(found) != ranks or sum(found) != classes or min(found) < 0:
        rule = f"{ranks} numbers of at least 0 whose sum is {classes}"
        checks.refuse(f"split on rank {rank}", rule, sizes, "count the classes of each rank, or pass None")
    return found


def shared(hits: checks.Handling, rank: int) -> checks.Handling:
    """What becomes of hits among samples that all examples share."""
    if hits == "excluded":
        way_out = "samples of each example are for SampledSoftmax alone"
        checks.refuse(f"hits on rank {rank}", "'rejected' or 'kept' where classes are split", hits, way_out)
    return hits


def refuse_other_device(embeddings: Tensor, weight: Tensor, rank: int) -> None:
    """Refuse embeddings that are not where the rows are."""
    if embeddings.device != weight.device:
        found = checks.Said(f"{embeddings.device} and {weight.device}")
        way_out = f"move them with .to('{weight.device}')"
        checks.refuse(f"embeddings on rank {rank}", "on the device of its rows", found, way_out)
