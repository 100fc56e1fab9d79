"""A real server and a real browser for every test in this folder."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize, WebError, expect

from tests.browser.chromium import launched
from tests.browser.explorer import MILLISECONDS_TO_ANSWER
from tests.browser.server import running_app

expect.set_options(timeout=MILLISECONDS_TO_ANSWER)

DESKTOP = ViewportSize(width=1280, height=800)
# On a cold link to /page Streamlit first looks for its server under /page/, is refused, and then finds it at the root.
STREAMLIT_LOOKS_ROUND = re.compile(r"/[\w-]+/_stcore/(health|host-config)$")
# What Chromium writes when nobody is at the address; Streamlit, whose script this is, has many words for it.
UNREACHABLE = re.compile(r"net::ERR_|WebSocket connection to")
STREAMLIT = "/static/js/"


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    """Run one server for all browser tests."""
    with running_app() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run one browser for all browser tests; each test gets contexts of its own."""
    with launched() as browser:
        yield browser


@pytest.fixture
def complaints() -> list[str]:
    """What the page did wrong during the test; a test that provokes a complaint asserts on it and clears it."""
    return []


class Contexts:
    """Contexts that have the app's files, as the browser of somebody who comes again.

    Files in the browser's cache spare every test a second. What else a context remembers is forgotten when it is given
    back; who opens one alike gets it then.
    """

    def __init__(self, chromium: Browser, app_url: str) -> None:
        """Keep none yet."""
        self._chromium, self._url = chromium, app_url
        self._kept: dict[str, list[BrowserContext]] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        """One that was opened with such options, and has no page."""
        kept = self._kept.setdefault(repr(sorted(options.items())), [])
        return (
            kept.pop() if kept else self._chromium.new_context(**{"viewport": DESKTOP, **options}, base_url=self._url)
        )

    def give_back(self, context: BrowserContext, options: dict[str, Any]) -> None:
        """Close its pages, and let it forget what they stored."""
        last, old = context.new_page(), context.pages[:-1]
        for page in old:
            page.close()
        forget = {"origin": self._url, "storageTypes": "cookies,local_storage,indexeddb,service_workers"}
        context.new_cdp_session(last).send("Storage.clearDataForOrigin", forget)
        last.close()
        self._kept[repr(sorted(options.items()))].append(context)


@pytest.fixture(scope="session")
def contexts(chromium: Browser, app_url: str) -> Contexts:
    """The contexts of all tests."""
    return Contexts(chromium, app_url)


@pytest.fixture
def new_context(
    chromium: Browser, app_url: str, contexts: Contexts, complaints: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Open contexts by `new_context(viewport=..., color_scheme=...)`; the test fails on any complaint of their pages.

    A complaint is an error on the console, an uncaught exception, or a request to a server other than `base_url`'s.
    With `goes_away` that server is away for a while: that the page cannot reach it is then no complaint, and it may
    still say so after the test's last line, while it waits to be closed. A `fresh` one has never been anywhere: for
    tests of a first visit, and for those that change what a context is.
    """
    with ExitStack() as after:

        def open_one(
            *, base_url: str = "", goes_away: bool = False, fresh: bool = False, **options: Any
        ) -> BrowserContext:
            own = fresh or base_url
            opened = {"base_url": base_url or app_url, "viewport": DESKTOP, **options}
            context = chromium.new_context(**opened) if own else contexts.take(options)
            for event, listener in _listeners(complaints, base_url or app_url, goes_away=goes_away).items():
                context.on(event, listener)  # type: ignore[call-overload]
                after.callback(context.remove_listener, event, listener)
            after.callback(*((context.close,) if own else (contexts.give_back, context, options)))
            return context

        yield open_one
    assert complaints == []


def _listeners(complaints: list[str], base_url: str, *, goes_away: bool = False) -> dict[str, Callable[[Any], None]]:
    """What writes down the complaints of a context, by the event that it listens to."""
    own = urlsplit(base_url).netloc

    def on_console(message: ConsoleMessage) -> None:
        source = message.location["url"]
        unreachable = goes_away and (STREAMLIT in source or UNREACHABLE.search(message.text))
        if message.type == "error" and not unreachable and not STREAMLIT_LOOKS_ROUND.search(source):
            shown = message.page.url if message.page else ""
            complaints.append(f"console: {message.text} ({source}), on {shown}")

    def on_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != own:
            complaints.append(f"request to another server: {request.url}")

    def on_error(error: WebError) -> None:
        complaints.append(f"uncaught: {error.error}")

    return {"console": on_console, "weberror": on_error, "request": on_request}


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of 1280 x 800 that shows nothing yet and remembers nothing; complaints as for `new_context`."""
    return new_context().new_page()
