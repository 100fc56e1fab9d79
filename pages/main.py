"""The frame: page settings, navigation, and what every page has in common."""

import streamlit as st

from ssm.explorer.export.markup import TITLE
from ssm.explorer.pages import PAGES
from ssm.explorer.ui.bar import bar, style

st.set_page_config(page_title=TITLE, page_icon="assets/icon.svg", layout="wide")

pages = [st.Page(f"{page.name}.py", title=page.title, url_path=page.path, default=not page.path) for page in PAGES]
style()
page = st.navigation(pages, position="hidden")
if not st.context.is_embedded:
    bar(pages, page)
page.run()
