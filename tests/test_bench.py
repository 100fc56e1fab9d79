"""The benchmark runs and says what it measured."""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ssm import estimators, head, noise, philox
from ssm.bench import optimisers, report, shards, steps, ways
from ssm.bench.optimisers import Move
from ssm.bench.report import Row
from ssm.bench.shards import Share
from ssm.bench.steps import Step
from ssm.bench.ways import Way

pytestmark = pytest.mark.usefixtures("hasty")
ROWS = [Row("a case", 0.002, 1.0, 500.0), Row("another", 0.02), Row("the largest", 0.5, peak_bytes=390_000_000)]


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(report, "_PATIENCE", 1e-3)


def test_a_ratio_is_that_of_two_times(monkeypatch):
    monkeypatch.setattr(report, "_LOOPED", 3)
    row = report._running_mean("small", philox.normals(0, 5), noise.uniform(5), k=2, draws=9)
    assert row.case == "small: 9 draws, 5 classes, k = 2"
    assert row.loop_seconds is not None
    assert row.ratio == row.loop_seconds / row.seconds > 0


@pytest.mark.parametrize(
    "ends", [(0.7, 0.9, 1.3), (1.7, 1.9)], ids=["until patience ends", "twice, for the first waits for memory"]
)
def test_time_is_the_least_of_its_repeats(monkeypatch, ends):
    monkeypatch.setattr(report, "_PATIENCE", 1.0)
    first, second, *rest = ends
    ticks = iter([0, 0, first, first, second, second, *(tick for one in rest for tick in (second, one, one))])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    assert report._time(lambda: None) == pytest.approx(0.2)
    assert not list(ticks)


def test_the_other_cases_have_a_time_and_the_largest_its_memory():
    scores, q = philox.normals(0, 50), noise.uniform(50)
    for row in (report._exact_moments(scores, q, k=3), report._exact_curves(scores)):
        assert row.loop_seconds is not None
        assert row.ratio == row.loop_seconds / row.seconds > 0
    peak = report._largest(scores, q, k=3, draws=4).peak_bytes
    assert peak is not None
    assert peak > 1e6


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(report, "measure", lambda: ROWS)
    monkeypatch.setattr(
        steps, "measure", lambda cases, device, _: [Step(device, n, dim, 5, 2, 0.1) for n, dim in cases]
    )
    monkeypatch.setattr(
        optimisers, "measure", lambda cases, device, _: [Move(device, n, dim, 0.1, 8, 0.5) for n, dim in cases]
    )
    monkeypatch.setattr(shards, "measure", lambda cases: [Share(2, n, dim, 0.1, 8, 0.5) for n, dim in cases])


@pytest.mark.usefixtures("measured")
def test_the_table_has_a_line_for_each_case(capsys):
    report.main([])
    table, moves, shares, lines = (part.splitlines() for part in capsys.readouterr().out.split("\n\n"))
    for each in (table, moves):
        assert [line.split()[:2] for line in each[1:]] == [[f"{n:,}", str(dim)] for n, dim in steps.CASES]
    assert shares[1].split() == ["10,000", "256", "2", "100.0", "ms", "0.0", "MB", "0.50"]
    assert lines[1].split() == ["a", "case", "2.0", "ms", "1000.0", "ms", "500x"]
    assert lines[2].split() == ["another", "20.0", "ms"]
    assert lines[3].split() == ["the", "largest", "500.0", "ms", "0.39", "GB"]
    assert lines[4].endswith("One by one: 1,000 single draws, scaled to as many.")


@pytest.mark.usefixtures("measured")
def test_json_has_the_same(capsys):
    report.main(["--json", "--sizes", "7", "9", "--dim", "3", "--device", "meta"])
    said = json.loads(capsys.readouterr().out)
    assert [Row(**row) for row in said["rows"]] == ROWS
    assert [Step(**step) for step in said["steps"]] == [Step("meta", n, 3, 5, 2, 0.1) for n in (7, 9)]
    assert [Share(**share) for share in said["shards"]] == [Share(2, 7, 3, 0.1, 8, 0.5)]
    assert [Move(**move) for move in said["optimisers"]] == [Move("meta", n, 3, 0.1, 8, 0.5) for n in (7, 9)]


def once(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_every_way_is_timed_and_its_memory_counted(monkeypatch):
    monkeypatch.setattr(steps, "SHAPES", ((128, 50),))
    found = steps.measure([(20_000, 8)], "cpu", once)
    by_way: dict[str, Any] = {step.way.partition(" (")[0]: step for step in found}
    assert set(by_way) | {Way.TENSORFLOW} == {"draws", "floor", *Way}
    sparse, dense, full = (by_way[way] for way in ("ssm, sparse gradients", "ssm, dense gradients", "full softmax"))
    gradient, scores = 4 * 20_000 * 8, 4 * 20_000 * 128
    assert sparse.peak_bytes < gradient < dense.peak_bytes < scores < full.peak_bytes
    assert full.full_ratio == 1
    assert sparse.optimiser_seconds > 0
    assert sparse.floors == sparse.seconds / by_way["floor"].seconds
    assert sparse.peak_floors == sparse.peak_bytes / by_way["floor"].peak_bytes
    assert {(step.classes, step.dim, step.batch, step.samples) for step in found} == {(20_000, 8, 128, 50)}


def test_every_optimiser_is_timed_in_units_of_torchs():
    times = iter([2.0, 1.0, 0.5, 0.25])
    ran = []

    def timer(work):
        ran.append(work())
        return next(times)

    found = optimisers.measure([(3000, 8)], "cpu", timer)
    assert [move.way.rpartition(".")[2] for move in found] == [
        "SparseAdam",
        "RowAdam",
        "the same with weight decay",
        "RowAdagrad",
    ]
    assert [move.ratio for move in found] == [1.0, 0.5, 0.25, 0.125]
    assert [move.state_bytes for move in found] == [*[2 * 3000 * 8 * 4] * 3, 3000 * 4]
    assert len(ran) == 4


def of_one(classes: int) -> Any:
    """A task whose samples are the same at any number of classes."""
    task: Any = ways.task_of(classes, 8, 128, 50, "cpu")
    q = noise.custom([1.0] * 40 + [1e-30] * (classes - 40))
    q.prepare()
    return dataclasses.replace(task, q=q)


def test_what_a_sparse_step_holds_does_not_grow_with_the_classes():
    held = [steps.peak_bytes(task, ways.work_of(task, Way.SPARSE)) for task in (of_one(1000), of_one(100_000))]
    assert held[0] == pytest.approx(held[1], rel=0.1)  # a few samples more or fewer are equal


@pytest.mark.parametrize("shape", [(256, 2000), (512, 1024)])
def test_a_step_holds_little_more_than_the_floor(shape):
    task: Any = ways.task_of(1_000_000, 32, shape[0], shape[1], "cpu")
    uniform = dataclasses.replace(task, q=noise.uniform(1_000_000))  # hardly a sample twice
    least = steps.peak_bytes(uniform, lambda: ways.floor(uniform))
    assert steps.peak_bytes(uniform, ways.work_of(uniform, Way.SPARSE)) < 1.1 * least
    assert steps.peak_bytes(task, ways.work_of(task, Way.SPARSE)) < least


def test_what_does_not_fit_is_left_out(monkeypatch):
    monkeypatch.setattr(steps, "_MOST_SCORES", 10)
    monkeypatch.setattr(steps, "_MOST_DENSE", 10)
    assert list(steps._ways(ways.task_of(1000, 8, 4, 5, "cpu"))) == [Way.SPARSE, Way.UNIFORM]


def test_the_floor_is_the_step_by_hand():
    task: Any = ways.task_of(1000, 8, 128, 50, "cpu")
    state = task.g.get_state()
    by_h, by_row = ways.floor(task)
    task.g.set_state(state)
    found = head.candidates(task.h, task.w, task.target, task.draw(), None, hits="kept")
    ways._backward(task, estimators.uncorrected(found).mean())
    assert (task.h.grad - by_h).abs().max() < 1e-6
    assert (task.w.grad.to_dense() - by_row.to_dense()).abs().max() < 1e-6


def of_rank(work, arguments, nprocs):
    """Do the work of one rank in this process, and let the others have found the same."""
    ranks, case, folder = arguments
    work(0, 1, case, folder)
    for rank in range(nprocs):
        (Path(folder) / f"{rank}.json").write_text((Path(folder) / "0.json").read_text())
    assert ranks == nprocs


def test_a_split_step_is_timed_and_what_a_rank_holds_counted(monkeypatch):
    monkeypatch.setattr(shards, "spawn", of_rank)
    found = shards.measure([(300, 8)], (1, 2))
    assert [(share.ranks, share.classes, share.dim, share.held_bytes) for share in found] == [
        (1, 300, 8, 300 * 8 * 4),
        (2, 300, 8, 300 * 8 * 4),
    ]
    assert found[0].ratio == 1
    assert found[1].ratio == found[1].seconds / found[0].seconds > 0


@pytest.mark.slow
def test_processes_hold_a_part_each():
    code = "from ssm.bench import shards; print(shards.measure([(300, 8)], (2,))[0].held_bytes)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(answer.stdout) == 150 * 8 * 4
