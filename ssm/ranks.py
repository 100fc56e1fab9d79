"""Processes that train together: what each of them draws."""

import torch
from torch import distributed


def rank_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A source of samples that differs between the processes of a distributed run.

    With one seed everywhere each rank draws the same negatives. That biases nothing, but the ranks
    together have then seen k samples and not k for each: pass this generator to the layer instead.

    Args:
        seed: of rank 0; rank r has seed + r.
        device: that of the layer.

    Returns:
        A generator, of rank 0 where no process group has been made.

    >>> rank_generator(3).initial_seed()
    3
    """
    rank = distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0
    return torch.Generator(device).manual_seed(seed + rank)
