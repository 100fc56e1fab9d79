"""The head with its classes split over processes is the head of one process, and says what is wrong."""

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ssm import checks, estimators, noise
from ssm.bench import words as words_module
from ssm.sharded import ShardedSampledSoftmax
from tests import shards

README = Path(__file__).parents[1] / "README.md"
TEXT = Path(__file__).parent / "data/moby-dick-1-9.txt"
NEAR = 1e-12
RANKS = (1, 2, 3, 4)
every_number = pytest.mark.parametrize("ranks", RANKS)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where processes meet, and leave what they found."""
    return tmp_path_factory.mktemp("shards")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[int, list[shards.Found]]:
    """What each rank found, by the number of ranks."""
    return shards.run(folder)


@every_number
@pytest.mark.parametrize("name", list(estimators.ESTIMATORS))
@pytest.mark.parametrize("kind", ["sampled", "exact"])
def test_it_is_the_head_of_one_process(found: Any, ranks: int, name: str, kind: str) -> None:
    """Over random shapes, hits, uneven ranges and batches, empty ones too: losses, gradients, the best classes."""
    for rank in found[ranks]:
        here = rank["equal"][f"{name} {kind}"]
        assert here["worst"] < NEAR
        assert here["different"]
        assert here["sparse"] or kind == "exact"


def test_some_of_these_ranges_were_empty(found: Any) -> None:
    for ranks in RANKS[1:]:
        assert sum(here["empty"] for rank in found[ranks] for here in rank["equal"].values()) > 0


@every_number
@pytest.mark.parametrize("kind", list(shards.OPTIMISERS))
def test_optimisers_move_its_rows_as_those_of_one_process(found: Any, ranks: int, kind: str) -> None:
    for rank in found[ranks]:
        assert rank[kind]["wrong"] < NEAR
        assert rank[kind]["moved"] > 0.01


@every_number
def test_beside_a_body_that_averages_its_gradients_are_the_sum_over_ranks(found: Any, ranks: int) -> None:
    for rank in found[ranks]:
        assert max(rank["body"].values()) < NEAR


@every_number
def test_it_is_clipped_together_with_a_body_as_in_one_process(found: Any, ranks: int) -> None:
    for rank in found[ranks]:
        for here in rank["clipped"]:
            assert here["clipped"]
            assert max(here["norm"], here["body"], here["head"]) < NEAR


@every_number
def test_padding_may_be_a_class_and_one_that_is_never_drawn(found: Any, ranks: int) -> None:
    for rank in found[ranks]:
        assert max(rank["padded"].values()) < NEAR


@every_number
def test_narrow_weights_are_evaluated_in_float32(found: Any, ranks: int) -> None:
    for rank in found[ranks]:
        assert rank["narrow"]["confident"]
        assert rank["narrow"]["wrong"] < 1e-5
        assert rank["narrow"]["least"] > -1e-5


@every_number
def test_it_is_copied_and_may_get_its_memory_late(found: Any, ranks: int) -> None:
    for rank in found[ranks]:
        assert rank["copied"]["wrong"] == 0
        assert rank["copied"]["losses"] > 0


@every_number
def test_what_was_saved_is_read_by_another_number_of_processes(found: Any, ranks: int) -> None:
    for rank in found[ranks]:
        assert rank["saved"]["state"] == ["bias", "weight"]
        assert rank["saved"]["moved"] > 0.01
        assert sorted(rank["read"]) == [f"of {number}" for number in range(1, ranks + 1)]
        for here in rank["read"].values():
            assert here["wrong"] == 0
            assert here["moved"] > 0.01
            assert here["noise"] == 0
            assert here["given"] == 0  # what the layer was given first is others' too


def test_a_group_may_be_a_part_of_all(found: Any) -> None:
    assert found[4][3]["alone"]["wrong"] < NEAR
    assert found[4][3]["alone"]["moved"] > 0.01


SEED = (
    "ValueError | the samples of rank 1 must be those of rank 0, got others; "
    "pass a generator that has one seed on every rank, and as many draws behind it"
)
OPTIONS = (
    "ValueError | the layer and the call of rank 1 must be as those of rank 0, got other options, mode, dtype or "
    "gradients; make the layers alike, and call them in one mode, with or without gradients"
)
REFUSED = "ValueError | the batch of rank 1 must be fit for the layer, got a refusal there; see the error of that rank"
BOTH = {
    "seed": [SEED, SEED],
    "options": [OPTIONS, OPTIONS],
    "mode": [OPTIONS, OPTIONS],
    "target": [
        REFUSED,
        "IndexError | target must be classes from 0 to 11, got 12; count classes from 0 | on rank 1",
    ],
    "device": [
        REFUSED,
        "ValueError | embeddings on rank 1 must be on the device of its rows, got meta and cpu; "
        "move them with .to('cpu') | on rank 1",
    ],
    "ranges": [OPTIONS, OPTIONS],
    "noise": [OPTIONS, OPTIONS],
    "loss": [
        REFUSED,
        "ValueError | loss must be 'sampled' or 'exact', got 'exat'; choose one of the two, or None for that of the "
        "mode | on rank 1",
    ],
    "none": [REFUSED, "AttributeError | 'NoneType' object has no attribute 'shape' | on rank 1"],
    "once": [
        REFUSED,
        "IndexError | target must be classes from 0 to 11, got 12; count classes from 0 | on rank 1",
    ],
    "then": ["nothing", "nothing"],
    "split": [
        f"ValueError | split on rank {rank} must be 2 numbers of at least 0 whose sum is 12, got [3, 4]; "
        "count the classes of each rank, or pass None"
        for rank in (0, 1)
    ],
    "hits": [
        f"ValueError | hits on rank {rank} must be 'rejected' or 'kept' where classes are split, got 'excluded'; "
        "samples of each example are for SampledSoftmax alone"
        for rank in (0, 1)
    ],
    "group": [
        "nothing",
        "ValueError | the group of a layer on rank 1 must be one that this rank is in, got another; "
        "make the layer on the ranks of its group alone",
    ],
    "top": ["ValueError | k must be a whole number from 1 to 12, got 13; ask for no more than there are classes"] * 2,
    "new weights": ["False", "False"],
    "after all": ["nothing", "nothing"],
}


@pytest.mark.parametrize("case", list(BOTH))
def test_every_rank_is_refused_in_a_sentence_and_none_waits(found: Any, case: str) -> None:
    assert [rank["refusals"][case] for rank in found[2]] == BOTH[case]


@pytest.mark.usefixtures("found")
def test_a_rank_that_ended_is_missed_in_a_sentence(folder: Path) -> None:
    sentence = json.loads((folder / "lost.json").read_text("utf-8"))
    assert sentence.startswith("RuntimeError | the other ranks of rank 0's group must be there and in step, got ")
    assert sentence.endswith("; look which rank ended or fell behind, and start all again from what was saved")


@pytest.fixture
def one_rank(tmp_path: Path) -> Iterator[None]:
    """A process group of this process alone."""
    distributed.init_process_group("gloo", f"file://{tmp_path}/meeting", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.usefixtures("one_rank")
def test_what_the_readme_shows_runs() -> None:
    section = README.read_text("utf-8").partition("## Classes split over processes\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    words = re.findall(r"[a-z]+", TEXT.read_text("utf-8").lower())[:2000]
    numbers, counts = words_module.read(" ".join(words))
    known: dict[str, Any] = {"text": numbers, "counts": counts, "torch": torch, "nn": nn, "distributed": distributed}
    exec(block, known)
    assert known["exact"].isfinite()
    assert len(known["optimiser"].state) == 3


@pytest.mark.usefixtures("one_rank")
def test_targets_are_looked_at_where_no_gather_would_refuse_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, whose values no other check looks at: a class too many would be that of no rank."""
    monkeypatch.setattr(checks, "visible", lambda _: False)
    head = ShardedSampledSoftmax(4, 9, samples=2, noise=noise.uniform(9))
    for wrong in (-1, 9):
        for loss in ("sampled", "exact"):
            with pytest.raises(IndexError, match=f"target must be classes from 0 to 8, got {wrong}; "):
                head(torch.zeros(1, 4), torch.tensor([wrong]), loss=loss)


@pytest.mark.usefixtures("one_rank")
def test_a_rank_without_examples_makes_the_same_calls() -> None:
    body = DistributedDataParallel(nn.Embedding(9, 4, sparse=True))
    head = ShardedSampledSoftmax(4, 9, samples=2, noise=noise.uniform(9), reduction="mean")
    none = torch.empty(0, dtype=torch.int64)
    head(body(none), none).backward()
    assert body.module.weight.grad.coalesce().values().shape == (0, 4)


@pytest.mark.usefixtures("one_rank")
def test_half_of_a_short_text_is_trained_on() -> None:
    text, counts = words_module.read("the whale and the sea " * 20)
    assert math.isfinite(words_module.perplexity(*words_module.train(text, counts, 1), text))


@pytest.mark.usefixtures("one_rank")
def test_the_example_learns_more_than_the_frequencies_of_words() -> None:
    text, counts = words_module.read(TEXT.read_text("utf-8"))
    before, after = (words_module.perplexity(*words_module.train(text, counts, steps), text) for steps in (0, 150))
    assert after < 0.95 * before


def test_the_example_is_started_by_torchrun(tmp_path: Path) -> None:
    starts = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "ssm.bench.words"]
    words = [sys.executable, *starts, str(TEXT), "--steps", "1", "--save", str(tmp_path / "saved")]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "step 0: " in answer.stdout
    assert " words; perplexity " in answer.stdout
    assert len(list((tmp_path / "saved").glob("*.distcp"))) == 2


def test_without_a_process_group_it_says_what_to_call() -> None:
    with pytest.raises(RuntimeError) as refused:
        ShardedSampledSoftmax(4, 9, samples=2, noise=noise.uniform(9))
    assert str(refused.value) == (
        "the process group must be initialised, got none; "
        "call torch.distributed.init_process_group first, in processes that torchrun started"
    )
