"""A model with a sampled softmax trained by two processes: what each of them does, and what it finds.

Run by tests/test_works.py, since a process group wants processes of its own.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from ssm import estimators, noise, optim
from ssm.head import SampledSoftmax, rank_generator

RANKS, DIM, CLASSES, STEPS = 2, 4, 30, 3
Found = dict[str, Any]


class Model(nn.Module):
    """A body and the layer after it, the same in every process."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.body = nn.Linear(DIM, DIM)
        self.head = SampledSoftmax(DIM, CLASSES, samples=7, noise=noise.unigram(range(1, CLASSES + 1)), **options)
        g = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for each in self.parameters():
                each.normal_(generator=g)

    def forward(self, h: Tensor, target: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The mean loss of a batch."""
        return self.head(self.body(h), target, generator=generator).mean()  # type: ignore[no-any-return]


def batch(rank: int, step: int) -> tuple[Tensor, Tensor]:
    """Return the embeddings and targets of a process."""
    g = torch.Generator().manual_seed(100 + 10 * step + rank)
    return torch.randn(5, DIM, generator=g), torch.randint(CLASSES, (5,), generator=g)


def whole(gradient: Tensor | None) -> Tensor:
    """Return a gradient as one dense tensor, were it sparse or spread over processes."""
    assert gradient is not None
    full = gradient.full_tensor() if hasattr(gradient, "full_tensor") else gradient
    return full.to_dense() if full.is_sparse else full.clone()


def averaged(model: Model) -> list[Tensor]:
    """Return the gradients that all processes together should find at their first step."""
    for rank in range(RANKS):
        (model(*batch(rank, 0), torch.Generator().manual_seed(7 + rank)) / RANKS).backward()
    return [whole(each.grad) for each in model.parameters()]


def parallel(estimator: str, *, sparse: bool) -> Found:
    """Train under DistributedDataParallel for some steps."""
    model = Model(estimator=estimator, sparse=sparse)
    expected, wrapped = averaged(copy.deepcopy(model)), DistributedDataParallel(model)
    rank, generator = distributed.get_rank(), rank_generator(7)
    kind = torch.optim.SparseAdam if sparse else torch.optim.Adam
    optimisers = [torch.optim.Adam(model.body.parameters(), lr=0.1), kind(model.head.parameters(), lr=0.1)]
    found: Found = {}
    for step in range(STEPS):
        model.zero_grad()
        wrapped(*batch(rank, step), generator).backward()
        if not step:
            found["sparse"] = [each.grad.is_sparse for each in model.head.parameters() if each.grad is not None]
            found["wrong"] = apart(expected, [whole(each.grad) for each in model.parameters()])
        for optimiser in optimisers:
            optimiser.step()
    others = [torch.empty_like(model.head.weight) for _ in range(RANKS)]
    distributed.all_gather(others, model.head.weight.detach())
    return found | {"replicas": apart(others[:1], others[1:]), "moved": apart(others[:1], [Model().head.weight])}


def rows(kind: type[optim.RowAdam | optim.RowAdagrad]) -> Found:
    """Train under DistributedDataParallel by an optimiser of rows, clipped, and once more in this process alone."""
    model = Model()
    alone, wrapped = copy.deepcopy(model), DistributedDataParallel(model)
    steps = [kind(each.head.parameters(), lr=0.1) for each in (model, alone)]
    generators = [torch.Generator().manual_seed(7 + rank) for rank in range(RANKS)]
    rank, generator, norms = distributed.get_rank(), rank_generator(7), []
    for step in range(STEPS):
        for each in (model, alone):
            each.zero_grad()
        wrapped(*batch(rank, step), generator).backward()
        for other in range(RANKS):
            (alone(*batch(other, step), generators[other]) / RANKS).backward()
        norms.append([optim.clip_grad_norm_(each.head.parameters(), 0.5).item() for each in (model, alone)])
        for optimiser in steps:
            optimiser.step()
    others = [torch.empty_like(model.head.weight) for _ in range(RANKS)]
    distributed.all_gather(others, model.head.weight.detach())
    found = {"replicas": apart(others[:1], others[1:]), "moved": apart(others[:1], [Model().head.weight])}
    return found | {"alone": apart(others[:1], [alone.head.weight]), "norms": norms}


def sharded(estimator: str, *, sparse: bool) -> Found:
    """Take a step under FSDP2."""
    model = Model(estimator=estimator, sparse=sparse)
    expected = averaged(copy.deepcopy(model))
    fully_shard(model, mesh=init_device_mesh("cpu", (RANKS,)))
    rank = distributed.get_rank()
    try:
        model(*batch(rank, 0), rank_generator(7)).backward()
    except NotImplementedError as error:
        return {"error": str(error)}
    return {"wrong": apart(expected, [whole(each.grad) for each in model.parameters()])}


def apart(some: list[Tensor], others: list[Tensor]) -> float:
    """Return the largest difference."""
    return max((one - other).abs().max().item() for one, other in zip(some, others, strict=True))


WAYS = {"DistributedDataParallel": parallel, "FSDP2": sharded}


def work(rank: int, folder: str) -> None:
    """Do everything that two processes do, and write down what rank 0 found."""
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=RANKS)
    torch.set_num_threads(1)
    found = {
        f"{way} {estimator} {sparse}": train(estimator, sparse=sparse)
        for way, train in WAYS.items()
        for estimator in estimators.ESTIMATORS
        for sparse in (True, False)
    }
    kinds: tuple[type[optim.RowAdam | optim.RowAdagrad], ...] = (optim.RowAdam, optim.RowAdagrad)
    found |= {each.__name__: rows(each) for each in kinds}
    if not rank:
        (Path(folder) / "found.json").write_text(json.dumps(found))
    distributed.destroy_process_group()


def run() -> dict[str, Found]:
    """Return what the processes found, by way, estimator and whether gradients were sparse."""
    with tempfile.TemporaryDirectory() as folder:
        # From a process of its own: what is spawned begins as the main module did, and that of tests may be a page's.
        subprocess.run([sys.executable, "-m", "tests.processes", folder], check=True)
        found: dict[str, Found] = json.loads((Path(folder) / "found.json").read_text())
    return found


def leave(rank: int, work: Callable[..., None], *arguments: Any) -> None:
    """Do the work of one rank and leave at once: at an orderly end torch's threads may still be there, and abort it."""
    work(rank, *arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    spawn(leave, (work, sys.argv[1]), nprocs=RANKS)
