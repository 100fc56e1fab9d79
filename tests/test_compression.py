"""Compressed classes against all of them: what is integrated on points is what is integrated on classes."""

import pytest
import torch

from ssm import _compression, estimators, exact, noise, philox

N = 3000
NORMAL = philox.normals(4, N)
SCORES = {
    "normal": NORMAL,
    "steep": 12 * NORMAL,
    "all alike": torch.zeros(N, dtype=torch.float64),
    "one far above": torch.where(torch.arange(N) == 7, 400.0, NORMAL),
    "one far below": torch.where(torch.arange(N) == 7, -1e6, NORMAL),
    "target far above": torch.where(torch.arange(N) == 3, 40.0, NORMAL),
    "target far below": torch.where(torch.arange(N) == 3, -400.0, NORMAL),
}
NOISES = {
    "uniform": noise.uniform(N),
    "log-uniform": noise.log_uniform(N),
    "softmax": noise.softmax(3 * NORMAL),
    "some never": noise.Noise(torch.where(torch.arange(N) % 5 == 4, -torch.inf, NORMAL).log_softmax(0)),
}
WAYS = [(name, None) for name in estimators.ESTIMATORS] + [("sampled_softmax", "excluded"), ("sampled_softmax", "kept")]


def directly(*problem, **way):
    """Return the moments with every class integrated by itself."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_compression, "_FEW", 10**9)
        return exact.moments(*problem, **way)


def assert_near(ours, theirs, tolerance=1e-12):
    mean, variance = theirs.gradient_mean, theirs.gradient_variance
    assert ((ours.gradient_mean - mean).abs() <= tolerance * mean.abs()).all()
    assert ((ours.gradient_variance - variance).abs() <= tolerance * (variance + mean**2)).all()
    assert ours.loss_mean == pytest.approx(theirs.loss_mean, rel=tolerance, abs=0)
    assert ours.error_estimate < tolerance


@pytest.mark.parametrize("q", NOISES)
@pytest.mark.parametrize("scores", SCORES)
def test_points_stand_for_classes(scores, q):
    problem = (SCORES[scores], 3, NOISES[q], 30)
    assert_near(exact.moments(*problem), directly(*problem))


@pytest.mark.parametrize(("name", "hits"), WAYS)
@pytest.mark.parametrize("k", [1, 10**6])
def test_points_stand_for_classes_whatever_the_estimator(k, name, hits):
    problem, way = (NORMAL, 3, NOISES["log-uniform"], k), {"hits": hits, "estimator": name}
    assert_near(exact.moments(*problem, **way), directly(*problem, **way))


def test_points_are_few(monkeypatch):
    seen = []
    whole = _compression.compress

    def note(ratio, on_chunk=None):
        points = whole(ratio, on_chunk)
        seen.append(len(points.ratio.q) if points else None)
        return points

    monkeypatch.setattr(_compression, "compress", note)
    exact.moments(NORMAL, 3, noise.uniform(N), 9)
    exact.moments(NORMAL[:300], 3, noise.uniform(300), 9)
    exact.moments(3000 * torch.arange(N).double() / N, N - 1, noise.uniform(N), 9)
    assert seen[0] is not None
    assert seen[0] < N / 10
    assert seen[1:] == [None, None]


def test_the_parts_leave_no_trace(monkeypatch):
    expected = exact.moments(NORMAL, 3, noise.uniform(N), 9)
    monkeypatch.setattr(_compression, "_CHUNK", 1000)
    assert_near(exact.moments(NORMAL, 3, noise.uniform(N), 9), expected, 1e-14)


def test_who_asked_may_end_the_spreading(monkeypatch):
    monkeypatch.setattr(_compression, "_CHUNK", 1000)
    calls = []

    def note():
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        exact.moments(NORMAL, 3, noise.uniform(N), 9, on_chunk=note)
    assert len(calls) == 3
