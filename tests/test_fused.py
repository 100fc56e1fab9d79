"""The step in one function is the plain formulas to rounding, and where it does not hold these serve."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm import _drawn, _fused, checks, estimators, noise, projection
from ssm.head import SampledSoftmax
from tests import oracles
from tests.sentences import refuses

CLASSES, DIM = 12, 3
Q = noise.log_uniform(CLASSES)
every_softmax = pytest.mark.parametrize("name", list(estimators.CORRECTIONS))
# Of the largest number that either way adds up.
NEAR = {torch.float64: 1e-14, torch.float32: 1e-5}


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def leaves(examples=5, dtype=torch.float64, scale=1.0):
    """Embeddings, a projection and its bias."""
    shapes = ((examples, DIM), (CLASSES, DIM), (CLASSES,))
    return [(scale * normal(*shape, seed=i)).to(dtype).requires_grad_() for i, shape in enumerate(shapes)]


def fused(parts, target, samples, name="sampled_softmax", **options):
    h, w, b = parts
    return projection.sampled_loss(h, w, target, samples, Q, bias=b, estimator=name, **options)


def plain(parts, target, samples, name="sampled_softmax", **options):
    h, w, b = parts
    return estimators.ESTIMATORS[name](projection.candidates(h, w, target, samples, Q, bias=b, **options))


def gradients(loss, parts, weights):
    found = torch.autograd.grad((loss * weights).sum(), [each for each in parts if each is not None])
    return [each.to_dense() if each.is_sparse else each for each in found]


def apart(some, others):
    """Return the largest difference in units of the largest number, or of 1."""
    pairs = list(zip(some, others, strict=True))
    most = max([1.0, *(other.abs().max().item() for _, other in pairs if other.numel())])
    return max((one - other).abs().max().item() for one, other in pairs if one.numel()) / most


@pytest.fixture
def used(monkeypatch):
    """The shapes of what the one function was given, call by call."""
    shapes, step = [], _fused.loss

    def seen(embeddings, *rest):
        shapes.append(tuple(embeddings.shape))
        return step(embeddings, *rest)

    monkeypatch.setattr(_fused, "loss", seen)
    return shapes


@st.composite
def batches(draw):
    """Draw a batch whose samples repeat and hit, and how it is meant."""
    classes = st.integers(0, CLASSES - 1)
    name = draw(st.sampled_from(list(estimators.CORRECTIONS)))
    unique = draw(st.booleans())
    samples = draw(st.lists(classes, min_size=1, max_size=9, unique=unique))
    return {
        "target": torch.tensor(draw(st.lists(classes, min_size=1, max_size=6))),
        "samples": torch.tensor(samples),
        "name": name,
        "hits": "kept" if name == "naive_importance" else draw(st.sampled_from(["rejected", "kept"])),
        "tries": Q.tries(len(samples)) if unique else None,
        "temperature": draw(st.sampled_from([1.0, 0.5])),
        "sparse": draw(st.booleans()),
    }


@given(batches(), st.sampled_from(list(NEAR)), st.booleans(), st.sampled_from([1.0, 30.0]))
def test_the_step_is_the_plain_formulas(batch, dtype, has_bias, scale):
    parts = leaves(len(batch["target"]), dtype, scale)
    parts = [*parts[:2], parts[2] if has_bias else None]
    weights = 1 + normal(len(batch["target"]), seed=9, dtype=dtype).abs()
    ours, theirs = fused(parts, **batch), plain(parts, **batch)
    assert ours.dtype == theirs.dtype == dtype
    x = (parts[0] @ parts[1].T).abs().max().item() / batch["temperature"]  # what scores themselves are rounded to
    assert apart([ours], [theirs]) < NEAR[dtype] * max(1, x)
    both = (gradients(ours, parts, weights), gradients(theirs, parts, weights))
    assert apart(*both) < NEAR[dtype] * max(1, x)


@given(batches())
def test_the_step_is_the_oracle(batch):
    if batch["tries"] is not None:
        return
    h = normal(len(batch["target"]), CLASSES).requires_grad_()
    scores = h / batch["temperature"]
    rest = {key: batch[key] for key in ("hits", "temperature", "sparse")}
    loss = projection.sampled_loss(
        h,
        torch.eye(CLASSES, dtype=torch.float64),
        batch["target"],
        batch["samples"],
        Q,
        estimator=batch["name"],
        **rest,
    )
    (found,) = torch.autograd.grad(loss.sum(), h)
    for i, row in enumerate(scores.tolist()):
        how = (batch["name"], row, int(batch["target"][i]), batch["samples"].tolist(), Q.probs.tolist(), batch["hits"])
        assert loss[i].item() == pytest.approx(oracles.loss_of(*how), abs=1e-12)
        expected = [each / batch["temperature"] for each in oracles.gradient_of(*how)]
        assert found[i].tolist() == pytest.approx(expected, abs=1e-12)


TARGET, SAMPLES = torch.tensor([0, 3, 11, 0, 5]), torch.tensor([3, 4, 4, 11, 0, 1, 4])


@every_softmax
@pytest.mark.parametrize("hits", ["rejected", "kept"])
def test_its_gradients_pass_gradcheck(name, hits):
    options = {"name": name, "hits": "kept" if name == "naive_importance" else hits}

    def loss(*parts):
        return fused(parts, TARGET, SAMPLES, temperature=0.7, sparse=False, **options)

    assert torch.autograd.gradcheck(loss, leaves())
    assert torch.autograd.gradgradcheck(loss, leaves())


@every_softmax
def test_columns_for_repeats_change_nothing(name, monkeypatch):
    """On a GPU, which would wait for the number of different samples."""
    monkeypatch.setattr(_drawn, "_merged", _drawn._merged_in_place)
    parts, hits = leaves(), "kept" if name == "naive_importance" else "rejected"
    ours, theirs = (way(parts, TARGET, SAMPLES, name, hits=hits) for way in (fused, plain))
    assert apart([ours], [theirs]) < 1e-14
    assert apart(*(gradients(each, parts, torch.ones(5)) for each in (ours, theirs))) < 1e-14


def test_blocks_change_nothing(monkeypatch):
    parts, found = leaves(), []
    for block in (_fused._BLOCK, 1, 11, 12):
        monkeypatch.setattr(_fused, "_BLOCK", block)
        loss = fused(parts, TARGET, SAMPLES)
        found.append([loss, *gradients(loss, parts, torch.ones(5))])
    assert max(apart(each, found[0]) for each in found) < 1e-15


def test_equal_samples_share_a_row_of_the_gradient():
    h, w, b = parts = leaves()
    fused(parts, TARGET, SAMPLES).sum().backward()
    for each in (w, b):
        assert each.grad._nnz() == len(TARGET) + len(set(SAMPLES.tolist()))
        assert each.grad.coalesce().indices()[0].tolist() == sorted({*TARGET.tolist(), *SAMPLES.tolist()})
    assert h.grad.shape == h.shape


@pytest.mark.parametrize("dtype", list(NEAR))
@pytest.mark.parametrize("far", [-1e5, 1e5])
@every_softmax
def test_scores_far_from_the_targets_stay_finite(name, far, dtype):
    parts = leaves(dtype=dtype)
    with torch.no_grad():
        parts[2][4] = far
    wide = [each.detach().double().requires_grad_() for each in parts]
    hits = "kept" if name == "naive_importance" else "rejected"
    ours, theirs = fused(parts, TARGET, SAMPLES, name, hits=hits), plain(wide, TARGET, SAMPLES, name, hits=hits)
    assert ours.isfinite().all()
    assert apart([ours], [theirs]) < NEAR[dtype]
    both = gradients(ours, parts, torch.ones(5)), gradients(theirs, wide, torch.ones(5))
    assert apart(*both) < max(1e-12, NEAR[dtype])  # in float64 scores of 1e5 are known to 1e-11


@pytest.mark.parametrize("dtype", list(NEAR))
def test_targets_as_far_as_numbers_go_are_right(dtype):
    parts, target = leaves(CLASSES - 1, dtype), torch.arange(1, CLASSES)
    for first in range(0, 400, CLASSES):  # each number is rounded in its own way
        with torch.no_grad():
            parts[2][1:] = 1e28 * torch.arange(first + 1, first + CLASSES)
        ours = fused(parts, target, torch.tensor([0]))
        assert ours.tolist() == [0.0] * len(target)
        assert all((each == 0).all() for each in gradients(ours, parts, torch.ones(len(target))))


@every_softmax
def test_a_target_far_below_takes_no_second_product(name, monkeypatch):
    parts, made = leaves(dtype=torch.float32), []
    with torch.no_grad():
        parts[2][TARGET.unique()] = -200.0
    samples = torch.tensor([1, 4, 4, 2])
    summed = _fused._summed

    def seen(y, most):
        made.append(most)
        return summed(y, most)

    monkeypatch.setattr(_fused, "_summed", seen)
    hits = "kept" if name == "naive_importance" else "rejected"
    ours, theirs = (way(parts, TARGET, samples, name, hits=hits) for way in (fused, plain))
    assert made == [None]
    assert ours.min() > 190
    assert apart([ours], [theirs]) < NEAR[torch.float32]
    assert apart(*(gradients(each, parts, torch.ones(5)) for each in (ours, theirs))) < NEAR[torch.float32]


def test_a_small_loss_keeps_its_digits():
    parts = leaves(1, torch.float32)
    with torch.no_grad():
        parts[2][0] = 40.0
    ours = fused(parts, torch.tensor([0]), torch.tensor([3, 4]))
    theirs = plain([each.double() for each in parts], torch.tensor([0]), torch.tensor([3, 4]), sparse=False)
    assert 0 < theirs.item() < 1e-14
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-4, abs=0)


@every_softmax
@pytest.mark.parametrize("dtype", list(NEAR))
def test_one_class_is_always_right(name, dtype):
    h, w = (normal(*shape, dtype=dtype).requires_grad_() for shape in ((50, DIM), (1, DIM)))
    where = (torch.zeros(50, dtype=torch.int64), torch.tensor([0, 0, 0]), noise.uniform(1))
    hits: checks.Masking = "kept" if name == "naive_importance" else "rejected"
    loss = projection.sampled_loss(h, w, *where, estimator=name, hits=hits)
    assert loss.abs().max() < NEAR[dtype]
    found = gradients(loss, (h, w), torch.ones(50))
    assert max(each.abs().max() for each in found) < 50 * NEAR[dtype]


def test_a_graph_that_is_kept_gives_the_same_gradient_again():
    parts = leaves()
    loss = fused(parts, TARGET, SAMPLES).sum()
    first, again = (torch.autograd.grad(loss, parts, retain_graph=True) for _ in range(2))
    assert all((one.to_dense() == other.to_dense()).all() for one, other in zip(first, again, strict=True))


def test_only_what_is_asked_for_has_a_gradient():
    for i in range(3):
        parts = [each.detach().requires_grad_(i == j) for j, each in enumerate(leaves())]
        found = gradients(fused(parts, TARGET, SAMPLES), parts[i : i + 1], torch.ones(5))
        theirs = gradients(plain(parts, TARGET, SAMPLES), parts[i : i + 1], torch.ones(5))
        assert apart(found, theirs) < 1e-14


def test_a_backward_pass_within_autocast_is_that_of_its_forward_pass():
    parts = leaves(dtype=torch.float32)
    expected = gradients(fused(parts, TARGET, SAMPLES), parts, torch.ones(5))
    loss = fused(parts, TARGET, SAMPLES)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = gradients(loss, parts, torch.ones(5))
    assert apart(found, expected) == 0


def test_weights_may_move_before_the_backward_pass():
    parts = leaves()
    expected = gradients(fused(parts, TARGET, SAMPLES), parts, torch.ones(5))
    loss = fused(parts, TARGET, SAMPLES)
    with torch.no_grad():
        parts[1].zero_()
    assert apart(gradients(loss, parts, torch.ones(5)), expected) == 0


def test_a_sample_that_the_noise_cannot_draw_is_refused_but_for_hits():
    q, (h, w, _) = Q.without(3), leaves(2)
    with refuses(
        "noise must give every sample a probability above 0, got 0 for class 3; "
        "pass the noise that the samples were drawn from"
    ):
        projection.sampled_loss(h, w, torch.tensor([3, 0]), torch.tensor([1, 3]), q)
    assert projection.sampled_loss(h, w, torch.tensor([3, 3]), torch.tensor([1, 3]), q).isfinite().all()


# Where it holds


def layer(**options):
    made = SampledSoftmax(DIM, CLASSES, samples=7, noise=Q, **options).double()
    with torch.no_grad():
        made.weight.copy_(normal(CLASSES, DIM, seed=1))
    return made


@every_softmax
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("shape", [(), (5,), (1, 5)])
def test_a_layer_takes_one_step_for_the_whole_batch(used, name, sparse, shape):
    made = layer(estimator=name, sparse=sparse)
    made(normal(*shape, DIM), torch.zeros(shape, dtype=torch.int64)).sum().backward()
    assert used == [(max(1, torch.Size(shape).numel()), DIM)]


def test_ignored_examples_take_no_part_in_it(used):
    made, target = layer(sparse=False, reduction="mean"), TARGET.clone()
    target[[1, 3]] = -100
    h = normal(5, DIM).requires_grad_()
    ours = made(h, target, generator=torch.Generator().manual_seed(0))
    few = target >= 0
    theirs = made(h[few], target[few], generator=torch.Generator().manual_seed(0))
    assert len(used) == 2
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-14)
    inputs = [h, *made.parameters()]
    assert apart(gradients(ours, inputs, 1), gradients(theirs, inputs, 1)) < 1e-14


@pytest.mark.parametrize(
    "options",
    [{"estimator": "nce"}, {"estimator": "negative_sampling"}, {"hits": "excluded"}],
    ids=["nce", "negative sampling", "samples of each example"],
)
def test_other_layers_take_the_plain_way(used, options):
    assert layer(**options)(normal(5, DIM), TARGET).isfinite().all()
    assert used == []


def test_other_numbers_take_the_plain_way(used):
    made = layer().bfloat16()
    assert made(normal(5, DIM, dtype=torch.bfloat16), TARGET).isfinite().all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer().float()(normal(5, DIM, dtype=torch.float32), TARGET).isfinite().all()
    assert used == []


def test_each_example_has_its_gradient_by_vmap(used):
    h, w, b = leaves()
    samples = torch.tensor([3, 1, 1])

    def loss(each, target):
        return projection.sampled_loss(each, w.detach(), target, samples, Q, bias=b.detach(), sparse=False)

    found = torch.func.vmap(torch.func.grad(loss))(h.detach(), TARGET)
    assert used == []
    expected = torch.autograd.grad(fused((h, w, b), TARGET, samples, sparse=False).sum(), h)
    assert apart([found], expected) < 1e-14


def test_the_exact_loss_is_transformed_too():
    made, h = layer(sparse=False), normal(5, DIM)
    found = torch.func.grad(lambda each: made(each, TARGET, loss="exact").sum())(h)
    expected = torch.autograd.grad(made(leaf := h.clone().requires_grad_(), TARGET, loss="exact").sum(), leaf)
    assert apart([found], expected) < 1e-14


def test_hits_are_what_suits_the_loss():
    parts, samples = leaves(), torch.tensor([*TARGET.tolist(), 3])
    for name in estimators.ESTIMATORS:
        suits = "rejected" if name in {"sampled_softmax", "log_q", "uncorrected"} else "kept"
        assert torch.equal(fused(parts, TARGET, samples, name), fused(parts, TARGET, samples, name, hits=suits))
    with refuses("hits must be 'kept' for naive_importance, got 'rejected'; choose that or the sampled softmax"):
        fused(parts, TARGET, samples, "naive_importance", hits="rejected")


def test_transforms_of_functions_take_the_plain_way(used):
    made = layer(sparse=False)
    torch.set_rng_state(state := torch.get_rng_state())
    h = normal(5, DIM)
    found = torch.func.grad(lambda each: made(each, TARGET).sum())(h)
    assert used == []
    torch.set_rng_state(state)
    expected = gradients(made(leaf := h.clone().requires_grad_(), TARGET), [leaf], torch.ones(5))
    assert apart([found], expected) < 1e-14
    assert len(used) == 1
