"""A step of each optimiser on the rows of one gradient, timed one after another."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from ssm import noise, optim

Timer = Callable[[Callable[[], object]], float]

_DRAWN = 1128  # a batch of 128 and 1,000 samples, as in the training steps
_WAYS: dict[str, Callable[..., Optimizer]] = {
    "torch.optim.SparseAdam": torch.optim.SparseAdam,
    "ssm.optim.RowAdam": optim.RowAdam,
    "the same with weight decay": lambda params, lr: optim.RowAdam(params, lr, weight_decay=0.1),
    "ssm.optim.RowAdagrad": optim.RowAdagrad,
}


@dataclass(frozen=True)
class Move:
    """What one optimiser took.

    Attributes:
        way: which.
        classes: how many rows the parameter has.
        dim: the width of a row.
        seconds: least time of a step, the summing of rows that occur twice included.
        state_bytes: what it keeps from step to step.
        ratio: seconds in units of SparseAdam's.
    """

    way: str
    classes: int
    dim: int
    seconds: float
    state_bytes: int
    ratio: float


def measure(cases: Sequence[tuple[int, int]], device: str, timer: Timer) -> list[Move]:
    """Time every optimiser in each case.

    Args:
        cases: numbers of classes and widths.
        device: where.
        timer: gives the seconds of a piece of work.

    Returns:
        One record for each case and optimiser.
    """
    return [move for classes, dim in cases for move in _case(_parameter(classes, dim, device), timer)]


def table(moves: Sequence[Move]) -> str:
    """Lay out moves for a terminal.

    Args:
        moves: what was measured.

    Returns:
        Lines of text.

    >>> print(table([Move("torch.optim.SparseAdam", 10_000, 256, 0.0025, 20_480_000, 1.0)]))
    classes     dim optimiser                              step       state   ratio
    10,000      256 torch.optim.SparseAdam               2.5 ms     20.5 MB    1.00
    """
    lines = [f"{'classes':12}{'dim':>3} {'optimiser':32}{'step':>11}{'state':>12}{'ratio':>8}"]
    for move in moves:
        start = f"{move.classes:<12,}{move.dim:>3} {move.way:32}"
        lines.append(f"{start}{move.seconds * 1e3:>8,.1f} ms{move.state_bytes / 1e6:>9,.1f} MB{move.ratio:>8.2f}")
    return "\n".join(lines)


def _parameter(classes: int, dim: int, device: str) -> Tensor:
    """A projection with the gradient of a step."""
    g = torch.Generator(device).manual_seed(0)
    places = noise.log_uniform(classes).to(device).draw((1, _DRAWN), generator=g)
    values = torch.randn(_DRAWN, dim, device=device, generator=g)
    parameter = torch.randn(classes, dim, device=device, generator=g).requires_grad_()
    parameter.grad = torch.sparse_coo_tensor(places, values, parameter.shape, check_invariants=True)
    return parameter


def _case(parameter: Tensor, timer: Timer) -> Iterator[Move]:
    first, (classes, dim) = None, parameter.shape
    for way, make in _WAYS.items():
        optimiser = make([parameter], lr=1e-6)
        _step(optimiser, parameter)  # the first one makes the state
        seconds = timer(functools.partial(_step, optimiser, parameter))
        first = first or seconds
        held = sum(each.nbytes for each in optimiser.state[parameter].values() if isinstance(each, Tensor))
        yield Move(way, classes, dim, seconds, held, seconds / first)


def _step(optimiser: Optimizer, parameter: Tensor) -> None:
    optimiser.step()
    if parameter.device.type == "cuda":
        torch.cuda.synchronize(parameter.device)
