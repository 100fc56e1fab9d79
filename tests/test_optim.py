"""Optimisers of rows: against plain loops, against torch on the same gradients, and in a training."""

import copy
import math
import pickle
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ssm import SampledSoftmax, noise, optim
from ssm.optim import RowAdagrad, RowAdam
from tests import oracles
from tests.sentences import refuses

ROWS, DIM = 6, 3
KINDS: tuple[Any, ...] = (RowAdam, RowAdagrad)
both = pytest.mark.parametrize("kind", KINDS)
numbers = st.floats(-3, 3, allow_subnormal=False)
entries = st.lists(st.tuples(st.integers(0, ROWS - 1), st.lists(numbers, min_size=DIM, max_size=DIM)), max_size=8)
steps_of_entries = st.lists(entries, min_size=1, max_size=5)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def table(rows=ROWS, *shape, dtype=torch.float64):
    return nn.Parameter(torch.randn(rows, *shape, generator=seeded(), dtype=torch.float64).to(dtype))


def sparse(found, parameter):
    """Rows, perhaps more than once, as a gradient of a parameter."""
    places = torch.tensor([[row for row, _ in found]], dtype=torch.int64).reshape(1, -1)
    values = torch.tensor([list(each) for _, each in found], dtype=parameter.dtype)
    values = values.reshape(len(found), *parameter.shape[1:])
    return torch.sparse_coo_tensor(places, values, parameter.shape, check_invariants=True)


def random_steps(parameter, count=8, taken=9):
    """Gradients of some rows, some of them twice, step by step."""
    g, steps = seeded(1), []
    for _ in range(count):
        places = torch.randint(len(parameter), (1, taken), generator=g)
        values = torch.randn(taken, *parameter.shape[1:], generator=g, dtype=parameter.dtype)
        steps.append(torch.sparse_coo_tensor(places, values, parameter.shape, check_invariants=True))
    return steps


def trained(optimiser, parameter, gradients):
    for gradient in gradients:
        parameter.grad = gradient
        optimiser.step()
    return parameter.detach()


def close(ours, theirs, rel=1e-12):
    assert ours.flatten().tolist() == pytest.approx(theirs.flatten().tolist(), rel=rel, abs=1e-13)


@given(steps_of_entries, st.sampled_from([0.0, 0.3]))
def test_adam_is_its_formula(steps, decay):
    w = table(ROWS, DIM)
    before = w.tolist()
    optimiser = RowAdam([w], lr=0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=decay)
    options = {"lr": 0.1, "b1": 0.8, "b2": 0.95, "eps": 1e-3, "decay": decay}
    expected = oracles.row_adam(before, steps, options)
    close(trained(optimiser, w, [sparse(each, w) for each in steps]), torch.tensor(expected, dtype=torch.float64))


@given(steps_of_entries, st.sampled_from([0.0, 0.3]), st.sampled_from([0.0, 2.0]))
def test_adagrad_is_its_formula(steps, decay, start):
    w = table(ROWS, DIM)
    before = w.tolist()
    optimiser = RowAdagrad([w], lr=0.1, eps=1e-3, weight_decay=decay, initial_accumulator_value=start)
    expected = oracles.row_adagrad(before, steps, {"lr": 0.1, "eps": 1e-3, "decay": decay, "start": start})
    close(trained(optimiser, w, [sparse(each, w) for each in steps]), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("shape", [(50, 4), (50,), (50, 2, 3)])
def test_adam_is_torchs_sparse_adam(shape):
    ours, theirs = table(*shape), table(*shape)
    steps = [*random_steps(ours), sparse([], ours), *random_steps(ours)]
    options: dict[str, Any] = {"lr": 0.02, "betas": (0.7, 0.9), "eps": 1e-6}
    found = trained(RowAdam([ours], **options), ours, steps)
    close(found, trained(torch.optim.SparseAdam([theirs], **options), theirs, steps))


def test_in_float32_adam_is_torchs_to_rounding():
    ours, theirs = (table(50, 4, dtype=torch.float32) for _ in range(2))
    steps = random_steps(ours)
    found = trained(RowAdam([ours], lr=0.02), ours, steps)
    assert found.dtype == torch.float32
    expected = trained(torch.optim.SparseAdam([theirs], lr=0.02), theirs, steps)
    assert (found - expected).abs().max() < 1e-6


def test_where_every_row_is_used_adam_with_decay_is_torchs_adamw():
    ours, theirs = table(ROWS, DIM), table(ROWS, DIM)
    places = torch.arange(ROWS)[None]
    dense = [torch.randn(ROWS, DIM, generator=seeded(2), dtype=torch.float64) * i for i in range(1, 6)]
    rows = [torch.sparse_coo_tensor(places, each, each.shape, check_invariants=True) for each in dense]
    # torch adds eps after the correction of the averages and SparseAdam before: none here.
    options: dict[str, Any] = {"lr": 0.05, "eps": 1e-300, "weight_decay": 0.2}
    close(
        trained(RowAdam([ours], **options), ours, rows),
        trained(torch.optim.AdamW([theirs], **options), theirs, dense),
    )


@pytest.mark.parametrize("shape", [(50,), (50, 1)])
def test_where_rows_are_numbers_adagrad_is_torchs(shape):
    ours, theirs = table(*shape), table(*shape)
    steps = [*random_steps(ours), sparse([], ours), *random_steps(ours)]
    options: dict[str, Any] = {"lr": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-4}
    found = trained(RowAdagrad([ours], **options), ours, steps)
    close(found, trained(torch.optim.Adagrad([theirs], **options), theirs, [each.to_dense() for each in steps]))


def test_adagrad_scales_all_entries_of_a_row_alike():
    w = table(50, 2, 3)
    before, gradient = w.detach().clone(), sparse([(7, list(range(6)))], w)
    moved = before - trained(RowAdagrad([w], lr=0.1), w, [gradient])
    size = 0.1 / math.sqrt(sum(i**2 for i in range(6)) / 6)
    close(moved[7].flatten(), torch.arange(6, dtype=torch.float64) * size, rel=1e-9)
    assert not moved[torch.arange(50) != 7].any()


def test_adagrad_keeps_one_number_a_row_and_adam_two_a_weight():
    for kind, size in ((RowAdagrad, 50), (RowAdam, 2 * 50 * 4)):
        w = table(50, 4)
        optimiser = kind([w])
        trained(optimiser, w, random_steps(w, count=1))
        assert sum(each.numel() for each in optimiser.state[w].values() if isinstance(each, torch.Tensor)) == size


@both
@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize("coalesced", [False, True])
def test_other_rows_stand_still_and_the_gradient_is_left_as_it_is(kind, decay, coalesced):
    w = table(50, 4)
    before, gradient = w.detach().clone(), sparse([(3, [1.0] * 4), (3, [2.0] * 4), (9, [0.5] * 4)], w)
    gradient = gradient.coalesce() if coalesced else gradient
    given_values = gradient._values().clone()
    trained(kind([w], lr=0.1, weight_decay=decay), w, [gradient] * 3)
    assert (before != w).any(dim=1).nonzero()[:, 0].tolist() == [3, 9]
    assert gradient._values().equal(given_values)


@both
def test_a_state_goes_on_where_it_was_left(kind):
    whole, first, second = (table(50, 4) for _ in range(3))
    steps = random_steps(whole)
    options = {"lr": 0.1, "weight_decay": 0.1}
    expected = trained(kind([whole], **options), whole, steps)
    early = kind([first], **options)
    with torch.no_grad():
        second.copy_(trained(early, first, steps[:3]))
    late = kind([second])
    late.load_state_dict(pickle.loads(pickle.dumps(early.state_dict())))
    assert trained(late, second, steps[3:]).equal(expected)


@pytest.mark.parametrize("kinds", [(RowAdam, torch.optim.SparseAdam), (torch.optim.SparseAdam, RowAdam)])
def test_adam_and_torchs_load_each_others_state(kinds: tuple[Any, Any]):
    whole, w = table(50, 4), table(50, 4)
    steps = random_steps(whole)
    expected = trained(RowAdam([whole], lr=0.1), whole, steps)
    early = kinds[0]([w], lr=0.1)
    trained(early, w, steps[:3])
    late = kinds[1]([w])
    late.load_state_dict(early.state_dict())
    close(trained(late, w, steps[3:]), expected)


@both
def test_it_can_be_copied_and_pickled(kind):
    w = table(50, 4)
    steps = random_steps(w)
    optimiser = kind([w], lr=0.1)
    trained(optimiser, w, steps[:2])
    twins = [copy.deepcopy(optimiser), pickle.loads(pickle.dumps(optimiser))]
    expected = trained(optimiser, w, steps[2:])
    for twin in twins:
        (parameter,) = twin.param_groups[0]["params"]
        assert trained(twin, parameter, steps[2:]).equal(expected)


@both
def test_groups_have_options_of_their_own(kind):
    one, other, alone = (table(50, 4) for _ in range(3))
    steps = random_steps(one)
    optimiser = kind([{"params": [one]}], lr=0.1)
    optimiser.add_param_group({"params": [other], "lr": 0.3, "weight_decay": 0.1})
    for gradient in steps:
        one.grad = other.grad = gradient
        optimiser.step()
    assert one.equal(trained(kind([alone], lr=0.1), alone, steps))
    again = table(50, 4)
    assert other.equal(trained(kind([again], lr=0.3, weight_decay=0.1), again, steps))


@both
def test_a_schedule_sets_the_rate(kind):
    w, alone = table(50, 4), table(50, 4)
    optimiser = kind([w], lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: [1.0, 0.5, 0.0][min(step, 2)])
    steps, rates = random_steps(w), []
    by_hand = kind([alone], lr=0.1)
    for gradient in steps:
        rates.append(optimiser.param_groups[0]["lr"])
        by_hand.param_groups[0]["lr"] = rates[-1]
        trained(by_hand, alone, [gradient])
        trained(optimiser, w, [gradient])
        schedule.step()
    assert rates[:4] == [0.1, 0.05, 0.0, 0.0]
    assert w.equal(alone)


@both
def test_a_closure_computes_the_gradients_and_its_loss_comes_back(kind):
    layer = nn.Embedding(9, 4, sparse=True)
    optimiser = kind(layer.parameters())

    def closure():
        optimiser.zero_grad()
        loss = layer(torch.tensor([2])).square().sum()
        loss.backward()
        return loss.item()

    losses = [optimiser.step(closure) for _ in range(3)]
    assert losses[0] > losses[1] > losses[2]


@both
def test_without_a_gradient_nothing_moves(kind):
    w = table(50, 4)
    before, optimiser = w.detach().clone(), kind([w])
    optimiser.step()
    assert w.equal(before)
    assert not optimiser.state


@pytest.mark.parametrize("p", [2.0, 1.0, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 1e3, math.inf])
def test_clipping_is_torchs_on_dense_gradients(p, max_norm):
    ours, theirs = ([table(50, 4), table(50), table(4, 3), table(2)] for _ in range(2))
    gradients = [random_steps(each, count=1)[0] for each in ours[:2]]
    gradients += [torch.randn(4, 3, generator=seeded(3), dtype=torch.float64)]
    for our, their, gradient in zip(ours[:3], theirs[:3], gradients, strict=True):
        our.grad, their.grad = gradient.clone(), gradient.to_dense().clone()
    found = optim.clip_grad_norm_(ours, max_norm, p)
    expected = nn.utils.clip_grad_norm_(theirs, max_norm, p)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    for our, their in zip(ours[:3], theirs[:3], strict=True):
        close(our.grad.to_dense(), their.grad)
        assert our.grad.is_sparse == (our is not ours[2])
    assert ours[3].grad is None


@given(entries.filter(bool), st.sampled_from([1.0, 2.0, math.inf]))
def test_the_norm_is_that_of_the_sums_of_rows(found, p):
    w = table(ROWS, DIM)
    w.grad = sparse(found, w)
    expected = oracles.norm(found, p)
    assert optim.clip_grad_norm_(w, 1.0, p).item() == pytest.approx(expected, rel=1e-12)
    factor = min(1.0, 1.0 / (expected + 1e-6))
    rows = {row: [g * factor for g in gradient] for row, gradient in oracles.summed(found).items()}
    assert w.grad.is_coalesced()
    places = w.grad.indices()[0].tolist()
    assert places == sorted(rows)
    close(w.grad.values(), torch.tensor([rows[row] for row in places], dtype=torch.float64))


@pytest.mark.parametrize("p", [2.0, math.inf])
def test_no_rows_and_no_gradients_have_no_norm(p):
    w = table(50, 4)
    assert optim.clip_grad_norm_([w], 1.0, p).item() == 0
    w.grad = sparse([], w)
    assert optim.clip_grad_norm_([w], 1.0, p).item() == 0


def test_a_norm_that_is_not_finite_is_an_error_if_it_should_be():
    w = table(50, 4)
    w.grad = sparse([(3, [math.inf] * 4)], w)
    with pytest.raises(RuntimeError, match="non-finite"):
        optim.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    assert optim.clip_grad_norm_([w], 1.0).item() == math.inf


def layer_of(classes=40, **options):
    return SampledSoftmax(4, classes, samples=5, noise=noise.uniform(classes), **options)


def names(model, parameters):
    by_parameter = {parameter: name for name, parameter in model.named_parameters()}
    return [by_parameter[parameter] for parameter in parameters]


def test_groups_split_by_what_the_modules_say():
    model = nn.ModuleDict(
        {
            "in": nn.Embedding(9, 4, sparse=True),
            "bag": nn.EmbeddingBag(9, 4, sparse=True),
            "body": nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4)),
            "out": layer_of(),
            "dense": layer_of(sparse=False),
        }
    )
    found = optim.groups(model)
    assert names(model, found.sparse) == ["in.weight", "bag.weight", "out.weight", "out.bias"]
    assert names(model, found.dense) == ["body.0.weight", "body.1.weight", "body.1.bias", "dense.weight", "dense.bias"]


@pytest.mark.parametrize("body", [nn.Embedding(40, 4), nn.Embedding(40, 4, sparse=True)])
def test_a_tied_weight_is_sparse_only_where_all_say_so(body):
    model = nn.Sequential(body, layer_of())
    model[1].weight = body.weight
    said = optim.groups(model)
    tied = said.sparse if body.sparse else said.dense
    assert names(model, tied) == (["0.weight", "1.bias"] if body.sparse else ["0.weight"])
    model[1](body(torch.tensor([3])), torch.tensor([5])).sum().backward()
    assert body.weight.grad is not None
    assert body.weight.grad.is_sparse == body.sparse
    assert [len(part) for part in optim.groups(model)] == [len(part) for part in said]


def test_after_a_backward_pass_gradients_say_what_modules_do_not():
    class Lookup(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = nn.Parameter(torch.ones(9, 4))

        def forward(self, places):
            return nn.functional.embedding(places, self.rows, sparse=True)

    model = nn.Sequential(Lookup(), nn.Linear(4, 1))
    assert len(optim.groups(model).dense) == 3
    model(torch.tensor([3])).sum().backward()
    assert names(model, optim.groups(model).sparse) == ["0.rows"]


@both
@pytest.mark.parametrize("clipped", [False, True])
def test_a_layer_trains_in_two_groups(kind, clipped):
    """What a class is followed by is learned, with half of the weights in each optimiser."""
    g = seeded()
    body, layer = nn.Embedding(40, 4), layer_of()
    with torch.no_grad():
        for parameter in (body.weight, layer.weight):
            parameter.copy_(torch.randn(40, 4, generator=g) * 0.1)
        layer.bias.zero_()
    model = nn.Sequential(body, layer)
    found = optim.groups(model)
    optimisers = [kind(found.sparse, lr=0.1, weight_decay=1e-4), torch.optim.Adam(found.dense, lr=0.1)]
    now = torch.arange(40)
    after = (now * 7 + 1) % 40
    for _ in range(150):
        for optimiser in optimisers:
            optimiser.zero_grad()
        layer(body(now), after, generator=g).mean().backward()
        if clipped:
            optim.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
    exact = layer.eval()(body(now), after).mean().item()
    assert exact < 0.5 < math.log(40)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda w: RowAdam([w], lr=-1.0), "lr must be at least 0, got -1.0; take 0.001, or what a schedule gives"),
        (
            lambda w: RowAdam([{"params": [w], "lr": "fast"}]),
            "lr must be a finite number, got 'fast'; take 0.001, or what a schedule gives",
        ),
        (lambda w: RowAdam([w], eps=0.0), "eps must be above 0, got 0.0; 1e-8 is small enough"),
        (
            lambda w: RowAdagrad([w], weight_decay=-0.5),
            "weight_decay must be at least 0, got -0.5; 0 leaves the weights as they are",
        ),
        (lambda w: RowAdam([w], betas=(0.9, 1.0)), "betas must be from 0 to below 1, got 1.0; (0.9, 0.999) is usual"),
        (
            lambda w: RowAdagrad([w], initial_accumulator_value=-1.0),
            "initial_accumulator_value must be at least 0, got -1.0; 0 lets a row's first step be lr long",
        ),
        (
            lambda w: RowAdam([w.half()]),
            "parameters must be of torch.float32 or torch.float64, got torch.float16; "
            "keep the parameters so, and let torch.autocast compute in half",
        ),
        (lambda w: optim.clip_grad_norm_(w, 0.0), "max_norm must be above 0, got 0.0; infinity only measures"),
        (lambda w: optim.clip_grad_norm_(w, 1.0, -1.0), "norm_type must be above 0, got -1.0; 2 is the usual norm"),
    ],
)
def test_arguments_out_of_their_range(make, sentence):
    with refuses(sentence):
        make(nn.Parameter(torch.ones(5, 2)).detach())


@both
def test_a_group_that_is_refused_is_not_added(kind):
    w = table(5, 2)
    optimiser = kind([w])
    for options in ({"params": [table(5).detach().half()]}, {"params": [table(5)], "lr": -1.0}):
        with pytest.raises(ValueError, match="must be"):
            optimiser.add_param_group(options)
    assert [group["params"] for group in optimiser.param_groups] == [[w]]


@both
@pytest.mark.parametrize(
    ("gradient", "found"),
    [
        (torch.ones(5, 2), "a dense one"),
        (torch.ones(5, 2).to_sparse(), "2 dimensions"),
    ],
)
def test_a_gradient_that_is_not_of_rows_moves_nothing(kind, gradient, found):
    first, second = table(5, 2, dtype=torch.float32), table(5, 2, dtype=torch.float32)
    first.grad, second.grad = sparse([(1, [1.0, 1.0])], first), gradient
    before = first.detach().clone()
    with refuses(
        f"gradients must be sparse in their first dimension alone, got {found}; "
        "give its parameter to another optimiser, see ssm.optim.groups"
    ):
        kind([first, second]).step()
    assert first.equal(before)


# Under a scaler of gradients, as half precision wants


def scaled_training(kind, *, scaled, spoil=None):
    """Return the layer after some steps, unscaled and clipped as torch says; the gradient of step `spoil` overflows."""
    layer = SampledSoftmax(4, 30, samples=7, noise=noise.uniform(30)).double()
    g = seeded(1)
    with torch.no_grad():
        for each in layer.parameters():
            each.normal_(generator=g)
    steps, scaler = kind(layer.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=2.0**10, enabled=scaled)
    for step in range(5):
        h, target = torch.randn(5, 4, generator=g, dtype=torch.float64), torch.randint(30, (5,), generator=g)
        steps.zero_grad()
        loss = layer(h, target, generator=g).mean()
        scaler.scale(loss * (math.inf if step == spoil else 1)).backward()
        scaler.unscale_(steps)
        optim.clip_grad_norm_(layer.parameters(), 0.1)
        scaler.step(steps)
        scaler.update()
    return layer, steps, scaler


@both
def test_a_scaler_of_gradients_changes_nothing(kind):
    plain, scaled = (scaled_training(kind, scaled=each)[0] for each in (False, True))
    for one, other in zip(plain.parameters(), scaled.parameters(), strict=True):
        assert (one - other).abs().max() < 1e-12
        assert one.grad.is_sparse


@both
def test_a_step_whose_gradient_overflows_is_left_out(kind):
    kept, steps, scaler = scaled_training(kind, scaled=True, spoil=4)
    assert all(each.isfinite().all() for each in kept.parameters())
    assert scaler.get_scale() == 2.0**9
    whole, before, _ = scaled_training(kind, scaled=True)
    assert (kept.weight != whole.weight).any()
    for state, other in zip(steps.state.values(), before.state.values(), strict=True):
        for name, each in state.items():
            assert torch.as_tensor(each).isfinite().all()
            if name == "step":
                assert (each, other[name]) == (4, 5)
