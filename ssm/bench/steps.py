"""A training step of each way to a softmax over many classes, timed side by side."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from ssm.bench import ways
from ssm.bench.ways import Task, Way, Work

Timer = Callable[[Callable[[], object]], float]

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


def measure(cases: Sequence[tuple[int, int]], device: str, timer: Timer) -> list[Step]:
    """Time every way that fits, in each case and for each shape of a batch.

    Args:
        cases: numbers of classes and widths.
        device: where.
        timer: gives the seconds of a piece of work.

    Returns:
        One record for each case, shape and way.
    """
    tasks = (ways.task_of(*case, *shape, device) for case in cases for shape in SHAPES)
    return [step for task in tasks for step in _case(task, timer)]


def table(steps: Sequence[Step]) -> str:
    """Lay out steps for a terminal.

    Args:
        steps: what was measured.

    Returns:
        Lines of text.

    >>> print(table([Step("floor", 10_000, 256, 128, 1000, 0.0025, floors=1.0)]))
    classes     dim  batch      k way                                   step       Adam        peak    floors  to full
    10,000      256    128  1,000 floor                               2.5 ms                             1.00
    """
    lines = [
        f"{'classes':12}{'dim':>3}{'batch':>7}{'k':>7} {'way':31}"
        f"{'step':>11}{'Adam':>11}{'peak':>12}{'floors':>10}{'to full':>9}"
    ]
    for step in steps:
        adam = "" if step.optimiser_seconds is None else f"{step.optimiser_seconds * 1e3:,.1f} ms"
        peak = "" if step.peak_bytes is None else f"{step.peak_bytes / 1e6:,.1f} MB"
        floors = "" if step.floors is None else f"{step.floors:,.2f}"
        full = "" if step.full_ratio is None else f"{step.full_ratio:,.1f}x"
        start = f"{step.classes:<12,}{step.dim:>3}{step.batch:>7,}{step.samples:>7,} {step.way:31}"
        line = f"{start}{step.seconds * 1e3:>8,.1f} ms{adam:>11}{peak:>12}"
        lines.append(f"{line}{floors:>10}{full:>9}".rstrip())
    return "\n".join(lines)


def _case(task: Task, timer: Timer) -> list[Step]:
    ways.floor(task)  # the first look at memory is slow
    floor = timer(synchronised(task, lambda: ways.floor(task)))
    timed = [(way, work, timer(synchronised(task, work))) for way in _ways(task) for work in [ways.work_of(task, way)]]
    full = next((seconds for way, _, seconds in timed if way is Way.FULL), None)
    made = partial(Step, classes=task.classes, dim=task.w.shape[1], batch=len(task.h), samples=task.k)
    draws, least = timer(synchronised(task, task.draw)), peak_bytes(task, lambda: ways.floor(task))
    steps = [
        made(f"draws ({task.k / draws / 1e6:,.0f} million a second)", seconds=draws),
        made("floor", seconds=floor, peak_bytes=least, floors=1.0, peak_floors=1.0),
    ]
    for way, work, seconds in timed:
        peak = None if way is Way.TENSORFLOW else peak_bytes(task, work)
        adam = None if way is Way.TENSORFLOW else optimiser_seconds(task, timer)
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


def _ways(task: Task) -> Iterator[Way]:
    """Those that are here and fit."""
    yield from (Way.SPARSE, Way.UNIFORM)
    if task.w.numel() <= _MOST_DENSE:
        yield from (Way.DENSE, Way.ARTICLE)
    if len(task.h) * task.classes + task.w.numel() <= _MOST_SCORES:
        yield from (Way.FULL, Way.FUSED, Way.CHUNKED)
    if importlib.util.find_spec("tensorflow") and task.w.numel() <= _MOST_DENSE:
        yield Way.TENSORFLOW


def optimiser_seconds(task: Task, timer: Timer) -> float:
    """What Adam takes, or SparseAdam, for the gradients that a step has left."""
    sparse = task.w.grad is not None and task.w.grad.is_sparse
    kind = torch.optim.SparseAdam if sparse else torch.optim.Adam
    optimiser = kind([nn.Parameter(task.w) if task.w.grad is None else task.w], lr=1e-6)
    optimiser.step()  # type: ignore[no-untyped-call]  # the first one makes the averages
    return timer(synchronised(task, optimiser.step))


def synchronised(task: Task, work: Work) -> Work:
    """The same work, over when the device is done with it."""
    if task.w.device.type != "cuda":
        return work

    def until_done() -> None:
        work()
        torch.cuda.synchronize(task.w.device)

    return until_done


def peak_bytes(task: Task, work: Work) -> int:
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
