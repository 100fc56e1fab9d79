"""What a loss learns against enumeration, closed forms and the facts that it must show."""

import itertools
import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ssm import checks, estimators, noise, optimum
from tests import oracles
from tests.sentences import refuses

TRUTH, Q = [0.45, 0.25, 0.2, 0.07, 0.03], [0.3, 0.05, 0.2, 0.15, 0.3]
ARTICLE = oracles.softmax([-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3])
HANDLINGS: tuple[checks.Handling, ...] = ("excluded", "rejected", "kept")
ESTIMATORS = [
    (name, hits) for name in estimators.ESTIMATORS for hits in HANDLINGS if name != "naive_importance" or hits == "kept"
]


@st.composite
def problems(draw):
    """Draw a distribution, weights of the noise and k, few enough to enumerate."""
    n = draw(st.integers(2, 4))
    scores = draw(st.lists(st.floats(-6, 6), min_size=n, max_size=n))
    weights = draw(st.lists(st.floats(0.01, 10), min_size=n, max_size=n))
    return oracles.softmax(scores), weights, draw(st.integers(1, 3))


def find(p, weights, k, name, hits=None):
    return optimum.find(p, noise.custom(weights), k, hits, estimator=name)


def assert_probs(found, weights, tolerance=1e-12):
    assert found.probs.tolist() == pytest.approx(oracles.normalise(weights), rel=tolerance)


@pytest.mark.parametrize(("name", "hits"), ESTIMATORS)
@settings(max_examples=25)
@given(problem=problems())
@example(problem=([0.9999, 0.00005, 0.00005], [1.0, 5.0, 10.0], 3))
@example(problem=([0.5, 0.5], [0.01, 10.0], 1))
def test_no_score_gains_by_moving_over_all_draws(name, hits, problem):
    p, weights, k = problem
    q = oracles.normalise(weights)
    if name == "naive_importance" and k < optimum.least_samples(p, noise.custom(weights)):
        return
    x = find(p, weights, k, name, hits).scores.tolist()
    gradients = [oracles.moments(x, t, q, k, hits, name)[0] for t in range(len(p))]
    for c, p_c in enumerate(p):
        slope = math.fsum(p_t * gradient[c] for p_t, gradient in zip(p, gradients, strict=True))
        assert abs(slope) <= 1e-11 * p_c


@pytest.mark.parametrize("k", [1, 2, 7, 100])
def test_of_two_classes_each_counts_in_the_draws_that_are_not_hits_alone(k):
    p, q = [0.3, 0.7], [0.4, 0.6]
    kept = [p_c * (1 - q_c**k) for p_c, q_c in zip(p, q, strict=True)]
    assert_probs(find(p, q, k, "sampled_softmax"), kept)
    assert_probs(find(p, q, k, "sampled_softmax", "excluded"), p)


@pytest.mark.parametrize("k", [1, 2, 5, 40, 3_000])
def test_log_q_is_exact_where_hits_count(k):
    """Among the candidates the target is c as often as ``m_c p_c / q_c`` says, m_c being how often c is there."""
    assert_probs(find(TRUTH, Q, k, "log_q", "kept"), TRUTH)
    assert_probs(find(TRUTH, Q, k, "uncorrected", "kept"), [p / q for p, q in zip(TRUTH, Q, strict=True)])


def test_log_q_is_exact_with_one_sample_and_worse_with_more():
    assert_probs(find(TRUTH, Q, 1, "log_q"), TRUTH)
    apart = [find(TRUTH, Q, k, "log_q").divergence for k in (1, 2, 4, 8, 16)]
    assert apart[0] < 1e-20
    assert apart == sorted(apart)
    assert apart[1] > 1e-5


def test_log_q_with_the_target_excluded_learns_what_the_noise_leaves_of_it():
    assert_probs(find(TRUTH, Q, 1, "log_q", "excluded"), [p / (1 - q) for p, q in zip(TRUTH, Q, strict=True)])


def test_uncorrected_learns_the_truth_over_the_noise():
    assert_probs(find(TRUTH, Q, 1, "uncorrected"), [p / q for p, q in zip(TRUTH, Q, strict=True)])


@pytest.mark.parametrize("k", [1, 3, 20])
def test_uniform_noise_makes_log_q_no_correction(k):
    log_q, uncorrected = (find(TRUTH, [1.0] * 5, k, name) for name in ("log_q", "uncorrected"))
    assert_probs(log_q, uncorrected.probs.tolist())
    assert find(TRUTH, Q, k, "uncorrected").divergence > 2 * find(TRUTH, Q, k, "log_q").divergence


@pytest.mark.parametrize("k", [1, 3, 50])
def test_nce_learns_scores_that_are_log_probabilities(k):
    assert find(TRUTH, Q, k, "nce").scores.exp().tolist() == pytest.approx(TRUTH, rel=1e-14)
    odds = [p / (1 - p) for p in TRUTH]
    assert find(TRUTH, Q, k, "nce", "rejected").scores.exp().tolist() == pytest.approx(odds, rel=1e-14)


@pytest.mark.parametrize("k", [1, 3, 50])
def test_negative_sampling_learns_the_truth_over_what_the_noise_draws(k):
    ratios = [p / (k * q) for p, q in zip(TRUTH, Q, strict=True)]
    assert find(TRUTH, Q, k, "negative_sampling").scores.exp().tolist() == pytest.approx(ratios, rel=1e-14)


@pytest.mark.parametrize("k", [1, 4, 30])
def test_the_perfect_sampler_learns_the_truth(k):
    assert_probs(find(TRUTH, TRUTH, k, "sampled_softmax", "excluded"), TRUTH)


def test_sampled_softmax_is_too_sure_with_few_samples_and_learns_the_truth_with_many():
    found = [find(ARTICLE, [1.0] * 10, k, "sampled_softmax") for k in (1, 2, 4, 8, 16, 32, 64, 1_024, 2_048)]
    assert all(one.probs.max() > max(ARTICLE) for one in found)
    apart = [one.divergence for one in found]
    assert apart == sorted(apart, reverse=True)
    assert apart[-2] / apart[-1] == pytest.approx(4, rel=0.02)  # bias falls with k, and this with its square


@pytest.mark.parametrize(("p", "weights"), [(TRUTH, Q), (ARTICLE, [1.0] * 10), ([0.5, 0.5], [0.5, 0.5])])
def test_naive_importance_needs_samples_that_reach_every_set_of_classes(p, weights):
    q, n = oracles.normalise(weights), len(p)
    subsets = [s for size in range(1, n) for s in itertools.combinations(range(n), size)]

    def reaches(k):
        return all(1 - (1 - math.fsum(q[c] for c in s)) ** k > math.fsum(p[c] for c in s) + 1e-12 for s in subsets)

    least = optimum.least_samples(p, noise.custom(weights))
    assert least == next(k for k in itertools.count(1) if reaches(k))
    found = find(p, weights, least, "naive_importance")
    assert math.isfinite(found.divergence)
    sentence = (
        f"k must be at least {least} for naive_importance to have an optimum here, got {least - 1}; "
        "draw more samples or bring the noise closer to p"
    )
    with refuses(sentence):
        find(p, weights, least - 1, "naive_importance")


def test_the_fewest_samples_are_known_where_one_class_is_nearly_all():
    rare = 1e-18  # 1 less this is 1
    assert optimum.least_samples([1.0, rare], noise.custom([1.0, 2 * rare])) == 2
    assert optimum.least_samples([1.0, 4.5 * rare], noise.custom([1.0, rare])) == 5
    assert optimum.least_samples([rare, 1.0], noise.uniform(2)) == math.floor(-math.log2(rare)) + 1


@pytest.mark.parametrize("name", [name for name in estimators.ESTIMATORS if name != "naive_importance"])
def test_every_other_loss_has_an_optimum_from_one_sample_on(name):
    assert optimum.least_samples(TRUTH, noise.custom(Q), estimator=name) == 1


@settings(max_examples=20)
@given(scores=st.lists(st.floats(-20, 20), min_size=6, max_size=6), k=st.integers(1, 100))
@pytest.mark.parametrize("name", ["sampled_softmax", "log_q", "uncorrected"])
def test_the_search_ends_far_from_where_it_began(name, scores, k):
    found = find(oracles.softmax(scores), [*Q, 0.001], k, name)
    assert found.probs.isfinite().all()
    assert found.scores.exp().sum().item() == pytest.approx(1)


@pytest.mark.parametrize(("name", "hits"), ESTIMATORS)
@pytest.mark.parametrize("n", [5, 60])  # the many are found in more than one part
def test_many_numbers_of_samples_at_once_learn_what_each_learns_alone(name, hits, n):
    p, weights = oracles.softmax([math.sin(c * c) for c in range(n)]), [1 + 0.5 * math.cos(c) for c in range(n)]
    least = optimum.least_samples(p, noise.custom(weights), estimator=name)
    ks = [least, 1_000, least + 1, least + 20, 1_000, 4 * least]
    found = optimum.curve(p, noise.custom(weights), ks, hits, estimator=name)
    assert len(found) == len(ks)
    for k, one in zip(ks, found, strict=True):
        assert_probs(one, find(p, weights, k, name, hits).probs.tolist())
    assert optimum.curve(p, noise.custom(weights), [], hits, estimator=name) == []


def test_the_divergence_is_that_of_the_probabilities():
    found = find(TRUTH, Q, 2, "sampled_softmax")
    expected = math.fsum(p * math.log(p / m) for p, m in zip(TRUTH, found.probs.tolist(), strict=True))
    assert found.divergence == pytest.approx(expected, rel=1e-12)


def test_weights_are_a_distribution():
    assert_probs(find([2.0, 1.0, 1.0], [1.0, 1.0, 2.0], 1, "log_q"), [2, 1, 1])
    assert torch.equal(find([2.0, 1.0], [1.0, 3.0], 3, "nce").scores, find([4.0, 2.0], [1.0, 3.0], 3, "nce").scores)


def test_what_cannot_be_is_refused():
    q = noise.custom(Q)
    with refuses("p must be positive, got 0.0 at class 1; drop the class or give it a small weight"):
        optimum.find([1.0, 0.0, 1.0, 1.0, 1.0], q, 1)
    with refuses("classes must be a whole number from 2 to 100, got 1; an optimum is for small distributions"):
        optimum.find([1.0], noise.uniform(1), 1)
    with refuses("noise must have as many classes as scores, got 5 and 2; build it with 2 classes"):
        optimum.find([0.5, 0.5], q, 1)
    with refuses("noise must give every class a probability above 0, got 0 for class 2; drop the class from both"):
        optimum.find(TRUTH, q.without(2), 1)
    with refuses(
        "p and noise must be near enough for the optimum to be found, got a step of nan at the end; bring them closer "
        "together"
    ):
        optimum.find([1.0, 1e-260], noise.custom([1.0, 1e-260]), 1)
    for search in (lambda k: optimum.find(TRUTH, q, k), lambda k: optimum.curve(TRUTH, q, [3, k])):
        with refuses("k must be a whole number of at least 1, got 0; draw one sample or more"):
            search(0)
