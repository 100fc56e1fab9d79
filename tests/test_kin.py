"""Moments of the other losses against every draw, and against many."""

import math

import pytest
import torch

from ssm import kin, noise
from tests import oracles
from tests.sentences import refuses

SCORES, Q, TARGET = [2.0, 1.0, -1.0, 0.5], [0.4, 0.3, 0.2, 0.1], 0
LOSSES = {"nce": oracles.nce_loss, "log_q": oracles.log_q_loss}
every_mode = pytest.mark.parametrize("hits", ["kept", "rejected", "excluded"])


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def parts(moments):
    return moments.gradient_mean.tolist(), moments.gradient_variance.tolist(), moments.loss_mean


def expected(name, k, hits):
    source = oracles.without(Q, TARGET) if hits == "excluded" else Q
    mask = "kept" if hits == "kept" else "rejected"

    def loss(scores, samples):
        if name == "negative_sampling":
            return oracles.negative_sampling_loss(scores, TARGET, samples, mask)
        return LOSSES[name](scores, TARGET, samples, Q, mask)

    return oracles.moments_of(loss, SCORES, source, k)


@every_mode
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("name", ["nce", "negative_sampling", "log_q"])
def test_the_moments_are_those_of_all_draws(name, k, hits):
    ours = getattr(kin, name)(tensor(SCORES), TARGET, noise.custom(Q), k, hits)
    mean, variance, loss = expected(name, k, hits)
    assert ours.loss_mean == pytest.approx(loss, abs=1e-12)
    assert ours.gradient_mean.tolist() == pytest.approx(mean, abs=1e-10)
    assert ours.gradient_variance.tolist() == pytest.approx(variance, abs=1e-10)
    assert ours.error_estimate == 0


@every_mode
def test_simulation_stays_within_its_stated_error(monkeypatch, hits):
    q, k = noise.custom(Q), 4
    exact = kin.log_q(tensor(SCORES), TARGET, q, k, hits)
    monkeypatch.setattr(kin, "_MOST_DRAWS", 1)
    rough = kin.log_q(tensor(SCORES), TARGET, q, k, hits, draws=20_000, seed=5)
    assert 0 < rough.error_estimate < 0.01
    assert (rough.gradient_mean - exact.gradient_mean).abs().max() <= 5 * rough.error_estimate
    assert rough.gradient_variance.tolist() == pytest.approx(exact.gradient_variance.tolist(), rel=0.1, abs=1e-4)
    assert rough.loss_mean == pytest.approx(exact.loss_mean, abs=0.02)


@pytest.mark.parametrize("simulated", [True, False])
def test_the_chunks_leave_no_trace(monkeypatch, simulated):
    if simulated:
        monkeypatch.setattr(kin, "_MOST_DRAWS", 1)
    whole = parts(kin.log_q(tensor(SCORES), TARGET, noise.custom(Q), 3, draws=50))
    monkeypatch.setattr(kin, "_CHUNK", 30)
    for ours, theirs in zip(parts(kin.log_q(tensor(SCORES), TARGET, noise.custom(Q), 3, draws=50)), whole, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-14)


def test_many_classes_are_simulated():
    moments = kin.log_q(torch.zeros(1000), 3, noise.log_uniform(1000), 5, draws=100)
    assert moments.gradient_mean.shape == (1000,)
    assert moments.error_estimate > 0


def test_a_class_that_is_never_drawn_has_no_gradient():
    for name in ("nce", "negative_sampling", "log_q"):
        moments = getattr(kin, name)(tensor(SCORES), TARGET, noise.custom(Q).without(2), 2)
        assert moments.gradient_mean[2] == moments.gradient_variance[2] == 0
        assert math.isfinite(moments.loss_mean)


def test_the_model_that_nce_looks_for_has_no_gradient_on_average():
    p = [0.1, 0.2, 0.3, 0.4]
    of_each = [kin.nce(tensor(p).log(), t, noise.custom(Q), 7).gradient_mean for t in range(4)]
    assert (tensor(p) @ torch.stack(of_each)).abs().max() < 1e-15


def test_refusals():
    with refuses("noise must have as many classes as scores, got 3 and 4; build it with 4 classes"):
        kin.nce(tensor(SCORES), TARGET, noise.uniform(3), 2)
    with refuses("hits must be 'excluded', 'rejected' or 'kept', got 'no'; choose one of the three"):
        kin.log_q(tensor(SCORES), TARGET, noise.uniform(4), 2, any_hits())


def any_hits():
    """Return what is not declared to be possible."""
    hits: object = "no"
    return hits
