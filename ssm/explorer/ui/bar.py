"""What every page has in common: its style, and the bar with its title and a link to each page."""

from collections.abc import Sequence

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ssm.explorer.export import markup

# Streamlit's own header lies over the bar, transparent, and would take the clicks that are meant for what is under it.
_HEADER = """
.stAppHeader { height: 0; min-height: 0; pointer-events: none; background: transparent; }
.stAppHeader button, .stAppHeader a { pointer-events: auto; }
"""


def style() -> None:
    """Style the page before anything is on it, so that nothing moves when the style comes."""
    st.html(f"<style>{markup.rules()}{_HEADER}</style>")


def bar(pages: Sequence[StreamlitPage], current: StreamlitPage) -> None:
    """Show the bar.

    Args:
        pages: all pages, in the order of their links.
        current: the one that is shown.
    """
    st.html(markup.bar([(page.title, page.url_path) for page in pages], current.url_path))
