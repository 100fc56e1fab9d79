"""Headers on every answer: what a page may load, and which sites may show it in a frame."""

import os
import re
import sys
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ssm import checks
from ssm.explorer.ui.paths import assets_folder

SITES = "SSM_FRAME_ANCESTORS"  # the variable that names the sites
_ANY = "*"
# Of what CSP calls a source: a host with or without scheme, port and one leading "*.". No ";" or "," gets through.
_SITE = re.compile(
    r"(https?://)?(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?", re.I
)


def frame_ancestors(sites: str) -> str:
    """The sites that may show the app in a frame, as a content security policy lists them.

    Args:
        sites: "*" for any; or sites, parted by blanks.

    Returns:
        The list. The app itself is always on it: its dialog for sharing shows it in a frame.

    Raises:
        ValueError: with a sentence for what names no site.

    >>> frame_ancestors("https://moodle.example.org *.example.com")
    "'self' https://moodle.example.org *.example.com"
    """
    names = sites.split()
    if names == [_ANY]:
        return _ANY
    for name in names or [""]:
        if name != "'self'" and not _SITE.fullmatch(name):
            rule = "'*', 'self' in its quotes, or sites like https://moodle.example.org parted by blanks"
            checks.refuse(SITES, rule, name, "leave it out for any site")
    return " ".join(["'self'", *(name for name in names if name != "'self'")])


def headers(ancestors: str) -> dict[str, str]:
    """The headers.

    Args:
        ancestors: as `frame_ancestors`.

    Returns:
        Their values by name.
    """
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        # Nothing but its own server may feed the page; 'self' covers the websocket too. 'unsafe-inline': Streamlit's
        # document has a script in it, and Streamlit and Plotly write style into the page. blob: is how Streamlit
        # imports the module of our component. Nothing evaluates text.
        "Content-Security-Policy": (
            "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
            f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {ancestors}"
        ),
    }


def at_start() -> dict[str, str]:
    """The headers of a server that starts; with a wrong setting it ends, and says why.

    Returns:
        As `headers`. Any site may embed the Explorer unless sites are named: that is what it is for.
    """
    try:
        return headers(frame_ancestors(os.environ.get(SITES, _ANY)))
    except ValueError as error:
        sys.exit(str(error))


class Headers:
    """Adds the headers to every answer.

    Our own files may be kept for ever under the folder's name that says what is in them; else each use looks for newer.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        """Wrap an application."""
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the headers added where an HTTP answer starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                path = scope.get("path", "")
                if f"/{assets_folder()}/" in path and message["status"] == HTTPStatus.OK:
                    headers["Cache-Control"] = "public, max-age=31536000, immutable"
                elif "/assets/" in path:
                    headers["Cache-Control"] = "no-cache"
            await send(message)

        await self.app(scope, receive, with_headers)
