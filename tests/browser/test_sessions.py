"""Several viewers of one server, by websocket: none waits for the long work of another, or for work nobody wants."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ssm.explorer.ui.answers import answer
from tests.browser.viewer import entered

Found = TypeVar("Found")
MANY = "v=1&problem=random&classes=1000000&samples=100&seed={}"


def finished(work: Coroutine[Any, Any, Found]) -> Found:
    """Run it in a thread: in that of the tests the loop of the browser may be running."""
    run: Callable[[Coroutine[Any, Any, Found]], Found] = asyncio.run
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run, work).result()


def test_a_viewer_without_a_browser_hears_what_the_page_hears(app_url: str) -> None:
    async def ask() -> dict[str, object]:
        async with entered(app_url, "v=1") as viewer:
            return await viewer.wants("v=1&samples=9&seed=77")

    told = finished(ask())
    expected = json.loads(json.dumps(answer("v=1&samples=9&seed=77")))
    assert {name: told[name] for name in expected} == expected


def test_light_work_does_not_wait_for_long_work(app_url: str) -> None:
    order = []

    async def heavy(seed: int) -> None:
        async with entered(app_url, "v=1") as viewer:
            await viewer.wants(MANY.format(seed))
        order.append("heavy")

    async def light() -> None:
        async with entered(app_url, "v=1") as viewer:
            for seed in range(5):
                await viewer.wants(f"v=1&samples=4&seed={seed}")
                order.append("light")

    async def all_at_once() -> None:
        await asyncio.gather(*(heavy(seed) for seed in range(4)), light())

    finished(all_at_once())
    assert order.count("heavy") == 4
    assert order[-3:] == 3 * ["heavy"], "a light viewer waited for more than one of four long answers"


def test_work_of_an_older_question_ends(app_url: str) -> None:
    async def ask() -> tuple[float, float]:
        async with entered(app_url, "v=1") as viewer:
            start = time.perf_counter()
            await viewer.wants(MANY.format(20))
            alone = time.perf_counter() - start
            for seed in range(21, 33):
                number = await viewer.ask(MANY.format(seed))
                await asyncio.sleep(alone / 12)  # each is at work, or in line, before the next comes
            start = time.perf_counter()
            await viewer.answered(number)
            return alone, time.perf_counter() - start

    alone, last = finished(ask())
    assert last < 5 * alone  # of the twelve, eleven would be waited for; in one run, so a slow machine is slow in both
