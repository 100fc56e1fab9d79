"""Every control, by pointer, touch, keys and typing: the page answers at once, torch when the hand rests."""

import re

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.settings import Settings
from tests.browser.explorer import (
    BAR_PANELS,
    PANELS,
    READY,
    answered,
    bar,
    choice,
    drawn,
    held,
    middle,
    open_drawer,
    open_explorer,
    panel,
    plots,
    refusal,
    sentence,
    shows,
    track,
    typed,
)

COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.sent = 0;
  WebSocket.prototype.send = function (...args) { window.sent += 1; return send.apply(this, args); };
}"""
NOISE = "noise probability of"
# How far each handle of a score is from the end of its bar, in px, across and along.
APART = """() => {
  const figure = document.querySelector('[data-panel="scores_full"]');
  const handles = [...figure.querySelectorAll(".ssm-handle")];
  const traces = [...figure.querySelectorAll(".barlayer .trace")].map((trace) => trace.querySelectorAll(".point path"));
  return handles.flatMap((handle, i) => {
    const box = handle.getBoundingClientRect(), up = Number(handle.getAttribute("aria-valuenow")) > 0;
    const bar = traces.map((bars) => bars[i].getBoundingClientRect()).find((b) => b.height);
    const end = up ? bar.top : bar.bottom;
    return [Math.abs((box.left + box.right - bar.left - bar.right) / 2), Math.abs((box.top + box.bottom) / 2 - end)];
  });
}"""


def link_of(page: Page, name: str) -> str:
    """What the link says of one setting."""
    expect(page).to_have_url(re.compile(rf"[?&]{name}="))
    found = re.search(rf"[?&]{name}=([^&]*)", page.url)
    assert found is not None
    return found[1]


def edits(page: Page) -> dict[int, float]:
    """The dragged scores, or weights, that the link tells of."""
    return {int(c): float(x) for c, x in (pair.split(":") for pair in link_of(page, "edits").split(","))}


def lit(page: Page) -> list[str]:
    """The panels in which a class is lit."""
    return [name for name in PANELS if panel(page, name).locator(".ssm-light").is_visible()]


# ---------------------------------------------------------------- samples


def test_drag_redraws_at_once_and_asks_torch_only_on_release(new_context):
    context = new_context()
    context.add_init_script(f"({COUNT_MESSAGES})()")
    page = context.new_page()
    stage = open_explorer(page)
    box = track(page, "samples").bounding_box()
    assert box is not None
    y, seen = box["y"] + box["height"] / 2, [plots(page)[4]]
    with answered(page):
        with held(page, (box["x"] + 30, y)):
            page.evaluate("window.sent = 0")
            for part in (0.3, 0.5, 0.7, 0.9):
                page.mouse.move(box["x"] + part * box["width"], y, steps=4)
                page.wait_for_timeout(60)
                seen.append(plots(page)[4])
                expect(stage).to_have_attribute("data-state", "preview")
            page.wait_for_timeout(300)
            assert page.evaluate("window.sent") == 0
            previewed = sentence(page).inner_text()
        assert len(set(seen)) == 5
    assert page.evaluate("window.sent") > 0
    samples = int(track(page, "samples").get_attribute("aria-valuetext") or 0)
    assert samples > 10
    assert sentence(page).inner_text() == previewed
    shows(page, Settings(samples=samples))


def test_samples_by_keys_and_by_typing(page):
    open_explorer(page)
    track(page, "samples").focus()
    with answered(page):
        page.keyboard.press("ArrowRight")
    shows(page, Settings(samples=4))
    with answered(page):
        page.keyboard.press("Home")
    shows(page, Settings(samples=1))
    typed(page, "samples").fill("1,234")
    with answered(page):
        page.keyboard.press("Enter")
    shows(page, Settings(samples=1234))
    with answered(page):
        page.keyboard.press("ArrowDown")
    shows(page, Settings(samples=1233))
    expect(typed(page, "samples")).to_be_focused()


def test_wrong_typing_gets_a_sentence_and_changes_nothing(page):
    open_explorer(page)
    before, link = drawn(page), page.url
    for wrong in ("0", "abc", "1e9", "2.5", ""):
        typed(page, "samples").fill(wrong)
        page.keyboard.press("Tab")
        expect(refusal(page)).to_have_text(
            f"samples must be a whole number from 1 to 10,000, got {wrong or 'nothing'}; "
            "type a number in that range or use the slider"
        )
        expect(typed(page, "samples")).to_have_value(wrong)
        expect(typed(page, "samples")).to_have_attribute("aria-invalid", "true")
        assert drawn(page) == before, wrong
        assert page.url == link
    with answered(page):
        typed(page, "samples").fill("5")
        page.keyboard.press("Enter")
    expect(refusal(page)).to_be_hidden()
    expect(typed(page, "samples")).to_have_attribute("aria-invalid", "false")
    shows(page, Settings(samples=5))


# ---------------------------------------------------------------- target


def test_target_by_list_and_by_clicking_a_bar(page):
    open_explorer(page)
    with answered(page):
        choice(page, "target").select_option("cat")
    shows(page, Settings(target=3))
    with answered(page):
        page.mouse.click(*middle(bar(page, "dog")))
    shows(page, Settings(target=5))
    expect(choice(page, "target")).to_have_value("5")
    with answered(page):
        bar(page, "truck").press("Enter")
    shows(page, Settings(target=9))


def test_target_by_its_word_among_17_091(page):
    open_explorer(page)
    with answered(page):
        choice(page, "problem").select_option("the word after “white” in Moby-Dick")
    shows(page, Settings(problem="white"))
    target = page.get_by_role("combobox", name="target")
    expect(target).to_have_value("whale")
    with answered(page):
        target.fill("shark")
        page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_have_count(0)
    shows(page, Settings(problem="white", target=int(link_of(page, "target"))))
    expect(bar(page, "shark")).to_have_count(1)
    target.fill("no such word")
    page.keyboard.press("Tab")
    expect(refusal(page)).to_contain_text("target must be one of the 17,091 classes, got no such word")
    expect(target).to_have_value("no such word")


# ---------------------------------------------------------------- noise


def test_noise_kinds_bring_their_sliders(page):
    open_explorer(page)
    open_drawer(page)
    for kind in ("log-uniform", "unigram", "softmax", "custom", "uniform"):
        with answered(page):
            choice(page, "noise").select_option(kind)
        expect(track(page, "power")).to_be_visible(visible=kind == "unigram")
        expect(track(page, "temperature")).to_be_visible(visible=kind == "softmax")
        name = kind.replace("-", "_")
        shows(page, Settings(noise=name))


def test_temperature_and_power_are_typed_and_slid(page):
    open_explorer(page, "?v=1&noise=softmax&problem=random&classes=50")
    open_drawer(page)
    with answered(page):
        typed(page, "temperature").fill("2.5")
        page.keyboard.press("Enter")
    shows(page, Settings(problem="random", classes=50, noise="softmax", temperature=2.5))
    with answered(page):
        choice(page, "noise").select_option("unigram")
    with answered(page):
        track(page, "power").press("End")
    shows(page, Settings(problem="random", classes=50, noise="unigram", temperature=2.5, power=2.0))


def test_custom_noise_by_dragging_its_bars(page):
    open_explorer(page, "?v=1&noise=custom")
    handle = bar(page, "cat", "noise probability of")
    x, y = middle(handle)
    with answered(page), held(page, (x, y)):
        page.mouse.move(x, y - 30, steps=6)
    weight = float(link_of(page, "weights").removeprefix("3:"))
    assert weight > 1.2
    shows(page, Settings(noise="custom", weights=((3, weight),)))
    probability = weight / (weight + 9)
    assert abs(float(handle.get_attribute("aria-valuenow") or 0) - probability) < 1e-6
    with answered(page):
        handle.press("ArrowDown")
    assert float(link_of(page, "weights").removeprefix("3:")) < weight


# ---------------------------------------------------------------- scores


def test_score_by_pointer_and_by_keys(page):
    open_explorer(page)
    x, y = middle(bar(page, "bird"))
    with answered(page), held(page, (x, y)):
        page.mouse.move(x, y - 40, steps=6)
        expect(bar(page, "bird")).not_to_have_attribute("aria-valuenow", "-2.9")
    dragged = edits(page)[2]
    assert dragged > -2.5
    assert round(dragged, 2) == dragged
    shows(page, Settings(edits=((2, dragged),)))
    expect(bar(page, "bird")).to_be_focused()
    with answered(page):
        page.keyboard.press("ArrowUp")
    assert edits(page)[2] == pytest.approx(dragged + 0.1)
    page.keyboard.press("ArrowRight")
    expect(bar(page, "cat")).to_be_focused()
    with answered(page):
        page.keyboard.press("PageDown")
    assert edits(page)[3] == pytest.approx(0.4)
    expect(bar(page, "cat")).to_be_focused()
    open_drawer(page)
    with answered(page):
        page.get_by_role("button", name="Undo dragged bars").click()
    shows(page, Settings())


@pytest.mark.parametrize("width", [390, 1280])
def test_handles_lie_on_the_ends_of_their_bars(new_context, width):
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    open_explorer(page)
    page.wait_for_timeout(300)
    assert max(page.evaluate(APART)) < 1


def test_score_by_touch(new_context):
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_explorer(page)
    bar(page, "bird").scroll_into_view_if_needed()
    x, y = middle(bar(page, "bird"))
    scrolled = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    finger = context.new_cdp_session(page)
    with answered(page):
        for kind, points in (
            ("touchStart", [{"x": x, "y": y}]),
            ("touchMove", [{"x": x, "y": y - 20}]),
            ("touchMove", [{"x": x, "y": y - 40}]),
            ("touchEnd", []),
        ):
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert edits(page)[2] > -2.5
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == scrolled


# ---------------------------------------------------------------- the others


def test_classes_of_the_random_problem(page):
    open_explorer(page)
    expect(typed(page, "classes")).to_be_disabled()
    with answered(page):
        choice(page, "problem").select_option("random scores")
    shows(page, Settings(problem="random"))
    with answered(page):
        typed(page, "classes").fill("30")
        page.keyboard.press("Enter")
    shows(page, Settings(problem="random", classes=30))
    with answered(page):
        track(page, "classes").press("Home")
    shows(page, Settings(problem="random", classes=2))
    with answered(page):  # more than the page computes by itself: torch alone shows it
        typed(page, "classes").fill("100,000")
        page.keyboard.press("Enter")
    shows(page, Settings(problem="random", classes=100_000))
    typed(page, "classes").fill("1,000,001")
    page.keyboard.press("Enter")
    expect(refusal(page)).to_contain_text("classes must be a whole number from 2 to 1,000,000, got 1,000,001")


def test_seed_draws_hits_and_view(page):
    open_explorer(page)
    open_drawer(page)
    with answered(page):
        typed(page, "seed").fill("7")
        page.keyboard.press("Enter")
    shows(page, Settings(seed=7))
    with answered(page):
        choice(page, "accidental hits").select_option("excluded before drawing")
    with answered(page):
        typed(page, "draws").fill("1,000")
        page.keyboard.press("Enter")
    shows(page, Settings(seed=7, hits="excluded", draws=1_000))
    with answered(page):
        page.get_by_role("button", name="New seed").click()
    drawn = int(typed(page, "seed").input_value())
    assert drawn != 7
    shows(page, Settings(seed=drawn, hits="excluded", draws=1_000))
    with answered(page):
        page.get_by_label("convergence", exact=True).select_option("the five largest classes")
    plot = panel(page, "convergence").locator(".ssm-plot")
    assert plot.evaluate("(node) => node.data.at(-1).text") == ["horse", "cat", "truck", "dog", "airplane"]
    expect(plot.get_by_text("horse", exact=True)).to_be_visible()
    with answered(page):
        page.get_by_label("convergence", exact=True).select_option("distance from the full gradient")
    expect(plot.get_by_text("horse", exact=True)).to_have_count(0)


def test_drawer_is_remembered(page):
    open_explorer(page)
    expect(choice(page, "accidental hits")).to_be_hidden()
    open_drawer(page)
    expect(choice(page, "accidental hits")).to_be_visible()
    open_explorer(page)
    expect(choice(page, "accidental hits")).to_be_visible()
    page.get_by_role("button", name="Fewer controls").click()
    open_explorer(page)
    expect(page.get_by_role("button", name="More controls")).to_have_attribute("aria-expanded", "false")


# ---------------------------------------------------------------- one light


def test_one_class_is_lit_everywhere_by_hover_and_focus(page):
    open_explorer(page)
    assert lit(page) == []
    for name in BAR_PANELS:
        box = panel(page, name).locator(".nsewdrag").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] / 2)  # the fourth of ten: cat
        expect(page.get_by_text(re.compile(r"^cat: "))).to_have_count(5)
        assert lit(page) == list(BAR_PANELS)
    page.mouse.move(5, 5)
    expect(page.get_by_text(re.compile(r"^cat: "))).to_have_count(0)
    assert lit(page) == []
    bar(page, "dog").focus()
    assert lit(page) == list(BAR_PANELS)
    expect(page.get_by_text(re.compile(r"^dog: probability 0\.100, sampled ×?1"))).to_be_visible()


def test_light_stays_while_playing(page):
    open_explorer(page)
    page.get_by_label("speed").select_option("4×")
    page.get_by_role("button", name="Play").click()
    page.mouse.move(*middle(panel(page, "gradient_full").locator(".nsewdrag")))
    reading = panel(page, "gradient_sampled").get_by_text(re.compile(r"^\w+: this draw "))
    expect(reading).to_be_visible()
    first = reading.inner_text()
    expect(reading).not_to_have_text(first)
    assert lit(page) == list(BAR_PANELS)
    expect(page.locator(READY)).to_have_attribute("data-state", "preview")
