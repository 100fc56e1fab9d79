"""The Share dialog: a frame is chosen, seen and taken along; what the preview shows is what the link shows."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from playwright.sync_api import FrameLocator, Locator, Page, expect

from ssm.explorer.export.notebook import notebook
from ssm.explorer.export.program import program
from ssm.explorer.pages import PAGES
from ssm.explorer.settings import Frame, Settings
from ssm.explorer.settings.link import MOST_SHARED
from ssm.explorer.story import CHAPTERS
from tests.browser.axe import grave
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answers, open_explorer, typed
from tests.browser.test_line import pasted
from tests.browser.test_links import within_reach
from tests.links import restored
from tests.test_settings import every_frame, every_settings

BUTTON = "Share…"
KEPT = {"title", "src", "width", "height", "name", "align", "frameborder", "scrolling", "sandbox", "allowfullscreen"}


def open_dialog(page: Page, address: str = "/?v=1") -> Locator:
    """Open a page and its dialog."""
    page.goto(address)
    expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
    page.get_by_role("button", name=BUTTON).click()
    dialog = page.get_by_role("dialog", name="Share this page")
    expect(dialog).to_be_visible()
    return dialog


def form(dialog: Locator, name: str) -> str:
    """What a form reads."""
    return dialog.locator(f'[data-form="{name}"]').input_value()


def preview(page: Page) -> FrameLocator:
    """The page in the preview, once that is ready."""
    frame = page.frame_locator(".ssm-preview iframe")
    expect(frame.locator(READY)).to_be_attached(timeout=MILLISECONDS_TO_OPEN)
    return frame


SEEN = """() => {
  const visible = (node) => node.checkVisibility() && node.getBoundingClientRect().width > 0;
  const stage = document.querySelector(".ssm");
  const controls = [...stage.querySelectorAll("button, input, select, [role=slider]")].filter(visible);
  return {
    text: stage.innerText,
    panels: [...stage.querySelectorAll("[data-panel]")].filter(visible).map((node) => node.dataset.panel),
    controls: controls.map((node) => [node.ariaLabel || node.innerText, node.value, node.disabled === true]),
    places: [...stage.querySelectorAll("[data-panel]")].filter(visible).map((node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return [left, top, width, height].map(Math.round).join(" ");
    }),
    ground: getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor,
    size: `${innerWidth} ${innerHeight}`,
  };
}"""


# What has the focus in the dialog, by its name; null outside.
FOCUSED = """() => {
  const node = document.activeElement;
  return node.closest("dialog") ? node.ariaLabel || node.labels?.[0]?.innerText || node.innerText : null;
}"""

# What is cut off, or wider than the dialog.
PARTS = "label, button, input, select, textarea, p, h2, h3"
OUTSIDE = f"""(dialog) => [...dialog.querySelectorAll("{PARTS}")].filter((node) => {{
  const {{ left, right, width }} = node.getBoundingClientRect();
  const room = dialog.getBoundingClientRect();
  const cut = node.matches("label, button, select") && node.scrollWidth > node.clientWidth + 1;
  return node.checkVisibility() && width && (left < room.left || right > room.right + 0.5 || cut);
}}).map((node) => node.outerHTML.slice(0, 100))"""


def seen(page: Page, address: str) -> dict[str, object]:
    """All that is to be seen of the page, or of the frame, with that address."""
    frame = next(each for each in page.frames if each.url.startswith(address.partition("?")[0]) and each.parent_frame)
    found: dict[str, object] = frame.evaluate(SEEN)
    return found


def choose(dialog: Locator) -> None:
    """Make a frame with something of everything in it."""
    dialog.get_by_label(re.compile("^Convergence")).uncheck()
    dialog.get_by_label("Noise: 5 drawn from here").uncheck()
    dialog.get_by_label("samples", exact=True).select_option("locked")
    dialog.get_by_label("problem", exact=True).select_option("hidden")
    dialog.get_by_label("the sentence that reads the picture").uncheck()
    dialog.get_by_label("theme").select_option("dark")
    dialog.get_by_label(re.compile("^A note")).fill('<b>Drag</b> cat & dog; "what" (stays)?')


def test_the_dialog_makes_a_frame_and_the_link_restores_it(page):
    dialog = open_dialog(page, "/?v=1&samples=5&edits=3:1.5")
    assert form(dialog, "link").endswith("/?v=1&edits=3:1.5&samples=5")
    choose(dialog)
    found = restored("", f"?{urlsplit(form(dialog, 'link')).query}")
    assert found.settings == Settings(samples=5, edits=((3, 1.5),))
    assert found.frame == Frame(
        panels=("scores_full", "scores_sampled", "gradient_full", "gradient_sampled"),
        hidden=("batch", "dim", "problem"),
        locked=("samples",),
        sentence=False,
        note='<b>Drag</b> cat & dog; "what" (stays)?',
        theme="dark",
    )
    assert found.notes == ()
    dialog.get_by_label("start playing when it is seen").check()
    dialog.get_by_label("samples", exact=True).select_option("shown")
    dialog.get_by_label("Noise: 5 drawn from here").check()
    dialog.get_by_label(re.compile("^Convergence")).check()
    found = restored("", f"?{urlsplit(form(dialog, 'link')).query}")
    assert (found.frame.play, found.frame.locked, found.frame.panels) == (True, (), ())


@pytest.mark.parametrize("width", ["phone, 390 px", "800 px", "1,280 px"])
def test_the_preview_is_what_the_link_shows(page, width):
    dialog = open_dialog(page, "/?v=1&samples=5")
    choose(dialog)
    dialog.get_by_label(width).check()
    page.wait_for_timeout(600)  # the preview waits for a pause
    preview(page)
    page.wait_for_timeout(1_000)
    written = form(dialog, "iframe")
    source = parsed(written)["src"]
    before = seen(page, source)
    px = str(before["size"]).partition(" ")[0]
    head = '<!DOCTYPE html><html lang="en"><title>course</title><style>body { margin: 0 } iframe { border: 0 }</style>'
    body = f'{head}<div style="width:{px}px">{written}</div>'
    page.route("**/course.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("/course.html")
    expect(page.frame_locator("iframe").locator(READY)).to_be_attached(timeout=MILLISECONDS_TO_OPEN)
    page.wait_for_timeout(1_000)
    assert seen(page, source) == before


def parsed(text: str) -> dict[str, str]:
    """The attributes of the one frame in a text."""
    found: list[dict[str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append({name: value or "" for name, value in attrs} | {"tag": tag})

    Reader().feed(text)
    assert [each.pop("tag") for each in found] == ["iframe"]
    return found[0]


def test_the_frame_has_nothing_that_a_learning_system_takes_away(page):
    dialog = open_dialog(page)
    choose_note = dialog.get_by_label(re.compile("^A note"))
    choose_note.fill("\"><script>alert(1)</script><img src=x onerror=alert(1)>')]( javascript:alert(1)")
    attributes = parsed(form(dialog, "iframe"))
    assert set(attributes) <= KEPT
    assert attributes["width"] == "100%"
    assert attributes["title"] == "Sampled Softmax Explorer: Explorer"
    query = parse_qs(urlsplit(attributes["src"]).query)
    assert query["note"] == [choose_note.input_value()]
    assert query["embed"] == ["true"]


@pytest.mark.parametrize("record", PAGES, ids=[page.name for page in PAGES])
def test_every_page_shares_its_own_address_and_its_own_state(page, record):
    dialog = open_dialog(page, f"/{record.path}?v=1&samples=7&locked=noise" + ("&chapter=3" if record.chapters else ""))
    link = urlsplit(form(dialog, "link"))
    assert link.path == f"/{record.path}"
    found = restored(record.path, f"?{link.query}")
    assert found == restored(record.path, f"?{urlsplit(page.url).query}")
    assert (found.settings.samples, found.frame.locked, found.notes) == (7, ("noise",), ())
    if record.chapters:
        assert (found.chapter, found.usual) == (3, CHAPTERS[2].frame)
    asked = dialog.locator(".ssm-pick:visible label").all_inner_texts()
    assert "batch" not in asked or record.name == "implementation"
    assert ("tolerance" in asked) is (record.name in {"bias", "cost"})
    preview(page)


def test_sharing_asks_the_server_for_nothing_and_leaves_no_trace_in_the_history(page):
    dialog = open_dialog(page)
    settled, past, address = answers(page), page.evaluate("history.length"), page.url
    preview(page)
    dialog.get_by_label("samples", exact=True).select_option("locked")
    page.wait_for_timeout(600)
    preview(page)
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert (answers(page), page.evaluate("history.length"), page.url) == (settled, past, address)
    expect(page.locator(".ssm-preview iframe")).to_have_count(0)
    expect(typed(page, "samples")).to_be_enabled()


def test_one_panel_stays(page):
    dialog = open_dialog(page)
    boxes = dialog.locator("section", has=page.get_by_role("heading", name="Panels")).get_by_role("checkbox")
    for box in boxes.all():
        box.click()
    expect(boxes.last).to_be_checked()
    expect(dialog.get_by_text("One panel stays.")).to_be_visible()
    assert "panels=convergence" in form(dialog, "link")


def test_what_could_not_be_stopped_is_not_offered_to_start(page):
    dialog = open_dialog(page)
    play = dialog.get_by_label("start playing when it is seen")
    expect(play).to_be_enabled()
    dialog.get_by_label("the player").uncheck()
    expect(play).to_be_disabled()
    dialog.get_by_label("the player").check()
    dialog.get_by_label("draw", exact=True).select_option("locked")
    expect(play).to_be_disabled()
    bias = open_dialog(page, "/bias?v=1")
    expect(bias.get_by_label("the player")).to_be_hidden()


def test_a_copy_is_on_the_clipboard_or_else_selected(new_context):
    context = new_context(fresh=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    dialog = open_dialog(page)
    expect(preview(page).locator("[data-panel]").first).to_be_visible()
    expect(dialog.locator('[data-form="iframe"]')).not_to_have_value(re.compile('height="640"'))  # it has said its own
    dialog.get_by_role("button", name="Copy: Markdown").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == form(dialog, "markdown")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    dialog.get_by_role("button", name="Copy: Quarto").click()
    expect(dialog.get_by_text("copy it by key")).to_be_visible()
    assert page.evaluate("getSelection().toString() || document.activeElement.value") == form(dialog, "quarto")
    chosen = "[document.activeElement.selectionStart, document.activeElement.selectionEnd]"
    assert page.evaluate(chosen) == [0, len(form(dialog, "quarto"))]


def test_what_is_too_long_to_travel_is_offered_as_a_file(page):
    dialog = open_dialog(page)
    forms = dialog.locator(".ssm-forms")
    expect(forms).to_be_visible()
    dialog.get_by_label(re.compile("^A note")).fill(500 * "\u00e9")
    expect(forms).to_be_hidden()
    said = dialog.get_by_role("alert")
    expect(said).to_contain_text(f"cuts those with more than {MOST_SHARED:,}. Take the standalone file instead.")
    dialog.get_by_label(re.compile("^A note")).fill(100 * "\u00e9")
    expect(said).to_be_hidden()
    assert len(form(dialog, "link")) < MOST_SHARED


def test_a_table_keeps_no_page_from_being_shared_that_does_not_show_it(page):
    query = urlsplit(pasted_into(page)).query
    page.get_by_role("button", name=BUTTON).click()
    dialog = page.get_by_role("dialog", name="Share this page")
    sentence = "Your own table is too large for a link. Take the standalone file instead, which has it inside."
    expect(dialog.get_by_role("alert")).to_have_text(sentence)
    assert not dialog.locator(".ssm-forms").is_visible()
    dialog = open_dialog(page, f"/train?{query}")
    expect(dialog.locator(".ssm-forms")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".ssm-own")).not_to_contain_text("Your own table")


def pasted_into(page: Page) -> str:
    """Open the Explorer and paste a table that no link holds; its address then."""
    open_explorer(page, "?v=1")
    return pasted(page)


def test_an_address_of_this_machine_alone_is_warned_of(page):
    dialog = open_dialog(page)
    where = dialog.locator(".ssm-share-where")
    expect(where).to_contain_text(
        f"It leads to {urlsplit(page.url).scheme}://{urlsplit(page.url).netloc}/, which this machine alone can reach"
    )


def test_the_dialog_is_worked_by_keys_alone(page):
    open_explorer(page)
    opener = page.get_by_role("button", name=BUTTON)
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Share this page")
    expect(dialog).to_be_visible()
    reached: list[str] = []
    for _ in range(70):
        page.keyboard.press("Tab")
        name = page.evaluate(FOCUSED)
        if name is None and reached:
            break
        reached.append(name or "")
    expected = [
        "Close",
        "Noise: 3 drawn from here",
        "samples",
        "the player",
        "theme",
        "phone, 390 px|800 px|1,280 px",
        "The page in its frame",
        "Copy: Link",
        "Copy: reStructuredText",
    ]
    for one in expected:
        assert any(re.search(one, name) for name in reached), (one, reached)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(new_context, scheme):
    page = new_context(color_scheme=scheme).new_page()
    dialog = open_dialog(page)
    preview(page)
    for width in (1280, 800, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        assert grave(page) == [], width
        out = dialog.evaluate(OUTSIDE)
        assert out == [], width


def test_any_frame_and_settings_are_spelled_so_that_they_read_back(page):
    open_explorer(page)
    spell = """([settings, frame]) => import("/assets/stage/share_link.js").then(async ({ queryOf }) => {
      const spec = await (await fetch("/stage.json")).json();
      return queryOf(settings, frame, { spec, usual: spec.pages.explore.frame, chapter: 0 });
    })"""

    @given(every_settings.map(within_reach), every_frame)
    @settings(max_examples=40)
    def run(chosen: Settings, frame: Frame) -> None:
        usual = PAGES[1].frame
        wanted = {**vars(frame), "hidden": (*usual.hidden, *frame.hidden)}
        query = page.evaluate(spell, [vars(chosen), wanted])
        found = restored("", f"?{query}")
        assert (found.settings, vars(found.frame), found.notes) == (chosen, wanted, ())

    run()


@pytest.mark.parametrize(
    ("words", "name", "make"), [("program", "program.py", program), ("notebook", "program.ipynb", notebook)]
)
def test_the_code_behind_the_picture_is_saved(page, words, name, make):
    dialog = open_dialog(page, "/story?v=1&samples=9&noise=softmax&chapter=7")
    with page.expect_download() as saved:
        dialog.get_by_role("link", name=f"Save the {words}").click()
    assert saved.value.suggested_filename == name
    query = "v=1&samples=9&noise=softmax"
    assert saved.value.path().read_text("utf-8") == make(Settings.from_query(query)[0], None, f"Its link: ?{query}")
