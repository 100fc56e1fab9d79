"""Classes that are right beside the target: by enumeration of all draws, in the losses and in the layer."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from ssm import estimators, evaluation, losses, noise
from ssm.head import SampledSoftmax
from tests import oracles
from tests.sentences import refuses

SCORES, WEIGHTS = [0.3, 1.0, -0.5, 0.2, 0.8], [0.4, 0.25, 0.15, 0.12, 0.08]
WITHOUT_NOISE = {"uncorrected", "negative_sampling"}
SPARING = [name for name in estimators.ESTIMATORS if name != "naive_importance"]


def tensor(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def call(name, scores, where, q, **options):
    return getattr(losses, name)(scores, *where, *(() if name in WITHOUT_NOISE else (q,)), **options)


def wrong(target, positives):
    """Return the classes that are wrong for an example, and its target."""
    return [c for c in range(len(SCORES)) if c == target or c not in positives]


@pytest.mark.parametrize("positives", [[], [3], [1, 3], [3, -1, 1, 3], [0, 2], [0]])
def test_the_full_loss_is_of_the_target_and_the_wrong_classes(positives):
    here = wrong(0, positives)
    expected = oracles.full_loss([SCORES[c] for c in here], here.index(0))
    found = losses.full_softmax(tensor(SCORES), torch.tensor(0), positives=torch.tensor(positives, dtype=torch.int64))
    assert found.item() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("positives", [[3], [1, 3], [3, -1, 1, 3], [0, 2]])
@pytest.mark.parametrize("target", [0, 4])
def test_the_estimate_of_the_sum_is_unbiased_by_enumeration(positives, target):
    """Over all draws with a wrong class among them: with none there is no estimate."""
    k, right = 3, torch.tensor(positives)
    total = reached = 0.0
    for drawn in itertools.product(range(5), repeat=k):
        chance = math.prod(WEIGHTS[c] for c in drawn)
        if any(c != target and c not in positives for c in drawn):
            where = torch.tensor(target), torch.tensor(drawn)
            loss = losses.sampled_softmax(tensor(SCORES), *where, noise.custom(WEIGHTS), positives=right)
            total, reached = total + chance * loss.exp().item(), reached + chance
    here = wrong(target, positives)
    full = math.exp(oracles.full_loss([SCORES[c] for c in here], here.index(target)))
    assert total / reached == pytest.approx(full, rel=1e-13)


@pytest.mark.parametrize("positives", [[3], [1, 3, 1, -1]])
@pytest.mark.parametrize("k", [2, 3])
def test_unique_samples_are_spared_by_enumeration(positives, k):
    q, here, total = noise.uniform(5), wrong(0, positives), 0.0
    for chosen in itertools.combinations(range(5), k):
        where = torch.tensor(0), torch.tensor(chosen)
        right = torch.tensor(positives)
        loss = losses.sampled_softmax(tensor(SCORES), *where, q, tries=q.tries(k), positives=right)
        total += loss.exp().item() / math.comb(5, k)
    full = math.exp(oracles.full_loss([SCORES[c] for c in here], here.index(0)))
    assert total == pytest.approx(full, rel=1e-13)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=6),
    st.lists(st.integers(-2, 4), max_size=4),
    st.integers(0, 4),
)
@pytest.mark.parametrize("name", SPARING)
def test_a_spared_sample_has_no_gradient_and_the_target_has_its_own(name, samples, positives, target):
    leaf = tensor(SCORES).requires_grad_()
    where = torch.tensor(target), torch.tensor(samples)
    right = torch.tensor(positives, dtype=torch.int64)
    (gradient,) = torch.autograd.grad(call(name, leaf, where, noise.custom(WEIGHTS), positives=right), leaf)
    others = set(positives) - {target, -1, -2}
    assert [gradient[c].item() for c in others] == [0] * len(others)
    pushed = {c for c in samples if c not in positives and c != target}
    assert all(gradient[c] > 0 for c in pushed)


@pytest.mark.parametrize("name", SPARING)
def test_the_losses_are_the_oracles_on_the_samples_that_are_left(name):
    """log_q and those that judge each sample: what is spared is as if never drawn, but for k."""
    samples, probs = [1, 4, 0, 3, 1], oracles.normalise(WEIGHTS)
    found = call(name, tensor(SCORES), (torch.tensor(2), torch.tensor(samples)), noise.custom(WEIGHTS),
                 positives=torch.tensor([3, 0]))  # fmt: skip
    left, y = [1, 4, 1], [x - math.log(5 * q) for x, q in zip(SCORES, probs, strict=True)]
    rest = 1 - probs[2] - probs[3] - probs[0]
    expected = {
        "sampled_softmax": oracles.log_sum_exp(
            [SCORES[2]] + [SCORES[c] + math.log(rest / (len(left) * probs[c])) for c in left]
        )
        - SCORES[2],
        "log_q": oracles.log_sum_exp([y[2]] + [y[c] for c in left]) - y[2],
        "uncorrected": oracles.log_sum_exp([SCORES[2]] + [SCORES[c] for c in left]) - SCORES[2],
        "nce": math.log1p(math.exp(-y[2])) + math.fsum(math.log1p(math.exp(y[c])) for c in left),
        "negative_sampling": math.log1p(math.exp(-SCORES[2]))
        + math.fsum(math.log1p(math.exp(SCORES[c])) for c in left),
    }[name]
    assert found.item() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("block", [1, 7, 1 << 22])
def test_the_full_loss_in_blocks(block, monkeypatch):
    """Blocks of one class, which a positive fills, have a gradient too."""
    monkeypatch.setattr(evaluation, "_BLOCK", block)
    h, w = normal(2, 3, 4).requires_grad_(), normal(9, 4, seed=1).requires_grad_()
    g = torch.Generator().manual_seed(2)
    target, positives = torch.randint(9, (2, 3), generator=g), torch.randint(-1, 9, (2, 3, 4), generator=g)
    ours = evaluation.full_softmax(h, w, target, temperature=0.5, positives=positives)
    scores = functional.linear(h, w) / 0.5
    theirs = losses.full_softmax(scores, target, positives=positives)
    assert (ours - theirs).abs().max() < 1e-12
    for our, their in zip(*(torch.autograd.grad(each.sum(), (h, w)) for each in (ours, theirs)), strict=True):
        assert (our - their).abs().max() < 1e-12


# The layer


def layer(estimator="sampled_softmax", **options):
    made = SampledSoftmax(4, 5, samples=3, noise=noise.custom(WEIGHTS), estimator=estimator, **options).double()
    with torch.no_grad():
        for i, each in enumerate(made.parameters()):
            each.copy_(normal(*each.shape, seed=i))
    return made


H, TARGET = normal(6, 4, seed=9), torch.tensor([0, 1, 2, 3, 4, -100])
POSITIVES = torch.tensor([[1, -1], [0, 2], [-1, -1], [3, 3], [0, 0], [4, 1]])


@pytest.mark.parametrize("name", SPARING)
@pytest.mark.parametrize("hits", ["rejected", "kept", "excluded"])
@pytest.mark.parametrize("sparse", [True, False])
def test_the_layers_losses_are_those_on_scores(name, hits, sparse):
    made = layer(name, hits=hits, sparse=sparse)
    found = made(H, TARGET, positives=POSITIVES, generator=torch.Generator().manual_seed(0))
    samples = made._draw(TARGET, TARGET >= 0, torch.Generator().manual_seed(0))
    samples = samples[:5] if samples.ndim == 2 else samples
    options = {"hits": "kept" if hits == "kept" else "rejected", "positives": POSITIVES[:5]}
    expected = call(name, made.scores(H[:5]), (TARGET[:5], samples), made.noise, **options)
    assert (found[:5] - expected).abs().max() < 1e-12
    assert found[5] == 0
    without = made(H, TARGET, generator=torch.Generator().manual_seed(0))
    assert (found != without).any()


def test_unique_samples_of_a_layer_spare_positives():
    made = layer(replacement=False)
    found = made(H, TARGET, positives=POSITIVES, generator=torch.Generator().manual_seed(0))
    samples, tries = made.noise.draw_unique(3, generator=torch.Generator().manual_seed(0))
    where = made.scores(H[:5]), TARGET[:5], samples, made.noise
    expected = losses.sampled_softmax(*where, tries=tries, positives=POSITIVES[:5])
    assert (found[:5] - expected).abs().max() < 1e-12


@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_the_layers_exact_loss_leaves_positives_out(reduction):
    made = layer(reduction=reduction).eval()
    expected = losses.full_softmax(made.scores(H[:5]), TARGET[:5], positives=POSITIVES[:5])
    found = made(H, TARGET, positives=POSITIVES)
    assert (found[:5] - expected if reduction == "none" else found - expected.mean()).abs().max() < 1e-12


@pytest.mark.parametrize("loss", ["sampled", "exact"])
def test_a_layer_never_pushes_positives_down(loss):
    """Whatever the draw: of one example whose other classes are all right there is nothing left to push."""
    made = layer(sparse=False, bias=False)
    made(H[:1], TARGET[:1], positives=torch.tensor([[1, 2, 3, 4]]), loss=loss).sum().backward()
    assert made.weight.grad.abs().max() == 0


def test_the_mean_gradient_of_a_layer_tends_to_that_of_the_wrong_classes():
    made = layer(sparse=False)
    made.samples = 20_000
    g, total = torch.Generator().manual_seed(0), torch.zeros(5, 4, dtype=torch.float64)
    for _ in range(20):
        loss = made(H, TARGET, positives=POSITIVES, generator=g).sum()
        total += torch.autograd.grad(loss, made.weight)[0] / 20
    full = made(H, TARGET, positives=POSITIVES, loss="exact").sum()
    assert (total - torch.autograd.grad(full, made.weight)[0]).abs().max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["sampled", "exact"])
def test_a_layer_with_positives_is_compiled_whole(loss):
    made = layer()
    torch.compiler.reset()
    compiled = torch.compile(made, backend="aot_eager", fullgraph=loss == "sampled", dynamic=False)
    found = compiled(H, TARGET, positives=POSITIVES, loss=loss)
    assert found.shape == (6,)
    assert found.isfinite().all()
    if loss == "exact":
        assert (found - made(H, TARGET, positives=POSITIVES, loss=loss)).abs().max() < 1e-12


# Refusals


@pytest.mark.parametrize(
    ("positives", "sentence"),
    [
        (torch.zeros(2, 1), "positives must be of dtype torch.int64, got torch.float32; convert with .long()"),
        (
            torch.zeros(3, 1, dtype=torch.int64),
            "positives must be some classes per target, got the shapes (3, 1) and (2,); fill short rows with -1",
        ),
        (
            torch.zeros((), dtype=torch.int64),
            "positives must be some classes per target, got the shapes () and (2,); fill short rows with -1",
        ),
    ],
)
def test_positives_that_do_not_fit(positives, sentence):
    for loss in (losses.full_softmax, lambda x, t, **some: losses.uncorrected(x, t, torch.tensor([1]), **some)):
        with refuses(sentence):
            loss(torch.zeros(2, 5), torch.tensor([0, 1]), positives=positives)


def test_a_positive_that_is_no_class():
    where = torch.zeros(2, 5), torch.tensor([0, 1])
    sentence = r"^positives must be classes up to 4, got 5; count classes from 0, and fill short rows with -1$"
    with pytest.raises(IndexError, match=sentence):
        losses.full_softmax(*where, positives=torch.tensor([[1], [5]]))


def test_naive_importance_sets_nothing_apart():
    with refuses("positives must be None for naive_importance, got the shape (6, 2); take the sampled softmax"):
        layer("naive_importance")(H, TARGET, positives=POSITIVES)
