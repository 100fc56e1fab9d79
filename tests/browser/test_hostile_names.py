"""Names of classes that would be markup, links, icons or formulas: shown as they were typed, everywhere."""

import csv
import io
import json
from collections.abc import Iterable

import pytest
from playwright.sync_api import Dialog, Locator, expect

from ssm.explorer import experiment, figures
from ssm.explorer.export.markup import ASSETS
from ssm.explorer.figures import PANELS
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from tests.browser.explorer import answered, bar, choice, open_drawer, open_explorer, panel, refusal
from tests.browser.picture import still
from tests.browser.test_own import ask, send

LONG = "W" * 200
NAMES = (
    "<a href=https://evil.example/ target=_top>free</a>",
    '<a href="javascript:alert(1)">click</a>',
    "<b>bold</b>",
    "&amp;",
    "one<br>two",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    ":material/home:",
    "[x](http://y)",
    "$x$ and $y$",
    ":red[*hot*]",
    "&lt;i&gt;",
    "</style><script>alert(1)</script>",
    LONG,
)
TURNED = "safe \u202egnp.exe"  # shows "safe exe.png", and what follows backwards
VIEWS = ("distance", "classes")
TAGS = "a, b, i, br, img, script, style, iframe, object, form"
OURS = ".ssm-letter, .ssm-column b, .ssm-next a, .ssm-first-of-all, .ssm-outward a, .ssm-share a[download], .modebar *"
MARKUP = f"""node => [...node.querySelectorAll("{TAGS}")].filter(
  (one) => !one.matches("{OURS}")).map((one) => one.outerHTML)"""


def table(names: Iterable[str]) -> str:
    """The classes as somebody would paste them, each with a score near that of the others."""
    file = io.StringIO()
    csv.writer(file).writerows([(name, 2 - i / 10, 10 + i) for i, name in enumerate(names)])
    return file.getvalue()


def own(names: Iterable[str], **rest: object) -> Settings:
    """The settings that show these classes."""
    return Settings(problem="own", table=tables.link(tables.parse(table(names))), **rest)  # type: ignore[arg-type]


def shown(labels: Locator) -> list[str]:
    """The full names that some labels stand for: a shortened one has it as its title."""
    read = "nodes => nodes.filter((node) => !node.hidden).map((node) => node.title || node.textContent)"
    return [str(name) for name in labels.evaluate_all(read)]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [1280, 390])
def test_no_name_is_markup_anywhere_on_the_page(new_context, view, width):
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    popped: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        popped.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", on_dialog)
    settings = own(NAMES, samples=60, view=view, target=0)
    open_explorer(page, f"?{settings.to_query()}")
    still(page)
    stage = page.locator(".ssm")
    labels = set(shown(page.locator(".ssm-label[data-label=class]")))
    assert labels == set(NAMES)
    if view == "classes":
        ends = shown(panel(page, "convergence").locator(".ssm-label[data-label=end]"))
        assert len(ends) == 5
        assert set(ends) <= set(NAMES)
    if width > 400:
        open_drawer(page)
    assert choice(page, "target").locator("option").all_text_contents() == list(NAMES)
    chips = page.locator(".ssm-chip-name").all_text_contents()
    assert chips
    assert set(chips) <= set(NAMES)
    page.get_by_text("Data table").click()
    heads = page.locator(".ssm-table th[scope=row]")
    expect(heads).to_have_count(len(NAMES))  # it is filled when it is opened
    assert [head.removesuffix(" (target)") for head in heads.all_text_contents()] == list(NAMES)
    terms = page.locator(".ssm-equation .ssm-term").evaluate_all("nodes => nodes.map((node) => node.title)")
    assert terms
    assert set(terms) <= set(NAMES)
    for name in NAMES:
        bar(page, name).focus()
        reading = panel(page, "scores_full").locator("figcaption .ssm-caption")
        expect(reading).to_contain_text(f"{name}: score")
    assert stage.evaluate(MARKUP) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert popped == []


def test_a_name_is_found_offered_and_refused_as_it_was_typed(page):
    settings = own([*NAMES, *(f"bird {c}" for c in range(300))])
    open_explorer(page, f"?{settings.to_query()}")
    box = choice(page, "target")
    for name in NAMES:
        box.fill(name)
        offered = page.locator(".ssm datalist option").evaluate_all("nodes => nodes.map((node) => node.value)")
        assert name in offered
    box.fill("<b>nobody</b> $x$ :material/home:")
    box.press("Enter")
    expect(refusal(page)).to_contain_text("314 classes, got <b>nobody</b> $x$ :material/home:; type a class name")
    with answered(page):
        box.fill(NAMES[2])
        box.press("Enter")
    expect(box).to_have_value(NAMES[2])
    page.goto(f"?{settings.to_query()}&target=<b>&noise=[x](http://y) :material/home: $x$")
    notes = page.locator(".ssm-notes li")
    expect(notes.filter(has_text="got '<b>'")).to_have_count(1)
    expect(notes.filter(has_text="got '[x](http://y) :material/home: $x$'")).to_have_count(1)
    assert page.locator(".ssm").evaluate(MARKUP) == []


def test_an_error_quotes_what_was_typed(page):
    open_explorer(page)
    dialog = ask(page)
    box = dialog.get_by_role("textbox", name="Paste a table")
    for name in (*NAMES[:-1], "http://y.example and me@y.example"):
        text = table(["first", name]).replace(",1.9,11", ",1.9,11\n") + table([name])
        box.fill(text)
        send(dialog)
        alert = dialog.get_by_role("alert")
        expect(alert).to_contain_text(f"must be a name of its own, got {name!r}; row 2 has the same one")
        assert alert.evaluate(MARKUP) == []
    box.fill("cat,:material/home:\ndog,1")
    send(dialog)
    expect(dialog.get_by_role("alert")).to_contain_text("got ':material/home:'; write such a number")


def test_what_turns_the_direction_of_a_text_is_seen_and_does_nothing(page):
    open_explorer(page, f"?{own([TURNED, 'cat', 'dog']).to_query()}")
    assert choice(page, "target").locator("option").first.text_content() == "safe \ufffdgnp.exe"
    assert "\u202e" not in page.locator("body").inner_text()


@pytest.fixture(scope="module")
def plotly(chromium):
    """A page with nothing but Plotly, and a place where it draws."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_content("<main id=plot></main>")
    page.add_script_tag(path=ASSETS / "vendor/plotly-basic.min.js")
    yield page
    context.close()


@pytest.mark.parametrize("name", PANELS)
def test_no_name_is_markup_in_a_figure(plotly, name):
    """Plotly itself draws the figures of notebooks and exports, and takes some HTML and TeX in every text."""
    settings = own([*NAMES, *(f"bird {c}" for c in range(80))] if PANELS[name].needs == ("draw", "ranked") else NAMES)
    figure = figures.panel(name, experiment.run(settings))
    plotly.evaluate("figure => Plotly.newPlot('plot', figure)", json.loads(figure.to_json()))
    plot = plotly.locator(".js-plotly-plot")
    assert plot.evaluate(MARKUP) == []
    assert plot.locator("text :is(a, tspan[style*=bold])").count() == 0
    texts = plot.locator("text").evaluate_all("nodes => nodes.map((node) => node.textContent)")
    wanted = set(NAMES) if PANELS[name].along.name == "classes" else set()
    assert wanted <= set(texts), wanted - set(texts)
    if name == "convergence_classes":
        assert sum(text in NAMES for text in texts) == 5
