"""The Explorer as a test sees it: open it, and wait for torch's answer."""

from playwright.sync_api import Locator, Page, expect

READY = '[data-ssm-ready="true"]'
MILLISECONDS_TO_OPEN = 30_000


def open_explorer(page: Page, query: str = "") -> Locator:
    """Go to the Explorer with `query` ("" or "?v=1&...") and return its stage once that is ready."""
    page.goto(f"/{query}")
    stage = page.locator(READY)
    expect(stage).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    return stage


def answers(page: Page) -> int:
    """Return how many answers of torch the stage has shown so far."""
    return int(page.locator("[data-ssm-settled]").get_attribute("data-ssm-settled") or 0)


def wait_for_answer(page: Page, since: int) -> int:
    """Return the number of answers as soon as there are more than `since`, read by `answers` before the change."""
    stage = page.locator("[data-ssm-settled]")
    expect(stage).not_to_have_attribute("data-ssm-settled", str(since))
    return answers(page)
