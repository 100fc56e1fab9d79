"""The ways to a softmax over many classes, each as one step forward and backward on the same batch."""

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssm import noise
from ssm.head import SampledSoftmax
from ssm.noise import Noise

Work = Callable[[], object]


class Way(StrEnum):
    """The ways to a softmax over many classes."""

    SPARSE = "ssm, sparse gradients"
    UNIFORM = "ssm, sparse, uniform noise"  # it hardly repeats itself: every sample has a column and a row of its own
    DENSE = "ssm, dense gradients"
    ARTICLE = "the article's snippet"
    FULL = "full softmax"
    FUSED = "torch's linear_cross_entropy"
    CHUNKED = "the same in chunks"  # of the batch, so that it never holds all scores
    TENSORFLOW = "TensorFlow's sampled softmax"


@dataclass(frozen=True, eq=False)
class Task:
    """A batch, a projection, and the noise and number of its samples."""

    h: Tensor  # [batch, dim]
    target: Tensor  # [batch]
    w: nn.Parameter  # [classes, dim]
    q: Noise
    k: int
    g: torch.Generator

    @property
    def classes(self) -> int:
        """How many rows there are."""
        return len(self.w)

    def draw(self) -> Tensor:
        """The samples of one step, shared by the batch [k]."""
        return self.q.draw((self.k,), generator=self.g)


def task_of(classes: int, dim: int, batch: int, samples: int, device: str) -> Task:
    """Random embeddings, targets and rows, the same each time.

    Args:
        classes: how many.
        dim: the width of the embeddings.
        batch: the number of examples.
        samples: k.
        device: where.

    Returns:
        The task, with log-uniform noise.
    """
    g = torch.Generator(device).manual_seed(0)
    bound = 1 / math.sqrt(dim)
    return Task(
        h=torch.randn(batch, dim, device=device, generator=g).requires_grad_(),
        target=torch.randint(classes, (batch,), device=device, generator=g),
        w=nn.Parameter(torch.empty(classes, dim, device=device).uniform_(-bound, bound, generator=g)),
        q=noise.log_uniform(classes).to(device),
        k=samples,
        g=g,
    )


def work_of(task: Task, way: Way) -> Work:
    """One step of a way, forward and backward.

    Args:
        task: what it is done on; gradients are left there, but for TensorFlow's.
        way: which.

    Returns:
        The step, to be called.
    """
    match way:
        case Way.SPARSE | Way.DENSE:
            return _ours(task, sparse=way is Way.SPARSE)
        case Way.UNIFORM:
            return _ours(replace(task, q=noise.uniform(task.classes).to(task.w.device)), sparse=True)
        case Way.TENSORFLOW:
            return _tensorflow(task)
    plain = {Way.ARTICLE: _article, Way.FULL: _full, Way.FUSED: _fused, Way.CHUNKED: _chunked}[way]
    return lambda: plain(task)


def _full(task: Task) -> None:
    _backward(task, functional.cross_entropy(functional.linear(task.h, task.w), task.target))


def _fused(task: Task) -> None:
    _backward(task, functional.linear_cross_entropy(task.h, task.w, task.target))


def _chunked(task: Task) -> None:
    options = nn.LinearCrossEntropyOptions()
    _backward(task, functional.linear_cross_entropy(task.h, task.w, task.target, options=options))


def _ours(task: Task, *, sparse: bool) -> Work:
    """The layer as it is used, checks and all; made without memory, then given the projection."""
    classes, dim = task.w.shape
    layer = SampledSoftmax(dim, classes, samples=task.k, noise=task.q, bias=False, sparse=sparse, device="meta")
    layer.weight = task.w
    return lambda: _backward(task, layer(task.h, task.target, generator=task.g).mean())


def _article(task: Task) -> None:
    samples = torch.randint(task.classes, (task.k,), device=task.w.device, generator=task.g)
    x_t = (task.h * task.w[task.target]).sum(-1)
    others = task.h @ task.w[samples].T + math.log((task.classes - 1) / task.k)
    others = others.masked_fill(samples == task.target[:, None], -torch.inf)
    _backward(task, (torch.cat([x_t[:, None], others], 1).logsumexp(-1) - x_t).mean())


def _backward(task: Task, loss: Tensor) -> None:
    task.w.grad = task.h.grad = None
    loss.backward()  # type: ignore[no-untyped-call]


@torch.no_grad()
def floor(task: Task) -> tuple[Tensor, Tensor]:
    """The least that a step does with each sample, by hand and in place.

    One gather, one buffer of scores, the exponentials in it, three products, one gradient of rows. It
    knows no correction, no hits and no refusals, shifts no score, and would overflow where a layer must not.
    """
    h, n, places = task.h, len(task.h), torch.cat([task.target, task.draw()])
    rows = task.w.index_select(0, places)  # [batch + k, dim]
    e_t, e = (h * rows[:n]).sum(1).exp_(), torch.mm(h, rows[n:].T).exp_()  # [batch], [batch, k]
    total = e.sum(1)
    s = 1 / ((e_t + total) * n)
    s_t, by_row = (-total * s)[:, None], torch.empty_like(rows)
    torch.mul(h, s_t, out=by_row[:n])
    torch.mm(e.T, h * s[:, None], out=by_row[n:])
    by_h = torch.mm(e, rows[n:]).mul_(s[:, None]).addcmul_(rows[:n], s_t)
    return by_h, torch.sparse_coo_tensor(places[None], by_row, task.w.shape, check_invariants=False)


def _tensorflow(task: Task) -> Work:
    tf = importlib.import_module("tensorflow")
    w, b = tf.Variable(task.w.detach().cpu().numpy()), tf.zeros([task.classes])
    h, target = tf.constant(task.h.detach().cpu().numpy()), tf.constant(task.target.cpu().numpy()[:, None])

    def step() -> object:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(w, b, target, h, task.k, task.classes))
        return tape.gradient(loss, w)

    compiled: Work = tf.function(step)
    return compiled
