"""What is drawn is what was computed: names, counts, bars and axes, read off the screen after every kind of change."""

import re
from dataclasses import replace
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.settings import Settings
from tests.browser.expected import Expected, linked, wrong, wrong_names
from tests.browser.explorer import (
    BAR_PANELS,
    READY,
    along,
    answered,
    choice,
    held,
    open_explorer,
    panel,
    step,
    track,
    typed,
)
from tests.browser.picture import Picture, look, named, still
from tests.browser.sameness import same_axes, same_drawing

ARTICLE = Settings()
HUNDRED = Settings(problem="random", classes=100, samples=10)
WHITE = Settings(problem="white", samples=50, noise="unigram")
FEW = Settings(noise="softmax", samples=1)
WALKS = {  # draws that are looked at, after the first
    "article": (ARTICLE, 30),
    "softmax noise, one sample": (FEW, 6),
    "hundred": (HUNDRED, 30),
    "white": (WHITE, 20),
}
REFERENCES = ("scores_full", "gradient_full")
VIEWS = ("distance", "classes")


@pytest.fixture
def page(new_context) -> Page:
    """A page without motion: what is drawn after a change is what stays."""
    calm: Page = new_context(reduced_motion="reduce").new_page()
    return calm


def link(settings: Settings) -> str:
    return f"?{settings.to_query()}"


def faults(page: Page, settings: Settings | None = None) -> list[str]:
    """What is wrong with the panels at rest, by the settings or by the link's own."""
    expected = Expected.of(settings or linked(page))
    return wrong(still(page), expected)


# ---------------------------------------------------------------- names, counts and bars


class Shown(NamedTuple):
    """A draw: what should be shown, and what is."""

    expected: Expected
    shown: dict[str, Picture]


@pytest.fixture(scope="module", params=WALKS)
def walk(request, chromium, app_url) -> list[Shown]:
    """Some draws, one after the other: what each should show, and what it shows."""
    settings, draws = WALKS[request.param]
    page = chromium.new_page(base_url=app_url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    open_explorer(page, link(settings))
    steps = [Shown(Expected.of(settings), still(page))]
    for draw in range(2, draws + 2):
        step(page)
        steps.append(Shown(Expected.of(replace(settings, draw=draw, average="so_far")), still(page)))
    page.close()
    return steps


def test_names_counts_and_bars_are_right_at_every_draw(walk):
    found = {draw: told for draw, (expected, shown) in enumerate(walk, 1) if (told := wrong(shown, expected))}
    assert found == {}


def test_some_draw_had_a_class_twice(walk):
    several = [count for expected, _ in walk for count in expected.counts if count > 1]
    assert several or len(walk) < 10  # one sample is never drawn twice


def test_axes_of_the_full_panels_hold_still_from_draw_to_draw(walk):
    first = walk[0].shown
    pairs = [(draw, name, shown) for draw, (_, shown) in enumerate(walk, 1) for name in REFERENCES]
    assert [(draw, told) for draw, name, shown in pairs if (told := same_axes(first[name], shown[name]))] == []


def test_names_and_bold_follow_every_target(page):
    open_explorer(page)
    found = {}
    for target in (*range(10), 7):
        choice(page, "target").select_option(str(target))
        if wrongs := faults(page, Settings(target=target)):
            found[target] = wrongs
    assert found == {}


@pytest.mark.parametrize("settings", [ARTICLE, HUNDRED, WHITE], ids=["article", "hundred", "white"])
def test_names_follow_a_drag_of_the_samples_under_the_hand_and_after(page, settings):
    open_explorer(page, link(settings))
    assert faults(page) == []
    with answered(page), held(page, along(page, "samples", 0.5)):
        for part in (0.7, 0.9, 0.4, 0.25):
            page.mouse.move(*along(page, "samples", part), steps=3)
            samples = int((track(page, "samples").get_attribute("aria-valuetext") or "").replace(",", ""))
            assert faults(page, replace(settings, samples=samples)) == [], samples
    assert linked(page).samples == samples
    assert faults(page) == []
    for samples in (50, 15):
        with answered(page):
            typed(page, "samples").fill(str(samples))
            page.keyboard.press("Enter")
        assert faults(page, replace(settings, samples=samples)) == [], samples


@pytest.mark.parametrize("settings", [ARTICLE, HUNDRED, WHITE], ids=["article", "hundred", "white"])
def test_names_follow_the_noise(page, settings):
    open_explorer(page, link(settings))
    for noise in ("softmax", "log_uniform", "custom", "unigram", "uniform"):
        with answered(page):
            choice(page, "noise").select_option(noise)
        assert faults(page, replace(settings, noise=noise)) == [], noise


def test_names_follow_the_problem(page):
    open_explorer(page)
    for problem in ("white", "random", "article", "random", "white", "article"):
        with answered(page):
            choice(page, "problem").select_option(problem)
        assert linked(page).problem == problem
        assert faults(page) == [], problem
        for classes in (100, 40) if problem == "random" else ():
            with answered(page):
                typed(page, "classes").fill(str(classes))
                page.keyboard.press("Enter")
            assert faults(page, Settings(problem="random", classes=classes)) == [], classes


def test_names_follow_a_problem_that_torch_alone_computes(page):
    open_explorer(page, "?v=1&samples=10000&draws=300&classes=12")
    for problem in ("random", "article"):
        with answered(page):
            choice(page, "problem").select_option(problem)
        assert linked(page).problem == problem
        pictures, expected = still(page), Expected.of(linked(page))
        assert [fault for name in BAR_PANELS for fault in wrong_names(pictures, name, expected)] == [], problem


def test_numbers_that_are_names_are_whole_on_a_phone(new_context):
    phone = new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce").new_page()
    open_explorer(phone, "?v=1&problem=random&classes=100000&samples=50")
    names = [label.text for label in named(still(phone), "noise")]
    assert len(names) > 10
    assert [name for name in names if not re.fullmatch(r"(class )?\d+", name)] == []


# ---------------------------------------------------------------- axes


@pytest.mark.parametrize("settings", [ARTICLE, WHITE], ids=["article", "white"])
def test_views_of_convergence_leave_nothing_behind(page, settings):
    fresh = {}
    for view in VIEWS:
        open_explorer(page, link(replace(settings, view=view)))
        fresh[view] = still(page)["convergence"]
    for view in ("distance", "classes", "distance", "classes"):
        with answered(page):
            choice(page, "convergence").select_option(view)
        assert same_drawing(still(page)["convergence"], fresh[view]) == [], view


def test_axes_hold_still_when_the_hand_lets_go(page):
    open_explorer(page)
    for part in (0.9, 0.05, 0.5):
        with answered(page), held(page, along(page, "samples", 0.3)):
            for way in (0.5, 0.95, part):
                page.mouse.move(*along(page, "samples", way), steps=3)
            before = still(page)
        after = still(page)
        assert [fault for name in BAR_PANELS for fault in same_axes(before[name], after[name])] == [], part


# ---------------------------------------------------------------- under the hand and at rest


SEEN_BY_THE_HAND = {  # the page leaves other seeds, and the moments of thousands of classes, to torch
    "article": (ARTICLE, (*BAR_PANELS, "convergence"), False),
    "hundred": (HUNDRED, (*BAR_PANELS, "convergence"), True),
    "white": (WHITE, BAR_PANELS, True),
}


@pytest.mark.parametrize("name", SEEN_BY_THE_HAND)
def test_what_the_hand_sees_is_what_stays(page, name):
    settings, panels, grown = SEEN_BY_THE_HAND[name]
    open_explorer(page, link(settings))
    for part in (0.7, 0.3):
        with answered(page), held(page, along(page, "samples", 0.5)):
            page.mouse.move(*along(page, "samples", part), steps=4)
            expect(page.locator(READY)).to_have_attribute("data-state", "preview")
            before = still(page)
        after = still(page)
        told = [fault for panel in panels for fault in same_drawing(before[panel], after[panel], grown=grown)]
        assert not told, f"{part}: " + "\n".join(told)


# ---------------------------------------------------------------- looks


def test_a_hit_looks_different_from_a_sample(page):
    seed = next(seed for seed in range(100) if _hits_and_samples(Settings(seed=seed)))
    open_explorer(page, link(Settings(seed=seed)))
    expected, noise = Expected.of(Settings(seed=seed)), still(page)["noise"]
    sampled = [i for i, count in enumerate(expected.counts) if count and i != expected.slot_of_target]
    hit, sample = ({bar.look for bar in noise.at(noise.slots[i])} for i in (expected.slot_of_target, sampled[0]))
    assert hit != sample


def _hits_and_samples(settings: Settings) -> bool:
    expected = Expected.of(settings)
    return 0 < expected.counts[expected.slot_of_target] < settings.samples


def test_texts_of_the_panels_are_large_enough_and_in_the_pages_font(page):
    open_explorer(page, link(HUNDRED))
    family = page.locator(".ssm-sentence").evaluate("(node) => getComputedStyle(node).fontFamily")
    labels = [(name, label) for name, picture in still(page).items() for label in picture.labels]
    assert [(name, label.text, label.points) for name, label in labels if label.points < 12] == []
    assert {label.family for _, label in labels} == {family}


def test_readings_of_a_bar_are_those_of_its_class(page):
    open_explorer(page, link(HUNDRED))
    expected = Expected.of(HUNDRED)
    noise = look(page)["noise"]
    for slot in (1, 5, 9):
        x, y = noise.slots[slot], (noise.plot.top + noise.plot.bottom) / 2
        page.mouse.move(x, y)
        expect(panel(page, "noise").locator("figcaption")).to_contain_text(f"{expected.names[slot]}: ")
