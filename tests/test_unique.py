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


# What training with them is off by, exactly: by enumeration of all draws

P = [0.3, 0.25, 0.2, 0.1, 0.1, 0.05]


@pytest.mark.parametrize("name", ["uncorrected", "negative_sampling"])
def test_of_every_class_drawn_the_scores_lack_nothing(name):
    """What is always drawn is drawn as often as any other: scores are log p, whatever the noise."""
    made = SampledSoftmax(4, 6, samples=6, noise=noise.unigram(HEAD), estimator=name, replacement=False).double()
    h, target = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)), torch.arange(5)
    scores = made.scores(h)
    expected = torch.nn.functional.cross_entropy(scores, target, reduction="none")
    assert (made(h, target, loss="exact") - expected).abs().max() < 1e-12
    assert (made.log_probs(h) - scores.log_softmax(-1)).abs().max() < 1e-12
    assert made.predict(h)[:, 0].tolist() == scores.argmax(-1).tolist()


def test_of_samples_all_different_the_scores_lack_the_chance_to_be_among_them():
    q = noise.unigram(HEAD)
    made = SampledSoftmax(4, 6, samples=3, noise=q, estimator="uncorrected", replacement=False).double()
    h = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = (made.scores(h) + q.inclusion(3).log()).log_softmax(-1)
    assert (made.log_probs(h) - expected).abs().max() < 1e-12


def draws(q, k, *, replacement):
    """Return each draw of k samples and its chance; of draws with replacement, their counts apart from order."""
    probs = q.probs.tolist()
    if not replacement:
        return chances_of_sets(probs, k)
    found: dict[tuple[int, ...], float] = {}
    for order in itertools.product(range(len(probs)), repeat=k):
        drawn = tuple(sorted(order))
        found[drawn] = found.get(drawn, 0.0) + math.prod(probs[c] for c in order)
    return found


def expected_loss(layer, scores, k, monkeypatch):
    """The mean over targets and draws of the layer's loss, for a layer whose biases are the scores."""
    h, targets = torch.zeros(6, 1, dtype=torch.float64), torch.arange(6)
    p, total = torch.tensor(P, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for drawn, chance in draws(layer.noise, k, replacement=layer.tries is None).items():
        monkeypatch.setattr(layer, "_draw", lambda *_, drawn=drawn: torch.tensor(drawn))
        total = total + chance * (p @ torch.func.functional_call(layer, {"bias": scores}, (h, targets)))
    return total


def small_layer(q, k, estimator, *, replacement):
    made = SampledSoftmax(1, 6, samples=k, noise=q, estimator=estimator, replacement=replacement, sparse=False)
    return made.double()


def gradient_bias(q, k, monkeypatch, *, replacement, estimator="sampled_softmax"):
    """Return how far the mean gradient is from that of the full softmax, relative to it."""
    scores = torch.tensor([0.3, 1.0, -0.5, 0.2, 0.8, -1.0], dtype=torch.float64, requires_grad=True)
    layer = small_layer(q, k, estimator, replacement=replacement)
    (found,) = torch.autograd.grad(expected_loss(layer, scores, k, monkeypatch), scores)
    full = scores.softmax(0) - torch.tensor(P, dtype=torch.float64)
    return ((found - full).norm() / full.norm()).item()


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("estimator", ["sampled_softmax", "log_q"])
def test_unique_samples_bias_the_gradient_less_and_all_of_them_not_at_all(name, estimator, monkeypatch):
    def bias(k, *, replacement):
        return gradient_bias(NOISES[name], k, monkeypatch, replacement=replacement, estimator=estimator)

    unique = [bias(k, replacement=False) for k in (2, 3, 4, 5, 6)]
    assert all(now < before for before, now in itertools.pairwise(unique))
    for k, found in zip((2, 3), unique, strict=False):
        assert found < bias(k, replacement=True)
    assert unique[-2] < 0.05
    assert unique[-1] < 1e-12


def learned(q, k, estimator, monkeypatch, *, replacement):
    """Return what is learnt where the mean loss is least: its divergence from the classes' true distribution."""
    layer, scores = small_layer(q, k, estimator, replacement=replacement), torch.zeros(6, dtype=torch.float64)
    scores.requires_grad_()
    steps = torch.optim.LBFGS([scores], lr=0.5, max_iter=60, line_search_fn="strong_wolfe")

    def step():
        steps.zero_grad()
        loss = expected_loss(layer, scores, k, monkeypatch)
        loss.backward()
        return loss

    steps.step(step)
    p = torch.tensor(P, dtype=torch.float64)
    return (p @ (p.log() - scores.detach().log_softmax(0))).item()


@pytest.mark.parametrize(("name", "most"), [("uniform", 0.006), ("log_uniform", 0.001), ("a heavy head", 0.003)])
def test_what_unique_samples_teach_is_nearer_to_the_truth(name, most, monkeypatch):
    """Three of six classes: nats of divergence, by the full softmax of what was learnt."""
    unique, repeated = (
        learned(NOISES[name], 3, "sampled_softmax", monkeypatch, replacement=replacement)
        for replacement in (False, True)
    )
    assert unique < most
    assert unique < 0.4 * repeated


def test_uniform_unique_samples_teach_log_q_the_truth(monkeypatch):
    assert learned(NOISES["uniform"], 3, "log_q", monkeypatch, replacement=False) < 1e-7
    assert learned(NOISES["uniform"], 3, "log_q", monkeypatch, replacement=True) > 1e-4
