"""Several viewers of one server, by websocket: none waits for the long work of another, or for work nobody wants."""

import asyncio
import json

from ssm.explorer.ui.answers import answer
from tests.browser.viewer import Viewer, entered

MANY = "v=1&problem=random&classes=1000000&samples=100&seed={}"


def test_a_viewer_without_a_browser_hears_what_the_page_hears(app_url: str) -> None:
    async def ask() -> dict[str, object]:
        async with entered(app_url, "v=1") as viewer:
            return await viewer.wants("v=1&samples=9&seed=77")

    told = asyncio.run(ask())
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

    asyncio.run(all_at_once())
    assert order.count("heavy") == 4
    assert order[-3:] == 3 * ["heavy"], "a light viewer waited for more than one of four long answers"


def test_who_changes_their_mind_does_not_wait_for_what_they_asked_before(app_url: str) -> None:
    order = []

    async def ask() -> None:
        async with entered(app_url, "v=1") as first, entered(app_url, "v=1") as second:
            long = await first.ask(MANY.format(20))
            await asyncio.sleep(0.3)  # the second waits in line behind the first
            await second.ask(MANY.format(21))
            await asyncio.sleep(0.3)
            light = await second.ask("v=1&samples=5&seed=21")

            async def heard(name: str, viewer: Viewer, number: int) -> None:
                await viewer.answered(number)
                order.append(name)

            await asyncio.gather(heard("long", first, long), heard("light", second, light))

    asyncio.run(ask())
    assert order == ["light", "long"]
