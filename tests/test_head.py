"""The head: the losses from embeddings, and the layer that takes the place of a linear one."""

import copy
import math
import pickle
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from ssm import estimators, head, losses, noise
from ssm.head import SampledSoftmax
from tests.sentences import refuses

DIM, CLASSES, K = 4, 30, 7
Q = noise.log_uniform(CLASSES)
TARGET = torch.tensor([0, 3, 29, 0, 5])
every_estimator = pytest.mark.parametrize("name", list(estimators.ESTIMATORS))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


@pytest.fixture
def weights():
    """A projection and its bias."""
    return normal(CLASSES, DIM, seed=1).requires_grad_(), normal(CLASSES, seed=2).requires_grad_()


def layer(**options):
    """A layer in float64 whose weights are always the same."""
    settings: dict[str, Any] = {"samples": K, "noise": Q} | options
    made = SampledSoftmax(DIM, CLASSES, **settings).double()
    with torch.no_grad():
        made.weight.copy_(normal(CLASSES, DIM, seed=1))
        if made.bias is not None:
            made.bias.copy_(normal(CLASSES, seed=2))
    return made


def gradients(loss, leaves):
    found = torch.autograd.grad(loss, leaves)
    return [(each.to_dense() if each.is_sparse else each) for each in found]


@every_estimator
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("shape", [(5,), (1, 5), ()])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_head_is_the_loss_on_all_scores(weights, name, sparse, shape, shared, temperature):
    w, b = weights
    h = normal(*shape, DIM).requires_grad_()
    target = TARGET[: h[..., 0].numel()].reshape(shape)
    samples = Q.draw((K,) if shared else (*shape, K), generator=seeded())
    found = head.candidates(h, w, target, samples, Q, bias=b, temperature=temperature, sparse=sparse, hits="kept")
    ours = estimators.ESTIMATORS[name](found)
    rest = () if name in {"uncorrected", "negative_sampling"} else (Q,)
    modes = {} if name == "naive_importance" else {"hits": "kept"}
    theirs = getattr(losses, name)(functional.linear(h, w, b) / temperature, target, samples, *rest, **modes)
    assert ours.shape == shape
    assert ours.flatten().tolist() == pytest.approx(theirs.flatten().tolist(), abs=1e-12)
    for our, their in zip(gradients(ours.sum(), (h, w, b)), gradients(theirs.sum(), (h, w, b)), strict=True):
        assert our.flatten().tolist() == pytest.approx(their.flatten().tolist(), abs=1e-12)


def test_gradients_pass_gradcheck(weights):
    h, samples = normal(5, DIM).requires_grad_(), torch.tensor([3, 4, 4, 29, 0])

    def loss(h, w, b):
        return estimators.sampled_softmax(head.candidates(h, w, TARGET, samples, Q, bias=b, sparse=False))

    assert torch.autograd.gradcheck(loss, (h, *weights))


def test_sparse_gradients_are_of_the_rows_used_and_no_others(weights):
    w, b = weights
    samples = torch.tensor([3, 8, 8, 17])
    found = head.candidates(normal(5, DIM), w, TARGET, samples, Q, bias=b)
    estimators.sampled_softmax(found).sum().backward()
    used = sorted({*TARGET.tolist(), *samples.tolist()})
    for each in (w, b):
        assert each.grad.is_sparse
        assert each.grad._nnz() <= len(TARGET) + len(samples)
        assert each.grad.coalesce().indices()[0].tolist() == used


@every_estimator
def test_unique_samples_shared_by_the_batch(weights, name):
    h, (samples, tries) = normal(5, DIM), Q.draw_unique(K, generator=seeded())
    found = head.candidates(h, weights[0], TARGET, samples, Q, tries=tries)
    assert found.tries == tries
    assert estimators.ESTIMATORS[name](found).isfinite().all()


# The layer


@every_estimator
@pytest.mark.parametrize("hits", ["rejected", "kept", "excluded"])
def test_sparse_and_dense_layers_have_one_gradient(name, hits):
    options = {"estimator": name, "hits": "kept" if name == "naive_importance" else hits}
    found = []
    for sparse in (True, False):
        made = layer(sparse=sparse, **options)
        loss = made(normal(5, DIM), TARGET, generator=seeded(4))
        found.append(gradients(loss.mean(), tuple(made.parameters())))
    for sparse_one, dense in zip(*found, strict=True):
        assert (sparse_one - dense).abs().max() < 1e-14


def test_the_mean_gradient_tends_to_that_of_cross_entropy():
    made, h, g = layer(samples=5000, sparse=False), normal(5, DIM), seeded()
    total = sum(gradients(made(h, TARGET, generator=g).sum(), (made.weight,))[0] for _ in range(100)) / 100
    full = functional.cross_entropy(made.scores(h), TARGET, reduction="sum")
    assert (total - gradients(full, (made.weight,))[0]).abs().max() < 0.02


def test_evaluation_is_cross_entropy():
    made, h = layer(temperature=0.7).eval(), normal(2, 5, DIM).requires_grad_()
    target = torch.stack([TARGET, TARGET.flip(0)])
    theirs = functional.cross_entropy(made.scores(h).movedim(-1, 1), target, reduction="none")
    ours = made(h, target)
    assert (ours - theirs).abs().max() < 1e-12
    leaves = (h, *made.parameters())
    for our, their in zip(gradients(ours.sum(), leaves), gradients(theirs.sum(), leaves), strict=True):
        assert (our - their).abs().max() < 1e-12


@every_estimator
@pytest.mark.parametrize("sparse", [True, False])
def test_either_loss_in_either_mode(name, sparse):
    made, h = layer(estimator=name, sparse=sparse), normal(5, DIM)
    sampled, exact = made(h, TARGET, generator=seeded()), made.eval()(h, TARGET)
    assert (sampled != exact).any()
    for training in (True, False):
        made.train(training)
        assert (made(h, TARGET, loss="sampled", generator=seeded()) == sampled).all()
        assert (made(h, TARGET, loss="exact") == exact).all()


def test_the_exact_loss_trains_too():
    made, h = layer(sparse=False), normal(5, DIM)
    theirs = functional.cross_entropy(made.scores(h), TARGET)
    ours = made(h, TARGET, loss="exact").mean()
    for our, their in zip(*(gradients(each, tuple(made.parameters())) for each in (ours, theirs)), strict=True):
        assert (our - their).abs().max() < 1e-12


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("poison", [0.0, float("nan")])
def test_an_ignored_target_has_no_loss_and_no_gradient(training, poison):
    made, h = layer(sparse=False).train(training), normal(5, DIM)
    few, all_targets = torch.tensor([0, 2, 4]), TARGET.clone()
    all_targets[[1, 3]] = -100
    spoiled = h.clone()
    spoiled[[1, 3]] = poison
    loss = made(spoiled, all_targets, generator=seeded())
    assert loss[[1, 3]].tolist() == [0, 0]
    apart = made(h[few], TARGET[few], generator=seeded())
    assert (loss[few] - apart).abs().max() < 1e-14
    both = zip(
        gradients(loss.sum(), tuple(made.parameters())), gradients(apart.sum(), tuple(made.parameters())), strict=True
    )
    assert max((ours - theirs).abs().max() for ours, theirs in both) < 1e-13


@pytest.mark.parametrize("name", ["uncorrected", "negative_sampling"])
@pytest.mark.parametrize("ignored", [0, -100])
def test_padding_needs_no_class_that_can_be_drawn(name, ignored):
    made = layer(estimator=name, noise=noise.unigram([0, *range(1, CLASSES)]), ignore_index=ignored).eval()
    target = torch.tensor([ignored, 3, ignored, 1, 2])
    h = normal(5, DIM).requires_grad_()
    loss = made(h, target)
    expected = -made.log_probs(h).gather(1, target.clamp(min=0)[:, None])[:, 0]
    counted = target != ignored
    assert (loss - expected)[counted].abs().max() < 1e-12
    assert loss[~counted].tolist() == [0, 0]
    (gradient,) = gradients(loss.sum(), (h,))
    assert gradient.isfinite().all()
    assert gradient[~counted].tolist() == [[0.0] * DIM] * 2
    if ignored:
        with pytest.raises(ValueError, match="got 0 in example 3; take noise with every class"):
            made(h, target.index_fill(0, torch.tensor(3), 0))


@every_estimator
@pytest.mark.parametrize("hits", ["rejected", "excluded"])
def test_an_ignored_example_touches_no_row(name, hits):
    options = {"estimator": name, "hits": "kept" if name == "naive_importance" else hits}
    made, h = layer(samples=2, noise=noise.uniform(CLASSES), **options), normal(20, DIM)
    target = torch.full((20,), -100)
    target[11] = 7
    made(h, target, generator=seeded()).sum().backward()
    for each in made.parameters():
        used = each.grad.coalesce().indices()[0].tolist()
        assert 7 in used
        assert len(used) <= 3  # the target and two samples


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_reduction_is_over_the_examples_that_count(training, reduction):
    reduced, apart = (layer(reduction=each).train(training) for each in (reduction, "none"))
    h = normal(5, DIM)
    target = TARGET.clone()
    target[[1, 3]] = -100
    found, each = (one(h, target, generator=seeded()) for one in (reduced, apart))
    assert found.item() == pytest.approx(each.sum().item() / (3 if reduction == "mean" else 1), rel=1e-14)
    if not training:
        theirs = functional.cross_entropy(reduced.scores(h), target, reduction=reduction)
        assert found.item() == pytest.approx(theirs.item(), rel=1e-12)
    assert reduced(h, torch.full_like(target, -100)).item() == 0


@pytest.mark.parametrize("shape", [(), (1,), (3,), (5, 1), (1, 5)])
def test_a_target_of_another_shape_is_not_stretched(shape):
    made = layer()
    for here in (made, made.eval()):
        with refuses(f"target must be one class per embedding, got the shapes {shape} and (5, 4); reshape one of them"):
            here(normal(5, DIM), torch.zeros(shape, dtype=torch.int64))


def test_one_generator_gives_one_loss():
    made, h = layer(), normal(5, DIM)
    first, again, other = (made(h, TARGET, generator=seeded(s)) for s in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("bias", [True, False])
def test_its_state_is_that_of_a_linear_layer(bias):
    made, linear = layer(bias=bias), nn.Linear(DIM, CLASSES, bias=bias).double()
    linear.load_state_dict(made.state_dict())
    h = normal(3, DIM)
    assert (linear(h) == made.scores(h)).all()
    again = layer(bias=bias, samples=2)
    again.load_state_dict(nn.Linear(DIM, CLASSES, bias=bias).state_dict())
    again.load_state_dict(linear.state_dict())
    assert (again.scores(h) == linear(h)).all()


def test_its_first_weights_are_in_the_range_of_a_linear_layers():
    made = SampledSoftmax(4, 5000, samples=1, noise=noise.uniform(5000))
    for each in made.parameters():
        assert 0.49 < each.abs().max() <= 0.5
        assert abs(each.mean()) < 0.02


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_nce_starts_where_its_probabilities_sum_to_about_1(temperature):
    made = SampledSoftmax(4, 5000, samples=1, noise=noise.uniform(5000), estimator="nce", temperature=temperature)
    assert made.scores(torch.zeros(4)).exp().sum().item() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("name", ["uncorrected", "negative_sampling"])
@pytest.mark.parametrize("bias", [True, False])
def test_scores_without_log_q_give_probabilities(name, bias):
    """At their optimum, scores of log(p / (k q)), what is read from the layer is p."""
    p = torch.arange(1, CLASSES + 1, dtype=torch.float64) / (CLASSES * (CLASSES + 1) / 2)
    made = layer(estimator=name, bias=bias, temperature=0.5).eval()
    optimum = 0.5 * (p.log() - Q.log_probs - math.log(K))
    with torch.no_grad():
        made.weight.zero_()
        (made.bias if bias else made.weight[:, 0]).copy_(optimum)
    h = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)
    assert (made.log_probs(h) - p.log()).abs().max() < 1e-12
    assert made(h.expand(5, DIM), TARGET).tolist() == pytest.approx((-p[TARGET].log()).tolist(), abs=1e-12)
    assert made.predict(h, 3).tolist() == [29, 28, 27]


@pytest.mark.parametrize("hits", ["kept", "excluded"])
def test_a_calibrated_layer_is_gbce(hits):
    q = noise.uniform(CLASSES)
    made, h = layer(estimator="negative_sampling", noise=q, hits=hits, calibration=0.75), normal(5, DIM)
    found = made(h, TARGET, generator=seeded())
    drawn = (q.draw_others(TARGET, K, generator=seeded()) if hits == "excluded" else q.draw((K,), generator=seeded()),)
    power = estimators.gbce_power(K, CLASSES, 0.75)
    expected = losses.negative_sampling(made.scores(h), TARGET, *drawn, power=power)
    assert (found - expected).abs().max() < 1e-12
    assert power == pytest.approx(1 - 0.75 * (1 - 7 / 29), rel=1e-14)


def test_no_probability_is_known_of_a_class_that_is_never_drawn():
    made = layer(estimator="uncorrected", noise=noise.unigram([0.0] + [1.0] * 29)).eval()
    with refuses(
        "noise must give every target a probability above 0 in this loss, got 0 in example 0; take noise with every "
        "class, or the sampled softmax"
    ):
        made(normal(5, DIM), TARGET)
    assert made.log_probs(normal(DIM))[0] == -torch.inf


def test_device_and_type_of_its_parameters():
    made = SampledSoftmax(DIM, CLASSES, samples=K, noise=Q, device="meta", dtype=torch.float64)
    assert {(each.device.type, each.dtype) for each in made.parameters()} == {("meta", torch.float64)}
    made = made.to_empty(device="cpu")
    made.reset_parameters()
    assert made(normal(5, DIM), TARGET).isfinite().all()


def test_predictions_and_log_probabilities_are_those_of_all_scores():
    made, h = layer(), normal(2, 3, DIM)
    assert (made.predict(h, 4) == made.scores(h).topk(4).indices).all()
    assert made.predict(h).shape == (2, 3, 1)
    assert (made.log_probs(h).exp().sum(-1) - 1).abs().max() < 1e-12


@pytest.mark.parametrize("optimiser", [torch.optim.SparseAdam, torch.optim.SGD])
def test_a_sparse_optimiser_moves_the_rows_used_and_no_others(optimiser):
    made = layer(noise=noise.custom([1.0] * 9 + [1e-30] * 21))
    before = made.weight.detach().clone()
    made(normal(5, DIM), TARGET, generator=seeded()).mean().backward()
    optimiser(made.parameters(), lr=0.1).step()
    moved = (made.weight != before).any(1).nonzero().flatten().tolist()
    assert {0, 3, 5, 29} <= set(moved) <= {*range(9), 29}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_gives_float32_losses_near_the_others(dtype):
    made, body, h = layer().float(), nn.Linear(DIM, DIM), normal(5, DIM).float()
    exact = made(body(h), TARGET, generator=seeded())
    with torch.autocast("cpu", dtype=dtype):
        loss = made(body(h), TARGET, generator=seeded())
        full = made.eval()(body(h), TARGET)
    assert loss.dtype == full.dtype == torch.float32
    assert loss.tolist() == pytest.approx(exact.tolist(), rel=0.05, abs=0.05)
    loss.mean().backward()
    assert made.weight.grad.dtype == torch.float32


@pytest.mark.slow
@pytest.mark.parametrize("sparse", [True, False])
def test_a_compiled_layer_has_the_same_loss(sparse):
    made, h = layer(sparse=sparse, bias=False), normal(5, DIM)
    torch.compiler.reset()
    compiled = torch.compile(made, backend="aot_eager", fullgraph=True)
    loss = compiled(h, TARGET)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert made.weight.grad.is_sparse == sparse
    assert (torch.compile(made.eval(), backend="eager")(h, TARGET) - made(h, TARGET)).abs().max() < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("hits", ["rejected", "excluded", "kept"])
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_a_fresh_layer_of_any_noise_is_compiled_whole(hits, reduction):
    target = TARGET.clone()
    target[2] = -100
    for q in (noise.uniform(CLASSES), Q, noise.unigram(range(1, CLASSES + 1))):
        made = layer(noise=q, hits=hits, reduction=reduction)
        torch.compiler.reset()
        loss = torch.compile(made, backend="aot_eager", fullgraph=True)(normal(5, DIM), target)
        assert loss.shape == (() if reduction == "mean" else (5,))
        loss.sum().backward()
        assert made.weight.grad.is_sparse


def test_it_can_be_copied_pickled_and_moved():
    made, h = layer(), normal(5, DIM)
    expected = made(h, TARGET, generator=seeded())
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made.to("cpu")):
        assert (again(h, TARGET, generator=seeded()) == expected).all()
    assert layer().to("meta").to_empty(device="cpu").noise.log_probs.tolist() == Q.log_probs.tolist()
    assert layer().half().noise.log_probs.dtype == torch.float64


def test_a_copy_has_its_tables_as_a_compiled_step_wants_them():
    made = layer(noise=noise.unigram(range(1, CLASSES + 1)))
    for each in (made, copy.deepcopy(made), layer(noise=noise.custom([1.0] * CLASSES)).to("cpu")):
        assert "_alias" in vars(each.noise)
    assert "_cumulative" in vars(layer(hits="excluded").noise)


def test_it_says_what_it_is():
    assert repr(layer(temperature=0.5)) == (
        "SampledSoftmax(4, 30, samples=7, estimator='sampled_softmax', hits='rejected', "
        "replacement=True, bias=True, temperature=0.5, sparse=True, reduction='none')"
    )


def test_excluded_samples_are_each_examples_own():
    made, h = layer(hits="excluded", samples=200, noise=noise.uniform(CLASSES)), normal(5, DIM)
    assert made(h, TARGET, generator=seeded()).isfinite().all()
    drawn = made._draw(TARGET, TARGET >= 0, seeded())
    assert drawn.shape == (5, 200)
    assert not (drawn == TARGET[:, None]).any()


@pytest.mark.parametrize("training", [True, False])
def test_an_empty_batch_has_an_empty_loss(training):
    loss = layer().train(training)(normal(0, DIM), torch.zeros(0, dtype=torch.int64))
    assert loss.shape == (0,)
    loss.sum().backward()


# Refusals


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"samples": 0}, "k must be a whole number of at least 1, got 0; draw one sample or more"),
        (
            {"estimator": "nec"},
            "estimator must be one of sampled_softmax, naive_importance, log_q, uncorrected, nce, negative_sampling, "
            "got 'nec'; see ssm.losses for what each promises",
        ),
        ({"calibration": 0.5}, "calibration must be 0 for sampled_softmax, got 0.5; choose negative_sampling"),
        ({"hits": "no"}, "hits must be 'excluded', 'rejected' or 'kept', got 'no'; choose one of the three"),
        (
            {"hits": "rejected", "estimator": "naive_importance"},
            "hits must be 'kept' for naive_importance, got 'rejected'; choose that or the sampled softmax",
        ),
        ({"temperature": 0}, "temperature must be above 0, got 0; 1 leaves the scores as they are"),
        (
            {"noise": noise.uniform(5)},
            "noise must have as many classes as scores, got 5 and 30; build it with 30 classes",
        ),
    ],
)
def test_a_layer_that_cannot_be(options, sentence):
    with refuses(sentence):
        layer(**options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"noise": "uniform"}, "noise must be a Noise, got 'uniform'; build one, such as ssm.noise.log_uniform(30)"),
        ({"reduction": "avg"}, "reduction must be 'none', 'mean' or 'sum', got 'avg'; choose one of the three"),
    ],
)
def test_a_word_that_is_none(options, sentence):
    with refuses(sentence):
        layer(**options)


def test_a_loss_that_is_none():
    with refuses("loss must be 'sampled' or 'exact', got 'full'; choose one of the two, or None for that of the mode"):
        layer()(normal(5, DIM), TARGET, loss="full")


@pytest.mark.parametrize("name", ["projection", "bias"])
def test_computed_weights_have_no_sparse_gradients(weights, name):
    w, b = (
        each * 1 if each_name == name else each for each, each_name in zip(weights, ("projection", "bias"), strict=True)
    )
    where = normal(5, DIM), w, TARGET, torch.tensor([1, 2]), Q
    with refuses(
        f"{name} must be a leaf, such as a parameter, for sparse gradients, got the result of an operation; "
        "pass sparse=False where it is normalised or otherwise computed"
    ):
        head.candidates(*where, bias=b)
    found = gradients(estimators.nce(head.candidates(*where, bias=b, sparse=False)).sum(), weights)
    assert all(each.any() for each in found)


def test_float16_on_a_cpu_has_no_sparse_gradients():
    made = layer().half()
    with refuses(
        "projection must be float32, float64 or bfloat16 for sparse gradients on a CPU, got torch.float16; convert "
        "with .bfloat16(), use torch.autocast, or pass sparse=False"
    ):
        made(normal(5, DIM).half(), TARGET)
    assert layer(sparse=False).half()(normal(5, DIM).half(), TARGET).isfinite().all()


def test_no_classes():
    with refuses("classes must be a whole number of at least 1, got 0; a softmax needs a class to choose"):
        SampledSoftmax(DIM, 0, samples=K, noise=Q)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"h": torch.zeros(5, DIM, dtype=torch.int64)},
            "embeddings must be floating point, got torch.int64; convert with .float()",
        ),
        (
            {"h": torch.zeros(5, 3, dtype=torch.float64)},
            "embeddings must be [..., dim] and projection [classes, dim] with one class or more, got (5, 3) and "
            "(30, 4); transpose or add classes",
        ),
        (
            {"w": torch.zeros(0, DIM, dtype=torch.float64)},
            "embeddings must be [..., dim] and projection [classes, dim] with one class or more, got (5, 4) and "
            "(0, 4); transpose or add classes",
        ),
        (
            {"h": torch.zeros(5, DIM)},
            "embeddings must have the dtype of projection, got torch.float32 and torch.float64; convert with "
            ".to(torch.float64) or use torch.autocast",
        ),
        (
            {"b": torch.zeros(3)},
            "bias must be one number for each of 30 classes, got the shape (3,); reshape it",
        ),
        (
            {"h": torch.full((5, DIM), torch.nan, dtype=torch.float64)},
            "embeddings must be finite, got nan at (0, 0); look for a division by 0 or too high a learning rate",
        ),
        (
            {"w": torch.zeros(CLASSES, DIM, dtype=torch.float64, device="meta")},
            "embeddings must be on the device of projection, got cpu and meta; move with .to('meta')",
        ),
        (
            {"q": noise.uniform(3)},
            "noise must have as many classes as scores, got 3 and 30; build it with 30 classes",
        ),
        (
            {"t": TARGET[:2]},
            "target must be one class per row of scores, got the shapes (2,) and (5, 30); reshape one of them",
        ),
        (
            {"c": torch.zeros(0, dtype=torch.int64)},
            "samples must be k classes per row of scores, or k in all, got the shapes (0,) and (5, 30); "
            "reshape one of them",
        ),
    ],
)
def test_tensors_that_do_not_fit(change, sentence):
    given = {"h": normal(5, DIM), "w": normal(CLASSES, DIM), "t": TARGET, "c": torch.tensor([1, 2]), "q": Q, "b": None}
    given |= change
    with refuses(sentence):
        head.candidates(given["h"], given["w"], given["t"], given["c"], given["q"], bias=given["b"])


@pytest.mark.parametrize("name", ["target", "samples"])
def test_a_class_that_is_none(name):
    given = {"target": TARGET, "samples": torch.tensor([1])} | {name: torch.tensor([1, 2, 3, 30, 4])}
    with pytest.raises(IndexError, match=rf"^{name} must be classes from 0 to 29, got 30; count classes from 0$"):
        head.candidates(normal(5, DIM), normal(CLASSES, DIM), given["target"], given["samples"], Q)
