"""How many viewers one server bears: ``python -m tests.browser.sessions`` prints how long they wait; it judges nothing.

Each viewer is a websocket that says what a page says: it changes the number of samples (2 to 20) again and again, with
a rest in between as people have one. The time runs from a question to torch's numbers; how long it takes until all of
them, who come in the same moment, have their first picture is printed beside it. In every second round one viewer more
has 1,000,000 classes and never rests; in the last two, jobs go on in the background. With words behind it only the
rounds that have them are made: ``python -m tests.browser.sessions a training``.
"""

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.request import Request, urlopen

from tests.browser.server import running_app
from tests.browser.viewer import Viewer, entered

Beside = Callable[[str], list[Coroutine[Any, Any, None]]]

VIEWERS, CHANGES, SECONDS_OF_REST = (20, 50, 100), 6, (3.0, 7.0)


async def changes(viewer: Viewer, number: int) -> list[float]:
    """Change, rest, change again; the seconds of each answer."""
    rng, found = random.Random(number), []
    for _ in range(CHANGES):
        await asyncio.sleep(rng.uniform(*SECONDS_OF_REST))
        query = f"v=1&problem=random&classes=50&samples={rng.randint(2, 20)}&seed={rng.randrange(2**32)}"
        start = time.perf_counter()
        await viewer.wants(query)
        found.append(time.perf_counter() - start)
    return found


async def light(url: str, number: int, all_in: asyncio.Barrier) -> list[float]:
    """A viewer with 50 classes, who changes something when everybody is there."""
    async with entered(url, f"v=1&problem=random&classes=50&samples=10&seed={number}") as viewer:
        await all_in.wait()
        return await changes(viewer, number)


async def heavy(url: str) -> None:
    """A viewer with 1,000,000 classes who asks as soon as there is an answer."""
    async with entered(url, "v=1") as viewer:
        for seed in range(2**32):
            await viewer.wants(f"v=1&problem=random&classes=1000000&samples=100&seed={seed}")


async def working(url: str, kind: str, query: str, viewer: str) -> None:
    """A page whose job is done in the background: it starts it, and looks once a second as pages do."""
    whose = f"{url}/job.json?kind={kind}&viewer={viewer}"
    order = Request(whose, json.dumps({"do": "start", "query": query}).encode(), {"content-type": "application/json"})
    await asyncio.to_thread(told, order)
    while True:
        await asyncio.sleep(1)
        look = await asyncio.to_thread(told, whose)
        assert look["state"] in {"running", "done"}, look


def told(asked: str | Request) -> dict[str, Any]:
    """What the server says."""
    with urlopen(asked) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def trainings(url: str) -> list[Coroutine[Any, Any, None]]:
    """As many as the machine carries out at a time."""
    return [working(url, "training", f"v=1&seed={number}", f"{number:032d}") for number in range(os.cpu_count() or 1)]


def measurement(url: str) -> list[Coroutine[Any, Any, None]]:
    """One of costs, with steps that are long from the start."""
    return [working(url, "cost", "v=1&examples=512&width=128", 32 * "c")]


def nobody(_url: str) -> list[Coroutine[Any, Any, None]]:
    """Nobody else."""
    return []


async def measure(url: str, viewers: int, beside: Beside) -> tuple[float, list[float]]:
    """All viewers at once: the seconds until they are in, and those of each answer in order of size."""
    busy = [asyncio.create_task(each) for each in beside(url)]
    all_in, start = asyncio.Barrier(viewers + 1), time.perf_counter()
    lights = [asyncio.create_task(light(url, number, all_in)) for number in range(viewers)]
    await all_in.wait()
    entry = time.perf_counter() - start
    found = await asyncio.gather(*lights)
    for each in busy:
        if each.done():
            each.result()
        each.cancel()
    await asyncio.gather(*busy, return_exceptions=True)
    return entry, sorted(seconds for one in found for seconds in one)


CASES: tuple[tuple[int, str, Beside], ...] = (
    *(
        (viewers, words, beside)
        for viewers in VIEWERS
        for words, beside in (
            ("", nobody),
            (", one more at 1,000,000 classes", lambda url: [heavy(url)]),
        )
    ),
    (20, ", a training on each core", trainings),
    (20, ", a measurement of costs", measurement),
)


def main() -> None:
    """Start the app, let the viewers in, print; of all cases, or of those whose words hold what was asked for."""
    asked = " ".join(sys.argv[1:])
    for viewers, words, beside in CASES:
        said = f"{viewers} viewers{words}"
        if asked not in said:
            continue
        with running_app() as url:
            entry, times = asyncio.run(measure(url, viewers, beside))
        late = times[min(len(times) - 1, int(0.95 * len(times)))]
        sys.stdout.write(
            f"{said}: all in after {entry:.1f} s, {len(times)} answers, "
            f"median {1e3 * statistics.median(times):.0f} ms, 95 % {1e3 * late:.0f} ms\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
