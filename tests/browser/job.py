"""A page with a job in the background, as its viewer steers it."""

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY

SLOW = 60_000  # ms; other tests may hold both cores
IDLE: dict[str, Any] = {"state": "none", "known": None}


class Server:
    """What a page hears of its job: whatever a test wants, until that wants something else.

    Attributes:
        told: what a look is answered.
        to: what an order is answered, by what it is to do; without one it is told the same.
        orders: all that came.
        away: it does not answer.
    """

    def __init__(self, page: Page, told: dict[str, Any]) -> None:
        """Answer in the server's place."""
        self.told, self.away = told, False
        self.to: dict[str, dict[str, Any]] = {}
        self.orders: list[dict[str, str]] = []
        page.route(re.compile(r"/job\.json\?"), self._answer)

    def _answer(self, route: Route) -> None:
        if self.away:
            route.abort()
            return
        if route.request.method == "POST":
            self.orders.append(json.loads(route.request.post_data or "{}"))
            route.fulfill(json=self.to.get(self.orders[-1]["do"], self.told))
        else:
            route.fulfill(json=self.told)


def opened(page: Page, link: str) -> None:
    """Go to a page and wait until it is there."""
    page.goto(link)
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)


def job(page: Page) -> Locator:
    """What steers the job, and says how it does."""
    return page.locator(".ssm-job")


def press(page: Page, words: str) -> None:
    """Press one of its buttons."""
    page.get_by_role("button", name=words, exact=True).click()


def in_state(page: Page, state: str) -> None:
    """Wait until the page says that the job is in a state."""
    expect(job(page)).to_have_attribute("data-job", state, timeout=SLOW)


def stop(page: Page) -> None:
    """Stop it if it goes on, and wait until it has."""
    if job(page).get_attribute("data-job") in {"running", "paused", "waiting"}:
        press(page, "Stop")
        in_state(page, "stopped")
