"""The losses against the oracles, their gradients, and the facts they must show."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import losses, noise
from tests import oracles

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
    assert loss.dtype == dtype
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
