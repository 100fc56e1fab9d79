"""The frame: page settings, navigation, and what every page has in common."""

import streamlit as st

st.set_page_config(page_title="Sampled Softmax Explorer", page_icon="assets/icon.svg", layout="wide")

page = st.navigation(
    [st.Page("explore.py", title="Explorer", default=True)],
    position="hidden" if st.context.is_embedded else "top",
)
page.run()
