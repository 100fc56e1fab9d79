"""The Explorer as a test sees it: open it, work its controls, and wait for torch's answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from ssm.explorer import experiment, figures
from ssm.explorer.figures import templates, texts
from ssm.explorer.settings import Settings

READY = '[data-ssm-ready="true"]'
# Until a wait fails; on a busy machine all that should come comes late.
MILLISECONDS_TO_OPEN = 60_000
MILLISECONDS_TO_ANSWER = 30_000
BAR_PANELS = ("noise", "scores_full", "scores_sampled", "gradient_full", "gradient_sampled")
PANELS = (*BAR_PANELS, "convergence")

NEXT = "Draw again"


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
    expect(stage).not_to_have_attribute("data-ssm-settled", str(since), timeout=MILLISECONDS_TO_ANSWER)
    return answers(page)


@contextmanager
def answered(page: Page, state: str = "settled") -> Iterator[None]:
    """Make a change inside a `with`; it ends when torch has answered it, by numbers ("settled") or "refused"."""
    before = answers(page)
    yield
    wait_for_answer(page, before)
    expect(page.locator(READY)).to_have_attribute("data-state", state, timeout=MILLISECONDS_TO_ANSWER)


def typed(page: Page, label: str) -> Locator:
    """The box in which a control's value is typed, by the control's first word."""
    return page.get_by_role("textbox", name=re.compile(rf"^{label}"))


def track(page: Page, label: str) -> Locator:
    """The slider of a control."""
    return page.get_by_role("slider", name=label, exact=True)


def choice(page: Page | FrameLocator, label: str) -> Locator:
    """The list of a control, by the control's first word."""
    return page.get_by_role("combobox", name=re.compile(rf"^{label}"))


def bar(page: Page, name: str, what: str = "score of") -> Locator:
    """The handle of a class's bar."""
    return page.get_by_role("slider", name=f"{what} {name}", exact=True)


def panel(page: Page | FrameLocator, name: str) -> Locator:
    """A panel by the name that ssm.figures has for it."""
    return page.locator(f'[data-panel="{name}"]')


def step(page: Page) -> None:
    """Draw again: go one draw on."""
    page.get_by_role("button", name=NEXT, exact=True).click()


@contextmanager
def held(page: Page, start: tuple[float, float]) -> Iterator[None]:
    """Hold the mouse button down from `start` on, for the length of a `with`."""
    page.mouse.move(*start)
    page.mouse.down()
    yield
    page.mouse.up()


@contextmanager
def touching(context: BrowserContext, page: Page, start: tuple[float, float]) -> Iterator[Callable[..., None]]:
    """Hold a finger down from `start` on, for the length of a `with`, which moves it by what it is given."""
    finger = context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", start)
    yield lambda place: send("touchMove", place)
    send("touchEnd")


def along(page: Page, label: str, part: float) -> tuple[float, float]:
    """A place on the track of a control, some part of the way along."""
    box = track(page, label).bounding_box()
    assert box is not None
    return box["x"] + 14 + part * (box["width"] - 28), box["y"] + box["height"] / 2


def middle(locator: Locator) -> tuple[float, float]:
    """Where a pointer meets an element."""
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def open_drawer(page: Page) -> None:
    """Show the controls that are one click away."""
    page.get_by_role("button", name="More controls").click()


def sentence(page: Page | FrameLocator) -> Locator:
    """The sentence above the panels."""
    return page.locator(".ssm-sentence")


def refusal(page: Page) -> Locator:
    """The sentence that says what cannot be done."""
    return page.get_by_role("alert")


def shows(page: Page, settings: Settings) -> None:
    """Expect the sentence, the gradient's title and the link that torch has for some settings."""
    result = experiment.run(settings)
    expect(sentence(page)).to_have_text(templates.render(texts.SENTENCE, figures.words(result)))
    title = figures.title("gradient_sampled", result)
    expect(panel(page, "gradient_sampled").get_by_role("heading")).to_have_text(title)
    expect(page).to_have_url(re.compile(rf"\?{re.escape(settings.to_query())}$"))
