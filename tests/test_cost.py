"""The measurement of costs: what it asks for and leaves out, what it finds, and that it ends at once."""

import io
import json
import math
import os
import queue
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ssm.bench import clock, costs, ways
from ssm.explorer.experiment import COSTS, Costing, cost, known_cost
from ssm.explorer.figures import PANELS
from ssm.explorer.figures.cost_series import cost_numbers, cost_series
from ssm.explorer.figures.templates import NBSP, render
from ssm.explorer.pages import COST
from ssm.explorer.settings import Settings
from ssm.explorer.ui.jobs import Holding
from tests.measured import MEASURED, SIZES

RATE = 1e10  # operations a second of the made-up machine
GIB = 1 << 30


class Machine:
    """A process that answers each line at once, by a formula: 6 B n d operations, or k of n of them."""

    def __init__(self, _errors, *, dies=False):
        self.asked, self.killed, self.dies = [], 0, dies
        self.answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.stdin = SimpleNamespace(write=self._hear, flush=lambda: None)
        self.stdout = iter(self.answers.get, None)

    def _hear(self, line):
        order = json.loads(line)
        self.asked.append(order)
        if self.dies:
            self.answers.put(None)
            return
        way, n = order["way"], order["classes"]
        scores = order["samples"] + 1 if way == "sparse" else n
        found = {"seconds": 6 * order["batch"] * scores * order["dim"] / RATE, "optimiser_seconds": 0, "peak_bytes": n}
        found = {"operations": RATE} if way == "products" else found
        self.answers.put(json.dumps({"way": way, "classes": n, **found}) + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert self.killed == 1

    def kill(self):
        self.killed += 1
        self.answers.put(None)


@pytest.fixture(autouse=True)
def plenty(monkeypatch):
    """Memory for everything, and nothing remembered."""
    monkeypatch.setattr(cost, "free_bytes", lambda _: 10_000 * GIB)
    monkeypatch.setattr(cost, "_KNOWN", type(cost._KNOWN)())


def measured(settings=None, **machine):
    """A whole measurement by the made-up machine, and the machine."""
    machines = []

    def start(errors):
        machines.append(Machine(errors, **machine))
        return machines[0]

    found = Costing(settings or Settings(), start)
    try:
        while not found.finished:
            found.advance()
    finally:
        found.end()
    return found.found(), machines[0]


def test_every_way_is_measured_at_every_size_with_what_was_chosen():
    found, machine = measured(Settings(negatives=7, examples=3, width=8))
    assert [(row["classes"], row["way"]) for row in found["rows"]] == [(n, way) for n in cost.SIZES for way in COSTS]
    assert found["left_out"] == []
    assert machine.asked[0]["way"] == "products"
    assert all(
        (order["samples"], order["batch"], order["dim"], order["device"]) == (7, 3, 8, "cpu") for order in machine.asked
    )
    assert (found["operations"], found["done"], found["of"]) == (RATE, 46, 46)
    assert machine.killed == 1


def test_a_device_that_is_not_here_is_the_cpu_as_everywhere():
    found, machine = measured(Settings(device="cuda:7"))
    assert {order["device"] for order in machine.asked} == {found["device"]} == {"cpu"}
    assert found["machine"].startswith("in processor time, one thread of ")


def test_what_would_take_too_long_is_left_out_and_says_so():
    """A step of a million classes takes 4.9 s on the made-up machine: three times as many would take 15 s."""
    found, _ = measured()
    late = [(each["way"], each["classes"]) for each in found["left_out"]]
    assert late == [(way, n) for n in (3_000_000, 10_000_000) for way in COSTS if way != "sparse"]
    assert found["left_out"][0]["seconds"] == pytest.approx(6 * 128 * 64 * 3_000_000 / RATE)
    assert found["left_out"][0]["allowed"] == cost.MOST_SECONDS
    assert [row["classes"] for row in found["rows"] if row["way"] == "sparse"] == list(cost.SIZES)


def test_what_does_not_fit_is_left_out_and_says_so(monkeypatch):
    monkeypatch.setattr(cost, "free_bytes", lambda _: 0.8 * GIB)
    found, machine = measured(Settings(examples=1, width=64))
    fits = {way: max(row["classes"] for row in found["rows"] if row["way"] == way) for way in COSTS}
    assert fits["sparse"] == 300_000
    assert fits["dense"] < fits["sparse"]
    assert all(each["bytes"] > each["allowed"] == 0.4 * GIB for each in found["left_out"])
    assert max(order["classes"] for order in machine.asked) == 300_000


@pytest.mark.parametrize("way", COSTS)
def test_what_a_step_needs_is_not_less_than_it_was_seen_to_take(way):
    """Rows, two averages of Adam and what `peak_bytes` counts, at a size where all of it is large."""
    n, dim, batch = 30_000, 16, 32
    task = ways.task_of(n, dim, batch, 20, "cpu")
    held = costs.cost(task, way)["peak_bytes"]
    assert 4 * n * dim * 3 + (0 if way == "sparse" else held) <= cost.needed_bytes(way, n, dim, batch)


def test_what_was_measured_is_known_to_everybody_who_chooses_the_same():
    assert known_cost(Settings()) is None
    found, _ = measured()
    assert known_cost(Settings(seed=4, noise="softmax", tolerance=0.5)) == found
    assert known_cost(Settings(width=65)) is None


def test_only_so_many_measurements_are_remembered(monkeypatch):
    monkeypatch.setattr(cost, "_KEPT", 2)
    for width in (8, 9, 10):
        cost._remember(cost._here(Settings(width=width)), {"dim": width, "left_out": []})
    known = [known_cost(Settings(width=width)) for width in (8, 9, 10)]
    assert [found and found["dim"] for found in known] == [None, 9, 10]


def test_a_measurement_in_want_of_memory_does_not_stand_for_one_that_had_more(monkeypatch):
    monkeypatch.setattr(cost, "free_bytes", lambda _: 0.8 * GIB)
    in_want, _ = measured()
    assert known_cost(Settings()) == in_want  # better than nothing, and it says what was left out
    monkeypatch.setattr(cost, "free_bytes", lambda _: 10_000 * GIB)
    whole, _ = measured()
    assert known_cost(Settings()) == whole
    monkeypatch.setattr(cost, "free_bytes", lambda _: 0.8 * GIB)
    measured()
    assert known_cost(Settings()) == whole
    monkeypatch.setattr(cost, "free_bytes", lambda _: 10_000 * GIB)
    again, _ = measured()
    assert known_cost(Settings()) == again != whole  # each says when it was


def test_at_rest_there_is_no_process_and_the_step_that_was_under_way_is_measured_anew():
    machines = []

    def start(errors):
        machines.append(Machine(errors))
        return machines[-1]

    found = Costing(Settings(), start)
    assert isinstance(found, Holding)
    found.rest()
    assert machines == []
    while len(found.found()["rows"]) < 3:
        found.advance()
    found.advance()  # asks for the next
    asked = machines[0].asked[-1]
    assert found.found()["now"] == {"way": asked["way"], "classes": asked["classes"]}
    found.rest()
    found.rest()
    assert machines[0].killed == 1
    assert (found.found()["now"], found.found()["done"]) == (None, 4)
    while not found.finished:
        found.advance()
    found.end()
    assert machines[1].asked[0] == asked
    assert (len(machines), machines[1].killed) == (2, 1)
    assert found.found()["rows"] == measured()[0]["rows"]


def test_a_process_that_dies_fails_the_job_with_its_own_words():
    with pytest.raises(RuntimeError):
        measured(dies=True)


def test_the_ways_are_those_of_the_bench():
    assert tuple(COSTS) == tuple(costs.WAYS)


def test_a_line_is_answered_by_what_was_measured(monkeypatch):
    monkeypatch.setattr(costs, "PATIENCE", 1e-3)
    order = {"way": "sparse", "classes": 500, "dim": 8, "batch": 4, "samples": 5, "device": "cpu"}
    asked = [order, order | {"way": "products"}, order | {"classes": 600, "way": "full"}]
    told = io.StringIO()
    costs.answer(io.StringIO("".join(json.dumps(each) + "\n" for each in asked)), told)
    sparse, products, full = (json.loads(line) for line in told.getvalue().splitlines())
    assert (sparse["way"], sparse["classes"], full["classes"]) == ("sparse", 500, 600)
    assert min(sparse["seconds"], sparse["optimiser_seconds"], sparse["peak_bytes"], products["operations"]) > 0
    assert full["peak_bytes"] >= 4 * 600 * 8


def sleeps(seconds=0.05):
    """Somebody else has the processor."""
    time.sleep(seconds)


def test_the_clock_of_the_process_leaves_out_what_others_took():
    assert clock.least(sleeps, 1e-5) >= 0.05
    if sys.platform != "win32":
        assert clock.least(sleeps, 1e-5, clock=clock.own) < 0.02


def test_where_the_clock_of_the_process_is_too_coarse_it_is_the_usual_one(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert clock.least(sleeps, 1e-5, clock=clock.own) >= 0.05


@pytest.mark.skipif(sys.platform == "win32", reason="its clock of a process is too coarse")
@pytest.mark.parametrize(("threads", "others"), [(1, False), (2, True)])
def test_a_step_of_one_thread_costs_the_time_of_its_own_and_of_several_the_time_that_passes(
    threads, others, monkeypatch
):
    monkeypatch.setattr(costs, "PATIENCE", 1e-5)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(costs, "_scores", lambda _: sleeps())
    task = ways.task_of(500, 8, 4, 5, "cpu")
    seconds = 2 * 4 * 500 * 8 / costs.cost(task, "products")["operations"]
    assert (seconds >= 0.05) == others


def test_of_a_gpu_the_time_that_passes_is_measured(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    task: Any = SimpleNamespace(w=SimpleNamespace(device=SimpleNamespace(type="cuda")))
    assert costs._clock(task) is clock.wall


@pytest.mark.slow
def test_a_real_process_measures_and_ends_within_a_second_whatever_it_does(monkeypatch):
    """Ended in the middle of a step that takes many seconds."""
    monkeypatch.setattr(cost, "_PRODUCTS_AT", 1_000)
    monkeypatch.setattr(cost, "SIZES", (1_000, 2_000_000))
    monkeypatch.setattr(cost, "COSTS", {"full": "full softmax"})
    found = Costing(Settings(examples=256))
    while not found.found()["rows"]:
        found.advance()
    found.advance()  # asks for the long one
    found.advance()
    assert found._measurer is not None
    process = found._measurer.process
    assert process.poll() is None
    start = time.monotonic()
    found.end()
    assert time.monotonic() - start < 1
    assert process.poll() is not None
    assert not Path(f"/proc/{process.pid}").exists() or os.name != "posix"


def test_free_memory_is_what_the_system_says_or_its_group_allows(tmp_path, monkeypatch):
    monkeypatch.undo()
    info = tmp_path / "meminfo"
    info.write_text("MemTotal:  2000 kB\nMemAvailable:  1000 kB\n", "ascii")
    assert list(cost._available(str(info))) == [1_024_000]
    assert list(cost._available(str(tmp_path / "none"))) == []
    assert list(cost._left(str(tmp_path))) == []
    (tmp_path / "memory.max").write_text("max\n", "ascii")
    (tmp_path / "memory.current").write_text("300\n", "ascii")
    assert list(cost._left(str(tmp_path))) == []
    (tmp_path / "memory.max").write_text("1000\n", "ascii")
    (tmp_path / "memory.stat").write_text("anon 50\ninactive_file 100\nactive_file 150\n", "ascii")
    assert list(cost._left(str(tmp_path))) == [800]
    assert cost.free_bytes("cpu") > 0


# What is drawn and said


def test_the_lines_are_the_whole_step_in_milliseconds_and_megabytes():
    s = cost_series({"cost": MEASURED})
    row = MEASURED["rows"][0]
    assert s["step_classes_full"] == list(SIZES)
    assert s["step_time_full"][0] == 1e3 * (row["seconds"] + row["optimiser_seconds"])
    assert s["step_memory_full"][0] == row["peak_bytes"] / 1e6
    assert s["products"] == [pytest.approx(1e3 * 6 * 128 * 64 * n / 2.5e10) for n in s["products_at"]]
    assert s["state"] == [pytest.approx(2 * 4 * 64 * n / 1e6) for n in s["state_at"]]


def test_the_lines_cross_where_both_take_the_same():
    """The full softmax is faster among 1,000 classes and slower among 10,000; on the line between both are equal."""
    s = cost_series({"cost": MEASURED})
    (n,), (ms,) = s["crossing_at"], s["crossing"]
    assert 1_000 < n < 10_000
    for way in ("full", "sparse"):
        low, high = s[f"step_time_{way}"][:2]
        share = math.log(n / 1_000) / math.log(10)
        assert math.log(ms) == pytest.approx((1 - share) * math.log(low) + share * math.log(high))


@pytest.mark.parametrize("factor", [0.01, 1e4])
def test_lines_that_do_not_cross_have_no_crossing(factor):
    rows = [row | {"seconds": row["seconds"] * (factor if row["way"] == "full" else 1)} for row in MEASURED["rows"]]
    only = [row for row in rows if row["classes"] < 100_000]
    s = cost_series({"cost": MEASURED | {"rows": [row for row in only if row["classes"] != 10_000]}})
    assert s["crossing_at"] == s["crossing"] == []


def test_the_sentence_says_what_is_saved_and_what_a_tolerance_costs():
    known = cost_numbers({"cost": MEASURED})
    assert render(COST.sentence, known) == (
        "Among 1,000,000 classes a step takes 710 ms with every score and 1.10 ms with 64: 646 times less. With a "
        "dense gradient it saves 22.8 times: zeros for every row, and Adam on all of them. Below 1,381 classes the "
        "full softmax is the faster one."
    )


def test_where_sampling_is_the_slower_one_nothing_is_said_to_be_saved():
    """As among few classes, with which a measurement begins."""
    rows = [row for row in MEASURED["rows"] if row["classes"] == 1_000]
    known = cost_numbers({"cost": MEASURED | {"rows": rows}})
    assert known["saving_sparse"] < 1
    assert render(COST.sentence, known) == (
        "Among 1,000 classes a step takes 0.810 ms with every score and 1.10 ms with 64: nothing is saved."
    )
    assert render(PANELS["step_time"].title, known) == "A step among 1,000 classes: nothing saved"


def test_without_exact_curves_no_price_is_denied():
    """They are left out where they would take too much."""
    bias = PANELS["bias_price"]
    said = render(bias.title, {"noise_count": 0, "tolerance": 0.05}), render(bias.label, {"noise_count": 0})
    assert said[0] == "Bias of a step, and what it costs"
    assert said[1].endswith("Nothing is computed: it would take too much.")
    assert said[1].endswith(render(bias.caption, {"noise_count": 0}))
    assert render(bias.title, {"noise_count": 1, "tolerance": 0.05}) == f"No price keeps 5{NBSP}% of bias"


def test_before_anything_is_measured_the_page_says_what_start_does():
    assert cost_numbers({}) == {"measured": 0}
    said = render(COST.sentence, {"measured": 0})
    assert said == "Start it: a step of each kind is measured on the server, from 1,000 classes to 10,000,000."
    assert (cost.SIZES[0], cost.SIZES[-1]) == (1_000, 10_000_000)
