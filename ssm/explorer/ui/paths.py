"""Paths: where the app and its files live on its server. The page asks for none: it looks beside itself."""

import hashlib
from functools import cache

from streamlit import config

from ssm.explorer.export.markup import ASSETS


def base_path() -> str:
    """Where the app lives on its server.

    Returns:
        "" or "/path".

    >>> base_path()
    ''
    """
    path = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


@cache
def assets_folder() -> str:
    """Where the page's own files are, beside the app: named after what is in them, so that browsers may keep them.

    Servers of one version name it alike; after a change it is another one, from the next start on.
    """
    found = hashlib.sha256()
    for path in sorted(each for each in ASSETS.rglob("*") if each.suffix in {".js", ".css"}):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ASSETS).as_posix()} {len(content)}\n".encode() + content)
    return f"assets-{found.hexdigest()[:12]}"
