"""Processes that each hold a part of a layer: what they send one another, forward and backward."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Shard
from torch.distributed.tensor._shards_wrapper import LocalShardsWrapper

from ssm import checks

_REFUSED = -1  # in the place of a number of examples


class Own(NamedTuple):
    """What a process brings: its examples, and the samples, which are everyone's."""

    h: Tensor  # [rows, dim]
    target: Tensor  # [rows]
    counted: Tensor  # [rows]
    samples: Tensor  # [k]; none for the exact loss


class Batch(NamedTuple):
    """The examples of all processes, those of each filled up to as many."""

    h: Tensor  # [examples, dim]
    target: Tensor  # [examples]
    mine: slice


@dataclass(frozen=True, eq=False)
class Peers:
    """The processes of a group, seen from one of them; each of these calls is one that all of them make.

    Attributes:
        group: torch's.
        rank: of this process in the group.
        size: how many they are.
    """

    group: distributed.ProcessGroup
    rank: int
    size: int

    def __deepcopy__(self, memo: dict[int, Any]) -> "Peers":
        """The same: a copy of a layer has the same peers."""
        return self

    def gather(self, part: Tensor) -> Tensor:
        """What each has, from [...] to [size, ...]."""
        part = part.contiguous()
        whole = part.new_empty(self.size * len(part), *part.shape[1:])
        with self._together():
            distributed.all_gather_single(whole, part, group=self.group)
        return whole.reshape(self.size, *part.shape)

    def total(self, part: Tensor) -> Tensor:
        """The sum of what each has [...]."""
        whole = part.clone(memory_format=torch.contiguous_format)
        with self._together():
            distributed.all_reduce(whole, group=self.group)
        return whole

    def scatter_total(self, parts: Tensor) -> Tensor:
        """The part of this process in the sum of what each has for all, from [size, n, ...] to [n, ...]."""
        part = parts.new_empty(parts.shape[1:])
        with self._together():
            distributed.reduce_scatter_single(part, parts.flatten(0, 1).contiguous(), group=self.group)
        return part

    def agree(self, rows: int, what: int, drawn: Tensor) -> list[int]:
        """Refuse, on all ranks alike, what does not fit together, before anything large is sent.

        Args:
            rows: the number of examples here.
            what: the options of the layer and of the call, as one number.
            drawn: the samples, as one number.

        Returns:
            The number of examples of each rank.
        """
        here = torch.stack([drawn.new_tensor(rows), drawn.new_tensor(what), drawn])
        found = self.gather(here).tolist()
        self._refuse_refused([rank for rank, (n, _, _) in enumerate(found) if n == _REFUSED])
        for rank, (_, options, samples) in enumerate(found):
            if options != found[0][1]:
                way_out = "make the layers alike, and call them in one mode, with or without gradients"
                other = checks.Said("other options, mode, dtype or gradients")
                checks.refuse(f"the layer and the call of rank {rank}", "as those of rank 0", other, way_out)
            if samples != found[0][2]:
                way_out = "pass a generator that has one seed on every rank, and as many draws behind it"
                checks.refuse(f"the samples of rank {rank}", "those of rank 0", checks.Said("others"), way_out)
        return [n for n, _, _ in found]

    def give_up(self, device: torch.device) -> None:
        """Tell the others, who wait in `agree`, that this process has refused its batch."""
        self.gather(torch.tensor([_REFUSED, 0, 0], device=device))

    def _refuse_refused(self, ranks: list[int]) -> None:
        if ranks:
            name = f"the batch of rank {ranks[0]}"
            checks.refuse(name, "fit for the layer", checks.Said("a refusal there"), "see the error of that rank")

    @contextmanager
    def _together(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            found = checks.Said(str(error).partition("\n")[0])
            way_out = "look which rank ended or fell behind, and start all again from what was saved"
            name = f"the other ranks of rank {self.rank}'s group"
            checks.refuse(name, "there and in step", found, way_out, error=RuntimeError)


def join(group: distributed.ProcessGroup | None) -> Peers:
    """The processes of a group; None for all."""
    if not (distributed.is_available() and distributed.is_initialized()):
        way_out = "call torch.distributed.init_process_group first, in processes that torchrun started"
        checks.refuse("the process group", "initialised", checks.Said("none"), way_out, error=RuntimeError)
    found = distributed.group.WORLD if group is None else group
    rank = distributed.get_rank(found)
    if rank < 0 or found is None:
        way_out = "make the layer on the ranks of its group alone"
        name = f"the group of a layer on rank {distributed.get_rank()}"
        checks.refuse(name, "one that this rank is in", checks.Said("another"), way_out)
    return Peers(found, rank, distributed.get_world_size(found))


def gathered(part: Tensor, peers: Peers) -> Tensor:
    """`Peers.gather`, whose gradient is the sum of what each rank found for the part [size, ...]."""
    found: Tensor = _Gathered.apply(part, peers)  # type: ignore[no-untyped-call]
    return found


def combined(parts: Tensor, peers: Peers) -> Tensor:
    """The log of the sum of what each has by its logarithm, and the sum of the other, [2, examples]."""
    found: Tensor = _Combined.apply(parts, peers)  # type: ignore[no-untyped-call]
    return found


def summed(part: Tensor, peers: Peers) -> Tensor:
    """`Peers.total`, whose gradient is the sum of what each rank found [...]."""
    found: Tensor = _Summed.apply(part, peers)  # type: ignore[no-untyped-call]
    return found


def split_tensor(rows: Tensor, start: int, classes: int, peers: Peers) -> DTensor:
    """The rows of this process as its part of a DTensor [classes, ...]; torch's own ranges would be even."""
    held = ([rows], [(start, *[0] * (rows.ndim - 1))]) if len(rows) else ([], [])
    shape = torch.Size((classes, *rows.shape[1:]))
    stride = torch.empty(shape, device="meta").stride()
    mesh = DeviceMesh.from_group(peers.group, rows.device.type)
    local = LocalShardsWrapper(*held)
    found = DTensor.from_local(local, mesh, [Shard(0)], run_check=False, shape=shape, stride=stride)
    if not len(rows):  # torch would ask a checkpoint for a block of two dimensions, whatever the tensor has
        found._local_tensor._storage_meta.chunks.clear()  # type: ignore[attr-defined]
    return found


def part_of(found: Tensor, rows: Tensor, start: int, classes: int) -> Tensor:
    """The rows of this process in a state of `split_tensor`, or in a whole one [classes, ...]."""
    if isinstance(found, DTensor):
        local = found.to_local()
        shards = local.local_shards() if isinstance(local, LocalShardsWrapper) else [local]
        return shards[0] if shards else rows.detach()
    return found[start : start + len(rows)] if len(found) == classes else found


class _Gathered(Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor, peers: Peers) -> Tensor:  # noqa: ANN401 - torch's own
        ctx.peers = peers
        return peers.gather(part)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        return ctx.peers.scatter_total(g), None


class _Combined(Function):
    @staticmethod
    def forward(ctx: Any, parts: Tensor, peers: Peers) -> Tensor:  # noqa: ANN401
        log_sums, others = peers.gather(parts).unbind(1)  # [size, examples] each
        log_sum = log_sums.logsumexp(0)
        ctx.peers = peers
        ctx.save_for_backward((parts[0] - log_sum).exp())
        return torch.stack([log_sum, others.sum(0)])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        of_log_sum, of_other = ctx.peers.total(g)
        return torch.stack([of_log_sum * ctx.saved_tensors[0], of_other]), None


class _Summed(Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor, peers: Peers) -> Tensor:  # noqa: ANN401
        ctx.peers = peers
        return peers.total(part)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        return ctx.peers.total(g), None
