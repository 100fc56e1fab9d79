"""How many viewers one server bears: ``python -m tests.browser.sessions`` opens 20 and prints how long they wait.

Each viewer drags the samples again and again, with a rest in between as people have one. The time runs, in the page,
from the release of the mouse to torch's numbers. The browser's own work for 20 pages is part of it: on two cores that
is most of it. It judges nothing.
"""

import asyncio
import random
import statistics
import sys

from playwright.async_api import Page, async_playwright

from tests.browser.chromium import FLAGS, find
from tests.browser.explorer import READY
from tests.browser.server import running_app

VIEWERS, CHANGES, SECONDS_OF_REST = 20, 6, (3.0, 7.0)
WATCH = """() => {
  window.times = [];
  let released = null;
  addEventListener("pointerup", () => { released = performance.now(); }, true);
  new MutationObserver(() => {
    if (released !== null) times.push(performance.now() - released);
    released = null;
  }).observe(document.querySelector("[data-ssm-settled]"), { attributes: true, attributeFilter: ["data-ssm-settled"] });
}"""


async def enter(page: Page, viewer: int) -> None:
    """Open the Explorer and wait for the first picture."""
    await page.goto(f"/?v=1&problem=random&classes=50&samples=10&seed={viewer}")
    await page.locator(READY).wait_for(timeout=120_000)
    await page.evaluate(WATCH)


async def drag(page: Page, viewer: int) -> list[float]:
    """Drag, rest, drag again; the milliseconds of each answer."""
    rng = random.Random(viewer)
    box = await page.get_by_role("slider", name="samples", exact=True).bounding_box()
    if box is None:
        return []
    y = box["y"] + box["height"] / 2
    for _ in range(CHANGES):
        await asyncio.sleep(rng.uniform(*SECONDS_OF_REST))
        await page.mouse.move(box["x"] + box["width"] * rng.uniform(0.1, 0.9), y)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * rng.uniform(0.1, 0.9), y)
        await page.mouse.up()
    await asyncio.sleep(5)
    found: list[float] = await page.evaluate("times")
    return found


async def measure(url: str) -> list[list[float]]:
    """All viewers at once, each with a page of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        pages = [await browser.new_page(base_url=url, viewport={"width": 1280, "height": 800}) for _ in range(VIEWERS)]
        await asyncio.gather(*(enter(page, i) for i, page in enumerate(pages)))
        found = await asyncio.gather(*(drag(page, i) for i, page in enumerate(pages)))
        await browser.close()
        return list(found)


def main() -> None:
    """Start the app, let the viewers in, print."""
    with running_app() as url:
        found = asyncio.run(measure(url))
    times = sorted(time for viewer in found for time in viewer)
    asked = VIEWERS * CHANGES
    sys.stdout.write(f"{VIEWERS} viewers, {asked} changes, {len(times)} answers\n")
    if times:
        late = times[min(len(times) - 1, int(0.95 * len(times)))]
        sys.stdout.write(
            f"from release to torch's answer: median {statistics.median(times):.0f} ms, 95 % {late:.0f} ms\n"
        )


if __name__ == "__main__":
    main()
