"""A training step of each way to a softmax over many classes, timed side by side."""

import importlib
import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssm import noise
from ssm.head import SampledSoftmax
from ssm.noise import Noise

Timer = Callable[[Callable[[], object]], float]
Work = Callable[[], object]

_MOST_SCORES = 1 << 29  # full softmax: its scores, their gradients and the projection's take 16 bytes each
_MOST_DENSE = 1 << 29  # entries of a dense gradient
CASES = ((10_000, 256), (1_000_000, 256), (100_000, 64), (10_000_000, 64))  # classes and width
SHAPES = ((128, 1000), (4096, 8192))  # batch and samples


@dataclass(frozen=True)
class Step:
    """What one way took, forward and backward.

    Attributes:
        way: which.
        classes: how many there were.
        dim: the width of the embeddings.
        batch: the number of examples.
        samples: k.
        seconds: least time of a step.
        optimiser_seconds: the same of Adam, or SparseAdam for sparse gradients.
        peak_bytes: the most that a step allocated at a time, beside the projection.
        floors: seconds in units of the floor.
        peak_floors: peak_bytes in units of the floor's.
        full_ratio: the time of the full softmax in units of this one's.
    """

    way: str
    classes: int
    dim: int
    batch: int
    samples: int
    seconds: float
    optimiser_seconds: float | None = None
    peak_bytes: int | None = None
    floors: float | None = None
    peak_floors: float | None = None
    full_ratio: float | None = None


@dataclass(frozen=True, eq=False)
class _Task:
    """A batch and a projection."""

    h: Tensor  # [batch, dim]
    target: Tensor  # [batch]
    w: nn.Parameter  # [classes, dim]
    q: Noise
    k: int
    g: torch.Generator

    @property
    def classes(self) -> int:
        return len(self.w)

    def draw(self) -> Tensor:
        return self.q.draw((self.k,), generator=self.g)


def measure(cases: Sequence[tuple[int, int]], device: str, timer: Timer) -> list[Step]:
    """Time every way that fits, in each case and for each shape of a batch.

    Args:
        cases: numbers of classes and widths.
        device: where.
        timer: gives the seconds of a piece of work.

    Returns:
        One record for each case, shape and way.
    """
    tasks = (_task(*case, *shape, device) for case in cases for shape in SHAPES)
    return [step for task in tasks for step in _case(task, timer)]


def table(steps: Sequence[Step]) -> str:
    """Lay out steps for a terminal.

    Args:
        steps: what was measured.

    Returns:
        Lines of text.

    >>> print(table([Step("floor", 10_000, 256, 128, 1000, 0.0025, floors=1.0)]))
    classes     dim  batch      k way                                   step       Adam        peak  floors  to full
    10,000      256    128  1,000 floor                               2.5 ms                           1.00
    """
    lines = [
        f"{'classes':12}{'dim':>3}{'batch':>7}{'k':>7} {'way':31}"
        f"{'step':>11}{'Adam':>11}{'peak':>12}{'floors':>8}{'to full':>9}"
    ]
    for step in steps:
        adam = "" if step.optimiser_seconds is None else f"{step.optimiser_seconds * 1e3:,.1f} ms"
        peak = "" if step.peak_bytes is None else f"{step.peak_bytes / 1e6:,.1f} MB"
        floors = "" if step.floors is None else f"{step.floors:,.2f}"
        full = "" if step.full_ratio is None else f"{step.full_ratio:,.1f}x"
        start = f"{step.classes:<12,}{step.dim:>3}{step.batch:>7,}{step.samples:>7,} {step.way:31}"
        line = f"{start}{step.seconds * 1e3:>8,.1f} ms{adam:>11}{peak:>12}"
        lines.append(f"{line}{floors:>8}{full:>9}".rstrip())
    return "\n".join(lines)


def _task(classes: int, dim: int, batch: int, samples: int, device: str) -> _Task:
    g = torch.Generator(device).manual_seed(0)
    bound = 1 / math.sqrt(dim)
    return _Task(
        h=torch.randn(batch, dim, device=device, generator=g).requires_grad_(),
        target=torch.randint(classes, (batch,), device=device, generator=g),
        w=nn.Parameter(torch.empty(classes, dim, device=device).uniform_(-bound, bound, generator=g)),
        q=noise.log_uniform(classes).to(device),
        k=samples,
        g=g,
    )


def _case(task: _Task, timer: Timer) -> list[Step]:
    _floor(task)  # the first look at memory is slow
    floor = timer(_synchronised(task, lambda: _floor(task)))
    timed = [(way, work, timer(_synchronised(task, work))) for way, work in _ways(task)]
    full = next((seconds for way, _, seconds in timed if way == _FULL), None)
    made = partial(Step, classes=task.classes, dim=task.w.shape[1], batch=len(task.h), samples=task.k)
    draws, least = timer(_synchronised(task, task.draw)), _peak(task, lambda: _floor(task))
    steps = [
        made(f"draws ({task.k / draws / 1e6:,.0f} million a second)", seconds=draws),
        made("floor", seconds=floor, peak_bytes=least, floors=1.0, peak_floors=1.0),
    ]
    for way, work, seconds in timed:
        adam = None if way == _TENSORFLOW else _optimiser_seconds(task, work, timer)
        peak = None if way == _TENSORFLOW else _peak(task, work)
        peaks, ratio = peak and peak / least, full and full / seconds
        steps.append(
            made(
                way,
                seconds=seconds,
                optimiser_seconds=adam,
                peak_bytes=peak,
                floors=seconds / floor,
                peak_floors=peaks,
                full_ratio=ratio,
            )
        )
    return steps


_FULL = "full softmax"
_TENSORFLOW = "TensorFlow's sampled softmax"


def _ways(task: _Task) -> Iterator[tuple[str, Work]]:
    yield "ssm, sparse gradients", _ours(task, sparse=True)
    # Uniform noise hardly repeats itself among many classes: every sample has a column and a row of its own.
    yield (
        "ssm, sparse, uniform noise",
        _ours(replace(task, q=noise.uniform(task.classes).to(task.w.device)), sparse=True),
    )
    if task.w.numel() <= _MOST_DENSE:
        yield "ssm, dense gradients", _ours(task, sparse=False)
        yield "the article's snippet", lambda: _article(task)
    if len(task.h) * task.classes + task.w.numel() <= _MOST_SCORES:
        yield _FULL, lambda: _full(task)
    if importlib.util.find_spec("tensorflow") and task.w.numel() <= _MOST_DENSE:
        yield _TENSORFLOW, _tensorflow(task)


def _full(task: _Task) -> None:
    _backward(task, functional.cross_entropy(functional.linear(task.h, task.w), task.target))


def _ours(task: _Task, *, sparse: bool) -> Work:
    """The layer as it is used, checks and all; made without memory, then given the projection."""
    classes, dim = task.w.shape
    layer = SampledSoftmax(dim, classes, samples=task.k, noise=task.q, bias=False, sparse=sparse, device="meta")
    layer.weight = task.w
    return lambda: _backward(task, layer(task.h, task.target, generator=task.g).mean())


def _article(task: _Task) -> None:
    samples = torch.randint(task.classes, (task.k,), device=task.w.device, generator=task.g)
    x_t = (task.h * task.w[task.target]).sum(-1)
    others = task.h @ task.w[samples].T + math.log((task.classes - 1) / task.k)
    others = others.masked_fill(samples == task.target[:, None], -torch.inf)
    _backward(task, (torch.cat([x_t[:, None], others], 1).logsumexp(-1) - x_t).mean())


def _backward(task: _Task, loss: Tensor) -> None:
    task.w.grad = task.h.grad = None
    loss.backward()  # type: ignore[no-untyped-call]


@torch.no_grad()
def _floor(task: _Task) -> tuple[Tensor, Tensor]:
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


def _tensorflow(task: _Task) -> Work:
    tf = importlib.import_module("tensorflow")
    w, b = tf.Variable(task.w.detach().cpu().numpy()), tf.zeros([task.classes])
    h, target = tf.constant(task.h.detach().cpu().numpy()), tf.constant(task.target.cpu().numpy()[:, None])

    def step() -> object:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(w, b, target, h, task.k, task.classes))
        return tape.gradient(loss, w)

    compiled: Work = tf.function(step)
    return compiled


def _optimiser_seconds(task: _Task, work: Work, timer: Timer) -> float:
    work()
    sparse = task.w.grad is not None and task.w.grad.is_sparse
    kind = torch.optim.SparseAdam if sparse else torch.optim.Adam
    optimiser = kind([nn.Parameter(task.w) if task.w.grad is None else task.w], lr=1e-6)
    optimiser.step()  # type: ignore[no-untyped-call]  # the first one makes the averages
    return timer(_synchronised(task, optimiser.step))


def _synchronised(task: _Task, work: Work) -> Work:
    if task.w.device.type != "cuda":
        return work

    def until_done() -> None:
        work()
        torch.cuda.synchronize(task.w.device)

    return until_done


def _peak(task: _Task, work: Work) -> int:
    """The most bytes that a step holds beyond what was there before."""
    task.w.grad = task.h.grad = None
    if task.w.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(task.w.device)
        before = torch.cuda.memory_allocated(task.w.device)
        work()
        return torch.cuda.max_memory_allocated(task.w.device) - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    events = profile.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    held = torch.tensor([size for _, size in changes]).cumsum(0)
    return max(0, int(held.max())) if len(held) else 0
