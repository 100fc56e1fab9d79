"""Other seeds: the same experiment with other luck, only as far as its distance from the full gradient."""

import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from ssm import philox
from ssm.explorer.experiment.classes import Reference


def errors_of_seeds(
    ref: Reference, seeds: range, checkpoints: Tensor, on_chunk: Callable[[], None] | None = None
) -> Tensor:
    """How far the average of the first m draws is from the full gradient, for each of several seeds.

    Args:
        ref: the problem, its noise and the full softmax.
        seeds: of the uniforms that the samples are read from.
        checkpoints: numbers of draws m, rising [checkpoints].
        on_chunk: called between seeds; what it raises ends the work.

    Returns:
        L2 distances, float64 [seeds, checkpoints].
    """
    draws, k = int(checkpoints[-1]), ref.settings.samples
    samples = ref.source.invert(_uniforms(seeds, draws, k, ref.scores.device))  # [seeds, draws, k]
    gradients, on_target = _gradients(ref, samples)
    errors = []
    for one in zip(samples, gradients, on_target, strict=True):
        errors.append(_errors(ref, *one, checkpoints))
        if on_chunk is not None:
            on_chunk()
    return torch.stack(errors)


def _uniforms(seeds: range, draws: int, k: int, device: torch.device) -> Tensor:
    """As `philox.uniforms`, of several seeds at once [seeds, draws, k]."""
    shape, seed = (len(seeds), draws, (k + 1) // 2), torch.arange(seeds.start, seeds.stop, device=device)
    pair = torch.arange(shape[2], device=device).expand(shape)
    draw = torch.arange(draws, device=device)[:, None].expand(shape)
    zero = pair.new_zeros(()).expand(shape)
    low, high = (cast("int", key[:, None, None]) for key in (seed & 0xFFFFFFFF, seed >> 32))
    words = philox.blocks(pair, draw, zero, zero, low, high)  # [seeds, draws, pairs, 4]
    bits = (words[..., 0::2] >> 5 << 26) | (words[..., 1::2] >> 6)
    return (bits.double() * 2.0**-53).flatten(2)[..., :k]


def _gradients(ref: Reference, samples: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient on each sample [seeds, draws, k] and on the target's own score [seeds, draws]."""
    hit = (samples == ref.target) & (ref.settings.handling != "kept")
    logs = ref.scores - ref.scores[ref.target] + ref.shifts
    if ref.settings.estimator in {"nce", "negative_sampling"}:
        shift = math.log(samples.shape[-1]) if ref.divides else 0.0
        pull = torch.sigmoid(-(ref.scores[ref.target] + ref.target_correction))
        return torch.sigmoid(ref.scores + ref.shifts - shift)[samples], -pull.expand(samples.shape[:-1])
    # With no sample left the target has all of the softmax, which makes its gradient 0 as it must be.
    shares = torch.cat([_own(ref, hit), logs[samples].masked_fill(hit, -torch.inf)], -1).softmax(-1)
    return shares[..., 1:], -shares[..., 1:].sum(-1)


def _own(ref: Reference, hit: Tensor) -> Tensor:
    """The target's own term beside those of the samples, x_t taken from all [seeds, draws, 1]."""
    kept = (~hit).sum(-1, keepdim=True)
    match ref.settings.estimator:
        case "sampled_softmax":
            return kept.clamp(min=1).double().log()
        case "naive_importance":
            return torch.full_like(kept, -torch.inf, dtype=torch.float64)
        case _:
            return ref.shifts[ref.target].expand(kept.shape)


def _errors(ref: Reference, samples: Tensor, gradients: Tensor, on_target: Tensor, checkpoints: Tensor) -> Tensor:
    """The distances of one seed: summed class by class over those that a draw touched, at once over the rest."""
    touched = ref.scores.new_zeros(len(ref.scores), dtype=torch.bool)
    touched[samples.flatten()] = True
    touched[ref.target] = True
    place = touched.cumsum(0) - 1  # of each class among those touched
    n, draws = int(place[-1]) + 1, torch.arange(len(samples), device=samples.device)
    part = torch.searchsorted(checkpoints, draws, right=True) * n
    sums = gradients.new_zeros(len(checkpoints) * n)
    sums.index_add_(0, (part[:, None] + place[samples]).flatten(), gradients.flatten())
    sums.index_add_(0, part + place[ref.target], on_target)
    apart = sums.view(-1, n).cumsum_(0).addr_(checkpoints.double(), ref.gradient[touched], alpha=-1)
    rest = torch.linalg.vector_norm(ref.gradient[~touched])
    return torch.hypot(torch.linalg.vector_norm(apart, dim=1) / checkpoints, rest)
