"""How many viewers one server bears: ``python -m tests.browser.sessions`` prints how long they wait; it judges nothing.

Each viewer is a websocket that says what a page says: it changes the number of samples (2 to 20) again and again, with
a rest in between as people have one. The time runs from a question to torch's numbers; how long it takes until all of
them, who come in the same moment, have their first picture is printed beside it. In every second round one viewer more
has 1,000,000 classes and never rests.
"""

import asyncio
import random
import statistics
import sys
import time

from tests.browser.server import running_app
from tests.browser.viewer import Viewer, entered

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


async def measure(url: str, viewers: int, *, loaded: bool) -> tuple[float, list[float]]:
    """All viewers at once: the seconds until they are in, and those of each answer in order of size."""
    busy = asyncio.create_task(heavy(url)) if loaded else None
    all_in, start = asyncio.Barrier(viewers + 1), time.perf_counter()
    lights = [asyncio.create_task(light(url, number, all_in)) for number in range(viewers)]
    await all_in.wait()
    entry = time.perf_counter() - start
    found = await asyncio.gather(*lights)
    if busy:
        busy.cancel()
        await asyncio.wait([busy])
    return entry, sorted(seconds for one in found for seconds in one)


def main() -> None:
    """Start the app, let the viewers in, print."""
    for viewers in VIEWERS:
        for loaded in (False, True):
            with running_app() as url:
                entry, times = asyncio.run(measure(url, viewers, loaded=loaded))
            late = times[min(len(times) - 1, int(0.95 * len(times)))]
            beside = ", one more at 1,000,000 classes" if loaded else ""
            sys.stdout.write(
                f"{viewers} viewers{beside}: all in after {entry:.1f} s, {len(times)} answers, "
                f"median {1e3 * statistics.median(times):.0f} ms, 95 % {1e3 * late:.0f} ms\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
