"""Samples that are all different: their weights, by enumeration of all draws."""

import itertools
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from ssm import estimators, losses, noise
from ssm.head import SampledSoftmax
from tests import oracles
from tests.sentences import refuses

HEAD = [0.9, 0.05, 0.02, 0.015, 0.01, 0.005]
NOISES = {
    "uniform": noise.uniform(6),
    "log_uniform": noise.log_uniform(6),
    "a heavy head": noise.custom(HEAD),
}


def chances_of_sets(q: list[float], k: int) -> dict[tuple[int, ...], float]:
    """Return the probability of each set of k classes, from those of its orders."""
    sets: dict[tuple[int, ...], float] = dict.fromkeys(itertools.combinations(range(len(q)), k), 0.0)
    for order, chance in oracles.unique_orders(q, k).items():
        sets[tuple(sorted(order))] += chance
    return sets


def expected(q: noise.Noise, scores: torch.Tensor, target: int, k: int) -> float:
    """Return the mean of ``exp(loss)``, the estimate of Z / exp(x_t), over all sets of samples."""
    total = 0.0
    for chosen, chance in chances_of_sets(q.probs.tolist(), k).items():
        where = torch.tensor(target), torch.tensor(chosen)
        total += chance * losses.sampled_softmax(scores, *where, q, tries=q.tries(k)).exp().item()
    return total


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("target", [0, 3])
def test_the_estimate_of_the_sum_is_nearly_unbiased(name, k, target):
    scores = torch.tensor([0.3, 1.0, -0.5, 0.2, 0.8, -1.0], dtype=torch.float64)
    full = losses.full_softmax(scores, torch.tensor(target)).exp().item()
    ratio = expected(NOISES[name], scores, target, k) / full
    exact = name == "uniform" or k in {1, 6}
    assert ratio == pytest.approx(1, abs=1e-12 if exact else 0.03)


@given(weights=st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=7), target=st.integers(0, 1))
def test_every_class_is_the_full_softmax(weights, target):
    q, n = noise.custom(weights), len(weights)
    scores = torch.arange(n, dtype=torch.float64).sin()
    loss = losses.sampled_softmax(scores, torch.tensor(target), torch.arange(n), q, tries=q.tries(n))
    assert loss.item() == pytest.approx(losses.full_softmax(scores, torch.tensor(target)).item(), abs=1e-12)


@pytest.mark.parametrize("estimator", list(estimators.ESTIMATORS))
def test_a_layer_weights_its_samples_by_their_chances(estimator):
    q = noise.log_uniform(30)
    layer = SampledSoftmax(4, 30, samples=7, noise=q, estimator=estimator, replacement=False).double()
    h = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    target, scores = torch.arange(5), layer.scores(h).detach()
    found = layer(h, target, generator=torch.Generator().manual_seed(1))
    samples = q.draw_unique(7, generator=torch.Generator().manual_seed(1)).samples
    assert len(set(samples.tolist())) == 7
    options: dict[str, Any] = {"tries": q.tries(7)} if estimator not in {"uncorrected", "negative_sampling"} else {}
    rest = (q,) if options else ()
    theirs = getattr(losses, estimator)(scores, target, samples, *rest, **options)
    assert (found - theirs).abs().max() < 1e-12


def test_a_layer_with_every_class_has_the_gradient_of_cross_entropy():
    layer = SampledSoftmax(4, 6, samples=6, noise=noise.custom(HEAD), replacement=False, sparse=False).double()
    h, target = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), torch.arange(5)
    ours = torch.autograd.grad(layer(h, target).sum(), tuple(layer.parameters()))
    theirs = torch.autograd.grad(
        functional.cross_entropy(layer.scores(h), target, reduction="sum"), tuple(layer.parameters())
    )
    for our, their in zip(ours, theirs, strict=True):
        assert (our - their).abs().max() < 1e-12


def test_a_trained_layers_loss_is_less_biased_by_unique_samples():
    """Exactly, by enumeration: 5 of 6 classes, trained until the loss rests."""
    q, p = NOISES["a heavy head"], torch.tensor([0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    layer = SampledSoftmax(1, 6, samples=5, noise=q, replacement=False, sparse=False).double()
    g, steps = torch.Generator().manual_seed(0), torch.optim.Adam(layer.parameters(), lr=0.02)
    h = torch.ones(64, 1, dtype=torch.float64)
    for _ in range(300):
        target = torch.multinomial(p, 64, replacement=True, generator=g)
        steps.zero_grad()
        layer(h, target, generator=g).mean().backward()
        steps.step()
    scores = layer.scores(h[0]).detach()
    full, found = 0.0, 0.0
    for t, chance in enumerate(p.tolist()):
        where = torch.tensor(t)
        full += chance * losses.full_softmax(scores, where).item()
        for chosen, likely in chances_of_sets(q.probs.tolist(), 5).items():
            loss = losses.sampled_softmax(scores, where, torch.tensor(chosen), q, tries=q.tries(5)).item()
            found += chance * likely * loss
    assert full == pytest.approx(-math.fsum(c * math.log(c) for c in p.tolist()), abs=0.05)
    assert found == pytest.approx(full, abs=0.05)


def test_unique_samples_cannot_be_excluded_or_too_many():
    with refuses(
        "hits must be 'rejected' or 'kept' for samples that are all different, got 'excluded'; draw with replacement, "
        "or once for the batch"
    ):
        SampledSoftmax(1, 6, samples=2, noise=NOISES["uniform"], replacement=False, hits="excluded")
    with refuses(
        "k must be a whole number from 1 to 6, got 7; the noise can draw 6 classes, so ask for no more or draw "
        "with replacement"
    ):
        SampledSoftmax(1, 6, samples=7, noise=NOISES["uniform"], replacement=False)
