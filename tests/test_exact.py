"""Exact moments against enumeration, golden numbers, seeded draws and the facts they must show."""

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from ssm import _quadrature, checks, convergence, estimators, exact, losses, noise, philox
from tests import oracles
from tests.sentences import refuses

SCORES, Q = [2.0, 1.0, 0.0, -1.0, 0.5], [0.4, 0.25, 0.15, 0.12, 0.08]
GOLDEN = {
    1: (0.5474132956, -0.406505948458),
    2: (0.5604601114, -0.421178109732),
    4: (0.5673408850, -0.428961559311),
    8: (0.5708647380, -0.432947108888),
    16: (0.5726455865, -0.434958247524),
    32: (0.5735403853, -0.435967489415),
}
ARTICLE = [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]
HORSE = 7
MODES: tuple[checks.Hits, ...] = ("excluded", "rejected")
HANDLINGS: tuple[checks.Handling, ...] = ("excluded", "rejected", "kept")
ESTIMATORS = [
    (name, hits) for name in estimators.ESTIMATORS for hits in HANDLINGS if name != "naive_importance" or hits == "kept"
]
every_mode = pytest.mark.parametrize("hits", MODES)


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def parts(moments):
    """Return mean, variance and loss, as the oracles do."""
    return moments.gradient_mean.tolist(), moments.gradient_variance.tolist(), moments.loss_mean


def assert_near(ours, theirs, tolerance=1e-12):
    for our, their in zip(ours, theirs, strict=True):
        assert our == pytest.approx(their, abs=tolerance)


@st.composite
def problems(draw):
    """Draw scores, a target, weights of the noise and k, few enough to enumerate."""
    n = draw(st.integers(2, 5))
    scores = draw(st.lists(st.floats(-30, 30), min_size=n, max_size=n))
    weights = draw(st.lists(st.floats(0.01, 10), min_size=n, max_size=n))
    return scores, draw(st.integers(0, n - 1)), weights, draw(st.integers(1, 4))


@pytest.mark.parametrize(("name", "hits"), ESTIMATORS)
@given(problem=problems())
@example(problem=([-30.0, 30.0, 0.0], 0, [1.0, 1.0, 1.0], 1))
@example(problem=([-30.0, 30.0, 29.0], 1, [1.0, 0.01, 10.0], 4))
@example(problem=([0.0, 0.0, 3.0, 0.0], 2, [2.0, 1.0, 1.0, 1.5], 1))
def test_the_moments_are_those_of_all_draws(name, hits, problem):
    scores, target, weights, k = problem
    ours = exact.moments(tensor(scores), target, noise.custom(weights), k, hits, estimator=name)
    theirs = oracles.moments(scores, target, oracles.normalise(weights), k, hits, name)
    assert_near(parts(ours), theirs)
    assert ours.error_estimate < 1e-12


@pytest.mark.parametrize(("name", "hits"), ESTIMATORS)
def test_many_draws_stay_within_five_standard_errors(name, hits):
    k, draws, q = 50, 20_000, noise.log_uniform(10)
    source = q.without(HORSE) if hits == "excluded" else q
    samples = source.draw((draws, k), generator=torch.Generator().manual_seed(7))
    leaf, target = tensor(ARTICLE).expand(draws, -1).clone().requires_grad_(), torch.full((draws,), HORSE)
    scores = leaf.gather(1, target[:, None]).squeeze(1), leaf.gather(1, samples)
    drawn = estimators.candidates(scores, (target, samples), q, hits="kept" if hits == "kept" else "rejected")
    loss = estimators.ESTIMATORS[name](drawn)
    (gradient,) = torch.autograd.grad(loss.sum(), leaf)
    moments = exact.moments(tensor(ARTICLE), HORSE, q, k, hits, estimator=name)
    error = (gradient.mean(0) - moments.gradient_mean).abs()
    assert (error <= 5 * (moments.gradient_variance / draws).sqrt() + 1e-14).all()
    assert gradient.var(0).tolist() == pytest.approx(moments.gradient_variance.tolist(), rel=0.15, abs=1e-20)
    assert abs(loss.mean().item() - moments.loss_mean) <= 5 * loss.std().item() / math.sqrt(draws) + 1e-13


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_hits_are_by_default_what_the_loss_makes_of_them(name):
    target, q = torch.tensor(0), noise.custom(Q)
    samples = torch.cartesian_prod(*[torch.arange(5)] * 3)  # every draw
    chances = q.log_probs[samples].sum(1).exp()
    rows = (tensor(SCORES).expand(len(samples), -1), target.expand(len(samples)), samples)
    found = getattr(losses, name)(*rows, *([] if name in {"uncorrected", "negative_sampling"} else [q]))
    expected = exact.moments(tensor(SCORES), 0, q, 3, estimator=name).loss_mean
    assert (chances @ found).item() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(("name", "hits"), ESTIMATORS)
@pytest.mark.parametrize("k", [1, 10, 10**6])
@pytest.mark.parametrize("target", range(4))
def test_no_problem_is_too_steep(name, hits, k, target):
    scores = tensor([800.0, 0.0, -650.0, 1.0])
    moments = exact.moments(scores, target, noise.softmax(scores, temperature=3), k, hits, estimator=name)
    mean, variance, loss = parts(moments)
    assert all(map(math.isfinite, [*mean, *variance, loss]))
    assert min(variance) >= 0
    assert moments.error_estimate < 1e-11
    assert abs(sum(mean)) < 1e-12 or name in {"nce", "negative_sampling"}


@pytest.mark.parametrize("k", GOLDEN)
def test_the_golden_numbers(k):
    moments = exact.moments(tensor(SCORES), 0, noise.custom(Q), k, hits="excluded")
    assert moments.loss_mean == pytest.approx(GOLDEN[k][0], abs=6e-11)
    assert moments.gradient_mean[0].item() == pytest.approx(GOLDEN[k][1], abs=6e-13)


@pytest.mark.parametrize("k", [1, 3, 20])
def test_rejection_is_the_binomial_mixture_of_exclusion(k):
    q = noise.custom(Q)
    excluded = [parts(exact.moments(tensor(SCORES), 0, q, j, hits="excluded")) for j in range(1, k + 1)]
    rejected = exact.moments(tensor(SCORES), 0, q, k, hits="rejected")
    assert_near(parts(rejected), oracles.binomial_mixture(excluded, 1 - Q[0]))


@every_mode
@pytest.mark.parametrize("k", [1, 3, 40])
def test_seeded_draws_stay_within_five_standard_errors(hits, k):
    q, draws = noise.log_uniform(10), 4000
    moments = exact.moments(tensor(ARTICLE), HORSE, q, k, hits=hits)
    run = convergence.running_mean(tensor(ARTICLE), HORSE, q, k, draws, seed=11, hits=hits)
    error = (run.mean_after(draws) - moments.gradient_mean).abs()
    assert (error <= 5 * (moments.gradient_variance / draws).sqrt() + 1e-15).all()
    assert abs(run.losses.mean().item() - moments.loss_mean) <= 5 * run.losses.std().item() / math.sqrt(draws)


def test_the_draws_of_the_library_average_to_the_exact_loss_with_every_default():
    q, k, draws = noise.custom(Q), 4, 200_000
    samples = q.draw((draws, k), generator=torch.Generator().manual_seed(3))
    scores = tensor(SCORES).expand(draws, -1)
    found = losses.sampled_softmax(scores, torch.zeros(draws, dtype=torch.int64), samples, q)
    expected = exact.moments(tensor(SCORES), 0, q, k).loss_mean
    assert abs(found.mean().item() - expected) <= 5 * found.std().item() / math.sqrt(draws)
    run = convergence.running_mean(tensor(SCORES), 0, q, k, draws)
    assert abs(run.losses.mean().item() - expected) <= 5 * run.losses.std().item() / math.sqrt(draws)


@pytest.mark.parametrize("k", [1, 2, 7, 1000])
def test_the_perfect_sampler_has_no_bias_and_little_variance(k):
    p = tensor(oracles.softmax(ARTICLE))
    moments = exact.moments(tensor(ARTICLE), HORSE, noise.softmax(ARTICLE), k, hits="excluded")
    assert moments.loss_mean == pytest.approx(oracles.full_loss(ARTICLE, HORSE), abs=1e-12)
    assert moments.gradient_mean.tolist() == pytest.approx(oracles.full_gradient(ARTICLE, HORSE), abs=1e-12)
    variance = p * (1 - p[HORSE] - p) / k
    variance[HORSE] = 0
    assert moments.gradient_variance.tolist() == pytest.approx(variance.tolist(), abs=1e-12)


def test_the_bias_tends_to_its_leading_order():
    k = 10_000
    p, r = oracles.softmax(ARTICLE), oracles.without([0.1] * 10, HORSE)
    rest = 1 - p[HORSE]
    chi2 = sum((p_c / rest) ** 2 / r_c for p_c, r_c in zip(p, r, strict=True) if r_c) - 1
    moments = exact.moments(tensor(ARTICLE), HORSE, noise.uniform(10), k, hits="excluded")
    bias = moments.gradient_mean[HORSE].item() - (p[HORSE] - 1)
    assert bias == pytest.approx(p[HORSE] * rest**2 * chi2 / k, rel=2e-3)
    loss_bias = moments.loss_mean - oracles.full_loss(ARTICLE, HORSE)
    assert loss_bias == pytest.approx(-(rest**2) * chi2 / (2 * k), rel=2e-3)
    assert moments.gradient_variance[HORSE].item() == pytest.approx(p[HORSE] ** 2 * rest**2 * chi2 / k, rel=2e-3)


@every_mode
def test_what_is_small_is_as_exact_as_what_is_large(hits):
    k, q = 10**9, noise.custom(Q)
    p, r = oracles.softmax(SCORES), oracles.without(Q, 0)
    chi2 = sum((p_c / (1 - p[0])) ** 2 / r_c for p_c, r_c in zip(p, r, strict=True) if r_c) - 1
    kept = k * (1 - Q[0]) if hits == "rejected" else k
    moments = exact.moments(tensor(SCORES), 0, q, k, hits=hits)
    assert moments.gradient_variance[0].item() == pytest.approx((p[0] * (1 - p[0])) ** 2 * chi2 / kept, rel=1e-7, abs=0)


@pytest.mark.parametrize("k", [1, 4, 10**6])
def test_the_loss_of_a_target_far_above_the_rest_keeps_its_digits(k):
    moments = exact.moments(tensor([40.0, 0.0]), 0, noise.uniform(2), k, hits="excluded")
    assert moments.loss_mean == pytest.approx(math.log1p(math.exp(-40)), rel=1e-13, abs=0)
    assert moments.gradient_mean[0].item() == pytest.approx(-math.exp(-40), rel=1e-13, abs=0)


def test_two_classes_leave_nothing_to_chance():
    moments = exact.moments(tensor([0.0, 1.0]), 0, noise.uniform(2), 5, hits="excluded")
    assert moments.gradient_mean.tolist() == pytest.approx(oracles.full_gradient([0.0, 1.0], 0), abs=1e-14)
    assert moments.gradient_variance.tolist() == pytest.approx([0, 0], abs=1e-14)


@every_mode
@pytest.mark.parametrize("k", [1, 100, 10_000])
@pytest.mark.parametrize("gap", [60.0, 700.0, 1400.0, 3000.0])
def test_one_class_far_above_the_rest_wins_every_draw_that_has_it(hits, k, gap):
    n, target = 5, 1
    moments = exact.moments(tensor([gap, 0.0, -gap, 1.0, 2.0]), target, noise.uniform(n), k, hits=hits)
    chance = 1 - (1 - 1 / (n if hits == "rejected" else n - 1)) ** k
    assert moments.gradient_mean[0].item() == pytest.approx(chance, abs=1e-12 if k == 1 else 1e-6)
    assert moments.gradient_mean[2].item() == pytest.approx(0, abs=1e-12)
    assert moments.error_estimate < 1e-12
    assert moments.gradient_variance[0].item() == pytest.approx(chance * (1 - chance), abs=1e-6)


def test_a_target_far_above_the_rest_learns_nothing():
    moments = exact.moments(tensor([900.0, 0.0, -900.0]), 0, noise.uniform(3), 100)
    assert_near(parts(moments), ([0] * 3, [0] * 3, 0))


@every_mode
def test_noise_that_can_hardly_draw_some_classes(hits):
    scores = [800.0, 0.0, -800.0, 1.0]
    moments = exact.moments(tensor(scores), 1, noise.softmax(scores), 10, hits=hits)
    assert moments.loss_mean == pytest.approx(oracles.full_loss(scores, 1), rel=1e-12)
    assert moments.gradient_mean.tolist() == pytest.approx([1, -1, 0, 0], abs=1e-12)


@pytest.mark.parametrize("n", range(3, 40))
def test_a_target_that_is_hardly_ever_drawn_is_as_good_as_excluded(n):
    scores, q = philox.normals(n, n), noise.custom([1e-300, *philox.normals(n, n - 1).exp().tolist()])
    rejected, excluded = (parts(exact.moments(scores, 0, q, 2, hits=hits)) for hits in MODES)
    assert_near(rejected, excluded, 1e-14)


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_a_class_that_is_never_drawn_has_no_gradient_whatever_the_estimator(name):
    moments = exact.moments(tensor(SCORES), 0, noise.custom(Q).without(2), 2, estimator=name)
    assert moments.gradient_mean[2] == moments.gradient_variance[2] == 0
    assert math.isfinite(moments.loss_mean)


def test_the_model_that_nce_looks_for_has_no_gradient_on_average():
    p, q = tensor([0.1, 0.2, 0.3, 0.4]), noise.custom([0.4, 0.3, 0.2, 0.1])
    of_each = [exact.moments(p.log(), t, q, 7, estimator="nce").gradient_mean for t in range(4)]
    assert (p @ torch.stack(of_each)).abs().max() < 1e-15


def test_a_class_that_is_never_drawn_has_no_gradient():
    q = noise.custom(Q).without(3)
    moments = exact.moments(tensor(SCORES), 0, q, 3)
    rest = [0, 1, 2, 4]
    smaller = exact.moments(tensor(SCORES)[rest], 0, noise.custom([Q[c] for c in rest]), 3)
    assert moments.gradient_mean[3] == 0
    assert moments.gradient_mean[rest].tolist() == pytest.approx(smaller.gradient_mean.tolist(), abs=1e-14)


@pytest.mark.parametrize("chunk", [1, 500, 10**6])
def test_the_chunks_leave_no_trace(monkeypatch, chunk):
    expected = parts(exact.moments(tensor(ARTICLE), HORSE, noise.uniform(10), 3))
    monkeypatch.setattr(_quadrature, "_CHUNK", chunk)
    assert_near(parts(exact.moments(tensor(ARTICLE), HORSE, noise.uniform(10), 3)), expected, 1e-15)


def test_who_asked_may_end_the_work_between_two_parts(monkeypatch):
    monkeypatch.setattr(_quadrature, "_CHUNK", 100)
    parts_seen = 0

    def note():
        nonlocal parts_seen
        parts_seen += 1
        if parts_seen == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        exact.moments(tensor(ARTICLE), HORSE, noise.uniform(10), 3, on_chunk=note)
    assert parts_seen == 3


def test_many_classes_and_samples():
    scores, q = philox.normals(1, 20_000), noise.log_uniform(20_000)
    moments = exact.moments(scores, 0, q, 10_000)
    assert moments.error_estimate < 1e-12
    full = torch.nn.functional.cross_entropy(scores, torch.tensor(0)).item()
    assert full - 0.01 < moments.loss_mean < full


def test_too_few_nodes_are_doubled(monkeypatch):
    monkeypatch.setattr(_quadrature, "_STEP", 1.6)
    moments = exact.moments(tensor(SCORES), 0, noise.custom(Q), 4, hits="excluded")
    assert moments.loss_mean == pytest.approx(GOLDEN[4][0], abs=1e-10)
    assert moments.error_estimate < 1e-12
    monkeypatch.setattr(_quadrature, "_HALVINGS", 1)
    rough = r"^exact moments must be within 1e-09, got an error of \S+; "
    with pytest.raises(ValueError, match=rough + r"bring the scores closer together or use convergence.running_mean$"):
        exact.moments(tensor(SCORES), 0, noise.custom(Q), 4, hits="excluded")


# How many samples


@every_mode
@pytest.mark.parametrize(("bias", "spread"), [(0.01, 10.0), (10.0, 0.3), (0.002, 0.2), (1e3, 1e3)])
def test_the_samples_needed_are_the_fewest_that_do(hits, bias, spread):
    q = noise.log_uniform(10)
    full = tensor(oracles.full_gradient(ARTICLE, HORSE))

    def enough(k):
        found = exact.moments(tensor(ARTICLE), HORSE, q, k, hits=hits)
        small_bias = (found.gradient_mean - full).norm() <= bias * full.norm()
        return bool(small_bias and found.gradient_variance.sum().sqrt() <= spread * full.norm())

    k = exact.samples_needed(tensor(ARTICLE), HORSE, q, bias=bias, noise=spread, hits=hits)
    assert enough(k)
    assert k == 1 or not enough(k - 1)


def test_the_perfect_sampler_needs_one_sample_to_be_unbiased():
    q = noise.softmax(ARTICLE)
    assert exact.samples_needed(tensor(ARTICLE), HORSE, q, bias=1e-9, noise=10.0, hits="excluded") == 1


def test_bounds_that_no_number_of_samples_keeps(monkeypatch):
    monkeypatch.setattr(exact, "_MOST_SAMPLES", 100)
    with refuses("bias and noise must be bounds that 100 samples keep, got none; widen them or change the noise"):
        exact.samples_needed(tensor(ARTICLE), HORSE, noise.uniform(10), bias=1e-6, noise=1.0)
    with refuses("bias must be above 0, got 0; 0.01 is one hundredth"):
        exact.samples_needed(tensor(ARTICLE), HORSE, noise.uniform(10), bias=0, noise=1.0)
