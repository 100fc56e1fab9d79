"""The app under a path: one that its server knows of, and one that only the proxy before it knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, expect

from ssm.explorer.settings import Settings
from tests.browser.explorer import MILLISECONDS_TO_OPEN, READY, answered, choice, shows, typed
from tests.browser.proxy import proxied
from tests.browser.server import running_app
from tests.browser.test_own import COUNTED, PLAIN, adopted, ask, send, upload

PATH = "/tools/ssm"


@contextmanager
def known() -> Iterator[str]:
    """The server lives below the path."""
    with running_app(path=PATH) as url:
        yield url


@contextmanager
def stripped(prefix: str = PATH) -> Iterator[str]:
    """A proxy takes the path away; the server lives at its root."""
    with running_app() as url, proxied(urlsplit(url).port or 0, prefix) as proxy:
        yield proxy.url


@contextmanager
def stripped_and_known() -> Iterator[str]:
    """A proxy takes one path away, and the server lives below another."""
    with running_app(path=PATH) as url, proxied(urlsplit(url).port or 0, "/team") as proxy:
        yield f"{proxy.url}{PATH}"


@pytest.mark.slow
@pytest.mark.parametrize("served", [known, stripped, stripped_and_known])
def test_everything_is_found_below_a_path(new_context, tmp_path, served):
    elsewhere: list[str] = []
    failed: list[str] = []
    with served() as url:
        inside = f"{urlsplit(url).path}/"
        context = new_context(base_url=url)
        context.on("request", lambda request: elsewhere.extend(outside(request, inside)))
        context.on("response", lambda reply: failed.extend([reply.url] if reply.status >= 400 else []))
        page = context.new_page()
        page.goto(f"{url}/explore?v=1&samples=5")
        expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
        shows(page, Settings(samples=5))
        assert urlsplit(page.url).path == inside
        here = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Explorer")
        assert here.evaluate("link => link.href") == f"{url}/?v=1&samples=5"
        with answered(page):
            choice(page, "problem").select_option("white")
        expect(page.locator(".ssm-badge")).to_contain_text("page vs torch")  # the page found the problem
        dialog = ask(page)
        dialog.get_by_role("textbox", name="Paste a table").fill(PLAIN)
        with answered(page):
            send(dialog)
        adopted(page, PLAIN, samples=5)
        page.get_by_role("button", name="Load another…").click()
        dialog = page.get_by_role("dialog", name="Your own scores")
        upload(dialog, tmp_path / "scores.csv", COUNTED.encode())
        with answered(page):
            send(dialog)
        adopted(page, COUNTED, samples=5)
        with answered(page):
            typed(page, "samples").fill("4")
            page.keyboard.press("Enter")
        shows(page, Settings(problem="own", table=page.url.split("own=")[1].split("&")[0], samples=4))
        here.click()
        expect(page.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
        assert urlsplit(page.url).path == inside
        context.close()
    assert elsewhere == []
    assert [url for url in failed if "/explore/_stcore/" not in url] == []


def outside(request: Request, inside: str) -> list[str]:
    """The address of a request that leaves the path."""
    address = urlsplit(request.url)
    return [request.url] if address.scheme.startswith("http") and not address.path.startswith(inside) else []
