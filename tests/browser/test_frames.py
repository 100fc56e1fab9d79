"""The Explorer in a frame of another site, where the browser keeps the cookie from it that an upload must carry."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.explorer import MILLISECONDS_TO_ANSWER, MILLISECONDS_TO_OPEN, READY, choice
from tests.browser.test_own import PLAIN, send


@contextmanager
def another_site(inside: str) -> Iterator[str]:
    """Serve a page that embeds another; to a browser, 127.0.0.1 is another site than localhost."""

    class Outside(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<!DOCTYPE html><link rel="icon" href="data:,"><iframe src="{inside}" width="1200" height="760">'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def framed(page: Page, url: str) -> Iterator[FrameLocator]:
    """The Explorer in a page of another site."""
    with another_site(f"http://localhost:{urlsplit(url).port}/?v=1&samples=2&embed=true") as outside:
        page.goto(outside)
        frame = page.frame_locator("iframe")
        expect(frame.locator(READY)).to_be_visible(timeout=MILLISECONDS_TO_OPEN)
        yield frame


def ask(frame: FrameLocator) -> Locator:
    choice(frame, "problem").select_option("your own")
    dialog = frame.get_by_role("dialog", name="Your own scores")
    expect(dialog).to_be_visible(timeout=MILLISECONDS_TO_ANSWER)
    return dialog


def test_a_frame_of_another_site_says_to_paste_and_takes_what_is_pasted(page, app_url, complaints):
    with framed(page, app_url) as frame:
        dialog = ask(frame)
        expect(dialog).to_contain_text("A file cannot be loaded here")
        expect(dialog).to_contain_text("paste what is in it instead")
        expect(dialog.locator("input[type=file]")).to_have_count(0)
        dialog.get_by_role("textbox", name="Paste a table").fill(PLAIN)
        send(dialog)
        expect(frame.locator(".ssm-own")).to_contain_text("3 classes", timeout=MILLISECONDS_TO_ANSWER)
        expect(choice(frame, "target").get_by_role("option", name="owl")).to_have_count(1)
    page.close()  # it asks as long as it is open
    assert [line for line in complaints if not line.startswith("request to another server")] == []
    complaints.clear()  # the other server is this one, under its other name
