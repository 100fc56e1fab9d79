"""Moments of the other losses: in closed form where the samples add up, else by every draw or by many.

The gradients are with respect to the scores. NCE and negative sampling are sums over independent
samples, so their moments need no integral; the log-q form is a ratio, and is enumerated or simulated.
"""

import itertools
import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ssm import checks, losses, philox
from ssm.exact import Moments
from ssm.noise import Noise

_MOST_DRAWS = 1 << 16  # that are enumerated
_CHUNK = 1 << 20  # entries of a [draws, classes] block


def nce(scores: Tensor, target: int, q: Noise, k: int, hits: checks.Handling = "kept") -> Moments:
    """Mean and variance of the gradient of noise-contrastive estimation, and its mean loss.

    ``E[g_c] = k q_c s(y_c)``, ``Var g_c = k q_c (1 - q_c) s(y_c)^2``, ``y_c = x_c - log(k q_c)``,
    with ``s(y) = 1 / (1 + exp(-y))`` and, on the target, ``s(y_t) - 1`` beside.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        hits: samples that equal the target are "kept", "rejected", or never drawn: "excluded".

    Returns:
        The moments, float64 [classes].

    Raises:
        ValueError: an argument is out of its range.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> exact = nce(torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5]), 0, noise.uniform(5), k=4)
    >>> round(exact.loss_mean, 6), round(exact.gradient_mean[0].item(), 6)
    (4.994824, 0.624156)

    Gutmann and Hyvarinen 2010, "Noise-contrastive estimation".
    """
    x, target = _problem(scores, target, q)
    k = checks.sample_count(k)
    checks.drawable_targets(q.log_probs[target])
    # A class that is never drawn needs no correction.
    return _independent(x - (q.log_probs + math.log(k)).clamp(min=-1e300), target, q, k, checks.handling(hits, "nce"))


def negative_sampling(scores: Tensor, target: int, q: Noise, k: int, hits: checks.Handling = "kept") -> Moments:
    """Mean and variance of the gradient of negative sampling, and its mean loss.

    ``E[g_c] = k q_c s(x_c)``, ``Var g_c = k q_c (1 - q_c) s(x_c)^2``, ``s(y) = 1 / (1 + exp(-y))``
    and, on the target, ``s(x_t) - 1`` beside.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        hits: samples that equal the target are "kept", "rejected", or never drawn: "excluded".

    Returns:
        The moments, float64 [classes].

    Raises:
        ValueError: an argument is out of its range.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> exact = negative_sampling(torch.zeros(4), 0, noise.uniform(4), k=2)
    >>> exact.gradient_mean.tolist()
    [-0.25, 0.25, 0.25, 0.25]

    Mikolov et al. 2013, "Distributed representations of words and phrases".
    """
    x, target = _problem(scores, target, q)
    return _independent(x, target, q, checks.sample_count(k), checks.handling(hits, "negative_sampling"))


def log_q(  # noqa: PLR0913 - a budget beside the problem
    scores: Tensor,
    target: int,
    q: Noise,
    k: int,
    hits: checks.Handling = "rejected",
    *,
    draws: int = 10_000,
    seed: int = 0,
) -> Moments:
    """Mean and variance of the gradient of the log-q form, and its mean loss.

    Over all ``classes^k`` draws where they are few (65,536), so that the error is that of rounding;
    else over draws from seeded uniforms, and error_estimate is the largest standard error of the
    mean gradient.

    Args:
        scores: x [classes].
        target: t.
        q: the noise.
        k: the number of samples of one draw.
        hits: samples that equal the target are "rejected", "kept", or never drawn: "excluded".
        draws: how many to simulate where there are too many to enumerate.
        seed: of the uniforms.

    Returns:
        The moments, float64 [classes].

    Raises:
        ValueError: an argument is out of its range.
        IndexError: the target is not a class.

    >>> from ssm import noise
    >>> few = log_q(torch.tensor([2.0, 1.0, 0.0]), 0, noise.uniform(3), k=2)
    >>> round(few.loss_mean, 6), few.error_estimate
    (0.276287, 0.0)
    """
    x, target = _problem(scores, target, q)
    k, draws = checks.sample_count(k), checks.draw_count(draws)
    mode = checks.handling(hits, "log_q")
    source = q.without(target) if mode == "excluded" else q
    exact = k * math.log(len(x)) <= math.log(_MOST_DRAWS) + 1e-9
    found = _every_draw(source, k, len(x)) if exact else _many_draws(source, k, draws, seed, len(x))
    first, second, loss = torch.zeros_like(x), torch.zeros_like(x), 0.0
    for samples, chance in found:
        leaf = x.expand(len(samples), -1).clone().requires_grad_()
        where = torch.full((len(samples),), target, device=x.device)
        masking: checks.Masking = "kept" if mode == "kept" else "rejected"
        with torch.enable_grad():
            each = losses.log_q(leaf, where, samples, q, hits=masking)
            (gradient,) = torch.autograd.grad(each.sum(), leaf)
        first, second = first + chance @ gradient, second + chance @ gradient**2
        loss += float(chance @ each.detach())
    variance = (second - first**2).clamp(min=0)
    error = 0.0 if exact else float((variance / draws).max().sqrt())
    return Moments(first, variance, loss, error)


def _problem(scores: Tensor, target: int, q: Noise) -> tuple[Tensor, int]:
    x = checks.vector("scores", scores)
    checks.noise_fits(q.log_probs, len(x), x.device)
    return x, checks.target(target, len(x))


def _independent(y: Tensor, target: int, q: Noise, k: int, hits: checks.Handling) -> Moments:
    source = (q.without(target) if hits == "excluded" else q).probs
    rate, cost = y.sigmoid(), -logsigmoid(-y)
    if hits == "rejected":
        rate[target] = cost[target] = 0.0
    mean, variance = k * source * rate, k * source * (1 - source) * rate**2
    mean[target] -= torch.sigmoid(-y[target])
    # Of a class that is never drawn the cost may be infinite, and does not count.
    total = k * float(source @ cost.masked_fill(source == 0, 0.0)) - float(logsigmoid(y[target]))
    return Moments(mean, variance, total, 0.0)


def _every_draw(source: Noise, k: int, classes: int) -> Iterator[tuple[Tensor, Tensor]]:
    possible = source.probs.nonzero()[:, 0].tolist()
    rows = max(1, _CHUNK // max(classes, k))
    orders = itertools.product(possible, repeat=k)
    while chunk := list(itertools.islice(orders, rows)):
        samples = torch.tensor(chunk, device=source.log_probs.device)
        yield samples, source.log_probs[samples].sum(1).exp()


def _many_draws(source: Noise, k: int, draws: int, seed: int, classes: int) -> Iterator[tuple[Tensor, Tensor]]:
    rows = max(1, _CHUNK // max(classes, k))
    for first in range(0, draws, rows):
        count = min(rows, draws - first)
        samples = source.invert(philox.uniforms(seed, count, k, first=first, device=source.log_probs.device))
        yield samples, torch.full((count,), 1 / draws, dtype=torch.float64, device=samples.device)
