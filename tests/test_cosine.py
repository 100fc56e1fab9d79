"""Cosines and a learned temperature: the layer against losses on scores that torch makes of them."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from ssm import cosine, estimators, losses, noise, optim
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


def layer(**options):
    settings: dict[str, Any] = {"samples": K, "noise": Q, "temperature": 0.5, "cosine": True} | options
    made = SampledSoftmax(DIM, CLASSES, **settings).double()
    with torch.no_grad():
        made.weight.copy_(normal(CLASSES, DIM, seed=1))
        if made.bias is not None:
            made.bias.copy_(normal(CLASSES, seed=2))
    return made


def scores_of(made, h, tau):
    """Every score, by another formula: torch's own cosine."""
    found = functional.cosine_similarity(h[..., None, :], made.weight, dim=-1) if made.cosine else h @ made.weight.T
    return (found if made.bias is None else found + made.bias) / tau


def dense(loss, leaves):
    return [each.to_dense() if each.is_sparse else each for each in torch.autograd.grad(loss.sum(), leaves)]


def on_scores(made, scores, samples):
    rest = () if made.estimator in {"uncorrected", "negative_sampling"} else (Q,)
    return getattr(losses, made.estimator)(scores, TARGET, samples, *rest)


@every_estimator
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("cosines", [True, False])
def test_the_layer_is_the_loss_on_cosines(name, sparse, bias, learned, cosines):
    made = layer(estimator=name, sparse=sparse, bias=bias, learn_temperature=learned, cosine=cosines)
    h, leaves = normal(5, DIM).requires_grad_(), tuple(made.parameters())
    ours = made(h, TARGET, generator=seeded(3))
    samples = Q.draw((K,), generator=seeded(3))
    tau = made.scale.log.exp() if learned else 0.5
    theirs = on_scores(made, scores_of(made, h, tau), samples)
    assert (ours - theirs).abs().max() < 1e-12
    found, expected = (dense(each, (h, *leaves)) for each in (ours, theirs))
    for our, their in zip(found, expected, strict=True):
        assert (our - their).abs().max() < 1e-12
        assert their.any()


def test_samples_of_each_example():
    made = layer(hits="excluded")
    ours = made(normal(5, DIM), TARGET, generator=seeded(3))
    samples = Q.draw_others(TARGET, K, generator=seeded(3))
    assert (ours - on_scores(made, scores_of(made, normal(5, DIM), 0.5), samples)).abs().max() < 1e-12


@pytest.mark.parametrize("learned", [True, False])
def test_what_is_read_from_it_is_of_cosines(learned):
    made, h = layer(learn_temperature=learned), normal(5, DIM).requires_grad_()
    scores = scores_of(made, h, made.scale.log.exp() if learned else 0.5)
    assert (made.scores(h) - scores).abs().max() < 1e-12
    assert (made.log_probs(h) - scores.log_softmax(-1)).abs().max() < 1e-12
    assert (made.predict(h, 3) == scores.topk(3).indices).all()
    exact, theirs = made.eval()(h, TARGET), functional.cross_entropy(scores, TARGET, reduction="none")
    assert (exact - theirs).abs().max() < 1e-12
    leaves = (h, made.weight, made.bias)
    for our, their in zip(dense(exact, leaves), dense(theirs, leaves), strict=True):
        assert (our - their).abs().max() < 1e-12
    if learned:
        tau = made.scale.log
        again = functional.cross_entropy(scores_of(made, h, tau.exp()), TARGET, reduction="sum")
        assert dense(made(h, TARGET), (tau,))[0].item() == pytest.approx(dense(again, (tau,))[0].item(), rel=1e-12)


@every_estimator
def test_positives_are_spared(name):
    if name == "naive_importance":
        return
    made, positives = layer(estimator=name), torch.tensor([[1, 2], [0, -1], [0, 3], [4, 4], [1, 0]])
    ours = made(normal(5, DIM), TARGET, positives=positives, generator=seeded(3))
    rest = () if name in {"uncorrected", "negative_sampling"} else (Q,)
    where = scores_of(made, normal(5, DIM), 0.5), TARGET, Q.draw((K,), generator=seeded(3)), *rest
    assert (ours - getattr(losses, name)(*where, positives=positives)).abs().max() < 1e-12


@pytest.mark.parametrize("cosines", [True, False])
def test_an_ignored_example_has_no_gradient(cosines):
    made, h, target = layer(cosine=cosines, learn_temperature=True), normal(5, DIM), TARGET.clone()
    target[[1, 3]] = -100
    h[[1, 3]] = torch.nan
    h.requires_grad_()
    loss = made(h, target, generator=seeded())
    loss.sum().backward()
    assert loss[[1, 3]].tolist() == [0, 0]
    assert h.grad[[1, 3]].tolist() == [[0] * DIM] * 2
    assert all(dense_one.isfinite().all() for dense_one in (made.weight.grad.to_dense(), made.scale.log.grad))


def test_scales_of_weights_and_embeddings_do_not_count():
    made, h = layer(), normal(5, DIM)
    first = made(h, TARGET, generator=seeded())
    with torch.no_grad():
        made.weight.mul_(7)
    assert (made(3 * h, TARGET, generator=seeded()) - first).abs().max() < 1e-12


def test_its_parameters_are_split_between_optimisers():
    made = layer(learn_temperature=True)
    found = optim.groups(made)
    assert [id(each) for each in found.sparse] == [id(made.weight), id(made.bias)]
    assert [id(each) for each in found.dense] == [id(made.scale.log)]


def test_a_temperature_is_learned():
    """On examples whose embeddings are the classes' own a lower one is better, for as long as it falls."""
    made = layer(learn_temperature=True, bias=False, samples=200, noise=noise.uniform(CLASSES))
    h, target = made.weight.detach().clone(), torch.arange(CLASSES)
    steps = torch.optim.Adam([made.scale.log], lr=0.05)
    first, start = made(h, target, loss="exact").mean(), made.temperature.item()
    for _ in range(20):
        steps.zero_grad()
        made(h, target, generator=seeded()).mean().backward()
        steps.step()
    assert start == pytest.approx(0.5, rel=1e-6)
    assert made.temperature.item() < 0.25
    assert made(h, target, loss="exact").mean() < 0.5 * first


def test_its_state_has_the_temperature_and_starts_anew():
    made, again = layer(learn_temperature=True, temperature=0.05), layer(learn_temperature=True)
    again.load_state_dict(made.state_dict())
    assert set(made.state_dict()) == {"weight", "bias", "scale.log"}
    assert again.temperature.item() == pytest.approx(0.05, rel=1e-6)
    again.reset_parameters()
    assert again.temperature.item() == pytest.approx(0.5, rel=1e-6)
    assert made.to(torch.float32).temperature.dtype == torch.float32


@pytest.mark.parametrize("name", ["nce", "uncorrected", "negative_sampling"])
def test_what_needs_a_number_has_it_of_a_learned_temperature(name):
    learned, fixed = (layer(estimator=name, learn_temperature=each) for each in (True, False))
    with torch.no_grad():
        for each in (learned, fixed):
            each.reset_parameters()
        learned.weight.copy_(fixed.weight)
        if name != "nce":  # whose biases start where the temperature says
            learned.bias.copy_(fixed.bias)
    h = normal(3, DIM)
    assert (learned.log_probs(h) - fixed.log_probs(h)).abs().max() < 1e-6


def test_it_says_what_it_is():
    assert repr(layer()) == (
        "SampledSoftmax(4, 30, samples=7, estimator='sampled_softmax', hits='rejected', "
        "replacement=True, bias=True, cosine=True, temperature=0.5, sparse=True, reduction='none')"
    )
    assert "sparse=True" in repr(layer(learn_temperature=True))
    assert "(scale): Temperature()" in repr(layer(learn_temperature=True))


@pytest.mark.slow
@pytest.mark.parametrize("sparse", [True, False])
def test_it_is_compiled_whole(sparse):
    made = layer(sparse=sparse, learn_temperature=True, bias=False)
    torch.compiler.reset()
    compiled = torch.compile(made, backend="aot_eager", fullgraph=True, dynamic=False)
    compiled(normal(5, DIM), TARGET).sum().backward()
    assert made.weight.grad.is_sparse == sparse
    assert made.scale.log.grad.isfinite()


# On functions


def test_gradients_pass_gradcheck():
    leaves = normal(5, DIM).requires_grad_(), normal(CLASSES, DIM, seed=1).requires_grad_()
    tau, samples = torch.tensor(0.7, dtype=torch.float64, requires_grad=True), torch.tensor([3, 4, 4, 29, 0])

    def loss(h, w, tau):
        return estimators.log_q(cosine.candidates(h, w, TARGET, samples, Q, temperature=tau, sparse=False))

    assert torch.autograd.gradcheck(loss, (*leaves, tau))


def test_a_module_of_weights_keeps_its_rows_sparse():
    words = nn.Embedding(CLASSES, DIM, sparse=True).double()
    found = cosine.candidates(normal(5, DIM), words.weight, TARGET, torch.tensor([8, 8]), Q)
    estimators.nce(found).sum().backward()
    assert words.weight.grad is not None
    assert words.weight.grad.coalesce().indices()[0].tolist() == sorted({*TARGET.tolist(), 8})


@pytest.mark.parametrize("options", [{}, {"cosine": False, "learn_temperature": True}], ids=["cosine", "temperature"])
def test_float16_on_a_cpu_is_refused_as_without_cosines(options):
    made = layer(**options).half()
    with refuses(
        "projection must be float32, float64 or bfloat16 for sparse gradients on a CPU, got torch.float16; convert "
        "with .bfloat16(), use torch.autocast, or pass sparse=False"
    ):
        made(normal(5, DIM).half(), TARGET)
    assert layer(**options, sparse=False).half()(normal(5, DIM).half(), TARGET).isfinite().all()


def test_a_temperature_is_above_zero():
    with refuses("temperature must be above 0, got -1.0; 1 leaves the scores as they are"):
        cosine.candidates(normal(5, DIM), normal(CLASSES, DIM), TARGET, torch.tensor([8]), Q, temperature=-1.0)
