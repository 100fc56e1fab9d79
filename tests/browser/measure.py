"""How live the pages are: ``python -m tests.browser.measure`` loads, drags, waits, and prints; it judges nothing.

Of each page: when it first paints and when it is ready, the server being warm, and the time from a change that is
settled to torch's numbers on the screen. ``python -m tests.browser.measure pages`` ends there. Then, of the Explorer:
A redraw is timed in the page, from the input event of a real mouse drag to the frame that shows its bars. An answer is
timed from the release to torch's numbers; the server's share of it runs from the first message that the page sends to
the last that it receives before the numbers are shown. Each case is a page of its own with nothing in its memory.
"""

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from ssm.explorer.pages import PAGES
from tests.browser.chromium import launched
from tests.browser.explorer import READY, answers, wait_for_answer
from tests.browser.server import running_app

DRAGS = 3
LOADS = 3
CHANGES = 12
Path = tuple[tuple[float, float], list[tuple[float, float]]]

BEFORE = """() => {
  const { send } = WebSocket.prototype, heard = new WeakSet();
  Object.assign(window, { shift: 0, sentTimes: [], receivedTimes: [] });
  WebSocket.prototype.send = function (...args) {
    if (!heard.has(this)) this.addEventListener("message", () => receivedTimes.push(performance.now()));
    heard.add(this);
    sentTimes.push(performance.now());
    return send.apply(this, args);
  };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""
WATCH = """() => {
  window.redraws = [];
  let since = null, changed = false;
  const start = () => { since ??= performance.now(); };
  addEventListener("input", start, true);
  addEventListener("pointermove", (e) => e.target.closest?.("[role=slider]") && e.buttons && start(), true);
  const plot = document.querySelector('[data-panel="gradient_sampled"] .ssm-plot');
  new MutationObserver(() => {
    if (since === null || changed) return;
    changed = true;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { redraws.push(performance.now() - since); since = null; changed = false; };
    port2.postMessage(0); // a task of its own: it runs when the frame that these changes belong to is done
  }).observe(plot, { subtree: true, attributes: true, childList: true });
}"""
WATCH_RELEASE = """() => {
  addEventListener("pointerup", () => { window.released = performance.now(); }, { capture: true, once: true });
  new MutationObserver((_, self) => { window.answered = performance.now(); self.disconnect(); }).observe(
    document.querySelector("[data-ssm-settled]"), { attributes: true, attributeFilter: ["data-ssm-settled"] });
}"""
ANSWER = """() => {
  const sent = sentTimes.find((time) => time >= released), got = receivedTimes.filter((time) => time < answered).at(-1);
  return [answered - released, got - sent];
}"""

CHANGE = """([control, value]) => new Promise((resolve) => {
  const node = document.querySelector(`[data-control="${control}"] :is(select, input[type=text])`);
  const since = performance.now();
  new MutationObserver((_, self) => { self.disconnect(); resolve(performance.now() - since); }).observe(
    document.querySelector("[data-ssm-settled]"), { attributes: true, attributeFilter: ["data-ssm-settled"] });
  node.value = value;
  node.dispatchEvent(new Event("change", { bubbles: true }));
})"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass
class Found:
    """What some drags took, in ms."""

    redraws: list[float] = field(default_factory=list)
    settles: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    sent: int = 0


def quantile(values: list[float], part: float) -> float:
    """The smallest value that at least this part of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def line(name: str, values: list[float], rest: str = "") -> None:
    """Print one row of the report."""
    middle, most = statistics.median(values), quantile(values, 0.95)
    sys.stdout.write(f"{name:40s} n={len(values):4d}  median {middle:6.1f} ms  95 % {most:6.1f} ms  {rest}\n")


def drag(page: Page, start: tuple[float, float], moves: list[tuple[float, float]], found: Found) -> None:
    """Drag along a path, let go and wait for torch."""
    page.evaluate("window.redraws = []")
    before = answers(page)
    page.mouse.move(*start)
    page.mouse.down()
    page.evaluate("window.sentTimes = []")
    for move in moves:
        page.mouse.move(*move)
        page.wait_for_timeout(16)
    found.sent += page.evaluate("sentTimes.length")
    page.evaluate(WATCH_RELEASE)
    page.mouse.up()
    wait_for_answer(page, before)
    page.wait_for_timeout(50)
    settle, server = page.evaluate(ANSWER)
    found.redraws += page.evaluate("redraws")
    found.settles.append(settle)
    found.server.append(server)
    page.wait_for_timeout(400)  # what Plotly draws at rest belongs to no drag


def samples(page: Page) -> Path:
    """A path along the track of the samples, there and back."""
    box = page.get_by_role("slider", name="samples", exact=True).bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    thumb, steps = 14, 60
    span = box["width"] - 2 * thumb
    there = [box["x"] + thumb + span * (0.05 + 0.9 * i / steps) for i in range(steps)]
    xs = [*there, *reversed(there)]
    return (xs[0], y), [(x, y) for x in xs]


def score(page: Page) -> Path:
    """A path up and down with the fifth bar of the scores."""
    box = page.get_by_role("slider", name="score of").nth(4).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    up = [y - 1.5 * i for i in range(1, 41)]
    return (x, y), [(x, at) for at in (*up, *reversed(up), *up)]


NOISES = ("uniform", "log_uniform", "softmax")
WHITE = "?v=1&problem=white&samples=50&noise=unigram"
PROBLEMS = {
    "article": "",
    "50 classes": "?v=1&problem=random&classes=50&samples=10",
    "1,000 classes": "?v=1&problem=random&classes=1000&samples=50",
    "Moby-Dick": WHITE,
}
PATHS: dict[str, Callable[[Page], Path]] = {"samples": samples, "a score": score}


def opened(browser: Browser, url: str, query: str) -> tuple[Page, float]:
    """A new page, ready, and how many ms that took from the start of its document."""
    page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 800})
    page.add_init_script(f"({BEFORE})()")
    page.goto(f"/{query}")
    ready = page.wait_for_function(f"() => document.querySelector('{READY}') && performance.now()").json_value()
    page.wait_for_timeout(1500)
    return page, ready


def measure_pages(browser: Browser, url: str) -> None:
    """Print when each page is there and how soon it answers."""
    for record in PAGES:
        opened(browser, url, record.path)[0].close()  # the server's first visitor finds nothing warm
        measure_page(browser, url, (record.title, record.path))
        if record.name in {"bias", "estimators"}:
            measure_page(browser, url, (f"{record.title}, Moby-Dick", record.path + WHITE))


def measure_page(browser: Browser, url: str, case: tuple[str, str]) -> None:
    """Print it for one page; each change is one that the server has not seen."""
    (name, query), painted, ready = case, [], []
    for _ in range(LOADS):
        page, after = opened(browser, url, query)
        ready.append(after)
        painted.append(page.evaluate(PAINTED))
        if len(ready) < LOADS:
            page.close()
    line(f"{name}, first paint", painted, f"ready after {statistics.median(ready):.0f} ms")
    more = 60 if "white" in query else 4  # samples
    for what, values in {"samples": [str(more + i) for i in range(CHANGES)], "noise": NOISES * (CHANGES // 3)}.items():
        took = []
        for i, value in enumerate(values):
            if what == "noise" and i % len(NOISES) == 0:  # with samples that no noise had
                page.evaluate(CHANGE, ["samples", str(3 * more + i)])
            took.append(page.evaluate(CHANGE, [what, value]))
        line(f"    a change of the {what}", took)
    page.close()


def measure(browser: Browser, url: str) -> None:
    """Print the report on the Explorer."""
    opened(browser, url, "")[0].close()
    for problem, query in PROBLEMS.items():
        for what, path in PATHS.items():
            page, ready = opened(browser, url, query)
            shift = page.evaluate("shift")
            page.evaluate(WATCH)
            found = Found()
            for _ in range(DRAGS):
                drag(page, *path(page), found)
            messages = f"messages to the server while dragging: {json.dumps(found.sent)}"
            line(f"{problem}, dragging {what}", found.redraws, messages)
            server = statistics.median(found.server)
            line(
                "    torch's answer after release", found.settles, f"of which the server and its line: {server:.0f} ms"
            )
            sys.stdout.write(f"{'    load':40s} ready after {ready:.0f} ms, layout shift {shift:.4f}\n")
            page.close()


def main() -> None:
    """Start the app and a browser, measure, stop both."""
    with running_app() as url, launched() as browser:
        measure_pages(browser, url)
        if sys.argv[1:] != ["pages"]:
            measure(browser, url)


if __name__ == "__main__":
    main()
