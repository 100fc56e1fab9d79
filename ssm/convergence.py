"""Repeated draws of the sampled softmax, and how their running mean nears the full gradient.

Samples that equal the target are rejected, as everywhere, unless hits="excluded" asks for noise that
never draws it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ssm import checks, estimators, philox
from ssm.estimators import Candidates
from ssm.noise import Noise

_GROWTH = 1.08
_DRAWN = 1 << 16  # samples of a chunk of draws: the graph of autograd stays in cache
_SUMMED = 1 << 21  # entries of a [checkpoints, classes] block, so that memory is bounded


@dataclass(frozen=True, eq=False)
class Convergence:
    """Every draw, and the distance of the running mean from the full gradient.

    Attributes:
        samples: the classes drawn, int64 [draws, k].
        sample_gradients: of the loss with respect to each sample's score [draws, k].
        target_gradients: with respect to the target's score [draws].
        losses: in nats [draws].
        kept: k_eff, samples that are not the target, int64 [draws].
        checkpoints: numbers of draws m, int64 [C].
        errors: L2 distance between the mean gradient of m draws and the full one [C].
        full_gradient: of the full softmax [classes].
        target: the target's class.
    """

    samples: Tensor
    sample_gradients: Tensor
    target_gradients: Tensor
    losses: Tensor
    kept: Tensor
    checkpoints: Tensor
    errors: Tensor
    full_gradient: Tensor
    target: int

    def mean_after(self, draws: int) -> Tensor:
        """The mean gradient of the first draws.

        Args:
            draws: how many, from 1 to all.

        Returns:
            Float64 [classes].

        Raises:
            ValueError: there are not as many draws.

        >>> from ssm import noise
        >>> run = running_mean(torch.zeros(3), 0, noise.uniform(3), k=1, draws=5)
        >>> [round(g, 4) for g in run.mean_after(5).tolist()][0]
        -0.5333
        """
        m = checks.whole("draws", draws, 1, len(self.samples), "the run has no more")
        mean = torch.zeros_like(self.full_gradient)
        mean.index_add_(0, self.samples[:m].flatten(), self.sample_gradients[:m].flatten())
        mean[self.target] += self.target_gradients[:m].sum()
        return mean / m


class _Draws(NamedTuple):
    """What `Convergence` holds of each draw."""

    samples: Tensor
    sample_gradients: Tensor
    target_gradients: Tensor
    losses: Tensor
    kept: Tensor


def checkpoints(draws: int) -> list[int]:
    """Numbers of draws at which to look, 8 % apart: ``m' = max(m + 1, floor(1.08 m))``.

    Args:
        draws: the last of them.

    Returns:
        Rising whole numbers from 1 to draws.

    Raises:
        ValueError: there is no draw.

    >>> checkpoints(20)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
    """
    last = checks.draw_count(draws)
    found, m = [], 1
    while m < last:
        found.append(m)
        m = max(m + 1, int(m * _GROWTH))
    return [*found, last]


def running_mean(  # noqa: PLR0913, PLR0917 - a seed, a mode beside the problem
    scores: Tensor,
    target: int,
    q: Noise,
    k: int,
    draws: int,
    seed: int = 0,
    hits: checks.Hits = "rejected",
    *,
    on_chunk: Callable[[], object] | None = None,
) -> Convergence:
    """Loss and gradient of many draws of k samples, and the error of their running mean.

    ``error_m = || (g_1 + .. + g_m) / m - (softmax(x) - onehot(t)) ||``, each g_i the gradient of
    the sampled softmax by autograd, on the scores of the rows that draw i touched.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        draws: the number of draws.
        seed: of the uniforms that the samples are read from.
        hits: "rejected" draws from q itself and leaves out the samples that equal the target;
            "excluded" draws from the noise given "not the target".
        on_chunk: called after each chunk of draws, and of checkpoints; what it raises stops the run.

    Returns:
        The draws, their gradients and the errors, float64.

    Raises:
        ValueError: an argument is out of its range.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5])
    >>> run = running_mean(scores, 0, noise.uniform(5), k=2, draws=1000)
    >>> bool(run.errors[-1] < run.errors[0])
    True
    """
    x = checks.vector("scores", scores)
    checks.noise_classes(q.classes, len(x))
    checks.same_device("noise", q.log_probs.device, x.device)
    target, k, draws = checks.target(target, len(x)), checks.sample_count(k), checks.draw_count(draws)
    source = q.without(target) if checks.hits(hits) == "excluded" else q
    run = _empty(x, draws, k)
    rows = max(1, _DRAWN // k)
    for first in range(0, draws, rows):
        part = slice(first, min(first + rows, draws))
        u = philox.uniforms(seed, part.stop - first, k, first=first, device=x.device)
        for whole, drawn in zip(run, _draw(x, target, source, source.invert(u)), strict=True):
            whole[part] = drawn
        if on_chunk is not None:
            on_chunk()
    full = _full_gradient(x, target)
    looks = torch.tensor(checkpoints(draws), device=x.device)
    return Convergence(*run, looks, _errors(run, full, looks, target, on_chunk), full, target)


def _empty(x: Tensor, draws: int, k: int) -> _Draws:
    whole = torch.int64
    return _Draws(
        samples=x.new_empty(draws, k, dtype=whole),
        sample_gradients=x.new_empty(draws, k),
        target_gradients=x.new_empty(draws),
        losses=x.new_empty(draws),
        kept=x.new_empty(draws, dtype=whole),
    )


@torch.enable_grad()
def _draw(x: Tensor, target: int, source: Noise, samples: Tensor) -> _Draws:
    rows = x[samples].requires_grad_()  # [draws, k]
    target_scores = x[target].repeat(len(samples)).requires_grad_()  # [draws]
    candidates = Candidates(
        target_scores=target_scores,
        sample_scores=rows,
        target_log_q=source.log_probs[target],
        sample_log_q=source.log_probs[samples],
        hits=samples == target,
    )
    loss = estimators.sampled_softmax(candidates)
    by_row, by_target = torch.autograd.grad(loss.sum(), (rows, target_scores))
    return _Draws(samples, by_row, by_target, loss.detach(), candidates.kept)


def _full_gradient(x: Tensor, target: int) -> Tensor:
    full = (x - x[target]).softmax(0)
    full[target] = 0.0
    full[target] = -full.sum()  # 1 - p_t, to all its digits where p_t is nearly 1
    return full


def _errors(run: _Draws, full: Tensor, looks: Tensor, target: int, on_chunk: Callable[[], object] | None) -> Tensor:
    width = max(1, _SUMMED // len(full))
    total, first, errors = torch.zeros_like(full), 0, []
    for left in range(0, len(looks), width):
        block = looks[left : left + width]
        last = int(block[-1])
        sums = _segment_sums(run, slice(first, last), block, len(full), target)
        sums[0] += total
        sums = sums.cumsum_(0)  # [block, classes]
        total, first = sums[-1].clone(), last
        errors.append(sums.div_(block[:, None]).sub_(full).norm(dim=1))
        if on_chunk is not None:
            on_chunk()
    return torch.cat(errors)


def _segment_sums(run: _Draws, part: slice, block: Tensor, classes: int, target: int) -> Tensor:
    """The gradients of the draws of a part, summed between the checkpoints of a block."""
    sums = run.losses.new_zeros(len(block) * classes)
    draws = torch.arange(part.start, part.stop, device=block.device)
    base = torch.searchsorted(block, draws, right=True) * classes  # [draws]
    sums.index_add_(0, base + target, run.target_gradients[part])
    rows = max(1, _SUMMED // run.samples.shape[1])
    for first in range(part.start, part.stop, rows):
        piece = slice(first, min(first + rows, part.stop))
        start = base[piece.start - part.start : piece.stop - part.start, None]
        places = (start + run.samples[piece]).flatten()
        sums.index_add_(0, places, run.sample_gradients[piece].flatten())
    return sums.view(len(block), classes)
