"""A head whose classes are split over processes, beside the one-process head: what each rank does, and what it finds.

Run by tests/test_sharded.py: ``python -m tests.shards RANKS FOLDER``, since a process group wants processes of its own.
"""

import copy
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from ssm import estimators, noise, optim
from ssm.head import SampledSoftmax
from ssm.sharded import ShardedSampledSoftmax
from tests.processes import apart, leave, whole

FRESH = int(os.environ.get("FRESH", "0"))  # `make fuzz` gives a seed: other shapes, and ten times as many
CASES = 80 if FRESH else 8  # shapes of each estimator
DIM, CLASSES = 3, 12
OPTIMISERS = {"RowAdam": optim.RowAdam, "RowAdagrad": optim.RowAdagrad, "SparseAdam": torch.optim.SparseAdam}
Q = noise.unigram(range(1, CLASSES + 1))
Pair = tuple[SampledSoftmax, ShardedSampledSoftmax]
Found = dict[str, Any]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def layers(dim: int = DIM, classes: int = CLASSES, split: list[int] | None = None, **options: Any) -> Pair:
    """Return both layers with the same weights."""
    settings: Found = {"samples": 5, "noise": Q, "dtype": torch.float64} | options
    one = SampledSoftmax(dim, classes, **settings)
    with torch.no_grad():
        for place, each in enumerate(one.parameters()):
            each.copy_(normal(*each.shape, seed=place))
    many = ShardedSampledSoftmax(dim, classes, split=split, **settings)
    many.load_state_dict(one.state_dict())
    return one, many


def drawn_case(seed: int, ranks: int) -> tuple[Found, list[int], Tensor, Tensor, int]:
    """Draw options, the batch of each rank, embeddings and targets of all, and a seed; small numbers make hits."""
    r = random.Random(seed)
    dim, classes = r.randint(1, 5), r.randint(2, 9)
    ends = sorted(r.choices(range(classes + 1), k=ranks - 1))
    split = [b - a for a, b in zip([0, *ends], [*ends, classes], strict=True)]
    q = r.choice([noise.uniform(classes), noise.log_uniform(classes), noise.unigram(range(1, classes + 1))])
    unique = r.random() < 0.2
    options: Found = {"dim": dim, "classes": classes, "split": r.choice([split, None]), "noise": q}
    options |= {"samples": r.randint(1, classes if unique else 12), "replacement": not unique}
    options |= {"temperature": r.choice([1.0, 0.3]), "cosine": r.random() < 0.2, "bias": r.random() < 0.7}
    options |= {"sparse": r.random() < 0.7, "reduction": r.choice(["none", "sum"])}
    sizes = [r.randint(0, 4) for _ in range(ranks)]
    h, target = 8 * normal(sum(sizes), dim, seed=seed), torch.tensor([r.randrange(classes) for _ in range(sum(sizes))])
    ignored = torch.tensor([r.random() < 0.15 for _ in range(sum(sizes))], dtype=torch.bool)
    return options, sizes, h, target.long().masked_fill(ignored, -100), seed


def gradients(layer: nn.Module, own: slice = slice(None)) -> list[Tensor]:
    return [torch.zeros(0) if each.grad is None else whole(each.grad)[own] for each in layer.parameters()]


def difference(some: list[Tensor], others: list[Tensor]) -> float:
    """Return the largest difference, 0 for nothing at all; the shapes must be the same."""
    pairs = [(one, other) for one, other in zip(some, others, strict=True) if one.numel() or other.numel()]
    return apart([one for one, _ in pairs], [other for _, other in pairs]) if pairs else 0.0


def equality(name: str, kind: str, seed: int, ranks: int) -> Found:
    """Compare losses, gradients and predictions with one process, relative to how large they are."""
    options, sizes, all_h, all_t, seed = drawn_case(seed, ranks)
    kept: Found = {"hits": "kept"} if name == "naive_importance" or seed % 3 == 0 else {}
    one, many = layers(**options, **kept, estimator=name)
    rank = distributed.get_rank()
    h = all_h.split(sizes)[rank].clone().requires_grad_()
    all_h.requires_grad_()
    mine = all_t.split(sizes)[rank]
    theirs = one(all_h, all_t, loss=kind, generator=seeded(seed))
    ours = many(h, mine, loss=kind, generator=seeded(seed))
    total = ours.detach().sum()
    distributed.all_reduce(total)
    losses = [total - theirs.sum()] if ours.ndim == 0 else [ours - theirs.split(sizes)[rank]]
    theirs.sum().backward()
    ours.sum().backward()
    own = slice(many.start, many.stop)
    of_h = torch.zeros_like(all_h) if all_h.grad is None else all_h.grad
    found = [*losses, *(a - b for a, b in zip(gradients(many), gradients(one, own), strict=True))]
    found.append(whole(h.grad) - of_h.split(sizes)[rank])
    size = max([1.0, *(each.abs().max().item() for each in (theirs, *gradients(one), of_h) if each.numel())])
    k = min(3, options["classes"])
    best, expected, of_all = many.predict(h, k), one.predict(all_h, k).split(sizes)[rank], one.log_probs(all_h).detach()
    logs = of_all.split(sizes)[rank]  # where two classes score alike, either may be the best
    found.append(logs.gather(-1, best) - logs.gather(-1, expected))
    p = of_all.gather(-1, all_t.clamp(min=0)[:, None])[:, 0].masked_fill(all_t < 0, 0.0)
    found.append(many.log_probs(h, mine) - p.split(sizes)[rank])
    wrong = torch.cat([torch.zeros(1), *(each.flatten() for each in found)]).abs().max()  # of nan it is nan, unlike max
    return {
        "worst": wrong.item() / size,
        "different": bool((best.sort().values.diff() > 0).all()),
        "empty": many.start == many.stop,
        "sparse": [each.grad.is_sparse for each in many.parameters() if each.grad is not None] or [many.sparse],
        "wanted": many.sparse,
    }


def equalities(ranks: int) -> Found:
    found: Found = {}
    for number, name in enumerate(estimators.ESTIMATORS):
        for kind in ("sampled", "exact"):
            cases = [equality(name, kind, FRESH + 1000 * number + case, ranks) for case in range(CASES)]
            found[f"{name} {kind}"] = {
                "worst": torch.tensor([case["worst"] for case in cases]).max().item(),
                "different": all(case["different"] for case in cases),
                "empty": sum(case["empty"] for case in cases),
                "sparse": all(set(case["sparse"]) == {case["wanted"]} for case in cases),
            }
    return found


def training(kind: str) -> Found:
    """Take some steps, save both in the middle and say how far the weights are apart at the end."""
    one, many = layers(split=split_of(distributed.get_world_size()))
    before = many.weight.detach().clone()
    steps = [OPTIMISERS[kind](each.parameters(), lr=0.1) for each in (one, many)]
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    for step in range(3):
        h, target = normal(4 * ranks, DIM, seed=step), torch.randint(CLASSES, (4 * ranks,), generator=seeded(step))
        own = slice(4 * rank, 4 * rank + 4)
        for layer, part in ((one, slice(None)), (many, own)):
            layer.zero_grad()
            layer(h[part], target[part], generator=seeded(step)).sum().backward()
        for each in steps:
            each.step()
    weights = [each.detach()[many.start : many.stop] for each in one.parameters()]
    moved = apart([before], [many.weight.detach()]) if len(before) else 1.0
    return {"wrong": difference([each.detach() for each in many.parameters()], weights), "moved": moved}


def split_of(ranks: int) -> list[int]:
    """Uneven, and nothing for rank 1 where there are three or more."""
    return {1: [12], 2: [3, 9], 3: [5, 0, 7], 4: [1, 0, 4, 7]}[ranks]


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(DIM, DIM, dtype=torch.float64)
        with torch.no_grad():
            self.body.weight.copy_(normal(DIM, DIM, seed=9))
            self.body.bias.zero_()


def beside_a_body() -> Found:
    """Compare with the gradient of the mean over the global batch, beside a body in DistributedDataParallel."""
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    one, many = layers(reduction="mean", split=split_of(ranks))
    alone, model = Model(), Model()
    body = DistributedDataParallel(model.body)
    h, target = normal(4 * ranks, DIM), torch.randint(CLASSES, (4 * ranks,), generator=seeded())
    one(alone.body(h), target, generator=seeded(3)).backward()
    own = slice(4 * rank, 4 * rank + 4)
    many(body(h[own]), target[own], generator=seeded(3)).backward()
    undivided = gradients(many)
    for each in many.parameters():
        if each.grad is not None:
            each.grad /= ranks
    rows = gradients(one, slice(many.start, many.stop))
    return {
        "body": difference(gradients(model.body), gradients(alone.body)),
        "head": difference(gradients(many), rows),
        "undivided": difference(undivided, [ranks * each for each in rows]),
    }


def clipped(p: float) -> Found:
    """Compare with one process that clips the gradients of its body and its head together."""
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    one, many = layers(split=split_of(ranks))
    alone, model = Model(), Model()
    body = DistributedDataParallel(model.body)
    h, target = normal(4 * ranks, DIM), torch.randint(CLASSES, (4 * ranks,), generator=seeded())
    (one(alone.body(h), target, generator=seeded(3)).sum() / ranks).backward()
    own = slice(4 * rank, 4 * rank + 4)
    many(body(h[own]), target[own], generator=seeded(3)).sum().backward()
    for each in many.parameters():
        if each.grad is not None:
            each.grad /= ranks
    expected = nn.utils.clip_grad_norm_([*alone.parameters(), *dense(one)], 0.5, p)
    found = optim.clip_grad_norm_(body.parameters(), 0.5, p, split=many.parameters())
    return {
        "norm": apart([found], [expected]),
        "body": difference(gradients(model.body), gradients(alone.body)),
        "head": difference(gradients(many), gradients(one, slice(many.start, many.stop))),
        "clipped": expected.item() > 0.5,
    }


def dense(layer: nn.Module) -> list[nn.Parameter]:
    """Return the parameters, their gradients made dense, as torch's own clipping wants them."""
    for each in layer.parameters():
        each.grad = whole(each.grad)
    return list(layer.parameters())


def padded() -> dict[str, float]:
    """Compare where the class that stands for padding is one that is read, and one that is never drawn."""
    ranks = distributed.get_world_size()
    rare = noise.unigram([0, *range(1, CLASSES)])
    found = {}
    for name in ("sampled_softmax", "negative_sampling"):
        one, many = layers(estimator=name, ignore_index=0, noise=rare, split=split_of(ranks))
        h, target = normal(4, DIM).requires_grad_(), torch.tensor([0, 3, 0, 11])
        theirs, ours = (each(h, target, loss="exact") for each in (one, many))
        gradient = torch.autograd.grad(ours.sum(), h)[0]
        distributed.all_reduce(gradient)  # each rank has the same examples, and dh of its own losses
        expected = ranks * torch.autograd.grad(theirs.sum(), h)[0]
        found[name] = apart([ours.detach(), gradient], [theirs.detach(), expected])
        found[f"{name} predicted"] = float((many.predict(h) != one.predict(h)).sum())
    return found


def narrow() -> Found:
    """Compare exact losses of confident bfloat16 examples, in nats."""
    one, many = layers(64, dtype=torch.bfloat16, split=split_of(distributed.get_world_size()))
    target = torch.tensor([0, 3, 3, 11])
    h = (4 * one.weight[target]).detach() / one.weight[target].norm(dim=1, keepdim=True)
    with torch.no_grad():
        theirs, ours = (each(h, target, loss="exact") for each in (one, many))
    return {"wrong": apart([ours], [theirs]), "least": min(ours.tolist()), "confident": max(theirs.tolist()) < 0.1}


def copied() -> Found:
    """Compare a copy, and a layer that got its memory late, with what they are copies of."""
    _, many = layers(split=split_of(distributed.get_world_size()))
    settings: Found = {"samples": 5, "noise": Q, "dtype": torch.float64, "split": many.split}
    late = ShardedSampledSoftmax(DIM, CLASSES, **settings, device="meta").to_empty(device="cpu")
    late.load_state_dict(many.state_dict())
    h, target = normal(4, DIM), torch.tensor([0, 3, 3, 11])
    losses = [each(h, target, generator=seeded()).detach() for each in (many, copy.deepcopy(many), late)]
    return {"wrong": apart(losses[:1] * 2, losses[1:]), "losses": losses[0].abs().max().item()}


def renewed(q: noise.Noise) -> ShardedSampledSoftmax:
    """Make a layer whose noise was renewed, so that its state has it."""
    many = layers(split=split_of(distributed.get_world_size()))[1]
    many.renew_noise(q)
    return many


def saved(folder: Path) -> Found:
    """Save the layer and its optimiser; ranks of another number read them after that."""
    one, many = layers(split=split_of(distributed.get_world_size()))
    optimiser = optim.RowAdam(many.parameters(), lr=0.1)
    many(normal(4, DIM), torch.tensor([0, 3, 3, 11]), generator=seeded()).sum().backward()
    optimiser.step()
    average = optimiser.state[many.weight]["exp_avg"]
    path = folder / f"of {distributed.get_world_size()}"
    state: Found = {"head": many.state_dict(), "average": many.shard(average), "renewed": renewed(Q).state_dict()}
    state_dict_saver.save(state, checkpoint_id=path)
    parts: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(parts, [each.detach() for each in (*many.parameters(), average)])
    return {"moved": apart([torch.cat([part[0] for part in parts])], [one.weight]), "state": sorted(many.state_dict())}


def read(path: Path) -> Found:
    """Read what others saved: into split layers, and into a whole one."""
    one, many = layers(split=split_of(distributed.get_world_size()))
    average = torch.zeros_like(many.weight)
    given = noise.uniform(CLASSES)
    other = renewed(given)
    state: Found = {"head": many.state_dict(), "average": many.shard(average), "renewed": other.state_dict()}
    state_dict_loader.load(state, checkpoint_id=path)
    many.load_state_dict(state["head"])
    other.load_state_dict(state["renewed"])
    plain: Found = {"head": one.state_dict(), "average": torch.zeros_like(one.weight)}
    state_dict_loader.load(plain, checkpoint_id=path)
    one.load_state_dict(plain["head"])
    own = slice(many.start, many.stop)
    parts = [each.detach()[own] for each in (*one.parameters(), plain["average"])]
    moved = apart([one.weight], [normal(CLASSES, DIM, seed=0)])
    return {
        "wrong": difference([*(each.detach() for each in many.parameters()), average], parts),
        "moved": moved,
        "noise": apart([other.noise.log_probs], [Q.log_probs]),
        "given": apart([given.log_probs], [noise.uniform(CLASSES).log_probs]),
    }


def said(work: Callable[[], object]) -> str:
    """Return what a refusal says, notes and all."""
    try:
        work()
    except Exception as error:
        return " | ".join([type(error).__name__, str(error), *getattr(error, "__notes__", [])])
    return "nothing"


def refusals() -> Found:
    """Everything that two ranks are refused."""
    rank = distributed.get_rank()
    _, many = layers()
    h, target = normal(4, DIM), torch.tensor([0, 3, 3, 11])
    alone = distributed.new_group([0])
    other = layers(temperature=0.5 if rank else 1.0)[1]
    turned = layers(split=[9, 3] if rank else [3, 9])[1]
    q = noise.unigram(range(CLASSES, 0, -1)) if rank else Q
    noisy = layers(noise=q, estimator="uncorrected")[1]
    shared = seeded()
    found = {
        "seed": said(lambda: many(h, target, generator=seeded(rank))),
        "options": said(lambda: other(h, target, generator=seeded())),
        "mode": said(lambda: many(h, target, loss="exact" if rank else "sampled", generator=seeded())),
        "target": said(lambda: many(h, target + rank, generator=seeded())),
        "device": said(lambda: many(h.to("meta") if rank else h, target, generator=seeded())),
        "ranges": said(lambda: turned(h, target, loss="exact")),
        "noise": said(lambda: noisy(h, target, loss="exact")),
        "loss": said(lambda: many(h, target, loss="exat" if rank else "sampled", generator=seeded())),
        "none": said(lambda: many(h, None if rank else target, generator=seeded())),
        "once": said(lambda: many(h, target + rank, generator=shared)),
        "then": said(lambda: many(h, target, generator=shared).sum().backward()),
        "split": said(lambda: layers(split=[3, 4])),
        "hits": said(lambda: layers(hits="excluded")),
        "group": said(lambda: ShardedSampledSoftmax(DIM, CLASSES, samples=2, noise=Q, group=alone)),
        "top": said(lambda: many.predict(h, 13)),
    }
    made = ShardedSampledSoftmax(DIM, CLASSES // 2, samples=2, noise=noise.uniform(CLASSES // 2))
    rows: list[Any] = [None] * 2
    distributed.all_gather_object(rows, made.weight.detach())
    found["new weights"] = str(bool((rows[0] == rows[1]).any()))
    found["after all"] = said(lambda: many(h, target, generator=seeded()).sum().backward())
    return found


def lost(folder: str) -> None:
    """Write down what rank 0 says when rank 1 has ended between forward and backward."""
    rank = distributed.get_rank()
    loss = layers()[1](normal(4, DIM), torch.tensor([0, 3, 3, 11]), generator=seeded()).sum()
    distributed.barrier()
    if rank == 0:
        (Path(folder) / "lost.json").write_text(json.dumps(said(loss.backward)))


def work(rank: int, ranks: int, folder: str) -> None:
    """Do everything that so many processes do, and write down what each found."""
    where = f"file://{folder}/meeting {ranks}"
    distributed.init_process_group("gloo", where, timedelta(minutes=5), world_size=ranks, rank=rank)
    torch.set_num_threads(1)
    if ranks == 4:
        lone = distributed.new_group([3])
        read_by_one = read_alone(lone, Path(folder) / "of 2") if rank == 3 else {}
    found: Found = {"equal": equalities(ranks), "body": beside_a_body(), "saved": saved(Path(folder))}
    found |= {kind: training(kind) for kind in OPTIMISERS}
    found |= {"clipped": [clipped(p) for p in (2.0, math.inf)], "padded": padded(), "narrow": narrow()}
    found["copied"] = copied()
    found["read"] = {path.name: read(path) for path in sorted(Path(folder).glob("of *"))}
    if ranks == 2:
        found["refusals"] = refusals()
    if ranks == 4:
        found["alone"] = read_by_one
    (Path(folder) / f"found {ranks} {rank}.json").write_text(json.dumps(found))
    if ranks == 2:
        lost(folder)
        return  # rank 1 ends here, and with it its connections
    distributed.destroy_process_group()


def read_alone(group: Any, path: Path) -> Found:
    """Take a step in a group that is not all, of one rank."""
    made = ShardedSampledSoftmax(DIM, CLASSES, samples=5, noise=Q, dtype=torch.float64, group=group)
    state: Found = made.state_dict()
    state_dict_loader.load({"head": state}, checkpoint_id=path, process_group=group)
    h, target = normal(4, DIM), torch.tensor([0, 3, 3, 11])
    one = SampledSoftmax(DIM, CLASSES, samples=5, noise=Q, dtype=torch.float64)
    one.load_state_dict({"weight": made.weight.detach(), "bias": made.get_parameter("bias").detach()})
    ours, theirs = (each(h, target, generator=seeded()).detach() for each in (made, one))
    return {"wrong": apart([ours], [theirs]), "moved": apart([made.weight.detach()], [normal(CLASSES, DIM, seed=0)])}


def run(folder: Path) -> dict[int, list[Found]]:
    """Return what each rank found, by the number of ranks; and leave ``lost.json``."""
    found = {}
    for ranks in (1, 2, 3, 4):
        if ranks == 1:
            work(0, ranks, str(folder))  # in this process, whose coverage is counted
        else:
            subprocess.run([sys.executable, "-m", "tests.shards", str(ranks), str(folder)], check=True)
        parts = [folder / f"found {ranks} {rank}.json" for rank in range(ranks)]
        found[ranks] = [json.loads(part.read_text("utf-8")) for part in parts]
    return found


if __name__ == "__main__":
    spawn(leave, (work, int(sys.argv[1]), sys.argv[2]), nprocs=int(sys.argv[1]))
