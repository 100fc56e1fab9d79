"""The benchmark runs and says what it measured."""

import json
import time

import pytest

from ssm import bench, noise, philox
from ssm.bench import Row

pytestmark = pytest.mark.usefixtures("hasty")
ROWS = [Row("a case", 0.002, 1.0, 500.0), Row("another", 0.02), Row("the largest", 0.5, peak_bytes=390_000_000)]


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(bench, "_PATIENCE", 1e-3)


def test_a_ratio_is_that_of_two_times(monkeypatch):
    monkeypatch.setattr(bench, "_LOOPED", 3)
    row = bench._running_mean("small", philox.normals(0, 5), noise.uniform(5), k=2, draws=9)
    assert row.case == "small: 9 draws, 5 classes, k = 2"
    assert row.loop_seconds is not None
    assert row.ratio == row.loop_seconds / row.seconds > 0


def test_time_is_the_least_of_its_repeats(monkeypatch):
    monkeypatch.setattr(bench, "_PATIENCE", 1.0)
    ticks = iter([0, 0, 0.7, 0.7, 0.7, 0.9, 0.9, 0.9, 1.3, 1.3])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    assert bench._time(lambda: None) == pytest.approx(0.2)


def test_the_other_cases_have_a_time_and_the_largest_its_memory():
    scores, q = philox.normals(0, 50), noise.uniform(50)
    assert bench._exact_moments(scores, q, k=3).seconds > 0
    peak = bench._largest(scores, q, k=3, draws=4).peak_bytes
    assert peak is not None
    assert peak > 1e6


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(bench, "measure", lambda: ROWS)


@pytest.mark.usefixtures("measured")
def test_the_table_has_a_line_for_each_case(capsys):
    bench.main([])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["a", "case", "2.0", "ms", "1000.0", "ms", "500x"]
    assert lines[2].split() == ["another", "20.0", "ms"]
    assert lines[3].split() == ["the", "largest", "500.0", "ms", "0.39", "GB"]
    assert lines[4].endswith("One by one: 1,000 single draws, scaled to as many.")


@pytest.mark.usefixtures("measured")
def test_json_has_the_same(capsys):
    bench.main(["--json"])
    assert [Row(**row) for row in json.loads(capsys.readouterr().out)] == ROWS
