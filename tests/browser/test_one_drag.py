"""One drag changes one class, whatever moves under the hand: by pointer, touch and keys, in scores and in noise."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.settings import Settings
from tests.browser.expected import Expected, linked, says
from tests.browser.explorer import answered, bar, held, middle, open_explorer, touching
from tests.browser.picture import Picture, look, named, still

FAR, STEPS = 72, 12  # px of a drag, and how many moves it takes
PROBLEMS = {
    "hundred": {"problem": "random", "classes": 100, "samples": 10},
    "white": {"problem": "white", "samples": 50, "noise": "unigram"},
}


@dataclass(frozen=True)
class Grip:
    """What is dragged: the panel, the setting in the link that tells of it, and the handle's words."""

    panel: str
    setting: str
    words: str
    slot: Callable[[Expected], int]

    def settings(self, problem: str) -> Settings:
        """The problem, with noise that can be dragged where noise is dragged."""
        noise = {"noise": "custom"} if self.setting == "weights" else {}
        return Settings(**{**PROBLEMS[problem], **noise})  # type: ignore[arg-type] # names and kinds as declared


def last_sampled(expected: Expected) -> int:
    """The last bar of a class that was sampled: such bars come and go with the samples."""
    return max(i for i, count in enumerate(expected.counts) if count and i != expected.slot_of_target)


GRIPS = {
    "scores": Grip("scores_full", "edits", "score of", lambda _: 6),  # passes five larger ones on its way up
    "noise": Grip("noise", "weights", "noise probability of", last_sampled),
}
both = pytest.mark.parametrize("grip", GRIPS.values(), ids=GRIPS)
every_problem = pytest.mark.parametrize("problem", PROBLEMS)


def changed(page: Page, grip: Grip) -> set[int]:
    """The classes that the link says were dragged."""
    return {c for c, _ in getattr(linked(page), grip.setting)}


def order(pictures: dict[str, Picture], grip: Grip) -> list[str]:
    """The names under the bars, from the first to the last."""
    picture = pictures[grip.panel]
    return [label.text for label in sorted(named(pictures, grip.panel), key=lambda label: picture.along(label.box))]


def path(page: Page, name: str, words: str) -> Iterator[tuple[float, float]]:
    """Places from a handle towards larger values, the first on the handle itself."""
    handle = bar(page, name, words)
    handle.scroll_into_view_if_needed()
    x, y = middle(handle)
    lies = handle.get_attribute("aria-orientation") == "horizontal"
    for i in range(STEPS + 1):
        far = FAR * i / STEPS
        yield (x + far, y) if lies else (x, y - far)


@both
@every_problem
def test_pointer_drags_one_class(page, problem, grip):
    settings = grip.settings(problem)
    expected = Expected.of(settings)
    slot = grip.slot(expected)
    open_explorer(page, f"?{settings.to_query()}")
    before = order(still(page), grip)
    start, *moves = path(page, expected.names[slot], grip.words)
    with answered(page), held(page, start):
        for place in moves:
            page.mouse.move(*place)
            page.wait_for_timeout(20)
        during = order(still(page), grip)
    assert changed(page, grip) == {expected.classes[slot]}
    assert during == before
    expect(bar(page, expected.names[slot], grip.words)).to_be_focused()
    assert order(still(page), grip) == before  # nothing jumps from under a hand that has only let go


@both
@every_problem
def test_finger_drags_one_class(new_context, problem, grip):
    settings = grip.settings(problem)
    expected = Expected.of(settings)
    slot = grip.slot(expected)
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_explorer(page, f"?{settings.to_query()}")
    still(page)
    start, *moves = path(page, expected.names[slot], grip.words)
    before = order(look(page), grip)
    with answered(page), touching(context, page, start) as move:
        for place in moves:
            move(place)
            page.wait_for_timeout(20)
        assert order(look(page), grip) == before
    assert changed(page, grip) == {expected.classes[slot]}
    assert order(still(page), grip) == before


@both
@every_problem
def test_keys_change_the_class_that_has_the_focus(page, problem, grip):
    settings = grip.settings(problem)
    expected = Expected.of(settings)
    slot = grip.slot(expected)
    open_explorer(page, f"?{settings.to_query()}")
    handle = bar(page, expected.names[slot], grip.words)
    handle.focus()
    for key in ("PageUp", "PageUp", "ArrowUp", "PageUp"):
        with answered(page):
            page.keyboard.press(key)
    assert changed(page, grip) == {expected.classes[slot]}
    expect(handle).to_be_focused()
    assert any(says(label, expected.names[slot]) for label in named(still(page), grip.panel))
