"""The steps: sampled softmax on a small batch, every tensor on the way, and the gradients that come back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from ssm import philox
from ssm.explorer.experiment import five_steps
from ssm.explorer.experiment.classes import Array, Reference
from ssm.explorer.experiment.constants import STEP_ROWS, STEP_SAMPLES
from ssm.explorer.experiment.snippet import snippet

Fourth = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

MANY = 1_000_000  # classes at which gradients are weighed too
_LABELS = 10_022  # the draw of the labels, beyond all draws of samples; one of the article's first four is then a hit


@final
@dataclass(frozen=True)
class Steps:
    """One step of training on a batch; arrays hold at most `STEP_SAMPLES` samples and `STEP_ROWS` classes.

    Attributes:
        label: the target of each example [batch].
        sample: the class of each sample [samples].
        row: the classes whose row of w is shown [rows].
        row_touched: whether each is a target or a sample.
        embedding: h [batch, dim].
        weight: w_c of each row [rows, dim].
        target_score: x_t [batch, 1].
        sample_score: x_c [batch, samples].
        hit: whether a sample is the target of its example [batch, samples].
        correction: what is added to x_c; nan for a hit [batch, samples].
        corrected_score: score and correction; nan for a hit [batch, samples].
        candidate: what the cross-entropy is over: the target's score, then the corrected ones [batch, 1 + samples].
        loss: in nats [batch, 1].
        score_gradient: of the mean loss by each of them [batch, 1 + samples].
        embedding_gradient: by h [batch, dim].
        weight_gradient: by w_c; nan where none comes back [rows, dim].
        reversed_loss: of code that rejects first and corrects then [batch, 1].
        reversed_gradient: of its mean loss by h [batch, dim].
        samples_shown: of the k samples.
        rows_shown: of the n rows.
        hit_total: cells that are hits, those of samples that are not shown among them.
        hit_examples: examples with one.
        empty_examples: examples whose every sample is a hit.
        products: scores computed.
        kept_correction: that of the first sample that counts; nan where none does.
        batch_loss: the mean of the losses.
        batch_loss_full: the same of the full softmax.
        rows_touched: rows of w with a gradient.
        row_bytes: of one of them, with the number of its class.
        sparse_bytes: of all of them.
        dense_bytes: of a gradient that has every row.
        dense_many: the same at `MANY` classes; the sparse one stays as it is.
        reversed_batch_loss: the mean of the losses of the other order.
        reversed_rows: rows of w whose gradient it makes nan.
        reversed_after: examples whose loss is nan once w has gone a step along that gradient, with the same samples.
        reversed_apart: how far its gradients are from the right ones at most; nan where one of them is.
        snippet: the program that prints these numbers.
    """

    label: Array
    sample: Array
    row: Array
    row_touched: Array
    embedding: Array
    weight: Array
    target_score: Array
    sample_score: Array
    hit: Array
    correction: Array
    corrected_score: Array
    candidate: Array
    loss: Array
    score_gradient: Array
    embedding_gradient: Array
    weight_gradient: Array
    reversed_loss: Array
    reversed_gradient: Array
    samples_shown: int
    rows_shown: int
    hit_total: int
    hit_examples: int
    empty_examples: int
    products: int
    kept_correction: float
    batch_loss: float
    batch_loss_full: float
    rows_touched: int
    row_bytes: int
    sparse_bytes: int
    dense_bytes: int
    dense_many: int
    reversed_batch_loss: float
    reversed_rows: int
    reversed_after: int
    reversed_apart: float
    snippet: str


class _Batch(NamedTuple):
    """What every step is given."""

    h: Tensor
    w: Tensor
    target: Tensor
    samples: Tensor
    q: Tensor


class _Forward(NamedTuple):
    """What the steps leave behind."""

    x_t: Tensor
    x_c: Tensor
    y_c: Tensor
    losses: Tensor


class _Run(NamedTuple):
    """The same, and what comes back."""

    x_t: Tensor
    x_c: Tensor
    y_c: Tensor
    losses: Tensor
    score_gradients: tuple[Tensor, Tensor]
    h_gradient: Tensor
    w_gradient: Tensor  # sparse, coalesced


def steps(ref: Reference) -> Steps:
    """Carry out the five steps and their backward pass on the batch that the settings describe."""
    with torch.device(ref.scores.device):
        batch = _batch(ref)
        return _shown(ref, batch, _run(batch, five_steps.corrected), _run(batch, five_steps.mistaken))


def _batch(ref: Reference) -> _Batch:
    s, n = ref.settings, len(ref.scores)
    h, w = five_steps.embeddings(s.seed, s.batch, s.dim, n)
    labels = (philox.uniforms(s.seed, 1, s.batch, first=_LABELS)[0] * n).long()
    labels[0] = ref.target
    u = philox.uniforms(s.seed, 1, s.samples, first=s.draw - 1)[0]
    return _Batch(h, w, labels, five_steps.draw(ref.noise.probs, u), ref.noise.probs)


def _forward(batch: _Batch, fourth: Fourth) -> _Forward:
    h, w, target, samples, q = batch
    x_t = five_steps.target_scores(h, w, target)
    x_c = five_steps.sample_scores(h, w, samples)
    y_c = fourth(x_c, target, samples, q)
    return _Forward(x_t, x_c, y_c, five_steps.losses(x_t, y_c))


def _run(batch: _Batch, fourth: Fourth) -> _Run:
    made = _forward(batch, fourth)
    leaves = (made.x_t, made.y_c, batch.h, batch.w)
    by_target, by_sample, by_h, by_w = torch.autograd.grad(made.losses.mean(), leaves)
    x_t, x_c, y_c, losses = (values.detach() for values in made)
    return _Run(x_t, x_c, y_c, losses, (by_target, by_sample), by_h, by_w.coalesce())


def _shown(ref: Reference, batch: _Batch, run: _Run, other: _Run) -> Steps:
    n, k = len(ref.scores), len(batch.samples)
    hits = batch.samples == batch.target[:, None]  # [batch, k]
    touched = run.w_gradient.indices()[0]
    rows = _rows(n, batch)
    row_bytes = batch.w[0].nbytes + touched.element_size()
    columns = slice(min(k, STEP_SAMPLES))
    corrections = (run.y_c - run.x_c).masked_fill(hits, torch.nan)
    kept = corrections[~hits]
    return Steps(
        label=_numpy(batch.target),
        sample=_numpy(batch.samples[columns]),
        row=_numpy(rows),
        row_touched=_numpy(torch.isin(rows, touched)),
        embedding=_numpy(batch.h),
        weight=_numpy(batch.w[rows]),
        target_score=_numpy(run.x_t[:, None]),
        sample_score=_numpy(run.x_c[:, columns]),
        hit=_numpy(hits[:, columns]),
        correction=_numpy(corrections[:, columns]),
        corrected_score=_numpy(run.y_c[:, columns]),
        candidate=_numpy(torch.cat([run.x_t[:, None], run.y_c[:, columns]], -1)),
        loss=_numpy(run.losses[:, None]),
        score_gradient=_numpy(torch.cat([run.score_gradients[0][:, None], run.score_gradients[1][:, columns]], -1)),
        embedding_gradient=_numpy(run.h_gradient),
        weight_gradient=_gradient_of(rows, run.w_gradient),
        reversed_loss=_numpy(other.losses[:, None]),
        reversed_gradient=_numpy(other.h_gradient),
        samples_shown=min(k, STEP_SAMPLES),
        rows_shown=len(rows),
        hit_total=int(hits.sum()),
        hit_examples=int(hits.any(-1).sum()),
        empty_examples=int(hits.all(-1).sum()),
        products=run.x_t.numel() + run.x_c.numel(),
        kept_correction=float(kept[0]) if len(kept) else np.nan,
        batch_loss=float(run.losses.mean()),
        batch_loss_full=_full(batch),
        rows_touched=len(touched),
        row_bytes=row_bytes,
        sparse_bytes=len(touched) * row_bytes,
        dense_bytes=batch.w.nbytes,
        dense_many=MANY * batch.w[0].nbytes,
        reversed_batch_loss=float(other.losses.mean()),
        reversed_rows=int(other.w_gradient.values().isnan().any(-1).sum()),
        reversed_after=_nans_after(batch, other.w_gradient),
        reversed_apart=float((other.w_gradient.values() - run.w_gradient.values()).abs().max()),
        snippet=snippet(ref.settings, batch.q, batch.target, batch.samples),
    )


def _rows(n: int, batch: _Batch) -> Tensor:
    """The classes whose rows are shown, in their order: of many, targets, samples, and two that neither is."""
    if n <= STEP_ROWS:
        return torch.arange(n)
    used = dict.fromkeys([*batch.target.tolist(), *batch.samples.tolist()])
    free = [c for c in range(min(n, len(used) + 2)) if c not in used][:2]
    return torch.tensor(sorted([*list(used)[: STEP_ROWS - len(free)], *free]))


def _gradient_of(rows: Tensor, sparse: Tensor) -> Array:
    """The gradient of each row; nan where the sparse one has none [rows, dim]."""
    at = {c: i for i, c in enumerate(sparse.indices()[0].tolist())}
    none = torch.full_like(sparse.values()[0], torch.nan)
    return _numpy(torch.stack([sparse.values()[at[c]] if c in at else none for c in rows.tolist()]))


def _nans_after(batch: _Batch, w_gradient: Tensor) -> int:
    """Examples whose loss is nan after a step that such a gradient has led; none while it is a number."""
    if not w_gradient.values().isnan().any():
        return 0
    with torch.no_grad():
        moved = batch.w.index_add(0, w_gradient.indices()[0], w_gradient.values(), alpha=-1)
        after = _forward(batch._replace(w=moved), five_steps.corrected)
    return int(after.losses.isnan().sum())


def _full(batch: _Batch) -> float:
    """The mean loss of the full softmax."""
    with torch.no_grad():
        return float(torch.nn.functional.cross_entropy(batch.h @ batch.w.T, batch.target))


def _numpy(values: Tensor) -> Array:
    found: Array = values.detach().cpu().numpy()
    return found
