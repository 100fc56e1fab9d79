"""A walk through all pages and chapters: every control to both its ends, and what is then wrong with what is seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from ssm.explorer.pages import PAGES, Page
from ssm.explorer.settings import FIELDS
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answered
from tests.browser.layout import faults

MOVE = Path(__file__).with_name("walk.js").read_text()
VIEWS = {1280: 800, 390: 844}
# Where as many controls are there as can be at once.
FULL = "v=1&problem=random&classes=60&samples=9&noise=softmax"
CONTROLS = (
    "input[type=range], select, .ssm-level, .ssm-control:not(:has(input[type=range])) input[type=text]:not([list])"
)
ENDS = """(controls) => [...document.querySelectorAll(controls)].map((node) => {
  const name = node.closest("[data-control]")?.dataset.control ?? node.getAttribute("aria-label");
  const options = [...(node.options ?? [])].filter(({ disabled, value }) => !disabled && value !== "own");
  const track = node.type === "range" ? [node.min, node.max] : null;
  const ends = node.options ? [options[0].value, options.at(-1).value] : track;
  return { name, ends, value: node.value ?? null, still: node.matches(":disabled") || !node.checkVisibility() };
})"""
# What says a number, and nothing else: a button may end with dots.
TEXTS = (
    ".ssm-sentence, .ssm-words, .ssm-claim, .ssm-strip, :is(.ssm-predict, .ssm-myth) p, "
    "[data-panel] :is(h3, h4, .ssm-caption)"
)
SAID = """(texts) => [...document.querySelectorAll(texts)].filter((node) => node.checkVisibility())
  .map((node) => node.textContent.trim()).filter((text) => /…|undefined|NaN/.test(text))"""


def opened(tab: Tab, record: Page) -> None:
    tab.goto(f"/{record.path}{'' if record.chapters else f'?{FULL}'}")
    expect(tab.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    more = tab.get_by_role("button", name="More controls")
    if more.is_visible():
        more.click()


def wrong(tab: Tab, *, at_rest: bool = False) -> Iterator[str]:
    """What is wrong with what is seen now."""
    yield from faults(tab, at_rest=at_rest)
    yield from (f"it says {text!r}" for text in tab.evaluate(SAID, TEXTS))
    if tab.locator("[data-testid=stException]").count():
        yield "Streamlit shows an exception"


def walked(tab: Tab, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """What is wrong with each control at each end; those that come up at an end are moved there."""
    controls = tab.evaluate(ENDS, CONTROLS)
    free = {
        place: control
        for place, control in enumerate(controls)
        if not control["still"] and control["name"] not in known
    }
    names = known | {control["name"] for control in free.values()}
    nodes = tab.query_selector_all(CONTROLS) if free else []
    for node, control in ((nodes[place], control) for place, control in free.items()):
        for end in ends_of(control):
            state, where = node.evaluate(MOVE, end), f"{control['name']} at {end}"
            yield from (f"{where}: {fault}" for fault in wrong(tab, at_rest=True))
            if state not in {"settled", "refused"}:
                yield f"{where}: {state}"
            yield from (f"{where}, {fault}" for fault in walked(tab, names))
        if control["value"] is not None:
            node.evaluate(MOVE, control["value"])


def ends_of(control: dict[str, str]) -> tuple[str, str]:
    if control["ends"]:
        return control["ends"][0], control["ends"][1]
    if control["value"] is None:
        return "Home", "End"
    field = vars(FIELDS[control["name"]])
    return str(field["low"]), str(field["high"])


@pytest.mark.slow
@pytest.mark.parametrize("width", VIEWS)
@pytest.mark.parametrize("record", PAGES, ids=lambda record: record.name)
def test_at_both_ends_of_every_control_all_can_be_read(new_context, record, width):
    tab = new_context(viewport={"width": width, "height": VIEWS[width]}, reduced_motion="reduce").new_page()
    opened(tab, record)
    found = []
    for place, chapter in enumerate(record.chapters or [None]):
        if place:
            with answered(tab):
                tab.get_by_role("button", name="Next →", exact=True).click()
        found += [f"{chapter.title if chapter else record.title}: {fault}" for fault in (*wrong(tab), *walked(tab))]
    assert not found, "\n".join(found)
