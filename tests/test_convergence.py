"""Repeated draws, one by one against the oracles, and their running mean."""

import itertools
import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import convergence, exact, noise
from tests import oracles

ARTICLE = [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]
HORSE = 7
MODES = ("excluded", "rejected")
every_mode = pytest.mark.parametrize("hits", MODES)
LARGEST = """
import resource
from ssm import convergence, noise, philox
n = 1_000_000
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run = convergence.running_mean(philox.normals(0, n), 0, noise.log_uniform(n), 1000, 1000)
assert run.errors.isfinite().all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@st.composite
def problems(draw):
    """Draw scores, a target and weights of the noise."""
    n = draw(st.integers(2, 7))
    scores = draw(st.lists(st.floats(-30, 30), min_size=n, max_size=n))
    weights = draw(st.lists(st.floats(0.01, 10), min_size=n, max_size=n))
    return scores, draw(st.integers(0, n - 1)), weights


@every_mode
@given(problem=problems(), k=st.integers(1, 5), seed=st.integers(0, 2**64 - 1))
def test_every_draw_is_that_of_the_oracle(hits, problem, k, seed):
    scores, target, weights = problem
    draws, q = 7, oracles.normalise(weights)
    source = oracles.without(q, target) if hits == "excluded" else q
    run = convergence.running_mean(tensor(scores), target, noise.custom(weights), k, draws, seed, hits)
    gradients = []
    for i in range(draws):
        samples = [oracles.invert(source, oracles.uniform(seed, i, j)) for j in range(k)]
        assert run.samples[i].tolist() == samples
        assert run.kept[i] == sum(c != target for c in samples)
        assert run.losses[i].item() == pytest.approx(oracles.sampled_loss(scores, target, samples, source), abs=1e-12)
        gradients.append(oracles.sampled_gradient(scores, target, samples, source))
        assert dense(run, i, len(scores)) == pytest.approx(gradients[-1], abs=1e-12)
    full = oracles.full_gradient(scores, target)
    assert run.full_gradient.tolist() == pytest.approx(full, abs=1e-12)
    assert run.checkpoints.tolist() == [1, 2, 3, 4, 5, 6, 7]
    for m in range(1, draws + 1):
        mean = oracles.mean(gradients[:m])
        assert run.mean_after(m).tolist() == pytest.approx(mean, abs=1e-12)
        assert run.errors[m - 1].item() == pytest.approx(math.dist(mean, full), abs=1e-12)


def dense(run, draw, classes):
    """Return the gradient of one draw, class by class."""
    gradient = [0.0] * classes
    gradient[run.target] = run.target_gradients[draw].item()
    for c, g_c in zip(run.samples[draw].tolist(), run.sample_gradients[draw].tolist(), strict=True):
        gradient[c] += g_c
    return gradient


@every_mode
@pytest.mark.parametrize(("drawn", "summed"), [(1, 1), (7, 60), (90, 35), (10**6, 10**6)])
def test_the_chunks_leave_no_trace(monkeypatch, hits, drawn, summed):
    arguments = (tensor(ARTICLE), HORSE, noise.log_uniform(10), 3, 100, 5, hits)
    expected = convergence.running_mean(*arguments)
    monkeypatch.setattr(convergence, "_DRAWN", drawn)
    monkeypatch.setattr(convergence, "_SUMMED", summed)
    run = convergence.running_mean(*arguments)
    assert (run.samples == expected.samples).all()
    for ours, theirs in ((run.losses, expected.losses), (run.errors, expected.errors)):
        assert ours.tolist() == pytest.approx(theirs.tolist(), abs=1e-14)


@every_mode
def test_the_errors_at_checkpoints_are_those_of_the_means(hits):
    run = convergence.running_mean(tensor(ARTICLE), HORSE, noise.uniform(10), 3, 300, hits=hits)
    assert run.checkpoints.tolist() == convergence.checkpoints(300)
    for m, error in zip(run.checkpoints.tolist(), run.errors.tolist(), strict=True):
        assert error == pytest.approx(math.dist(run.mean_after(m).tolist(), run.full_gradient.tolist()), abs=1e-13)


@every_mode
def test_more_draws_begin_with_the_same_ones(hits):
    few, many = (
        convergence.running_mean(tensor(ARTICLE), HORSE, noise.uniform(10), 3, draws, 1, hits) for draws in (10, 50)
    )
    assert (many.samples[:10] == few.samples).all()
    assert (
        many.samples[:, :2]
        == convergence.running_mean(tensor(ARTICLE), HORSE, noise.uniform(10), 2, 50, 1, hits).samples
    ).all()


@every_mode
def test_the_mean_nears_the_exact_one_and_not_the_full_one(hits):
    moments = exact.moments(tensor(ARTICLE), HORSE, noise.uniform(10), 3, hits=hits)
    run = convergence.running_mean(tensor(ARTICLE), HORSE, noise.uniform(10), 3, 20_000, hits=hits)
    bias = math.dist(moments.gradient_mean.tolist(), run.full_gradient.tolist())
    noise_left = math.sqrt(moments.gradient_variance.sum().item() / 20_000)
    assert bias > 0.18
    assert run.errors[-1].item() == pytest.approx(bias, abs=5 * noise_left)


def test_the_perfect_sampler_draws_the_same_loss_every_time():
    run = convergence.running_mean(tensor(ARTICLE), HORSE, noise.softmax(ARTICLE), 2, 50, hits="excluded")
    full = oracles.full_loss(ARTICLE, HORSE)
    assert run.losses.tolist() == pytest.approx([full] * 50, abs=1e-13)
    assert run.target_gradients.tolist() == pytest.approx([run.full_gradient[HORSE].item()] * 50, abs=1e-13)


def test_a_draw_of_hits_alone_changes_nothing():
    run = convergence.running_mean(tensor([0.0, 1.0]), 0, noise.custom([9.0, 1.0]), 1, 60, hits="rejected")
    alone = run.kept == 0
    assert 0 < alone.sum() < 60
    assert (run.losses[alone] == 0).all()
    assert (run.target_gradients[alone] == 0).all()
    assert (run.sample_gradients[alone] == 0).all()
    assert (run.losses[~alone] > 0).all()


def test_gradients_come_out_where_autograd_is_off():
    with torch.no_grad():
        run = convergence.running_mean(tensor(ARTICLE), HORSE, noise.uniform(10), 3, 5)
    assert (run.target_gradients < 0).all()


def test_nothing_that_comes_out_holds_a_graph():
    run = convergence.running_mean(tensor(ARTICLE).requires_grad_(), HORSE, noise.uniform(10), 3, 5)
    for result in (run.losses, run.sample_gradients, run.target_gradients, run.errors, run.full_gradient):
        assert not result.requires_grad


def test_checkpoints_rise_by_eight_per_cent_to_the_last_draw():
    for draws in (1, 2, 13, 14, 200, 10_000):
        found = convergence.checkpoints(draws)
        assert found[0] == 1
        assert found[-1] == draws
        for m, after in itertools.pairwise(found):
            assert after == min(draws, max(m + 1, math.floor(m * 1.08)))


def test_a_chunk_reports_and_may_stop_the_run(monkeypatch):
    monkeypatch.setattr(convergence, "_DRAWN", 30)
    reports = []
    arguments = (tensor(ARTICLE), HORSE, noise.uniform(10), 3, 45)
    convergence.running_mean(*arguments, on_chunk=lambda: reports.append("chunk"))
    assert len(reports) == 5 + 1, "five chunks of draws, and all checkpoints in one block"

    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        convergence.running_mean(*arguments, on_chunk=stop)


@pytest.mark.slow
def test_the_largest_run_keeps_to_a_quarter_of_two_gigabytes():
    answer = subprocess.run([sys.executable, "-c", LARGEST], capture_output=True, text=True, check=True)
    assert int(answer.stdout) * (1 if sys.platform == "darwin" else 1024) < 0.5e9


def test_the_spike_of_a_confident_target_has_all_its_digits():
    scores = [17.3, 0.0, 0.1, -1.0]
    x = torch.tensor(scores, dtype=torch.float64)
    full = convergence.running_mean(x, 0, noise.uniform(4), k=1, draws=1).full_gradient
    spike = -math.fsum(oracles.softmax(scores)[1:])
    assert full[0].item() == pytest.approx(spike, rel=1e-13, abs=0)
