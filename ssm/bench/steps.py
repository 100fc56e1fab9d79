"""A training step of each way to a softmax over many classes, timed side by side."""

import importlib
import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssm import estimators, head, noise
from ssm.noise import Noise

Timer = Callable[[Callable[[], object]], float]
Work = Callable[[], object]

_BATCH = 128
_SAMPLES = 1000
_MOST_SCORES = 1 << 29  # full softmax: its scores, their gradients and the projection's take 16 bytes each
_MOST_DENSE = 1 << 29  # entries of a dense gradient
CASES = ((10_000, 256), (1_000_000, 256), (10_000, 64), (10_000_000, 64))


@dataclass(frozen=True)
class Step:
    """What one way took, forward and backward.

    Attributes:
        way: which.
        classes: how many there were.
        dim: the width of the embeddings.
        seconds: least time of a step.
        optimiser_seconds: the same of Adam, or SparseAdam for sparse gradients.
        peak_bytes: the most that a step allocated at a time, beside the projection.
        floors: seconds in units of the bare floor.
        full_ratio: the time of the full softmax in units of this one's.
    """

    way: str
    classes: int
    dim: int
    seconds: float
    optimiser_seconds: float | None = None
    peak_bytes: int | None = None
    floors: float | None = None
    full_ratio: float | None = None


@dataclass(frozen=True, eq=False)
class _Task:
    """A batch and a projection."""

    h: Tensor  # [batch, dim]
    target: Tensor  # [batch]
    w: Tensor  # [classes, dim], a leaf
    q: Noise
    g: torch.Generator

    @property
    def classes(self) -> int:
        return len(self.w)

    def draw(self) -> Tensor:
        return self.q.draw((_SAMPLES,), generator=self.g)


def measure(cases: Sequence[tuple[int, int]], device: str, timer: Timer) -> list[Step]:
    """Time every way that fits, in each case.

    Args:
        cases: numbers of classes and widths.
        device: where.
        timer: gives the seconds of a piece of work.

    Returns:
        One record for each case and way.
    """
    return [step for classes, dim in cases for step in _case(_task(classes, dim, device), timer)]


def table(steps: Sequence[Step]) -> str:
    """Lay out steps for a terminal.

    Args:
        steps: what was measured.

    Returns:
        Lines of text.

    >>> print(table([Step("bare floor", 10_000, 256, 0.0025, floors=1.0)]))
    classes     dim way                                    step       Adam        peak  floors  full softmax is
    10,000      256 bare floor                           2.5 ms                            1.0
    """
    lines = [
        f"{'classes':12}{'dim':>3} {'way':32}{'step':>11}{'Adam':>11}{'peak':>12}{'floors':>8}{'full softmax is':>17}"
    ]
    for step in steps:
        adam = "" if step.optimiser_seconds is None else f"{step.optimiser_seconds * 1e3:,.1f} ms"
        peak = "" if step.peak_bytes is None else f"{step.peak_bytes / 1e6:,.1f} MB"
        floors = "" if step.floors is None else f"{step.floors:,.1f}"
        full = "" if step.full_ratio is None else f"{step.full_ratio:,.1f}x"
        line = f"{step.classes:<12,}{step.dim:>3} {step.way:32}{step.seconds * 1e3:>8,.1f} ms{adam:>11}{peak:>12}"
        lines.append(f"{line}{floors:>8}{full:>17}".rstrip())
    return "\n".join(lines)


def _task(classes: int, dim: int, device: str) -> _Task:
    g = torch.Generator(device).manual_seed(0)
    bound = 1 / math.sqrt(dim)
    return _Task(
        h=torch.randn(_BATCH, dim, device=device, generator=g).requires_grad_(),
        target=torch.randint(classes, (_BATCH,), device=device, generator=g),
        w=torch.empty(classes, dim, device=device).uniform_(-bound, bound, generator=g).requires_grad_(),
        q=noise.log_uniform(classes).to(device),
        g=g,
    )


def _case(task: _Task, timer: Timer) -> list[Step]:
    _floor(task)  # the first look at memory is slow
    floor = timer(_synchronised(task, lambda: _floor(task)))
    timed = [(way, work, timer(_synchronised(task, work))) for way, work in _ways(task)]
    full = next((seconds for way, _, seconds in timed if way == _FULL), None)
    size = (task.classes, task.w.shape[1])
    draws = timer(_synchronised(task, task.draw))
    steps = [
        Step(f"draws ({_SAMPLES / draws / 1e6:,.0f} million a second)", *size, draws),
        Step("bare floor", *size, floor, peak_bytes=_peak(task, lambda: _floor(task)), floors=1.0),
    ]
    for way, work, seconds in timed:
        adam = None if way == _TENSORFLOW else _optimiser_seconds(task, work, timer)
        peak = None if way == _TENSORFLOW else _peak(task, work)
        ratio = None if full is None else full / seconds
        steps.append(Step(way, *size, seconds, adam, peak, seconds / floor, ratio))
    return steps


_FULL = "full softmax"
_TENSORFLOW = "TensorFlow's sampled softmax"


def _ways(task: _Task) -> Iterator[tuple[str, Work]]:
    yield "ssm, sparse gradients", lambda: _ours(task, sparse=True)
    if task.w.numel() <= _MOST_DENSE:
        yield "ssm, dense gradients", lambda: _ours(task, sparse=False)
        yield "the article's snippet", lambda: _article(task)
    if _BATCH * task.classes + task.w.numel() <= _MOST_SCORES:
        yield _FULL, lambda: _full(task)
    if importlib.util.find_spec("tensorflow") and task.w.numel() <= _MOST_DENSE:
        yield _TENSORFLOW, _tensorflow(task)


def _full(task: _Task) -> None:
    _backward(task, functional.cross_entropy(functional.linear(task.h, task.w), task.target))


def _ours(task: _Task, *, sparse: bool) -> None:
    found = head.candidates(task.h, task.w, task.target, task.draw(), task.q, sparse=sparse)
    _backward(task, estimators.sampled_softmax(found).mean())


def _article(task: _Task) -> None:
    samples = torch.randint(task.classes, (_SAMPLES,), device=task.w.device, generator=task.g)
    x_t = (task.h * task.w[task.target]).sum(-1)
    others = task.h @ task.w[samples].T + math.log((task.classes - 1) / _SAMPLES)
    others = others.masked_fill(samples == task.target[:, None], -torch.inf)
    _backward(task, (torch.cat([x_t[:, None], others], 1).logsumexp(-1) - x_t).mean())


def _backward(task: _Task, loss: Tensor) -> None:
    task.w.grad = task.h.grad = None
    loss.backward()  # type: ignore[no-untyped-call]


@torch.no_grad()
def _floor(task: _Task) -> tuple[Tensor, Tensor, Tensor]:
    """The same gathers, products and scatter by hand: what no implementation can leave out."""
    samples, h = task.draw(), task.h
    w_t, w_c = task.w[task.target], task.w[samples]  # [batch, dim], [k, dim]
    scores = torch.cat([(h * w_t).sum(-1, keepdim=True), h @ w_c.T], 1)  # [batch, 1 + k]
    p = scores.softmax(1) / len(h)
    p_t, p_c = p[:, :1] - 1 / len(h), p[:, 1:]
    by_row = torch.cat([p_t * h, p_c.T @ h])
    places = torch.cat([task.target, samples])
    task.w.index_add_(0, places, by_row, alpha=-1e-9)
    return p_c @ w_c + p_t * w_t, places, by_row


def _tensorflow(task: _Task) -> Work:
    tf = importlib.import_module("tensorflow")
    w, b = tf.Variable(task.w.detach().cpu().numpy()), tf.zeros([task.classes])
    h, target = tf.constant(task.h.detach().cpu().numpy()), tf.constant(task.target.cpu().numpy()[:, None])

    def step() -> object:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(w, b, target, h, _SAMPLES, task.classes))
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
