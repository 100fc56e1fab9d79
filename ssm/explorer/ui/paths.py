"""Paths: where the app lives on its server. The page asks for none: it looks beside itself."""

from streamlit import config


def base_path() -> str:
    """Where the app lives on its server.

    Returns:
        "" or "/path".

    >>> base_path()
    ''
    """
    path = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""
