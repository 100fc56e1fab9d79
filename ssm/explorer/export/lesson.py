"""A lesson: a page in one state as one HTML file, with its modules, its styles and torch's numbers in it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import cache
from html import escape
from importlib.metadata import version
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from ssm import checks
from ssm.explorer.export import markup
from ssm.explorer.export.answers import Answer, computed, fewer, listing
from ssm.explorer.export.bundle import bundle
from ssm.explorer.export.spec import PREVIEW_CLASSES, spec
from ssm.explorer.figures.theme import THEMES
from ssm.explorer.pages import EXPLORER, PAGES, Page
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Frame, Settings
from ssm.explorer.story import Chapter, opened
from ssm.version import __version__

# Held by the file itself, wherever it is put: nothing is fetched, nothing is sent.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
_ENTRY = "stage/file.js"
_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{bar}<main>{stage}</main>
<footer class="ssm-made"><p>{made}</p><p>Its settings: <code>{link}</code></p></footer>
<noscript><p>The panels are drawn by scripts in this file, which this browser does not run.</p></noscript>
<script>{plotly}</script>
<script type="application/json" data-held="file">{file}</script>
<script type="module">{modules}</script>
</body>
</html>
"""


FILES = {page.name: page for page in PAGES if not page.job}  # a job needs a server


class Lesson(NamedTuple):
    """A page as a file.

    Attributes:
        html: the file.
        notes: a sentence for each thing in the link that was changed or left out.
    """

    html: str
    notes: tuple[str, ...]


class _Opened(NamedTuple):
    """What a link opens of a page.

    Attributes:
        settings: the state.
        frame: what is shown, as the page takes it, the chapter beside.
        link: all of it again, and no more.
        notes: on what was changed.
    """

    settings: Settings
    frame: dict[str, Any]
    link: str
    notes: tuple[str, ...]


def page(query: str, page: Page = EXPLORER, table: Problem | None = None) -> str:
    """A page in the state of a link, as one HTML file.

    Args:
        query: the text after the "?".
        page: one of `PAGES`.
        table: the viewer's own, where the link names one that it does not hold.

    Returns:
        The text of the file.
    """
    return lesson(query, page, table).html


def lesson(query: str, page: Page = EXPLORER, table: Problem | None = None, today: date | None = None) -> Lesson:
    """The same with what is to be said of the link.

    Args:
        query: the text after the "?".
        page: one of `PAGES`.
        table: the viewer's own, where the link names one that it does not hold.
        today: the date that the file bears.

    Returns:
        The file, and the notes.

    Raises:
        ValueError: the page's own files are not here.
    """
    if not markup.ASSETS.is_dir():
        way_out = "export from a clone of the repository: a wheel has the library alone"
        checks.refuse("the page's modules", "in the folder assets", checks.Said(f"none at {markup.ASSETS}"), way_out)
    query = query.removeprefix("?")
    linked = _opened(query, page, table)
    first = _answer(linked.settings, table, page)
    first["notes"] = [*linked.notes, *first["notes"]]
    told = [_answer(settings, None, page) for settings in _told(page.chapters)]
    held = _problems(linked.settings, table)
    embedded = parse_qs(query).get("embed", [""])[-1] == "true"
    answers = [answer | {"urls": {name: name for name in held}} for answer in (first, *told)]
    file = {
        "page": page.name,
        "frame": linked.frame,
        "query": linked.link,
        "embedded": embedded,
        "spec": _spec(page, held),
        "problems": held,
        "answers": answers,
    }
    bar = "" if embedded else markup.bar()
    return Lesson(_document(page, file, bar, today or datetime.now(UTC).date()), tuple(first["notes"]))


def _opened(query: str, page: Page, table: Problem | None) -> _Opened:
    """Settings and frame; a story's link names a chapter beside, which has settings and a frame of its own."""
    at = opened(query) if page.chapters else None
    usual, query = (at.place.here.frame, at.query) if at else (page.frame, query)
    settings, notes = Settings.from_query(query, table)
    frame, faults = Frame.from_query(query, usual)
    shown = asdict(frame) | {"hidden": [*frame.hidden, "device"]}  # there is one: the page's own
    own = _own(frame, usual).to_query()
    link = "&".join(filter(None, [settings.to_query(), own, at.place.to_query() if at else ""]))
    complaints = at.notes if at else ()
    return _Opened(settings, shown | (asdict(at.place) if at else {}), link, (*complaints, *notes, *faults))


def _own(frame: Frame, usual: Frame) -> Frame:
    """What a link must say of a frame where it usually is another."""
    hidden = tuple(name for name in frame.hidden if name not in usual.hidden)
    said = {name: value for name, value in vars(frame).items() if value != getattr(usual, name)}
    return Frame(**said | {"hidden": hidden})


def _told(chapters: tuple[Chapter, ...]) -> Iterator[Settings]:
    """Every state that a chapter leads to."""
    for chapter in chapters:
        yield chapter.settings
        yield chapter.myth.settings
        if chapter.predict:
            yield chapter.predict.settings


def _answer(settings: Settings, table: Problem | None, page: Page) -> Answer:
    """Torch's numbers; of what one may not ask for, as much as one may."""
    notes: list[str] = []
    try:
        found = computed(settings, table, page.needs)
    except ValueError as error:
        settings, note = fewer(settings, error)
        found, notes = computed(settings, table, page.needs), [note]
    notes += found.pop("remarks")
    return {"query": settings.to_query(), "settings": asdict(settings), "notes": notes, "error": None, **found}


def _problems(settings: Settings, table: Problem | None) -> dict[str, Any]:
    """The problems that the page computes with and does not make by itself."""
    held = {name: listing(Settings(problem=name)) for name in ("article", "white")}
    if settings.problem == "own":
        own = listing(settings, table)
        held |= {"own": own} if len(own["names"]) <= PREVIEW_CLASSES else {}
    return held


def _spec(page: Page, held: dict[str, Any]) -> dict[str, Any]:
    """The stage's document for one page that has no others beside it."""
    whole = spec()
    problems = {name: words for name, words in whole["problems"].items() if name == "random" or name in held}
    panels = {
        theme: {name: panel for name, panel in every.items() if name in page.shown}
        for theme, every in whole["panels"].items()
    }
    return whole | {"pages": {page.name: whole["pages"][page.name]}, "problems": problems, "panels": panels}


def _document(page: Page, file: dict[str, Any], bar: str, today: date) -> str:
    stage = markup.skeleton(page).replace("<section ", "<section data-file ", 1)
    return _DOCUMENT.format(
        policy=POLICY,
        title=escape(f"{page.title} \u2013 {markup.TITLE}"),
        style=_style(file["frame"]["theme"]),
        bar=bar,
        stage=stage,
        made=escape(f"Made by the {markup.TITLE} {__version__} with torch {version('torch')} on {today:%Y-%m-%d}."),
        link=escape(f"{page.path}?{file['query']}"),
        plotly=_in_script((markup.ASSETS / "vendor/plotly-basic.min.js").read_text("utf-8")),
        file=_json(file),
        modules=_in_script(_modules()),
    )


@cache
def _modules() -> str:
    return bundle(markup.ASSETS, _ENTRY)


def _style(theme: str) -> str:
    """The style of every page, and what a server's frame would paint: ground and ink of each theme, or of one."""
    light, dark = (f"color-scheme: {name}; background: {t.paper}; color: {t.ink};" for name, t in THEMES.items())
    usual, other = (dark, dark) if theme == "dark" else (light, light if theme == "light" else dark)
    ground = f"body {{ {usual} }}\n@media (prefers-color-scheme: dark) {{ body {{ {other} }} }}\n"
    return markup.rules() + ground + (markup.ASSETS / "stage/file.css").read_text("utf-8")


def _in_script(source: str) -> str:
    """A program as it may stand in an element: in its texts nothing ends or comments that."""
    return source.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _json(value: dict[str, Any]) -> str:
    """A value as it may stand in an element: whatever a name or a note holds, nothing of it is markup."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", r"\u003c")
