"""The server that `streamlit run app.py` starts: Streamlit's pages, our routes and files beside them."""

import streamlit as st

from ssm.explorer.ui import server

app = st.App("pages/main.py", lifespan=server.warm_up, routes=server.ROUTES, middleware=server.MIDDLEWARE)
