"""Costs of a training step, one by one: for each line that is read one is measured, and written as a line.

``python -m ssm.bench.costs`` is for other programs: they ask for what they want to know next, and may end it at any
time::

    {"way": "full", "classes": 1000, "dim": 64, "batch": 128, "samples": 64, "device": "cpu"}
    {"way": "full", "classes": 1000, "seconds": 0.0009, "optimiser_seconds": 0.0002, "peak_bytes": 1536008}

It has one thread. On the CPU its seconds are those of the processor that it had, whoever else wanted it meanwhile; what
others make of caches and memory stays in them. On a GPU they are seconds that passed.
"""

import json
import os
import sys
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TextIO

import torch

from ssm.bench import steps, ways
from ssm.bench.clock import Clock, least, own, wall
from ssm.bench.ways import Task, Way

PATIENCE, RUNS = 0.3, 2  # seconds for which a step is repeated, and its optimiser, and how often at least
PRODUCTS = "products"  # instead of a way: the scores alone, which say how fast the machine multiplies
WAYS: Mapping[str, Way] = MappingProxyType(
    {"full": Way.FULL, "fused": Way.FUSED, "chunked": Way.CHUNKED, "dense": Way.DENSE, "sparse": Way.SPARSE}
)
_TASK = ("classes", "dim", "batch", "samples", "device")


def cost(task: Task, way: str) -> dict[str, float]:
    """Measure one step.

    Args:
        task: what it is done on.
        way: a name of `WAYS`, or `PRODUCTS`.

    Returns:
        The ``seconds`` of forward and backward, those of Adam and the most bytes that the step held; of products the
        ``operations`` a second. Where one thread of the CPU does the work, seconds are those of the processor.
    """
    timer = partial(least, patience=PATIENCE, runs=RUNS, clock=_clock(task))
    if way == PRODUCTS:
        seconds = timer(steps.synchronised(task, partial(_scores, task)))
        return {"operations": 2 * len(task.h) * task.w.numel() / seconds}
    work = ways.work_of(task, WAYS[way])
    seconds, peak = timer(steps.synchronised(task, work)), steps.peak_bytes(task, work)
    found = {"seconds": seconds, "peak_bytes": peak, "optimiser_seconds": steps.optimiser_seconds(task, timer)}
    task.w.grad = None
    return found


def _clock(task: Task) -> Clock:
    """That of the processor counts threads together, so only for one."""
    return own if task.w.device.type == "cpu" and torch.get_num_threads() == 1 else wall


@torch.no_grad()
def _scores(task: Task) -> None:
    torch.mm(task.h, task.w.T)


def answer(asked: TextIO, told: TextIO) -> None:
    """Measure what each line asks for, until there are no more.

    Args:
        asked: lines of JSON.
        told: where the answers go.
    """
    tasks: dict[tuple[Any, ...], Task] = {}
    for line in asked:
        order = json.loads(line)
        key = tuple(order[name] for name in _TASK)
        if key not in tasks:
            tasks.clear()  # before there is another: two of ten million rows may not fit
            tasks[key] = ways.task_of(*key)
        found = {"way": order["way"], "classes": order["classes"], **cost(tasks[key], order["way"])}
        told.write(json.dumps(found) + "\n")
        told.flush()


if __name__ == "__main__":
    torch.set_num_threads(1)
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # torch's profiler may print, and must not among the answers
    answer(sys.stdin, told)
