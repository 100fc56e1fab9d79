"""Speed, as ratios measured in one run: ``python -m ssm.bench``.

``--json`` is for programs, ``--sizes`` and ``--dim`` for other cases, ``--device`` for another device, ``--threads``
for another number of them than torch takes by itself.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from ssm import _quadrature, _ratios, convergence, exact, losses, noise, philox
from ssm.bench import optimisers, shards, steps
from ssm.bench.clock import least
from ssm.explorer import problems
from ssm.noise import Noise

_PATIENCE = 1.0  # seconds for which each case is repeated
_LOOPED = 1000  # single draws that are timed at a time; to loop over all would take long


@dataclass(frozen=True)
class Row:
    """What one case took.

    Attributes:
        case: what was run.
        seconds: least time of the whole case, of several runs.
        loop_seconds: the same draws, classes or numbers of samples one by one, in proportion to the few timed.
        ratio: loop_seconds / seconds.
        peak_bytes: the most memory the process held until then, torch itself included.
    """

    case: str
    seconds: float
    loop_seconds: float | None = None
    ratio: float | None = None
    peak_bytes: int | None = None


def measure() -> list[Row]:
    """Run every case, the largest last.

    Returns:
        One row for each.
    """
    article = problems.article().scores
    return [
        _running_mean("the article's example", article, noise.uniform(10), k=3),
        _running_mean("random scores", philox.normals(0, 1000), noise.log_uniform(1000), k=100),
        _exact_moments(philox.normals(0, 17_000), noise.uniform(17_000), k=1000),
        _exact_moments(philox.normals(0, 1_000_000), noise.uniform(1_000_000), k=1000),
        _exact_curves(philox.normals(0, 17_000)),
        _largest(philox.normals(0, 1_000_000), noise.uniform(1_000_000), k=1000),
    ]


def table(rows: Sequence[Row]) -> str:
    """Lay out rows for a terminal.

    Args:
        rows: what was measured.

    Returns:
        Lines of text.

    >>> print(table([Row("two draws", seconds=0.001, loop_seconds=0.5, ratio=500.0)]))
    case                                                            time   one by one   ratio    peak
    two draws                                                     1.0 ms     500.0 ms    500x
    """
    lines = [f"{'case':58}{'time':>10}{'one by one':>13}{'ratio':>8}{'peak':>8}"]
    for row in rows:
        loop = "" if row.loop_seconds is None else f"{row.loop_seconds * 1e3:.1f} ms"
        ratio = "" if row.ratio is None else f"{row.ratio:.0f}x"
        peak = "" if row.peak_bytes is None else f"{row.peak_bytes / 1e9:.2f} GB"
        line = f"{row.case:58}{row.seconds * 1e3:>7.1f} ms{loop:>13}{ratio:>8}{peak:>8}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print.

    Args:
        arguments: of the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m ssm.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="CLASSES", help="of the training steps")
    parser.add_argument("--dim", type=int, default=256, help="the width of the embeddings at those sizes")
    parser.add_argument("--device", default="cpu", help="of the training steps")
    parser.add_argument("--threads", type=int, help="of torch, where it computes on the CPU")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    cases = [(size, options.dim) for size in options.sizes] if options.sizes else steps.CASES
    trained = steps.measure(cases, options.device, _time)
    moved, rows = optimisers.measure(cases, options.device, _time), measure()
    split = shards.measure(cases[:1])
    if options.json:
        found = {
            "shards": [asdict(share) for share in split],
            "steps": [asdict(step) for step in trained],
            "optimisers": [asdict(move) for move in moved],
            "rows": [asdict(row) for row in rows],
        }
        text = json.dumps(found, indent=2)
    else:
        threads = torch.get_num_threads()
        note = (
            f"Each the least of the runs of {_PATIENCE:g} s, on {threads} threads. "
            f"One by one: {_LOOPED:,} single draws, scaled to as many."
        )
        text = "\n\n".join(
            [steps.table(trained), optimisers.table(moved), shards.table(split), f"{table(rows)}\n{note}"]
        )
    sys.stdout.write(f"{text}\n")


def _running_mean(name: str, scores: Tensor, q: Noise, k: int, draws: int = 10_000) -> Row:
    ours = _time(lambda: convergence.running_mean(scores, 0, q, k, draws))
    loop = _time(lambda: _one_by_one(scores, q, k, _LOOPED)) / _LOOPED * draws
    case = f"{name}: {draws:,} draws, {len(scores):,} classes, k = {k:,}"
    return Row(case, ours, loop, loop / ours)


def _one_by_one(scores: Tensor, q: Noise, k: int, draws: int) -> Tensor:
    generator, target = torch.Generator(), torch.tensor(0)
    total = torch.zeros_like(scores)
    for _ in range(draws):
        leaf = scores.clone().requires_grad_()
        samples = q.draw((k,), generator=generator)
        losses.sampled_softmax(leaf, target, samples, q).backward()  # type: ignore[no-untyped-call]
        total += torch.zeros_like(total) if leaf.grad is None else leaf.grad
    return total / draws


def _exact_moments(scores: Tensor, q: Noise, k: int) -> Row:
    """Beside the same integral with every class by itself."""
    seconds = _time(lambda: exact.moments(scores, 0, q, k))
    problem = _ratios.prepare(scores, 0, q, None, "sampled_softmax")
    alone = _time(lambda: _quadrature.integrate(_ratios.ratio_of(problem, k)))
    return Row(f"exact moments: {len(scores):,} classes, k = {k:,}", seconds, alone, alone / seconds)


def _exact_curves(scores: Tensor) -> Row:
    """Beside as many calls for one number of samples."""
    n = len(scores)
    noises = [noise.uniform(n), noise.log_uniform(n), noise.softmax(scores), noise.softmax(scores, 2.0)]
    ks = torch.logspace(0, 6, 60).long().tolist()
    seconds = _time(lambda: [exact.curve(scores, 0, q, ks) for q in noises])
    single = _time(lambda: [exact.moments(scores, 0, q, ks[30]) for q in noises]) * len(ks)
    return Row(f"exact curves: {n:,} classes, 4 noises, {len(ks)} values of k", seconds, single, single / seconds)


def _largest(scores: Tensor, q: Noise, k: int, draws: int = 1000) -> Row:
    seconds = _time(lambda: convergence.running_mean(scores, 0, q, k, draws))
    case = f"memory: {draws:,} draws, {len(scores):,} classes, k = {k:,}"
    return Row(case, seconds, peak_bytes=_peak_bytes())


def _time(work: Callable[[], object]) -> float:
    return least(work, _PATIENCE, runs=2)  # the first of a large step waits for memory from the system


def _peak_bytes() -> int | None:
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - Windows has none

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
