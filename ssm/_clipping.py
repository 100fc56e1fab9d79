"""Gradients scaled to a norm together: sparse ones, dense ones, and those of which each process has a part."""

from collections.abc import Iterable

import torch
from torch import Tensor, distributed
from torch.nn import utils

from ssm import _peers, checks


def clip_grad_norm_(  # noqa: PLR0913 - torch's, and what is split
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    *,
    error_if_nonfinite: bool = False,
    split: Iterable[Tensor] = (),
    group: distributed.ProcessGroup | None = None,
) -> Tensor:
    """Scale all gradients, sparse and dense, so that their norm together is at most `max_norm`.

    ``g *= min(1, max_norm / (|g| + 1e-6))``, what `torch.nn.utils.clip_grad_norm_` does to the same
    gradients made dense. Of a row that occurs twice the sum counts; sparse gradients come out
    coalesced, so that an optimiser need not do it again.

    Where classes are split over processes, each knows the gradients of its own rows alone, and would
    scale the rest by a factor of its own: replicas would drift apart. Name these parameters by `split`
    instead, and call on every rank: their part of the norm is then that of all ranks::

        clip_grad_norm_(body.parameters(), 1.0, split=head.parameters())

    Args:
        parameters: one, or several; those without a gradient are passed over.
        max_norm: above 0; infinity only measures.
        norm_type: p of the norm, above 0; infinity is the largest entry.
        error_if_nonfinite: whether a norm that is not finite is an error, torch's.
        split: further parameters, of which each rank holds a part, as those of `ssm.sharded`.
        group: the processes that hold them; None for all.

    Returns:
        The norm before, one number; with `split` the same on every rank.

    Raises:
        ValueError: an argument is out of its range.
        RuntimeError: the norm is not finite and should be; no process group is there to split over.

    >>> w = torch.nn.Parameter(torch.zeros(1000, 2))
    >>> w.grad = torch.sparse_coo_tensor([[7, 7]], [[1.0, 2.0], [2.0, 2.0]], (1000, 2), check_invariants=True)
    >>> clip_grad_norm_([w], max_norm=1.0).item()
    5.0
    >>> [round(each, 3) for each in w.grad.coalesce().values()[0].tolist()]
    [0.6, 0.8]

    Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".
    """
    most = _above_zero("max_norm", max_norm, "infinity only measures")
    p = _above_zero("norm_type", norm_type, "2 is the usual norm")
    found, parts = ([each] if isinstance(each, Tensor) else list(each) for each in (parameters, split))
    with torch.no_grad():
        shared, own = _stand_ins(found), _stand_ins(parts)  # torch clips what it can
        norms = [_peers.join(group).gather(utils.get_total_norm(own, p).to(parts[0])[None])] if parts else []
        norm = utils.get_total_norm([*shared, *norms], p, error_if_nonfinite)
        utils.clip_grads_with_norm_([*shared, *own], most, norm)
    return norm


def _numbers(parameter: Tensor, gradient: Tensor) -> Tensor:
    """The numbers of a gradient, each row once: to change them changes the gradient."""
    if not gradient.is_sparse:
        return gradient
    whole = parameter.grad = gradient.coalesce()
    return whole._values()


def _stand_ins(parameters: Iterable[Tensor]) -> list[Tensor]:
    """The numbers of the gradients, where there are any, each tensor its own gradient."""
    numbers = [_numbers(each, each.grad) for each in parameters if each.grad is not None]
    stand_ins = [values.detach() for values in numbers if values.numel()]
    for stand_in in stand_ins:
        stand_in.grad = stand_in.detach()
    return stand_ins


def _above_zero(name: str, value: float, way_out: str) -> float:
    if not value > 0:
        checks.refuse(name, "above 0", value, way_out)
    return float(value)
