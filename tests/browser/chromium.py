"""A Chromium for the browser tests: the system's, else Playwright's own, else the package manager's.

`python -m tests.browser.chromium` prints its path, installing one if there is none.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PATHS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# The tests run as root in containers and without a graphics card; the rest keeps the browser off the network.
FLAGS = (
    "--disable-smooth-scrolling",  # else a key that scrolled is still scrolling when the next part is clicked
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NONE = (
    "the browser tests need a Chromium and none could be found or installed; install chromium or "
    "google-chrome, or name one: CHROMIUM=/path/to/chromium make test"
)


def candidates() -> Iterator[str]:
    """Yield the paths where a Chromium may be, the viewer's own choice first."""
    if named := os.environ.get("CHROMIUM"):
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from MAC_PATHS
    with sync_playwright() as playwright:  # where Playwright keeps its own, there or not
        own = playwright.chromium.executable_path
    yield own


def answers(path: str) -> bool:
    """Tell whether the file at `path` starts: a snap's stub or one without its libraries does not."""
    try:
        version = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return version.returncode == 0


@cache
def find() -> str | None:
    """Return the path of a Chromium that starts, or None."""
    return next(filter(answers, candidates()), None)


def attempts() -> Iterator[list[list[str]]]:
    """Yield the ways to install one, each a list of commands."""
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y"]
        yield [[*apt, "update"], [*apt, "install", "chromium"]]


def show_and_run(command: list[str]) -> None:
    """Run `command` with its output on the terminal; whether it helped is seen by looking again."""
    print("+", *command, flush=True)
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)


def find_or_install() -> str | None:
    """Return the path of a Chromium, installed if need be, or None if none can be had."""
    if (path := find()) or os.environ.get("CHROMIUM"):
        return path
    for commands in attempts():
        for command in commands:
            show_and_run(command)
        find.cache_clear()
        if path := find():
            return path
    return None


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the Chromium that was found, without a window, for the length of a `with`."""
    if (path := find()) is None:
        raise RuntimeError(NONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


if __name__ == "__main__":
    found = find_or_install()
    sys.exit(NONE if found is None else print("Chromium:", found))
