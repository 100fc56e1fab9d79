"""Which word follows which, learned by processes that each hold some of the words: torchrun -m ssm.bench.words TEXT.

    torchrun --nproc-per-node 4 -m ssm.bench.words moby-dick.txt

Each process has a body, kept the same by DistributedDataParallel, and the rows of its own words.
"""

import argparse
import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.distributed.checkpoint import state_dict_saver
from torch.nn.parallel import DistributedDataParallel

from ssm import noise, optim
from ssm.sharded import ShardedSampledSoftmax

_WORD = re.compile("[a-z]+(?:'[a-z]+)?")
_DIM, _SAMPLES, _BATCH = 64, 256, 256  # examples of one rank
_HELD_OUT = 4096  # words at the end of the text, of all ranks together


def held_out(text: Tensor) -> int:
    """How many words at the end are not trained on, of a short text half."""
    return min(_HELD_OUT, len(text) // 2)


def read(text: str) -> tuple[Tensor, Tensor]:
    """The text as word numbers, and the count of each word, the most frequent first."""
    words = _WORD.findall(text.lower())
    counts = Counter(words).most_common()
    number = {word: place for place, (word, _) in enumerate(counts)}
    return torch.tensor([number[word] for word in words]), torch.tensor([float(count) for _, count in counts])


def train(text: Tensor, counts: Tensor, steps: int) -> tuple[nn.Module, ShardedSampledSoftmax]:
    """Train for some steps; the samples are the same on every rank, the examples are not.

    Args:
        text: word numbers.
        counts: of each word.
        steps: how many.

    Returns:
        The body, which every rank has, and this rank's part of the head.
    """
    ranks, rank = distributed.get_world_size(), distributed.get_rank()
    body = DistributedDataParallel(nn.Embedding(len(counts), _DIM, sparse=True))
    head = ShardedSampledSoftmax(_DIM, len(counts), samples=_SAMPLES, noise=noise.unigram(counts), reduction="mean")
    with torch.no_grad():  # start at the frequencies, near no opinion on what follows what
        body.module.weight.mul_(0.1)
        head.get_parameter("bias").copy_((counts / counts.sum()).log()[head.start : head.stop])
    optimiser = optim.RowAdam([*body.parameters(), *head.parameters()], lr=0.005)
    shared, own = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1 + rank)
    for step in range(steps):
        here = torch.randint(len(text) - 1 - held_out(text), (_BATCH,), generator=own)
        optimiser.zero_grad()
        loss = head(body(text[here]), text[here + 1], generator=shared)
        loss.backward()
        for each in head.parameters():  # DistributedDataParallel averages over ranks, the head sums
            each.grad = None if each.grad is None else each.grad / ranks
        optimiser.step()
        if rank == 0 and step % 100 == 0:
            print(f"step {step}: {loss.item():.3f} nats", flush=True)
    return body.module, head


@torch.no_grad()
def perplexity(body: nn.Module, head: ShardedSampledSoftmax, text: Tensor) -> float:
    """That of the full softmax on the words at the end, each rank's part of them scored by all."""
    end = text[-held_out(text) :]
    now, after = (
        each.tensor_split(distributed.get_world_size())[distributed.get_rank()] for each in (end[:-1], end[1:])
    )
    losses = head(body(now), after, loss="exact").double()
    found = torch.stack([losses.sum() if losses.ndim else losses * len(now), torch.tensor(len(now)).double()])
    distributed.all_reduce(found)
    return math.exp(found[0].item() / found[1].item())


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, evaluate and save, in a process that torchrun started.

    Args:
        arguments: of the command line.
    """
    parser = argparse.ArgumentParser(prog="torchrun --nproc-per-node 4 -m ssm.bench.words", description=__doc__)
    parser.add_argument("text", type=Path, help="a book")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--save", type=Path, help="a folder for torch.distributed.checkpoint")
    options = parser.parse_args(arguments)
    distributed.init_process_group("gloo")
    torch.set_num_threads(1)
    text, counts = read(options.text.read_text("utf-8"))
    body, head = train(text, counts, options.steps)
    found = perplexity(body, head, text)
    if options.save:
        state_dict_saver.save({"body": body.state_dict(), "head": head.state_dict()}, checkpoint_id=options.save)
    if distributed.get_rank() == 0:
        p = counts / counts.sum()
        print(f"{len(counts):,} words; perplexity {found:.0f}, of their frequencies {math.exp(-(p @ p.log())):.0f}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
