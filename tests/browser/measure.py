"""How live the Explorer is: ``python -m tests.browser.measure`` drags, waits, and prints; it judges nothing.

A redraw is timed in the page, from the input event of a real mouse drag to the frame that shows its bars. An answer is
timed from the release to torch's numbers.
"""

import json
import statistics
import sys

from playwright.sync_api import Browser, Page

from tests.browser.chromium import launched
from tests.browser.explorer import answers, open_explorer, wait_for_answer
from tests.browser.server import running_app

WATCH = """() => {
  window.redraws = []; window.sent = 0;
  let since = null, changed = false;
  const start = () => { since ??= performance.now(); };
  addEventListener("input", start, true);
  addEventListener("pointermove", (e) => e.target.closest?.(".ssm-handle") && e.buttons && start(), true);
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
COUNT_SOCKETS = """() => {
  const send = WebSocket.prototype.send;
  window.sent = 0;
  WebSocket.prototype.send = function (...args) { window.sent += 1; return send.apply(this, args); };
}"""


def quantile(values: list[float], part: float) -> float:
    """The smallest value that at least this part of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def line(name: str, values: list[float], rest: str = "") -> None:
    """Print one row of the report."""
    middle, most = statistics.median(values), quantile(values, 0.95)
    sys.stdout.write(f"{name:40s} n={len(values):4d}  median {middle:6.1f} ms  95 % {most:6.1f} ms  {rest}\n")


def drag(page: Page, start: tuple[float, float], moves: list[tuple[float, float]]) -> tuple[list[float], int, float]:
    """Drag along a path; redraw times, messages sent while dragging, and the time from release to torch's answer."""
    page.evaluate("window.redraws = []")
    before = answers(page)
    page.mouse.move(*start)
    page.mouse.down()
    page.evaluate("window.sent = 0")
    for move in moves:
        page.mouse.move(*move)
        page.wait_for_timeout(16)
    sent = page.evaluate("window.sent")
    page.evaluate(WATCH_RELEASE)
    page.mouse.up()
    wait_for_answer(page, before)
    settle = page.evaluate("window.answered - window.released")
    return page.evaluate("redraws"), sent, settle


def slider(page: Page) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """A path along the track of the samples."""
    box = page.get_by_role("slider", name="samples").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    thumb, steps = 14, 60
    span = box["width"] - 2 * thumb
    there = [box["x"] + thumb + span * (0.05 + 0.9 * i / steps) for i in range(steps)]
    xs = [*there, *reversed(there)]
    return (xs[0], y), [(x, y) for x in xs]


def bar(page: Page) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """A path up and down with the fifth bar of the scores."""
    box = page.get_by_role("slider", name="score of").nth(4).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    up = [y - 1.5 * i for i in range(1, 41)]
    return (x, y), [(x, at) for at in (*up, *reversed(up), *up)]


def measure(browser: Browser, url: str) -> None:
    """Print the report."""
    cases = [
        ("article, dragging samples", "", slider),
        ("article, dragging a score", "", bar),
        ("50 classes, dragging samples", "?v=1&problem=random&classes=50&samples=10", slider),
        ("50 classes, dragging a score", "?v=1&problem=random&classes=50&samples=10", bar),
        ("1,000 classes, dragging samples", "?v=1&problem=random&classes=1000&samples=50", slider),
        ("after white, dragging samples", "?v=1&problem=white&samples=50&noise=unigram", slider),
    ]
    for name, query, path in cases:
        page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 800})
        page.add_init_script(f"({COUNT_SOCKETS})()")
        open_explorer(page, query)
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        settles, redraws, sent = [], [], 0
        for _ in range(3):
            times, messages, settle = drag(page, *path(page))
            redraws += times
            settles.append(settle)
            sent += messages
        line(name, redraws, f"messages to the server while dragging: {json.dumps(sent)}")
        line("    torch's answer after release", settles)
        page.close()


def main() -> None:
    """Start the app and a browser, measure, stop both."""
    with running_app() as url, launched() as browser:
        measure(browser, url)


if __name__ == "__main__":
    main()
