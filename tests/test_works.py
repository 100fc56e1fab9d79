"""What the layer works with: README's table, each cell a test, for every estimator."""

import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import CheckpointError, checkpoint

from ssm import estimators, losses
from ssm.head import SampledSoftmax
from tests import processes
from tests.processes import CLASSES, DIM, Model, apart, whole

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- works -->\n).*?(?=<!-- /works -->)", re.DOTALL)
H, TARGET = processes.batch(0, 0)
STATE = torch.Generator().manual_seed(5).get_state()


@dataclass(frozen=True)
class Tool:
    """What trains or changes a layer.

    Attributes:
        sparse: what README says of it with ``sparse=True``.
        dense: with ``sparse=False``.
        gradients: what it finds, and what it should; None where two processes find it.
        error: what the tool raises where README says no.
        near: how far apart these may be.
    """

    sparse: str
    dense: str
    gradients: Callable[[Model], tuple[list[Tensor], list[Tensor]]] | None
    error: type[Exception] | None = None
    near: float = 3e-6


def plain(model: Model, h: Tensor = H, target: Tensor = TARGET) -> list[Tensor]:
    """Return the gradients of a step with nothing between model and torch, and leave them on the parameters."""
    torch.set_rng_state(STATE)
    return stepped(model, lambda: model.head(model.body(h), target).mean())


def stepped(model: Model, loss: Callable[[], Tensor]) -> list[Tensor]:
    torch.set_rng_state(STATE)
    model.zero_grad()
    loss().backward()
    return gradients(model)


def gradients(model: Model) -> list[Tensor]:
    return [whole(each.grad) for each in model.parameters()]


def optimiser(layer: SampledSoftmax) -> torch.optim.Optimizer:
    kind = torch.optim.SparseAdam if layer.sparse else torch.optim.Adam
    return kind(layer.parameters(), lr=0.1)


def autocast(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    expected = plain(model)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return stepped(model, lambda: model.head(model.body(H), TARGET).mean()), expected


def scaler(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    expected, before = plain(model), model.head.weight.detach().clone()
    scaling, steps = torch.amp.GradScaler("cpu"), optimiser(model.head)
    stepped(model, lambda: scaling.scale(model.head(model.body(H), TARGET).mean()))
    body = torch.optim.SGD(model.body.parameters())
    scaling.unscale_(body)
    scaling.unscale_(steps)
    found = gradients(model)
    scaling.step(steps)
    scaling.update()
    assert ((model.head.weight != before).any(1) == (expected[2] != 0).any(1)).all()
    return found, expected


def clip(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    expected = plain(model)
    norm = torch.cat([each.flatten() for each in expected]).norm()
    found = nn.utils.clip_grad_norm_(model.parameters(), 0.01)
    assert found.item() == pytest.approx(norm.item(), rel=1e-5)
    return gradients(model), [each * 0.01 / norm for each in expected]


def decay(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    expected = plain(model)
    before = [each.detach().clone() for each in model.parameters()]
    torch.optim.SGD(model.parameters(), lr=1.0, weight_decay=0.1).step()
    moved = [old - new.detach() for old, new in zip(before, model.parameters(), strict=True)]
    return moved, [gradient + 0.1 * old for gradient, old in zip(expected, before, strict=True)]


def compiled(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    if not (model.head.sparse or shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("torch's default compiler needs one for C++")
    torch.compiler.reset()
    backend = "aot_eager" if model.head.sparse else "inductor"
    with torch._inductor.config.patch(fallback_random=True):
        made = torch.compile(model, backend=backend, dynamic=False, fullgraph=True)
        for rows in (5, 3) if model.head.sparse else (5,):  # a batch that changes is what could fail
            h, target = H[:rows], TARGET[:rows]
            found = stepped(model, lambda h=h, target=target: made(h, target))  # type: ignore[misc]
    return found, plain(model, h, target)


def tied(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    words, ids = nn.Embedding(CLASSES, DIM, sparse=model.head.sparse), torch.tensor([0, 3, 3, 8, 29])
    with torch.no_grad():
        words.weight.copy_(model.head.weight)
    apart_weights = stepped(model, lambda: model.head(model.body(words(ids)), TARGET).mean())
    expected = [*apart_weights[:2], apart_weights[2] + whole(words.weight.grad), apart_weights[3]]
    model.head.weight = words.weight
    words.zero_grad()
    return stepped(model, lambda: model.head(model.body(words(ids)), TARGET).mean()), expected


def checkpointed(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    def loss(h: Tensor) -> Tensor:
        return model.head(model.body(h), TARGET).mean()  # type: ignore[no-any-return]

    found = stepped(model, lambda: checkpoint(loss, H, use_reentrant=False))
    return found, plain(model)


TOOLS = {
    "`DistributedDataParallel`": Tool("yes, on gloo", "yes", None),
    "FSDP2 (`fully_shard`)": Tool("no", "yes", None),
    "`torch.autocast`": Tool("yes", "yes", autocast, near=0.05),
    "`torch.amp.GradScaler`": Tool("yes", "yes", scaler),
    "`nn.utils.clip_grad_norm_`": Tool("no", "yes", clip, NotImplementedError),
    "weight decay in the optimiser": Tool("no", "yes", decay, RuntimeError),
    "`torch.compile`, `fullgraph=True`": Tool('with `backend="aot_eager"`, `dynamic=False`', "yes", compiled),
    "a weight tied to an `nn.Embedding`": Tool("yes, if that is `sparse` too", "yes", tied),
    "activation checkpointing": Tool("yes, without a `generator`", "yes, without a `generator`", checkpointed),
}
every_estimator = pytest.mark.parametrize("estimator", list(estimators.ESTIMATORS))
every_way = pytest.mark.parametrize("sparse", [True, False], ids=["sparse", "dense"])


OF_TORCH = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # in its own compiler


def cells() -> Iterator[Any]:
    """Yield the tools that one process is enough for."""
    for name, tool in TOOLS.items():
        if tool.gradients is not None:
            marks = [pytest.mark.slow, OF_TORCH] if tool.gradients is compiled else []
            yield pytest.param(tool, id=name.strip("`"), marks=marks)


def test_every_loss_of_samples_is_in_the_list():
    made = {name for name, each in inspect.getmembers(losses, inspect.isfunction) if each.__module__ == "ssm.losses"}
    assert {name for name in made if not name.startswith("_")} - {"full_softmax"} == set(estimators.ESTIMATORS)


@pytest.mark.parametrize("tool", list(cells()))
@every_way
@every_estimator
def test_a_cell(tool: Tool, estimator: str, sparse: bool) -> None:  # noqa: FBT001
    model = Model(estimator=estimator, sparse=sparse)
    says_no = (tool.sparse if sparse else tool.dense) == "no"
    assert tool.gradients is not None
    with pytest.raises(tool.error) if says_no and tool.error else nullcontext():
        found, expected = tool.gradients(model)
        assert not says_no
        assert apart(found, expected) < tool.near
        assert max(each.abs().max().item() for each in expected) > 10 * tool.near or tool.near > 1e-3


@pytest.fixture(scope="module")
def found() -> dict[str, processes.Found]:
    """What two processes found."""
    return processes.run()


@every_way
@every_estimator
def test_data_parallel_replicas_stay_equal(found: dict[str, processes.Found], estimator: str, sparse: bool) -> None:  # noqa: FBT001
    here = found[f"DistributedDataParallel {estimator} {sparse}"]
    assert here["sparse"] == [sparse, sparse]
    assert here["wrong"] < 1e-6
    assert here["replicas"] == 0
    assert here["moved"] > 0.1


@pytest.mark.parametrize("kind", ["RowAdam", "RowAdagrad"])
def test_optimisers_of_rows_train_replicas_as_one_process_would(found: dict[str, processes.Found], kind: str) -> None:
    here = found[kind]
    assert here["replicas"] == 0
    assert here["alone"] < 1e-4
    assert here["moved"] > 0.1
    for parallel, alone in here["norms"]:
        assert parallel == pytest.approx(alone, rel=1e-5)
        assert parallel > 0.5  # so that it was clipped


@every_estimator
def test_sharded_parameters_have_dense_gradients(found: dict[str, processes.Found], estimator: str) -> None:
    assert found[f"FSDP2 {estimator} False"]["wrong"] < 1e-6
    assert "chunk_cat" in found[f"FSDP2 {estimator} True"]["error"]


@pytest.mark.parametrize("estimator", ["nce", "sampled_softmax"])
def test_a_checkpointed_layer_must_not_have_a_generator(estimator: str) -> None:
    """Nothing sets it back for the second forward pass, as README says; torch sees if fewer samples differ."""
    model = Model(sparse=False, estimator=estimator)

    def loss(h: Tensor, g: torch.Generator) -> Tensor:
        return model.head(model.body(h), TARGET, generator=g).mean()  # type: ignore[no-any-return]

    makers = [partial(torch.Generator().manual_seed, 1) for _ in range(2)]
    expected = stepped(model, lambda: loss(H, makers[0]()))
    with pytest.raises(CheckpointError, match="different metadata") if estimator != "nce" else nullcontext():
        assert apart(stepped(model, lambda: checkpoint(loss, H, makers[1](), use_reentrant=False)), expected) > 1e-3


def table() -> str:
    """The table of README."""
    lines = ["| | `sparse=True` | `sparse=False` |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {name} | {tool.sparse} | {tool.dense} |" for name, tool in TOOLS.items()]) + "\n"


def test_the_readme_says_what_is_tested():
    written = TABLE.search(README.read_text("utf-8"))
    assert written is not None
    assert written[0] == table()
