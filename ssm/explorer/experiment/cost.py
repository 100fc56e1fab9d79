"""Cost: time and memory of one training step against the number of classes, measured on this machine, bit by bit.

A process of its own measures (`ssm.bench.costs`), one step at a time as it is asked: it can be ended at any moment, its
memory is not the server's, and nobody's answer waits for its lock. It has one thread. On the CPU the time of a step is
the processor's, so that others who use it meanwhile add little; on a GPU it is the time that passed.
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, final

import torch

from ssm.explorer.experiment.runs import devices
from ssm.explorer.settings import Settings

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
COSTS: Mapping[str, str] = MappingProxyType(
    {
        "full": "full softmax",
        "fused": "torch's linear_cross_entropy",
        "chunked": "the same in chunks",
        "dense": "sampled, dense gradients",
        "sparse": "sampled, row-sparse gradients",
    }
)
MOST_SECONDS = 10.0  # that one step may take, by what the size before it took
_PRODUCTS, _PRODUCTS_AT = "products", 100_000  # how fast scores alone are computed, and of how many classes
_SCORES = MappingProxyType({"full": 3, "fused": 3})  # arrays of all scores that a way holds at a time
_SHARE = 0.5  # of the memory that is free
_UNKNOWN = 4 << 30  # bytes taken for free where the system does not say
_SECONDS_OF_A_LOOK = 0.2
_KEPT = 20  # measurements that are remembered

Start = Callable[[Any], "subprocess.Popen[str]"]


class _Step(NamedTuple):
    """What is measured next."""

    way: str
    classes: int


def start(errors: Any) -> "subprocess.Popen[str]":  # noqa: ANN401 - a file
    """The process that measures.

    Args:
        errors: the file for what it says of itself.

    Returns:
        With a line of JSON for each line of JSON.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "ssm.bench.costs"],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )


def free_bytes(device: str) -> int:
    """How much memory a device has to give.

    Args:
        device: as torch calls it.

    Returns:
        Bytes; on the CPU what the system says, or the limit of its group where that leaves less.
    """
    if device != "cpu":
        return torch.cuda.mem_get_info(device)[0]
    known = [*_available("/proc/meminfo"), *_left("/sys/fs/cgroup")]
    return min(known, default=_UNKNOWN)


def _available(path: str) -> Iterator[int]:
    if Path(path).exists():
        lines = dict(line.split(":", 1) for line in Path(path).read_text("ascii").splitlines())
        yield 1024 * int(lines["MemAvailable"].split()[0])


def _left(folder: str) -> Iterator[int]:
    most, now, of = (Path(folder) / name for name in ("memory.max", "memory.current", "memory.stat"))
    if most.exists() and (limit := most.read_text("ascii").strip()) != "max":
        cached = dict(line.split() for line in of.read_text("ascii").splitlines())["inactive_file"]
        yield int(limit) - int(now.read_text("ascii")) + int(cached)  # files that were read are forgotten if need be


def needed_bytes(way: str, classes: int, dim: int, batch: int) -> int:
    """What a step needs in float32: rows, the two averages of Adam, the gradient and what is held on the way to it.

    Args:
        way: a name of `COSTS`.
        classes: how many rows.
        dim: numbers in each.
        batch: examples.

    Returns:
        Bytes.
    """
    rows = 4 * classes * dim
    if way == "sparse":
        return 3 * rows
    return 3 * rows + rows + max(2 * rows, 4 * classes * batch * _SCORES.get(way, 0))


def operations(way: str, classes: int, here: Mapping[str, Any]) -> int:
    """What the scores of a step and their gradients take: 6 B n d, or of a sampled step 6 B (k + 1) d.

    Args:
        way: a name of `COSTS`.
        classes: n.
        here: the ``batch``, ``samples`` and ``dim``.

    Returns:
        Multiplications and additions.

    >>> operations("full", 1_000, {"batch": 128, "samples": 64, "dim": 64})
    49152000
    """
    scores = here["samples"] + 1 if way in ("dense", "sparse") else classes
    return 6 * int(here["batch"]) * int(scores) * int(here["dim"])


@final
class _Measurer:
    """The process that measures, and what it says."""

    def __init__(self, start: Start) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self.process = start(self._errors)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="cost", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def ask(self, order: Mapping[str, Any]) -> None:
        """Have it measure a step."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any] | None:
        """What it has measured; None while it does."""
        try:
            line = self._lines.get(timeout=_SECONDS_OF_A_LOOK)
        except queue.Empty:
            return None
        if line is None:
            self._errors.seek(0)
            raise RuntimeError(self._errors.read().decode(errors="replace")[-2000:])
        found: dict[str, Any] = json.loads(line)
        return found

    def end(self) -> None:
        """End it, whatever it does."""
        with self.process:
            self.process.kill()
            self._reader.join()  # before its file is closed
        self._errors.close()


@final
class Costing:
    """One measurement; `advance` again and again until it is `finished`.

    Args:
        settings: the number of samples, examples and dimensions, and the device.
        start: starts the process that measures.
    """

    def __init__(self, settings: Settings, start: Start = start) -> None:
        """Nothing is measured yet; there is a process from the first question on."""
        self._here, self._start = _here(settings), start
        self._measurer: _Measurer | None = None
        self._left = [_Step(_PRODUCTS, _PRODUCTS_AT), *(_Step(way, n) for n in SIZES for way in COSTS)]
        self._of = len(self._left)
        self._asked: _Step | None = None
        self._rows: list[dict[str, Any]] = []
        self._left_out: list[dict[str, Any]] = []
        self._operations: float | None = None
        self._measured = time.time()

    @property
    def finished(self) -> bool:
        """Whether everything is measured, or left out."""
        return not self._left and self._asked is None

    def advance(self) -> None:
        """Ask for the next step, or look whether it has been measured."""
        if self._asked is None:
            self._ask()
        elif self._measurer and (found := self._measurer.hear()):
            self._note(found)
        if self.finished:
            _remember(self._here, self.found())

    def _ask(self) -> None:
        step = self._left.pop(0)
        if why := self._too_much(step):
            self._left_out.append(step._asdict() | why)
            return
        self._measurer = self._measurer or _Measurer(self._start)
        self._measurer.ask(step._asdict() | self._here)
        self._asked = step

    def _note(self, found: dict[str, Any]) -> None:
        self._asked = None
        if found["way"] == _PRODUCTS:
            self._operations = found["operations"]
        else:
            self._rows.append(found | {"operations": operations(found["way"], found["classes"], self._here)})

    def _too_much(self, step: _Step) -> dict[str, float]:
        """What a step would take that it may not have."""
        if step.way == _PRODUCTS:
            return {}
        needed = needed_bytes(step.way, step.classes, self._here["dim"], self._here["batch"])
        if needed > (free := _SHARE * free_bytes(self._here["device"])):
            return {"bytes": needed, "allowed": free}
        known = [row for row in self._rows if row["way"] == step.way]
        if known:
            last = known[-1]
            seconds = (last["seconds"] + last["optimiser_seconds"]) * step.classes / last["classes"]
            if step.way != "sparse" and seconds > MOST_SECONDS:
                return {"seconds": seconds, "allowed": MOST_SECONDS}
        return {}

    def found(self) -> dict[str, Any]:
        """What is known so far, as JSON can hold it."""
        device = self._here["device"]
        return {
            **self._here,
            "rows": list(self._rows),
            "left_out": list(self._left_out),
            "operations": self._operations,
            "now": self._asked and self._asked._asdict(),
            "done": self._of - len(self._left) - (self._asked is not None),
            "of": self._of,
            "machine": _cpu() if device == "cpu" else torch.cuda.get_device_name(device),
            "measured": self._measured,
        }

    def answer(self, text: str) -> dict[str, Any]:
        """It has nothing to say to a text."""
        return {"heard": text}

    def rest(self) -> None:
        """End the process, whatever it does: others need its memory. The step that it is at will be measured anew."""
        if self._asked:
            self._left.insert(0, self._asked)
            self._asked = None
        if self._measurer:
            measurer, self._measurer = self._measurer, None
            measurer.end()

    def end(self) -> None:
        """As `rest`, for good."""
        self.rest()


def _here(settings: Settings) -> dict[str, Any]:
    """What a measurement depends on; a device that is not here is the CPU, as everywhere."""
    return {
        "dim": settings.width,
        "batch": settings.examples,
        "samples": settings.negatives,
        "device": settings.device if settings.device in dict(devices()) else "cpu",
    }


def _cpu() -> str:
    return f"in processor time, one thread of {os.cpu_count()} cores with {torch.backends.cpu.get_cpu_capability()}"


_KNOWN: OrderedDict[str, dict[str, Any]] = OrderedDict()
_LOCK = threading.Lock()


def known_cost(settings: Settings) -> dict[str, Any] | None:
    """What this machine has last measured for such settings, whoever asked, or None."""
    with _LOCK:
        return _KNOWN.get(json.dumps(_here(settings)))


def _remember(here: Mapping[str, Any], found: dict[str, Any]) -> None:
    with _LOCK:
        key = json.dumps(here)
        if key in _KNOWN and _in_want(found) > _in_want(_KNOWN[key]):
            return  # more memory was free before, and more was measured
        _KNOWN[key] = found
        _KNOWN.move_to_end(key)
        while len(_KNOWN) > _KEPT:
            _KNOWN.popitem(last=False)


def _in_want(found: Mapping[str, Any]) -> int:
    """How many steps were left out for want of memory."""
    return sum("bytes" in each for each in found["left_out"])
