"""The Explorer: slide a parameter, see what the sampled softmax does to scores and gradients."""

import streamlit as st

from ssm.explorer.ui.explorer import stage

if not st.context.is_embedded:
    st.html("<h1 class='ssm-title'>Sampled Softmax Explorer</h1>")
stage()
