"""The full softmax in blocks against torch's in one piece."""

import pytest
import torch
from torch.nn import functional

from ssm import evaluation
from tests.sentences import refuses

ROWS, CLASSES, DIM = 13, 50, 4


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


@pytest.fixture
def layer():
    """Embeddings, projection, bias and targets."""
    target = torch.randint(CLASSES, (ROWS,), generator=torch.Generator().manual_seed(3))
    return normal(ROWS, DIM), normal(CLASSES, DIM, seed=1), normal(CLASSES, seed=2), target


@pytest.mark.parametrize("rows", [1, 5, 1024])
@pytest.mark.parametrize("block", [1, 60, 10**6])
@pytest.mark.parametrize("with_bias", [True, False])
def test_the_blocks_leave_no_trace(monkeypatch, layer, rows, block, with_bias):
    monkeypatch.setattr(evaluation, "_ROWS", rows)
    monkeypatch.setattr(evaluation, "_BLOCK", block)
    h, w, b, target = layer
    b = b if with_bias else None
    leaves = [each.requires_grad_() for each in (h, w, b) if each is not None]
    ours = evaluation.full_softmax(h, w, target, bias=b, temperature=0.5)
    theirs = functional.cross_entropy(functional.linear(h, w, b) / 0.5, target, reduction="none")
    assert (ours - theirs).abs().max() < 1e-12
    both = zip(torch.autograd.grad(ours.sum(), leaves), torch.autograd.grad(theirs.sum(), leaves), strict=True)
    assert max((our - their).abs().max() for our, their in both) < 1e-12
    with torch.no_grad():
        assert (evaluation.full_softmax(h, w, target, bias=b, temperature=0.5) - theirs).abs().max() < 1e-12
    scores = functional.linear(h, w, b) / 0.5
    for k in (1, 3, CLASSES):
        best = evaluation.top(h, w, k, bias=b, temperature=0.5)
        assert (best.classes == scores.topk(k).indices).all()
        assert (best.scores - scores.topk(k).values).abs().max() < 1e-12


@pytest.mark.parametrize("gradient", [True, False])
def test_cosines_never_copy_all_rows(monkeypatch, layer, gradient):
    h, w, b, target = layer
    monkeypatch.setattr(evaluation, "_BLOCK", ROWS * 5)
    leaves = [each.requires_grad_(gradient) for each in (h, w, b)]
    apart = functional.normalize(h, dim=1), functional.normalize(w, dim=1)
    theirs = functional.cross_entropy(functional.linear(*apart, b) / 0.5, target, reduction="none")
    most = functional.linear(*apart, b).topk(3)
    largest = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            own = isinstance(out, torch.Tensor) and out.untyped_storage().data_ptr() != w.untyped_storage().data_ptr()
            largest.append(out.shape[0] if own and out.ndim == 2 and out.shape[1] == DIM else 0)
            return out

    with Watch():
        ours = evaluation.full_softmax(h, w, target, bias=b, cosine=True, temperature=0.5)
        best = evaluation.top(h, w, 3, bias=b, cosine=True)
    assert 0 < max(largest) == ROWS < CLASSES
    assert (ours - theirs).abs().max() < 1e-12
    assert (best.classes == most.indices).all()
    assert (best.scores - most.values).abs().max() < 1e-12
    if gradient:
        both = zip(torch.autograd.grad(ours.sum(), leaves), torch.autograd.grad(theirs.sum(), leaves), strict=True)
        assert max((our - their).abs().max() for our, their in both) < 1e-12


def test_a_block_of_classes_that_cannot_be_has_no_gradient(monkeypatch, layer):
    monkeypatch.setattr(evaluation, "_BLOCK", ROWS * 5)
    h, w, b, target = layer
    b[20:35] = -torch.inf
    target[(target >= 20) & (target < 35)] = 3
    leaves = [each.requires_grad_() for each in (h, w)]
    ours = evaluation.full_softmax(h, w, target, bias=b)
    theirs = functional.cross_entropy(functional.linear(h, w, b), target, reduction="none")
    assert (ours - theirs).abs().max() < 1e-12
    both = zip(torch.autograd.grad(ours.sum(), leaves), torch.autograd.grad(theirs.sum(), leaves), strict=True)
    assert max((our - their).abs().max() for our, their in both) < 1e-12


@pytest.mark.slow
def test_a_million_classes_without_a_matrix_of_them():
    classes, rows = 1_000_000, 64
    h, w = normal(rows, 8, dtype=torch.float32), normal(classes, 8, seed=1, dtype=torch.float32)
    target = torch.arange(rows) * 15_000
    largest = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            largest.append(out.untyped_storage().nbytes() if isinstance(out, torch.Tensor) else 0)
            return out

    with torch.no_grad(), Watch():
        ours = evaluation.full_softmax(h, w, target)
    theirs = functional.cross_entropy(h.double() @ w.double().T, target, reduction="none")
    assert (ours - theirs).abs().max() < 1e-6 * theirs.max()
    assert 0 < max(largest) < 4 * rows * classes / 2


@pytest.mark.parametrize("gradient", [True, False])
def test_no_block_outlives_its_sum(monkeypatch, layer, gradient):
    monkeypatch.setattr(evaluation, "_BLOCK", ROWS * 5)
    h, w, _, target = layer
    largest, kept = [], []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            largest.append(out.numel() if isinstance(out, torch.Tensor) and out.shape[:1] == (ROWS,) else 0)
            return out

    def keep(values):
        if values.shape == (ROWS, 5):
            kept.append(values)
        return values

    w.requires_grad_(gradient)
    with (
        Watch(),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda values: values),
        torch.set_grad_enabled(gradient),
    ):
        evaluation.full_softmax(h, w, target)
    expanded = ROWS * CLASSES  # the shape of the scores, which holds one number
    assert max(size for size in largest if size != expanded) == ROWS * 5
    assert kept == []


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_weights_are_evaluated_in_float32(layer, dtype):
    h, w, b, target = (each.to(dtype) if each.is_floating_point() else each for each in layer)
    ours = evaluation.full_softmax(h, w, target, bias=b)
    theirs = functional.cross_entropy(functional.linear(h.double(), w.double(), b.double()), target, reduction="none")
    assert ours.dtype == torch.float32
    assert (ours - theirs).abs().max() < 1e-5


@pytest.mark.parametrize("shape", [(), (2, 3), (0,)])
def test_any_leading_shape(layer, shape):
    _, w, _, _ = layer
    h, target = normal(*shape, DIM), torch.zeros(shape, dtype=torch.int64)
    assert evaluation.full_softmax(h, w, target).shape == shape
    assert evaluation.top(h, w, 2).classes.shape == (*shape, 2)


def test_more_of_the_best_than_there_are(layer):
    h, w, _, _ = layer
    with refuses("k must be a whole number from 1 to 50, got 51; ask for no more than there are classes"):
        evaluation.top(h, w, 51)
