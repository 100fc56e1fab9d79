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
    """Return bias, variance and loss by the moments of each class."""
    scores, target, _ = problem
    found = exact.moments(*problem, k, hits, estimator=name)
    full = (scores - scores[target]).softmax(0)
    full[target] = -full[torch.arange(len(full)) != target].sum()
    return [(found.gradient_mean - full).norm().item(), found.gradient_variance.sum().item(), found.loss_mean]


@pytest.mark.parametrize(("name", "hits"), WAYS)
@pytest.mark.parametrize("which", PROBLEMS)
def test_each_point_is_that_of_the_moments(which, name, hits):
    problem = PROBLEMS[which]
    found = exact.curve(*problem, KS, hits, estimator=name)
    ours = torch.stack([found.bias, found.variance, found.loss_mean], 1)
    theirs = torch.tensor([expected(problem, k, name, hits) for k in KS], dtype=torch.float64)
    # What is a difference of nearly equal numbers is held in parts of these.
    size = torch.stack([theirs[:, 0] + found.norm * 1e-3, theirs[:, 1] + found.norm**2 * 1e-3, theirs[:, 2].abs()], 1)
    assert ((ours - theirs).abs() <= 1e-11 * size).all()
    assert found.samples.tolist() == KS
    assert found.error_estimate < 1e-11


def test_who_asked_may_end_the_work():
    def end():
        raise InterruptedError

    for name in ("sampled_softmax", "nce"):
        with pytest.raises(InterruptedError):
            exact.curve(*PROBLEMS["many"], KS, estimator=name, on_chunk=end)
