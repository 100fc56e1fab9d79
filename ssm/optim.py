"""What row-sparse gradients need of an optimiser: steps and clipping that touch the rows used and no others.

A row is one index of a parameter's first dimension: a class. A step costs as much as the gradient has
rows, whatever the number of classes; where an index occurs more than once, its gradients are summed first.
"""

import abc
import math
from collections.abc import Callable
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from ssm import checks
from ssm._clipping import clip_grad_norm_

__all__ = ["Groups", "RowAdagrad", "RowAdam", "clip_grad_norm_", "groups"]

_Rows = tuple[Tensor, Tensor]  # which, int64 [rows], each once; and their gradients [rows, ...]


class Groups(NamedTuple):
    """The parameters of a model, for two optimisers.

    Attributes:
        sparse: those whose gradients are rows, for an optimiser of this module.
        dense: the rest.
    """

    sparse: list[nn.Parameter]
    dense: list[nn.Parameter]


def groups(model: nn.Module) -> Groups:
    """Split the parameters of a model by whether their gradients are sparse.

    A parameter with a gradient goes by that. Another goes by the modules that hold it: its gradient
    will be sparse if each of them has ``sparse=True``, as `ssm.SampledSoftmax` and
    `torch.nn.Embedding` can. A weight that a dense module shares has dense gradients.

    Args:
        model: any; after its first backward pass if it has sparse gradients and no attribute `sparse`.

    Returns:
        Every parameter once, in the order of the model.

    >>> from ssm import SampledSoftmax, noise
    >>> layer = SampledSoftmax(4, 50, samples=5, noise=noise.uniform(50), bias=False)
    >>> found = groups(nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4), layer))
    >>> [tuple(each.shape) for each in found.sparse], [tuple(each.shape) for each in found.dense]
    ([(50, 4)], [(9, 4), (4, 4), (4,)])
    """
    sparse: dict[nn.Parameter, bool] = {}
    for module in model.modules():
        says = getattr(module, "sparse", False) is True
        for parameter in module.parameters(recurse=False):
            sparse[parameter] = sparse.get(parameter, True) and says
    for parameter in sparse:
        if parameter.grad is not None:
            sparse[parameter] = parameter.grad.is_sparse
    return Groups([p for p, is_sparse in sparse.items() if is_sparse], [p for p, yes in sparse.items() if not yes])


class _RowOptimiser(Optimizer, abc.ABC):
    """What steps on rows have in common; a subclass says how the rows of one parameter move."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own.

        Args:
            param_group: "params", and any of the arguments of the optimiser.

        Raises:
            ValueError: an argument is out of its range, a parameter is not float32 or float64.
        """
        self._check(self.defaults | param_group)
        super().add_param_group(param_group)
        dtypes = {parameter.dtype for parameter in self.param_groups[-1]["params"]}
        for dtype in dtypes - {torch.float32, torch.float64}:
            del self.param_groups[-1]
            way_out = "keep the parameters so, and let torch.autocast compute in half"
            checks.refuse("parameters", "of torch.float32 or torch.float64", dtype, way_out)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a state, and of the options that it does not have the values given here."""
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move the rows that the gradients have.

        Args:
            closure: computes the gradients, and returns the loss.

        Returns:
            What the closure returned.

        Raises:
            ValueError: a gradient is not sparse in its first dimension alone; nothing has moved then.
        """
        loss = None if closure is None else torch.enable_grad()(closure)()
        graded = [(p, group) for group in self.param_groups for p in group["params"] if p.grad is not None]
        for parameter, group, rows in [(p, group, _rows(p.grad)) for p, group in graded]:
            self._move(parameter, rows, group)
        return loss

    def _check(self, options: dict[str, Any]) -> None:
        checks.not_negative("lr", options["lr"], "take 0.001, or what a schedule gives")
        checks.not_negative("weight_decay", options["weight_decay"], "0 leaves the weights as they are")
        checks.positive("eps", options["eps"], "1e-8 is small enough")

    @abc.abstractmethod
    def _move(self, parameter: Tensor, rows: _Rows, group: dict[str, Any]) -> None: ...


@final
class RowAdam(_RowOptimiser):
    """Adam on the rows that a gradient has: what `torch.optim.SparseAdam` computes, in less time.

    For each row r of the gradient g, at the parameter's step t,

    ``m_r = b1 m_r + (1 - b1) g_r``, ``v_r = b2 v_r + (1 - b2) g_r^2``,
    ``w_r = (1 - lr decay) w_r - lr sqrt(1 - b2^t) / (1 - b1^t) m_r / (sqrt(v_r) + eps)``.

    The averages of the other rows stand still: time passes for a row only when it is used. Its state
    has the names and shapes of SparseAdam's, so either loads the other's.

    Args:
        params: float32 or float64, or groups of them with options of their own.
        lr: at least 0.
        betas: b1 and b2, of the averages of gradients and of their squares, in [0, 1).
        eps: above 0.
        weight_decay: decoupled, and of the rows that are touched; at least 0.

    Raises:
        ValueError: an argument is out of its range.

    >>> table = nn.Embedding(50_000, 8, sparse=True)
    >>> optimiser, before = RowAdam(table.parameters(), lr=0.1), table.weight.detach().clone()
    >>> table(torch.tensor([3, 9, 3])).sum().backward()
    >>> optimiser.step()
    >>> moved = before - table.weight.detach()
    >>> moved.any(dim=1).nonzero()[:, 0].tolist(), round(moved[3, 0].item(), 3)
    ([3, 9], 0.1)

    Kingma and Ba 2015, "Adam: a method for stochastic optimization"; Loshchilov and Hutter 2019,
    "Decoupled weight decay regularization".
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def _check(self, options: dict[str, Any]) -> None:
        super()._check(options)
        for beta in options["betas"]:
            if not 0 <= checks.finite("betas", beta, "(0.9, 0.999) is usual") < 1:
                checks.refuse("betas", "from 0 to below 1", beta, "(0.9, 0.999) is usual")

    def _move(self, parameter: Tensor, rows: _Rows, group: dict[str, Any]) -> None:
        state, (b1, b2), (places, g) = self.state[parameter], group["betas"], rows
        if not state:
            state.update(step=0, exp_avg=torch.zeros_like(parameter), exp_avg_sq=torch.zeros_like(parameter))
        state["step"] += 1
        m = state["exp_avg"].index_select(0, places).lerp_(g, 1 - b1)
        v = state["exp_avg_sq"].index_select(0, places).mul_(b2).addcmul_(g, g, value=1 - b2)
        state["exp_avg"].index_copy_(0, places, m)
        state["exp_avg_sq"].index_copy_(0, places, v)
        size = group["lr"] * math.sqrt(1 - b2 ** state["step"]) / (1 - b1 ** state["step"])
        _descend(parameter, places, m.div_(v.sqrt_().add_(group["eps"])), size, group)


@final
class RowAdagrad(_RowOptimiser):
    """Adagrad with one number of state for each row, where Adam keeps two for each weight.

    For each row r of the gradient g, of d entries,

    ``s_r = s_r + |g_r|^2 / d``, ``w_r = (1 - lr decay) w_r - lr g_r / (sqrt(s_r) + eps)``.

    Where rows are single numbers, as those of a bias, it is `torch.optim.Adagrad`.

    Args:
        params: float32 or float64, or groups of them with options of their own.
        lr: at least 0.
        eps: above 0.
        weight_decay: decoupled, and of the rows that are touched; at least 0.
        initial_accumulator_value: s_r before the first step, at least 0.

    Raises:
        ValueError: an argument is out of its range.

    >>> table = nn.Embedding(50_000, 8, sparse=True)
    >>> optimiser = RowAdagrad(table.parameters(), lr=0.1)
    >>> table(torch.tensor([3, 9, 3])).sum().backward()
    >>> optimiser.step()
    >>> optimiser.state[table.weight]["sum"][:5].tolist()
    [0.0, 0.0, 0.0, 4.0, 0.0]

    Duchi et al. 2011, "Adaptive subgradient methods for online learning and stochastic
    optimization"; one number a row as in Mudigere et al. 2022, "Software-hardware co-design for fast
    and scalable training of deep learning recommendation models".
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-2,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
    ) -> None:
        options = {"lr": lr, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, options | {"initial_accumulator_value": initial_accumulator_value})

    def _check(self, options: dict[str, Any]) -> None:
        super()._check(options)
        name = "initial_accumulator_value"
        checks.not_negative(name, options[name], "0 lets a row's first step be lr long")

    def _move(self, parameter: Tensor, rows: _Rows, group: dict[str, Any]) -> None:
        state, (places, g) = self.state[parameter], rows
        if not state:
            state["sum"] = parameter.new_full(parameter.shape[:1], group["initial_accumulator_value"])
        flat = g[:, None].flatten(1)  # [rows, d]
        s = state["sum"].index_select(0, places).add_(torch.linalg.vecdot(flat, flat), alpha=1 / flat.shape[1])
        state["sum"].index_copy_(0, places, s)
        scales = s.sqrt_().add_(group["eps"]).reshape(-1, *[1] * (g.ndim - 1))  # [rows, 1, ...]
        _descend(parameter, places, g / scales, group["lr"], group)


def _descend(parameter: Tensor, places: Tensor, direction: Tensor, size: float, group: dict[str, Any]) -> None:
    decay = group["lr"] * group["weight_decay"]
    if decay:
        direction.add_(parameter.index_select(0, places), alpha=decay / size)
    parameter.index_add_(0, places, direction, alpha=-size)


def _rows(gradient: Tensor) -> _Rows:
    if not gradient.is_sparse or gradient.sparse_dim() != 1:
        found = checks.Said(f"{gradient.sparse_dim()} dimensions" if gradient.is_sparse else "a dense one")
        way_out = "give its parameter to another optimiser, see ssm.optim.groups"
        checks.refuse("gradients", "sparse in their first dimension alone", found, way_out)
    whole = gradient.coalesce()
    return whole._indices()[0], whole._values()
