"""The head of Streamlit's document: our modules are fetched while Streamlit starts, and its container has its size."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ssm.explorer.export.markup import ASSETS

_ROOMS = ("kernel", "panels", "controls", "stage")  # below assets

# Until a page's first run Streamlit's container is narrow and padded; what is in it would move when that ends.
_STYLE = """<style>
.stMainBlockContainer { max-width: 1920px !important; padding: 0 clamp(0.75rem, 2vw, 2rem) 2rem !important; }
</style>"""


def additions() -> str:
    """What is added to the head.

    Returns:
        HTML: the style, and a link for every ES module and for Plotly, relative like Streamlit's own: a proxy may have
        put the app under a path that the server does not know.
    """
    modules = sorted(path.relative_to(ASSETS).as_posix() for room in _ROOMS for path in (ASSETS / room).glob("*.js"))
    links = [f'<link rel="modulepreload" href="./assets/{path}">' for path in modules]
    plotly = '<link rel="preload" as="script" href="./assets/vendor/plotly-basic.min.js">'
    return "\n".join([_STYLE, plotly, *links])


class Head:
    """Adds to the head of every HTML document."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app
        self.additions = additions().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but a document only when it is whole and its head has been added to."""
        if scope.get("method") != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def adding(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_document(message):
                start = message
            elif start and message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._send(start, b"".join(parts), send)
            else:
                await send(message)

        await self.app(scope, receive, adding)

    async def _send(self, start: Message, body: bytes, send: Send) -> None:
        whole = body.replace(b"</head>", self.additions + b"</head>", 1)
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(whole))
        for name in ("ETag", "Last-Modified"):  # they speak of the document as it was
            del headers[name]
        await send(start)
        await send({"type": "http.response.body", "body": whole})


def _is_document(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "").startswith("text/html")
