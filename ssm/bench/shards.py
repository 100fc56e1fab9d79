"""A training step with the classes split over processes: its time and what each of them holds, against their number."""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from ssm import noise
from ssm.sharded import ShardedSampledSoftmax

RANKS = (1, 2, 4)
BATCH, SAMPLES = 128, 1000  # examples of all ranks together
_STEPS = 20  # ranks step together, so that they are counted and not timed out


@dataclass(frozen=True)
class Share:
    """What a step took, and what a process held.

    Attributes:
        ranks: processes on this machine, each on one thread.
        classes: of all of them.
        dim: the width of the embeddings.
        seconds: least time of a step, forward and backward, of the slowest rank.
        held_bytes: the rows of the rank that holds most.
        ratio: seconds in units of those of the first number of ranks.
    """

    ranks: int
    classes: int
    dim: int
    seconds: float
    held_bytes: int
    ratio: float = 1.0


def measure(cases: Sequence[tuple[int, int]], ranks: Sequence[int] = RANKS) -> list[Share]:
    """Start processes, gloo between them, for each case and number of ranks.

    Args:
        cases: numbers of classes and widths.
        ranks: how many processes.

    Returns:
        One record for each.
    """
    found = []
    for case in cases:
        shares = [_started(number, *case) for number in ranks]
        found += [Share(*share, ratio=share[3] / shares[0][3]) for share in shares]
    return found


def table(shares: Sequence[Share]) -> str:
    """Lay out shares for a terminal.

    Args:
        shares: what was measured.

    Returns:
        Lines of text.

    >>> print(table([Share(4, 1_000_000, 256, 0.0025, 256_000_000)]))
    classes     dim  ranks         step  rows of each   ratio
    1,000,000   256      4       2.5 ms      256.0 MB    1.00
    """
    lines = [f"{'classes':12}{'dim':>3}{'ranks':>7}{'step':>13}{'rows of each':>14}{'ratio':>8}"]
    for share in shares:
        start = f"{share.classes:<12,}{share.dim:>3}{share.ranks:>7}"
        lines.append(f"{start}{share.seconds * 1e3:>10,.1f} ms{share.held_bytes / 1e6:>11,.1f} MB{share.ratio:>8.2f}")
    return "\n".join(lines)


def work(rank: int, ranks: int, case: tuple[int, int], folder: str) -> None:
    """Time the steps of one process, and write down what it found.

    Args:
        rank: of this process.
        ranks: how many there are.
        case: classes and width.
        folder: where they meet.
    """
    distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=ranks)
    torch.set_num_threads(1)
    classes, dim = case
    layer = ShardedSampledSoftmax(dim, classes, samples=SAMPLES, noise=noise.log_uniform(classes), bias=False)
    g = torch.Generator().manual_seed(rank)
    h = torch.randn(BATCH // ranks, dim, generator=g).requires_grad_()
    target, shared = torch.randint(classes, (BATCH // ranks,), generator=g), torch.Generator().manual_seed(0)

    def step() -> float:
        layer.weight.grad = None
        start = time.perf_counter()
        layer(h, target, generator=shared).sum().backward()
        return time.perf_counter() - start

    least = min(step() for _ in range(_STEPS))
    (Path(folder) / f"{rank}.json").write_text(json.dumps([least, layer.weight.nbytes]))
    distributed.destroy_process_group()


def _started(ranks: int, classes: int, dim: int) -> tuple[int, int, int, float, int]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ranks, (classes, dim), folder
        spawn(work, arguments, nprocs=ranks)  # type: ignore[no-untyped-call]
        found = [json.loads((Path(folder) / f"{rank}.json").read_text("utf-8")) for rank in range(ranks)]
    return ranks, classes, dim, max(seconds for seconds, _ in found), max(held for _, held in found)
