"""What every page has in common: its style, and the bar with its title and a link to each page."""

from collections.abc import Sequence
from html import escape

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ssm.explorer.ui.paths import ASSETS

TITLE = "Sampled Softmax Explorer"
STYLES = (
    "panels/panels.css",
    *(f"stage/{name}.css" for name in ("style", "forms", "sheets", "story", "share")),
)  # in assets

# Streamlit's own header lies over the bar, transparent, and would take the clicks that are meant for what is under it.
_HEADER = """
.stAppHeader { height: 0; min-height: 0; pointer-events: none; background: transparent; }
.stAppHeader button, .stAppHeader a { pointer-events: auto; }
"""


def style() -> None:
    """Style the page before anything is on it, so that nothing moves when the style comes."""
    rules = "".join((ASSETS / path).read_text("utf-8") for path in STYLES)
    st.html(f"<style>{rules}{_HEADER}</style>")


def bar(pages: Sequence[StreamlitPage], current: StreamlitPage) -> None:
    """Show the bar.

    Args:
        pages: all pages, in the order of their links.
        current: the one that is shown.
    """
    st.html(markup([(page.title, page.url_path) for page in pages], current.url_path))


def markup(pages: Sequence[tuple[str, str]], current: str) -> str:
    """The bar as HTML; the page's JavaScript fills the ribbon and lets the links carry the settings.

    Args:
        pages: the title and the path of each.
        current: the path of the one that is shown.

    Returns:
        One element.

    >>> '<a href="./" data-page aria-current=page>Explorer</a>' in markup([("Explorer", "")], "")
    True
    """
    links = "".join(
        f'<a href="./{escape(path)}" data-page{" aria-current=page" if path == current else ""}>{escape(title)}</a>'
        for title, path in pages
    )
    return (
        f'<header class="ssm-bar"><h1 class="ssm-title">{TITLE}</h1><nav aria-label="Pages">{links}</nav>'
        '<span class="ssm-ribbon" data-ribbon></span></header>'
    )
