"""Streamlit's document: our modules are fetched while it starts, and what this is can be read; a link's theme."""

import gzip
from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ssm.explorer.export.markup import ASSETS, TITLE
from ssm.explorer.pages import EXPLORER, PAGES
from ssm.explorer.ui.paths import assets_folder

_ROOMS = ("kernel", "panels", "controls", "stage")  # below assets

# Until a page's first run Streamlit's container is narrow and padded; what is in it would move when that ends. Until
# then the words of the page stand alone, black on white or the reverse: the theme is not known yet.
_STYLE = """<style>
.stMainBlockContainer { max-width: 1920px !important; padding: 0 clamp(0.75rem, 2vw, 2rem) 2rem !important; }
.ssm-first { position: fixed; z-index: 1; inset: 0 0 auto; padding: 0 clamp(0.75rem, 2vw, 2rem); pointer-events: none; }
.ssm-first { color: #fff; mix-blend-mode: difference; font: 14px/20px system-ui, sans-serif; }
.ssm-first > b { display: block; font-size: 15px; font-weight: 600; line-height: 44px; }
.ssm-first > p { margin: 0; opacity: 0.78; }
html:not(:has(.stApp)) { color-scheme: light dark; background: Canvas; }
body:has(.stElementContainer) > .ssm-first { display: none; }
</style>"""

# A link says light or dark in a word of ours; Streamlit takes it in one of its own, which it drops from the address
# wherever it writes that, and reads from there once more when it knows the app's colours.
_THEME = """<script>{
  const themed = (address) => {
    const url = new URL(address, location.href), theme = url.searchParams.getAll("theme").at(-1);
    if (theme !== "light" && theme !== "dark") return address;
    const others = url.searchParams.getAll("embed_options").filter((option) => !/^(light|dark)_theme$/i.test(option));
    url.searchParams.delete("embed_options");
    for (const option of [...others, `${theme}_theme`]) url.searchParams.append("embed_options", option);
    return url.href;
  };
  for (const name of ["pushState", "replaceState"]) {
    const write = history[name];
    history[name] = (state, title, address) => write.call(history, state, title, address && themed(address));
  }
  history.replaceState(history.state, "", location.href);
}</script>"""


def additions() -> str:
    """What is added to the head.

    Returns:
        HTML: the style, the theme that a link asks for, and a link for every ES module and for Plotly, relative like
        Streamlit's own: a proxy may have put the app under a path that the server does not know.
    """
    modules = sorted(path.relative_to(ASSETS).as_posix() for room in _ROOMS for path in (ASSETS / room).glob("*.js"))
    links = [f'<link rel="modulepreload" href="./{assets_folder()}/{path}">' for path in modules]
    plotly = f'<link rel="preload" as="script" href="./{assets_folder()}/vendor/plotly-basic.min.js">'
    return "\n".join([_STYLE, _THEME, plotly, *links])


def first_words(path: str, query: str) -> str:
    """What a reader sees before Streamlit is there.

    Args:
        path: of the address that was asked for.
        query: the text after its "?".

    Returns:
        HTML: the app's title, unless the page stands in another one, and the question of the page.

    >>> EXPLORER.question in first_words("/", "v=1")
    True
    """
    by_path = {page.path: page for page in PAGES}
    page = by_path.get(path.rpartition("/")[2], EXPLORER)
    title = "" if parse_qs(query).get("embed") == ["true"] else f"<b>{TITLE}</b>"
    return f'<div class="ssm-first">{title}<p>{escape(page.question)}</p></div>'


class Head:
    """Adds to every HTML document."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app
        self.additions = additions().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but a document only when it is whole and has been added to."""
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
                    words = first_words(scope.get("path", ""), scope.get("query_string", b"").decode(errors="replace"))
                    await self._send(start, b"".join(parts), words, send)
            else:
                await send(message)

        await self.app(scope, receive, adding)

    async def _send(self, start: Message, body: bytes, words: str, send: Send) -> None:
        headers = MutableHeaders(scope=start)
        packed = headers.get("Content-Encoding") == "gzip"  # as Streamlit sends a page by its name
        whole = gzip.decompress(body) if packed else body
        whole = whole.replace(b"</head>", self.additions + b"</head>", 1)
        whole = whole.replace(b"<body>", b"<body>" + words.encode(), 1)
        whole = gzip.compress(whole) if packed else whole
        headers["Content-Length"] = str(len(whole))
        for name in ("ETag", "Last-Modified"):  # they speak of the document as it was
            del headers[name]
        await send(start)
        await send({"type": "http.response.body", "body": whole})


def _is_document(start: Message) -> bool:
    """Whether it is a page to be shown, and not a file to be saved."""
    headers = MutableHeaders(scope=start)
    return headers.get("content-type", "").startswith("text/html") and "content-disposition" not in headers
