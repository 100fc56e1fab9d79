"""Curves over the number of samples: each point is what the moments of that many samples are."""

import pytest
import torch

from ssm import estimators, exact, noise, philox

KS = [1, 2, 3, 7, 40, 1000, 10**6]
WAYS = [(name, None) for name in estimators.ESTIMATORS] + [
    (name, hits)
    for name in ("sampled_softmax", "log_q", "uncorrected", "nce", "negative_sampling")
    for hits in ("excluded", "kept")
]
FEW, MANY = philox.normals(3, 9), philox.normals(4, 3000)
PROBLEMS = {
    "few": (3 * FEW, 2, noise.custom(philox.uniforms(1, 1, 9)[0] + 0.01)),
    "confident": (torch.where(torch.arange(9) == 2, 20.0, FEW), 2, noise.uniform(9)),
    "hardly drawn": (FEW, 0, noise.softmax(torch.arange(9) * -8.0)),
    "some never": (FEW, 2, noise.uniform(9).without(4)),
    "many": (MANY, 5, noise.log_uniform(3000)),
    "spread": (60 * FEW, 2, noise.uniform(9)),
}


def expected(problem, k, name, hits):
    """Return bias, variance and loss by the moments of each class, each with what it is the difference of."""
    scores, target, q = problem
    found = exact.moments(scores, target, q, k, hits, estimator=name)
    full = (scores - scores[target]).softmax(0)
    full[target] = -full[torch.arange(len(full)) != target].sum()
    bias, variance, loss = (found.gradient_mean - full).norm(), found.gradient_variance.sum(), found.loss_mean
    square = float(variance + found.gradient_mean @ found.gradient_mean)
    return [(float(bias), float(full.norm())), (float(variance), square), (loss, 10 * abs(loss))]


@pytest.mark.parametrize(("name", "hits"), WAYS)
@pytest.mark.parametrize("which", PROBLEMS)
def test_each_point_is_that_of_the_moments(which, name, hits):
    problem = PROBLEMS[which]
    found = exact.curve(*problem, KS, hits, estimator=name)
    for ours, k in zip(zip(found.bias, found.variance, found.loss_mean, strict=True), KS, strict=True):
        for our, (their, size) in zip(ours, expected(problem, k, name, hits), strict=True):
            assert abs(our - their) <= 1e-11 * abs(their) + 1e-12 * size
    assert found.samples.tolist() == KS
    assert found.error_estimate < 1e-11


def test_who_asked_may_end_the_work():
    def end():
        raise InterruptedError

    for name in ("sampled_softmax", "nce"):
        with pytest.raises(InterruptedError):
            exact.curve(*PROBLEMS["many"], KS, estimator=name, on_chunk=end)


def test_the_samples_needed_are_the_fewest_where_bias_falls_and_rises_again():
    problem = torch.tensor([0.84, 1.43, 3.5, 4.42]), 0, noise.custom([0.77834, 0.07286, 0.00044, 0.14836])
    found = exact.curve(*problem, range(1, 100))
    relative = found.bias / found.norm
    fewest = int(relative.argmin()) + 1
    assert fewest == 11
    assert relative[-1] > 1.02 * relative[10]
    bound = float(relative[10:12].mean())  # at 16 samples, and many more, it is larger
    assert exact.samples_needed(*problem, bias=bound, noise=1e3) == fewest
