"""The losses against the oracles, their gradients, and the facts they must show."""

import inspect
import itertools
import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import estimators, losses, noise
from tests import oracles
from tests.sentences import refuses

ARTICLE = [-1.45, -2.0, -2.9, 1.4, -2.3, -0.1, -4.5, 1.65, -6.0, 0.3]
BIRD, CAT, DOG, HORSE, TRUCK = 2, 3, 5, 7, 9
DTYPES = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 3e-2, torch.float16: 4e-3}


@st.composite
def problems(draw):
    """Draw scores, a target, weights of the noise and samples with repeats and hits."""
    n = draw(st.integers(2, 8))
    scores = draw(st.lists(st.floats(-30, 30), min_size=n, max_size=n))
    weights = draw(st.lists(st.floats(0.01, 10), min_size=n, max_size=n))
    classes = st.integers(0, n - 1)
    return scores, draw(classes), weights, draw(st.lists(classes, min_size=1, max_size=6))


def differentiate(loss, scores, *arguments):
    """Return the loss and its gradient with respect to the scores."""
    leaf = tensor(scores).requires_grad_()
    value = loss(leaf, *arguments)
    value.sum().backward()
    return value.detach(), leaf.grad


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


@given(problems())
def test_full_softmax_is_that_of_the_oracle(problem):
    scores, target, _, _ = problem
    loss, gradient = differentiate(losses.full_softmax, scores, torch.tensor(target))
    assert loss.item() == pytest.approx(oracles.full_loss(scores, target), abs=1e-12)
    assert gradient.tolist() == pytest.approx(oracles.full_gradient(scores, target), abs=1e-12)


@given(problems())
def test_sampled_softmax_is_that_of_the_oracle(problem):
    scores, target, weights, samples = problem
    q, where = noise.custom(weights), (torch.tensor(target), torch.tensor(samples))
    loss, gradient = differentiate(losses.sampled_softmax, scores, *where, q)
    declared = oracles.normalise(weights)
    assert loss.item() == pytest.approx(oracles.sampled_loss(scores, target, samples, declared), abs=1e-12)
    expected = oracles.sampled_gradient(scores, target, samples, declared)
    assert gradient.tolist() == pytest.approx(expected, abs=1e-12)


@given(problems())
def test_noise_without_the_target_is_the_clean_case(problem):
    scores, target, weights, samples = problem
    q, kept = noise.custom(weights), [c for c in samples if c != target]
    if kept:
        arguments = (tensor(scores), torch.tensor(target), torch.tensor(kept))
        clean = losses.sampled_softmax(*arguments, q.without(target))
        rejecting = losses.sampled_softmax(tensor(scores), torch.tensor(target), torch.tensor(samples), q)
        assert clean.item() == pytest.approx(rejecting.item(), abs=1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 1, 2)])
@pytest.mark.parametrize("shared", [True, False])
def test_any_leading_shape_is_a_loop_over_examples(shape, shared):
    g = torch.Generator().manual_seed(3)
    scores = torch.randn(*shape, 6, generator=g, dtype=torch.float64)
    target = torch.randint(6, shape, generator=g)
    q = noise.log_uniform(6)
    samples = q.draw((5,) if shared else (*shape, 5), generator=g)
    loss = losses.sampled_softmax(scores, target, samples, q)
    full = losses.full_softmax(scores, target)
    assert loss.shape == full.shape == shape
    rows = zip(
        scores.reshape(-1, 6).tolist(),
        target.flatten().tolist(),
        samples.expand(*shape, 5).reshape(-1, 5).tolist(),
        loss.flatten().tolist(),
        full.flatten().tolist(),
        strict=True,
    )
    for x, t, c, sampled, whole in rows:
        assert sampled == pytest.approx(oracles.sampled_loss(x, t, c, oracles.log_uniform(6)), abs=1e-12)
        assert whole == pytest.approx(oracles.full_loss(x, t), abs=1e-12)


def test_an_empty_batch_has_an_empty_loss():
    scores, target = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    assert losses.full_softmax(scores, target).shape == (0,)
    assert losses.sampled_softmax(scores, target, torch.tensor([1, 2]), noise.uniform(4)).shape == (0,)


def test_the_articles_full_gradient():
    _, gradient = differentiate(losses.full_softmax, ARTICLE, torch.tensor(HORSE))
    assert gradient[[HORSE, CAT, TRUCK, DOG]].tolist() == pytest.approx([-0.5681, 0.3364, 0.1120, 0.0751], abs=6e-5)


def test_the_articles_sampled_gradient():
    where = (torch.tensor(HORSE), torch.tensor([BIRD, CAT, DOG]))
    _, gradient = differentiate(losses.sampled_softmax, ARTICLE, *where, noise.uniform(10))
    assert gradient[[HORSE, CAT, DOG, BIRD]].tolist() == pytest.approx([-0.7429, 0.6007, 0.1340, 0.0082], abs=6e-5)
    assert gradient.count_nonzero() == 4


@given(problems())
def test_every_class_sampled_once_is_the_full_loss(problem):
    scores, target, _, _ = problem
    n = len(scores)
    where = (torch.tensor(target), torch.arange(n))
    loss, gradient = differentiate(losses.sampled_softmax, scores, *where, noise.uniform(n))
    assert loss.item() == pytest.approx(oracles.full_loss(scores, target), abs=1e-12)
    assert gradient.tolist() == pytest.approx(oracles.full_gradient(scores, target), abs=1e-12)


@given(problems())
def test_the_perfect_sampler_has_the_full_loss_in_every_draw(problem):
    scores, target, _, samples = problem
    if any(c != target for c in samples):
        where = (torch.tensor(target), torch.tensor(samples))
        loss = losses.sampled_softmax(tensor(scores), *where, noise.softmax(scores))
        assert loss.item() == pytest.approx(oracles.full_loss(scores, target), abs=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES.items())
def test_a_draw_of_hits_alone_has_no_loss_and_no_gradient(dtype, tolerance):
    scores = tensor([ARTICLE, ARTICLE]).to(dtype).requires_grad_()
    samples = torch.tensor([[HORSE, HORSE], [CAT, HORSE]])
    loss = losses.sampled_softmax(scores, torch.tensor([HORSE, HORSE]), samples, noise.uniform(10))
    loss.sum().backward()
    assert loss.dtype == torch.promote_types(dtype, torch.float32)
    assert loss[0] == 0
    assert scores.grad[0].tolist() == [0.0] * 10
    expected = oracles.sampled_loss(ARTICLE, HORSE, [CAT, HORSE], [0.1] * 10)
    assert loss[1].item() == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("spread", [700.0, 5e4])
def test_scores_far_apart_stay_finite(spread):
    scores = [spread, -spread, 0.0]
    for target in range(3):
        where = (torch.tensor(target), torch.tensor([0, 1, 2]))
        for loss, rest in ((losses.full_softmax, where[:1]), (losses.sampled_softmax, (*where, noise.uniform(3)))):
            value, gradient = differentiate(loss, scores, *rest)
            assert value.item() == pytest.approx(spread - scores[target], rel=1e-12)
            assert gradient.tolist() == pytest.approx([(c == 0) - (c == target) for c in range(3)], abs=1e-12)


def test_gradients_pass_gradcheck():
    g = torch.Generator().manual_seed(4)
    scores = torch.randn(3, 5, generator=g, dtype=torch.float64, requires_grad=True)
    target, samples = torch.tensor([0, 1, 2]), torch.tensor([[1, 4, 4], [0, 1, 2], [2, 2, 2]])
    assert torch.autograd.gradcheck(lambda x: losses.full_softmax(x, target), (scores,))
    sampled = torch.autograd.gradcheck(
        lambda x: losses.sampled_softmax(x, target, samples, noise.log_uniform(5)), (scores,)
    )
    assert sampled


# Every loss from samples, in every mode: the door, its twin in the oracles, both of (scores, target, samples, q)
SAMPLED: dict[tuple[str, str, bool], tuple[Callable[..., torch.Tensor], Callable[..., float]]] = {
    ("naive_importance", "kept", False): (losses.naive_importance, oracles.naive_loss),
    ("sampled_softmax", "rejected", False): (losses.sampled_softmax, oracles.sampled_loss),
    ("sampled_softmax", "kept", False): (losses.sampled_softmax, oracles.sampled_loss_kept),
    ("log_q", "rejected", True): (losses.log_q, oracles.log_q_loss),
    ("log_q", "kept", True): (losses.log_q, oracles.log_q_loss),
    ("nce", "rejected", True): (losses.nce, oracles.nce_loss),
    ("nce", "kept", True): (losses.nce, oracles.nce_loss),
    ("uncorrected", "rejected", True): (losses.uncorrected, oracles.uncorrected_loss),
    ("uncorrected", "kept", True): (losses.uncorrected, oracles.uncorrected_loss),
    ("negative_sampling", "rejected", True): (losses.negative_sampling, oracles.negative_sampling_loss),
    ("negative_sampling", "kept", True): (losses.negative_sampling, oracles.negative_sampling_loss),
}
WITHOUT_NOISE = {"uncorrected", "negative_sampling"}
every_loss = pytest.mark.parametrize("case", SAMPLED, ids=lambda case: "-".join(case[:2]))
every_door = pytest.mark.parametrize("name", list(estimators.ESTIMATORS))


def door(case, scores, where, q, **drawn):
    """Call the loss of a case."""
    name, hits, _ = case
    modes = {} if name == "naive_importance" else {"hits": hits}
    rest = () if name in WITHOUT_NOISE else (q,)
    return SAMPLED[case][0](scores, *where, *rest, **modes, **drawn)


def twin(case, scores, target, samples, probs, *drawn):
    """Call the oracle of a case."""
    name, hits, told = case
    rest = () if name in WITHOUT_NOISE else (probs,)
    return SAMPLED[case][1](scores, target, samples, *rest, *((hits,) if told else ()), *drawn)


def test_every_loss_is_in_the_list():
    functions = inspect.getmembers(losses, inspect.isfunction)
    here = {name for name, function in functions if function.__module__ == losses.__name__ and name[0] != "_"}
    assert here == {name for name, _, _ in SAMPLED} | {"full_softmax"}
    assert set(estimators.ESTIMATORS) == {name for name, _, _ in SAMPLED}


@every_loss
@given(problem=problems())
def test_each_is_that_of_the_oracle(case, problem):
    scores, target, weights, samples = problem
    loss = door(case, tensor(scores), (torch.tensor(target), torch.tensor(samples)), noise.custom(weights))
    expected = twin(case, scores, target, samples, oracles.normalise(weights))
    assert loss.item() == pytest.approx(expected, abs=1e-12, rel=1e-14)


@pytest.mark.parametrize("case", [case for case in SAMPLED if case[0] in {"naive_importance", "log_q", "nce"}])
@given(problem=problems(), more=st.integers(0, 5))
def test_unique_samples_are_corrected_by_the_chance_to_be_among_them(case, problem, more):
    scores, target, weights, samples = problem
    samples = sorted(set(samples))
    where, tries = (torch.tensor(target), torch.tensor(samples)), len(samples) + more
    loss = door(case, tensor(scores), where, noise.custom(weights), tries=tries)
    expected = twin(case, scores, target, samples, oracles.normalise(weights), tries)
    assert loss.item() == pytest.approx(expected, abs=1e-11)


@given(problem=problems(), more=st.integers(0, 5))
def test_sampled_softmax_of_unique_samples_is_that_of_the_oracle(problem, more):
    scores, target, weights, samples = problem
    samples = sorted(set(samples))
    where, tries = (torch.tensor(target), torch.tensor(samples)), len(samples) + more
    loss = losses.sampled_softmax(tensor(scores), *where, noise.custom(weights), tries=tries)
    expected = oracles.sampled_loss_unique(scores, target, samples, oracles.normalise(weights), tries)
    assert loss.item() == pytest.approx(expected, abs=1e-11)


@every_loss
@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 1, 3)])
@pytest.mark.parametrize("shared", [True, False])
def test_each_takes_any_leading_shape(case, shape, shared):
    g = torch.Generator().manual_seed(5)
    q = noise.log_uniform(6)
    scores = torch.randn(*shape, 6, generator=g, dtype=torch.float64)
    target = torch.randint(6, shape, generator=g)
    samples = q.draw((5,) if shared else (*shape, 5), generator=g)
    loss = door(case, scores, (target, samples), q)
    assert loss.shape == shape
    rows = samples.expand(*shape, 5).reshape(-1, 5).tolist()
    of_each = zip(scores.reshape(-1, 6).tolist(), target.flatten().tolist(), rows, strict=True)
    expected = [twin(case, x, t, c, oracles.log_uniform(6)) for x, t, c in of_each]
    assert loss.flatten().tolist() == pytest.approx(expected, abs=1e-12)


@every_loss
def test_each_passes_gradcheck(case):
    g = torch.Generator().manual_seed(6)
    scores = torch.randn(3, 5, generator=g, dtype=torch.float64, requires_grad=True)
    where = (torch.tensor([0, 1, 2]), torch.tensor([[1, 4, 4], [0, 1, 2], [2, 2, 2]]))
    assert torch.autograd.gradcheck(lambda x: door(case, x, where, noise.log_uniform(5)), (scores,))


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("samples", [[1, 1, 1], [0, 1, 2], [0, 0, 0]])
def test_each_stays_finite_at_the_ends_of_its_dtype(case, dtype, samples):
    scores = tensor([6e4, -6e4, 0.0, 1e-4]).to(dtype).requires_grad_()
    rare = noise.custom([1e-300, 1.0, 1e-30, 1.0])
    for target in range(4):
        loss = door(case, scores, (torch.tensor(target), torch.tensor(samples)), rare)
        (gradient,) = torch.autograd.grad(loss, scores)
        assert loss.isfinite()
        assert gradient.isfinite().all()
        assert gradient.dtype == dtype


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_loses_only_the_digits_of_its_scores(case, dtype):
    scores = tensor(ARTICLE).to(dtype)
    where = (torch.tensor(HORSE), torch.arange(10).repeat(200))
    exact = door(case, scores.double(), where, noise.log_uniform(10))
    loss = door(case, scores, where, noise.log_uniform(10))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(exact.item(), rel=1e-5)


@pytest.mark.parametrize("case", [case for case in SAMPLED if case[1] == "rejected"])
def test_hits_alone_leave_no_loss_but_the_targets_own(case):
    where = (torch.tensor(HORSE), torch.tensor([HORSE, HORSE]))
    loss, gradient = differentiate(lambda x: door(case, x, where, noise.uniform(10)), ARTICLE)
    others = [c for c in range(10) if c != HORSE]
    assert gradient[others].tolist() == [0.0] * 9
    if case[0] in {"nce", "negative_sampling"}:
        shift = math.log(2 / 10) if case[0] == "nce" else 0.0
        assert loss.item() == pytest.approx(oracles.minus_log_logistic(ARTICLE[HORSE] - shift), abs=1e-14)
    else:
        assert loss == 0
        assert gradient[HORSE] == 0


# Facts


@given(problems())
def test_log_q_with_uniform_noise_is_uncorrected(problem):
    scores, target, _, samples = problem
    where = (torch.tensor(target), torch.tensor(samples))
    corrected, gradient = differentiate(losses.log_q, scores, *where, noise.uniform(len(scores)))
    plain, same = differentiate(losses.uncorrected, scores, *where)
    assert corrected.item() == pytest.approx(plain.item(), abs=1e-12)
    assert gradient.tolist() == pytest.approx(same.tolist(), abs=1e-12)


@given(problems())
def test_the_refined_log_q_correction_has_the_gradient_of_sampled_softmax(problem):
    scores, target, weights, samples = problem
    q, kept = noise.custom(weights), [c for c in samples if c != target]
    if kept:
        where = (torch.tensor(target), torch.tensor(samples))
        _, ours = differentiate(losses.sampled_softmax, scores, *where, q)
        assert ours.tolist() == pytest.approx(refined_gradient(scores, target, kept, q), abs=1e-12)


def refined_gradient(scores, target, kept, q):
    """The loss of Khrylchenko et al. 2025: (1 - P) of -x_t + log(mean of exp(x_c) / r_c), P its own estimate of p_t."""
    leaf = tensor(scores).requires_grad_()
    log_z = (leaf[kept] - q.without(target).log_probs[kept]).logsumexp(0) - math.log(len(kept))
    weight = torch.sigmoid(log_z - leaf[target]).detach()
    (weight * (log_z - leaf[target])).backward()
    return leaf.grad.tolist()


def settle(loss_of, n, steps=300):
    """Return the scores that minimise a loss, their mean taken off."""
    x = torch.zeros(n, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [x], max_iter=steps, tolerance_grad=1e-12, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure():
        optimiser.zero_grad()
        loss = loss_of(x)
        loss.backward()
        return loss

    optimiser.step(closure)
    return x.detach()


P, Q = [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]


def expected_loss(case, x, k):
    """Return the loss in expectation over targets from P and k samples from Q, draw by draw."""
    n = len(P)
    draws = torch.cartesian_prod(*[torch.arange(n)] * (k + 1)).view(-1, k + 1)
    chance = tensor(P)[draws[:, 0]] * tensor(Q)[draws[:, 1:]].prod(1)
    return chance @ door(case, x.expand(len(draws), n), (draws[:, 0], draws[:, 1:]), noise.custom(Q))


def test_nce_learns_log_probabilities():
    x = settle(lambda x: expected_loss(("nce", "kept", True), x, 2), 4)
    assert x.exp().tolist() == pytest.approx(P, abs=1e-6)


def test_negative_sampling_learns_a_ratio():
    k = 2
    x = settle(lambda x: expected_loss(("negative_sampling", "kept", True), x, k), 4)
    assert x.exp().tolist() == pytest.approx([p / (k * q) for p, q in zip(P, Q, strict=True)], abs=1e-6)


@pytest.mark.parametrize("power", [0.3, 2.0])
def test_a_power_is_of_the_target_alone(power):
    where = tensor(ARTICLE), torch.tensor(HORSE), torch.tensor([BIRD, CAT, HORSE])
    plain, weighted = losses.negative_sampling(*where), losses.negative_sampling(*where, power=power)
    own = oracles.minus_log_logistic(ARTICLE[HORSE])
    assert weighted.item() == pytest.approx(plain.item() + (power - 1) * own, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("calibration", [0.0, 0.5, 1.0])
def test_gbce_makes_probabilities_of_scores(k, calibration):
    """At calibration 1, by enumeration of targets and of draws without them: where the mean gradient is 0."""
    p, n = [0.5, 0.3, 0.15, 0.05], 4
    power = estimators.gbce_power(k, n, calibration)
    alpha = k / (n - 1)
    if calibration:  # as it is written in the paper
        assert power == pytest.approx(alpha * (calibration * (1 - 1 / alpha) + 1 / alpha), rel=1e-14)
    x = tensor([math.log(c / (1 - c)) for c in p]).requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    for t, chance in enumerate(p):
        others = [c for c in range(n) if c != t]
        for drawn in itertools.product(others, repeat=k):
            loss = losses.negative_sampling(x, torch.tensor(t), torch.tensor(drawn), power=power)
            total = total + chance / len(others) ** k * loss
    (gradient,) = torch.autograd.grad(total, x)
    assert (gradient.abs().max() < 1e-15) == (calibration == 1)
    assert (gradient <= 1e-15).all()  # otherwise scores rise: they are too sure of themselves


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((5, 5, 0.5), "k must be a whole number from 1 to 4, got 5; draw fewer samples than there are classes"),
        ((1, 1, 0.5), "classes must be a whole number of at least 2, got 1; add a class to draw"),
        ((1, 5, -0.5), "calibration must be at least 0, got -0.5; 0 is plain negative sampling"),
        ((1, 5, 1.5), "calibration must be at most 1, got 1.5; 1 makes probabilities of the scores"),
    ],
)
def test_a_calibration_that_is_none(arguments, sentence):
    with refuses(sentence):
        estimators.gbce_power(*arguments)


def test_without_correction_a_softmax_learns_p_over_q():
    x = settle(lambda x: expected_loss(("uncorrected", "kept", True), x, 1), 4)
    ratios = oracles.normalise([p / q for p, q in zip(P, Q, strict=True)])
    assert x.softmax(0).tolist() == pytest.approx(ratios, abs=1e-6)
    right = settle(lambda x: expected_loss(("log_q", "kept", True), x, 1), 4)
    assert right.softmax(0).tolist() == pytest.approx(P, abs=1e-6)


def test_a_naive_loss_without_the_target_has_no_lower_bound():
    where = (torch.tensor(0), torch.tensor([1, 2]))
    values = [losses.naive_importance(tensor([x, 0.0, 0.0]), *where, noise.uniform(3)).item() for x in (0, 10, 100)]
    assert values[0] > values[1] > values[2] == pytest.approx(math.log(3) - 100)


def test_all_classes_once_are_the_full_loss_for_the_naive_loss_too():
    where = (torch.tensor(HORSE), torch.arange(10))
    loss = losses.naive_importance(tensor(ARTICLE), *where, noise.uniform(10))
    assert loss.item() == pytest.approx(oracles.full_loss(ARTICLE, HORSE), abs=1e-12)


# Refusals


def test_a_sample_that_the_noise_cannot_draw():
    q, scores = noise.uniform(4).without(2), torch.zeros(4)
    with refuses(
        "noise must give every sample a probability above 0, got 0 for class 2; "
        "pass the noise that the samples were drawn from"
    ):
        losses.sampled_softmax(scores, torch.tensor(1), torch.tensor([0, 2]), q)
    assert losses.sampled_softmax(scores, torch.tensor(2), torch.tensor([0, 2]), q).isfinite()


@pytest.mark.parametrize("loss", [losses.log_q, losses.nce])
def test_a_target_that_the_noise_cannot_draw(loss):
    with refuses(
        "noise must give every target a probability above 0 in this loss, got 0 in example 0; "
        "take noise with every class, or the sampled softmax"
    ):
        loss(torch.zeros(4), torch.tensor(2), torch.tensor([0, 1]), noise.uniform(4).without(2))


def test_hits_are_rejected_or_kept():
    with refuses("hits must be 'rejected' or 'kept', got 'excluded'; choose one of the two"):
        losses.nce(torch.zeros(4), torch.tensor(2), torch.tensor([0]), noise.uniform(4), hits="excluded")  # type: ignore[arg-type]


def test_a_power_that_is_none():
    with refuses("power must be above 0, got 0; 1 is plain negative sampling"):
        losses.negative_sampling(torch.zeros(4), torch.tensor(2), torch.tensor([0]), power=0)


def test_fewer_tries_than_samples():
    with refuses("tries must be at least 2, the number of samples, got 1; pass what draw_unique gave"):
        losses.nce(torch.zeros(4), torch.tensor(2), torch.tensor([0, 1]), noise.uniform(4), tries=1)


@pytest.mark.parametrize("name", ["full_softmax", "sampled_softmax", "naive_importance", "log_q", "uncorrected"])
def test_what_all_scores_have_in_common_costs_no_digits(name):
    scores = torch.tensor([2.0, 1.0, 0.0, -1.0, 0.5])
    samples = [] if name == "full_softmax" else [torch.tensor([1, 4, 3])]
    q = [] if name in {"full_softmax", "uncorrected"} else [noise.uniform(5)]
    near, far = (getattr(losses, name)(each, torch.tensor(0), *samples, *q).item() for each in (scores, scores + 1e4))
    assert far == pytest.approx(near, abs=1e-6)
