"""Paths: where the app lives on its server, and where its files are. The page asks for none: it looks beside itself."""

from pathlib import Path

from streamlit import config

ASSETS = Path(__file__).parents[3] / "assets"


def base_path() -> str:
    """Where the app lives on its server.

    Returns:
        "" or "/path".

    >>> base_path()
    ''
    """
    path = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""
