"""A page with a job in the background, as its viewer steers it."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY

SLOW = 60_000  # ms; other tests may hold both cores


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
