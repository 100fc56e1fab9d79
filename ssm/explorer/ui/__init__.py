"""The rooms that know Streamlit: they show what the others compute."""
