"""Every control, by pointer, touch, keys and typing: the page answers at once, torch when the hand rests."""

import re

import pytest
from playwright.sync_api import Page, expect

from ssm.explorer.settings import FIELDS, Settings
from tests.browser.explorer import (
    BAR_PANELS,
    answered,
    bar,
    choice,
    held,
    middle,
    open_drawer,
    open_explorer,
    panel,
    refusal,
    sentence,
    shows,
    touching,
    track,
    typed,
)
from tests.browser.picture import box_of, drawing, look, still

COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.sent = 0;
  WebSocket.prototype.send = function (...args) { window.sent += 1; return send.apply(this, args); };
}"""
SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"


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
    return [name for name in BAR_PANELS if panel(page, name).locator(".ssm-light[d*=h]").count()]


# ---------------------------------------------------------------- samples


def test_drag_redraws_at_once_and_asks_torch_only_on_release(new_context):
    context = new_context(fresh=True)
    context.add_init_script(f"({COUNT_MESSAGES})()")
    page = context.new_page()
    stage = open_explorer(page)
    box = track(page, "samples").bounding_box()
    assert box is not None
    y, seen = box["y"] + box["height"] / 2, [look(page)["gradient_sampled"].bars]
    with answered(page):
        with held(page, (box["x"] + 30, y)):
            page.evaluate("window.sent = 0")
            for part in (0.3, 0.5, 0.7, 0.9):
                page.mouse.move(box["x"] + part * box["width"], y, steps=4)
                page.wait_for_timeout(60)
                seen.append(look(page)["gradient_sampled"].bars)
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
    before, link = drawing(page), page.url
    for wrong in ("0", "abc", "1e9", "2.5", ""):
        typed(page, "samples").fill(wrong)
        page.keyboard.press("Tab")
        expect(refusal(page)).to_have_text(
            f"samples must be a whole number from 1 to 10,000, got {wrong or 'nothing'}; "
            "type a number in that range or use the slider"
        )
        expect(typed(page, "samples")).to_have_value(wrong)
        expect(typed(page, "samples")).to_have_attribute("aria-invalid", "true")
        assert drawing(page) == before, wrong
        assert page.url == link
    with answered(page):
        typed(page, "samples").fill("5")
        page.keyboard.press("Enter")
    expect(refusal(page)).to_be_hidden()
    expect(typed(page, "samples")).to_have_attribute("aria-invalid", "false")
    shows(page, Settings(samples=5))


# ---------------------------------------------------------------- target


def test_target_by_list_by_click_and_by_key(page):
    open_explorer(page)
    with answered(page):
        choice(page, "target").select_option("cat")
    shows(page, Settings(target=3))
    slots = still(page)["gradient_full"].slots
    page.mouse.click(slots[5], middle(panel(page, "gradient_full"))[1])
    shows(page, Settings(target=3))  # a click shows a class, and offers to make it the target
    with answered(page):
        panel(page, "gradient_full").get_by_role("button", name="make dog the target").click()
    shows(page, Settings(target=5))
    expect(choice(page, "target")).to_have_value("5")
    bar(page, "truck").press("Enter")
    with answered(page):
        page.get_by_role("button", name="make truck the target").press("Enter")
    shows(page, Settings(target=9))


def test_target_by_its_word_among_17_091(page):
    open_explorer(page)
    with answered(page):
        choice(page, "problem").select_option("white")
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
    with answered(page):
        panel(page, "scores_full").get_by_role("button", name="Undo dragged bars").click()
    shows(page, Settings())


@pytest.mark.parametrize("width", [390, 1280])
def test_grips_lie_on_the_ends_of_their_bars(new_context, width):
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    open_explorer(page)
    picture = still(page)["scores_full"]
    grips = [box_of(grip) for grip in panel(page, "scores_full").locator("[role=slider] > *").all()]
    assert len(grips) == len(picture.slots)
    for grip, slot in zip(sorted(grips, key=picture.along), picture.slots, strict=True):
        ends = [end for bar in picture.at(slot) for end in picture.ends(bar.box)]
        at = sum(picture.ends(grip)) / 2
        assert abs(picture.along(grip) - slot) < 1.5
        assert min(abs(at - end) for end in ends) < 1.5


def test_score_by_touch(new_context):
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_explorer(page)
    bar(page, "bird").scroll_into_view_if_needed()
    still(page)
    x, y = middle(bar(page, "bird"))
    scrolled = page.evaluate(SCROLLED)
    with answered(page), touching(context, page, (x, y)) as move:
        for far in (10, 20, 40):
            move((x + far, y))
    assert set(edits(page)) == {2}
    assert edits(page)[2] > -2.5
    assert page.evaluate(SCROLLED) == scrolled


def test_finger_across_the_bars_scrolls_the_page(new_context):
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_explorer(page)
    bar(page, "bird").scroll_into_view_if_needed()
    still(page)
    x, y = middle(bar(page, "bird"))
    scrolled = page.evaluate(SCROLLED)
    with touching(context, page, (x, y)) as move:
        for far in (15, 30, 60, 90):
            move((x, y + far))
    page.wait_for_function(f"() => ({SCROLLED})() !== {scrolled}")
    expect(page).to_have_url(re.compile(r"/\?v=1$"))


def test_weights_are_dragged_as_they_are_drawn(page):
    open_explorer(page)
    with answered(page):
        choice(page, "scores or weights").select_option("weights")
    shows(page, Settings(scale="weights"))
    picture = still(page)["scores_full"]
    zero, one = picture.place(0.0), picture.place(1.0)
    ends = [min(picture.ends(bar.left)) for slot in picture.slots for bar in picture.at(slot)]
    assert all(end <= zero + 1 for end in ends)  # weights are positive, the target's is 1
    assert any(abs(end - one) < 2 for end in ends)
    x, y = middle(bar(page, "dog"))
    with answered(page), held(page, (x, y)):
        page.mouse.move(x, y - 30, steps=6)
    assert set(edits(page)) == {5}
    assert edits(page)[5] > -0.1


def test_slider_says_the_value_and_not_its_notch(page):
    open_explorer(page)
    for samples in (3, 4, 5):
        expect(track(page, "samples")).to_have_attribute("aria-valuetext", re.compile(rf"^{samples}\b"))
        with answered(page):
            track(page, "samples").press("ArrowRight")


# ---------------------------------------------------------------- the others


def test_classes_of_the_random_problem(page):
    open_explorer(page)
    expect(typed(page, "classes")).to_be_disabled()
    with answered(page):
        choice(page, "problem").select_option("random")
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
    ends = still(page)["convergence"].texts("end")
    with answered(page):
        choice(page, "convergence").select_option("classes")
    assert sorted(still(page)["convergence"].texts("end")) == ["airplane", "cat", "dog", "horse", "truck"]
    with answered(page):
        choice(page, "convergence").select_option("distance")
    assert still(page)["convergence"].texts("end") == ends


def test_each_estimator_says_what_it_promises_and_what_its_average_tends_to(page):
    open_explorer(page)
    open_drawer(page)
    control, hits = page.locator('[data-control="estimator"]'), page.locator('[data-control="hits"]')
    promises = FIELDS["estimator"].span()["promises"]
    for name in [*list(promises)[1:], "sampled_softmax"]:
        with answered(page):
            choice(page, "estimator").select_option(name)
        shows(page, Settings(estimator=name))
        expect(control.locator(".ssm-help")).to_have_text(promises[name])
        counted = Settings(estimator=name).handling == "kept"
        expect(choice(page, "accidental hits")).to_be_visible(visible=not counted)
        expect(hits.locator(".ssm-help")).to_contain_text("a sample like any other" if counted else "is thrown away")
        expect(page.locator(".ssm-badge")).to_contain_text("page vs torch")
        named = "" if name == "sampled_softmax" else f", {FIELDS['estimator'].span()['choices'][name]}"
        expect(page.locator("[data-ribbon]")).to_have_text(f"10 classes, 3 samples, uniform{named}, seed 810")


def test_hits_that_an_estimator_cannot_exclude_are_not(page):
    open_explorer(page, "?v=1&estimator=log_q&hits=excluded")
    open_drawer(page)
    with answered(page):
        choice(page, "estimator").select_option("negative_sampling")
    shows(page, Settings(estimator="negative_sampling"))
    expect(page.locator(".ssm-notes")).to_contain_text("hits must be other than excluded with negative_sampling")


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
        picture = still(page)[name]
        page.mouse.move(picture.slots[3], picture.plot.middle[1])
        for each in BAR_PANELS:
            expect(panel(page, each).locator("figcaption")).to_contain_text("cat")
        assert lit(page) == list(BAR_PANELS)
    page.mouse.move(5, 5)
    expect(panel(page, "noise").locator("figcaption")).not_to_contain_text("cat")
    assert lit(page) == []
    bar(page, "dog").focus()
    assert lit(page) == list(BAR_PANELS)
    expect(panel(page, "noise").locator("figcaption")).to_contain_text("dog")


def test_light_stays_while_playing(page):
    open_explorer(page)
    page.get_by_label("speed").select_option("4×")
    page.get_by_role("button", name="Play").click()
    picture = look(page)["gradient_full"]
    page.mouse.move(picture.plot.left + 0.35 * picture.plot.width, picture.plot.middle[1], steps=5)
    reading = panel(page, "gradient_sampled").locator("figcaption")
    expect(reading).to_contain_text("cat")
    first = reading.inner_text()
    expect(reading).not_to_have_text(first)
    expect(reading).to_contain_text("cat")
    for name in BAR_PANELS:
        expect(panel(page, name).locator(".ssm-light[d*=h]")).to_have_count(1)
