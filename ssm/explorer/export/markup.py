"""Markup: what every page is made of before its modules run, wherever it is served from."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from ssm.explorer.figures import EVERY
from ssm.explorer.figures.records import Panel
from ssm.explorer.pages import Page

ASSETS = Path(__file__).parents[3] / "assets"
TITLE = "Sampled Softmax Explorer"
_OF_THE_STAGE = ("style", "forms", "sheets", "story", "share")
STYLES = ("panels/panels.css", *(f"stage/{name}.css" for name in _OF_THE_STAGE))  # in assets

# The page as it will stand, so that nothing moves when it comes.
_SKELETON = """
<section class="ssm{form}" aria-label="{title}" aria-busy="true">
  <p class="ssm-what">{what}</p>{chapter}
  <p class="ssm-sentence ssm-skeleton">The panels are being set up…</p>
  <div class="ssm-controls" aria-hidden="true"></div>
  <div class="ssm-status" aria-hidden="true"></div>
  <div class="ssm-panels" aria-hidden="true">{columns}<div class="ssm-draw ssm-skeleton"></div>{panels}</div>{end}
</section>
"""
_PANEL = '<figure class="ssm-panel ssm-skeleton" data-panel="{name}" data-along="{along}" data-room="{room}"></figure>'


def skeleton(page: Page) -> str:
    """A page's stage before anything is in it.

    Args:
        page: one of `PAGES`.

    Returns:
        One element.
    """
    heads = range(1, 1 + len(page.layout.columns if page.layout else ()))
    panels = [EVERY[name] for name in page.frame.panels or page.panels]
    shown = [panel for panel in panels if "ranked" not in panel.needs]  # those come with many classes
    flow = " ssm-sheets" if any(panel.content for panel in panels) else " ssm-flow"
    return _SKELETON.format(
        form=("" if page.layout else flow) + (" ssm-story" if page.chapters else ""),
        chapter='<div class="ssm-chapter"></div><div class="ssm-side">' if page.chapters else "",
        end="</div>" if page.chapters else "",
        title=page.title,
        what=page.question,
        columns="".join(f'<div class="ssm-column" data-column="{number}"></div>' for number in heads),
        panels="".join(_panel(page, panel) for panel in shown),
    )


def _panel(page: Page, panel: Panel) -> str:
    return _PANEL.format(name=panel.name, along=panel.along.name, room=page.rooms.get(panel.name, ""))


def bar(pages: Sequence[tuple[str, str]] = (), current: str | None = None) -> str:
    """The bar; the page's JavaScript fills the ribbon and lets the links carry the settings.

    Args:
        pages: the title and the path of each; none where there is nowhere to go.
        current: the path of the one that is shown.

    Returns:
        One element.

    >>> '<a href="./" data-page aria-current=page>Explorer</a>' in bar([("Explorer", "")], "")
    True
    """
    links = "".join(
        f'<a href="./{escape(path)}" data-page{" aria-current=page" if path == current else ""}>{escape(title)}</a>'
        for title, path in pages
    )
    ways = f'<nav aria-label="Pages">{links}</nav>' if links else ""
    return (
        f'<header class="ssm-bar"><h1 class="ssm-title">{TITLE}</h1>{ways}'
        '<span class="ssm-ribbon" data-ribbon></span></header>'
    )


def rules() -> str:
    """The style of every page, in the order in which it applies."""
    return "".join((ASSETS / path).read_text("utf-8") for path in STYLES)
