"""Several processes behind nginx: ``python -m tests.hosting`` tries hosting/nginx.conf with two, and says what holds.

One of them is killed under a page in Chromium, then the other; the page goes on each time. It is no part of `make
test`, since nginx is a package of the system.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

from playwright.sync_api import Page, expect

from ssm.explorer import experiment, figures
from ssm.explorer.figures import templates, texts
from ssm.explorer.problems import Problem, tables
from ssm.explorer.settings import Settings
from tests.browser.chromium import launched
from tests.browser.conftest import DESKTOP
from tests.browser.expected import Expected, wrong
from tests.browser.explorer import READY, answered, open_explorer, sentence, typed
from tests.browser.picture import still
from tests.browser.server import ROOT, free_port, is_healthy, started
from tests.browser.test_line import LARGE
from tests.browser.test_own import ask, send, upload
from tests.hosting_uploads import MOST_BYTES, UPLOAD, small_files, uploaded

CONFIGURATION = ROOT / "hosting/nginx.conf"
HEAD = "# From here on nothing needs to be changed."  # what is above is the host's own
NONE = (
    "this test needs nginx and found none; install it (apt-get install nginx, brew install nginx) or name one: "
    "NGINX_PATH=/path/to/nginx python -m tests.hosting"
)
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/ssm.conf;
}}
"""
VIEWERS = 40
PATHS = ("/stage.json", "/problem.json?v=1", "/assets/stage/explorer.js")
FROM = re.compile(r'"GET (\S+)" (\d+) \d+ from .*:(\d+)$')  # a line of the log; the last process that was asked


def find() -> str | None:
    """Return the path of nginx, or None; Debian's is where only root looks. NGINX alone is a name of nginx's own."""
    return os.environ.get("NGINX_PATH") or shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def configured(text: str, ports: tuple[int, int], listen: int, log: Path) -> str:
    """Return the configuration for other ports and another place, changed where a host would and nowhere else."""
    head, here, rest = text.partition(HEAD)
    changes = {
        "server 127.0.0.1:8501;": f"server 127.0.0.1:{ports[0]};",
        "server 127.0.0.1:8502;": f"server 127.0.0.1:{ports[1]};",
        "listen 80;": f"listen 127.0.0.1:{listen};",
        "/var/log/nginx/ssm.log": str(log),
    }
    for old, new in changes.items():
        assert head.count(old) == 1, f"{CONFIGURATION} must have {old!r} once above {HEAD!r}"
        head = head.replace(old, new)
    return head + here + rest


class House:
    """Two processes of the app and nginx before them."""

    def __init__(self, nginx: str, folder: Path) -> None:
        """Nothing runs yet."""
        self.nginx, self.folder = nginx, folder
        self.ports = free_port(), free_port()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._stack = ExitStack()
        self._apps: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Start the three."""
        with ExitStack() as stack:
            self._stack = stack
            for port in self.ports:
                self.start(port)
            stack.enter_context(self._proxy())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        self._stack.close()

    def start(self, port: int) -> None:
        """Start the app on one of the ports."""
        with small_files():
            self._apps[port] = self._stack.enter_context(started(port))

    def kill(self, port: int) -> None:
        """End a process as a power cut would."""
        self._apps[port].kill()
        self._apps[port].wait(timeout=60)

    def log(self) -> list[tuple[str, int, int]]:
        """Path, status and process of every answer so far, in their order; a websocket's when it ends."""
        lines = (self.folder / "access.log").read_text("utf-8").splitlines()
        found = [FROM.search(line) for line in lines]
        return [(match[1], int(match[2]), int(match[3])) for match in found if match]

    @contextmanager
    def _proxy(self) -> Iterator[None]:
        text = configured(CONFIGURATION.read_text("utf-8"), self.ports, self.port, self.folder / "access.log")
        (self.folder / "ssm.conf").write_text(text, "utf-8")
        main = self.folder / "main.conf"
        main.write_text(MAIN.format(folder=self.folder), "utf-8")
        with small_files():
            process = subprocess.Popen([self.nginx, "-p", str(self.folder), "-c", str(main)])
        try:
            while not is_healthy(self.port):
                assert process.poll() is None, f"nginx refuses {CONFIGURATION}"
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def get(house: House, path: str, **headers: str) -> str:
    """Ask for a path, and return the cookie that comes with the answer."""
    connection = HTTPConnection("127.0.0.1", house.port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, f"{path}: {answer.status}"
    return (answer.headers["Set-Cookie"] or "").partition(";")[0]


def asked(house: House, paths: Sequence[str], **headers: str) -> set[int]:
    """Ask for some paths, and return the processes that answered; nginx writes a line when an answer is gone."""
    before = len(house.log())
    for path in paths:
        get(house, path, **headers)
    while len(house.log()) < before + len(paths):
        time.sleep(0.001)
    return {port for _, _, port in house.log()[before:]}


def viewers_stay(house: House) -> str:
    """With a cookie or without, each viewer is always answered by the same process, and both have some."""
    cookies = [get(house, f"/stage.json?{viewer}") for viewer in range(VIEWERS)]
    assert len(set(cookies)) == VIEWERS, "each viewer must get a cookie of its own"
    ways = {
        "cookie": [{"Cookie": cookie} for cookie in cookies],
        "address and browser": [{"User-Agent": f"browser {viewer}"} for viewer in range(VIEWERS)],
    }
    spread = {}
    time.sleep(1)  # the lines of the first visits are written by then
    for name, viewers in ways.items():
        found = [asked(house, PATHS, **headers) for headers in viewers]
        assert all(len(ports) == 1 for ports in found), f"a viewer known by {name} was answered by both processes"
        counts = [found.count({port}) for port in house.ports]
        assert min(counts) > 0, f"by {name} all viewers came to one process"
        spread[name] = "{} to {}".format(*counts)
    return f"{VIEWERS} viewers stay each with one process: " + ", ".join(f"by {way} {spread[way]}" for way in spread)


def uploads_stay_in_memory(house: House) -> str:
    """A file goes through nginx and the app, neither of which may write as much into a file."""
    status = asyncio.run(uploaded(house.url, UPLOAD, cookie="ssm_viewer=me"))
    assert status == 204, f"an upload of {len(UPLOAD):,} bytes was answered with {status}"
    return f"an upload of {len(UPLOAD):,} bytes came through where no file may have {MOST_BYTES:,}"


def change(page: Page, samples: int) -> None:
    """Type another number of samples."""
    typed(page, "samples").fill(str(samples))
    page.keyboard.press("Enter")


def has_torchs(page: Page, settings: Settings, table: Problem | None = None) -> None:
    """Expect torch's answer to some settings on the page: its sentence, its link, and no preview any more."""
    said = templates.render(texts.SENTENCE, figures.words(experiment.run(settings, table)))
    expect(sentence(page)).to_have_text(said)
    expect(page).to_have_url(re.compile(rf"\?{re.escape(settings.to_query())}$"))
    expect(page.locator(READY)).to_have_attribute("data-state", "settled")
    expect(page.locator(".ssm-badge")).to_contain_text("page vs torch")


def streams(house: House) -> list[int]:
    """The processes that had a websocket of a page which has ended."""
    return [port for path, status, port in house.log() if (path, status) == ("/_stcore/stream", 101)]


def a_link_survives(house: House, page: Page) -> str:
    """The process that a page talks to is killed: the other one answers the next change."""
    settings = Settings(problem="white", samples=9)
    open_explorer(page, f"?{settings.to_query()}")
    has_torchs(page, settings)
    (here,) = {port for path, _, port in house.log() if path == "/problem.json"}
    house.kill(here)
    change(page, 7)
    settings = Settings(problem="white", samples=7)
    has_torchs(page, settings)
    assert wrong(still(page), Expected.of(settings)) == []
    assert streams(house) == [here], f"the page's websocket was not at {here}"
    return f"process {here} killed under a page: the other one gave torch's numbers for the next change"


def a_table_survives(house: House, page: Page, file: Path) -> str:
    """The same with a table that no link holds: the page gives it to the process that does not know it."""
    (first,) = streams(house)
    (second,) = set(house.ports) - {first}
    table = tables.parse(LARGE)
    dialog = ask(page)
    upload(dialog, file, LARGE.encode())
    with answered(page):
        send(dialog)
    settings = Settings(problem="own", table=table.fingerprint, samples=7, target=table.target)
    has_torchs(page, settings, table)
    house.start(first)
    house.kill(second)
    change(page, 5)
    has_torchs(page, replace(settings, samples=5), table)
    expect(page.locator(".ssm-notes li")).to_have_count(0)
    expect(page.locator(".ssm-own")).to_contain_text("Your own table, 2,000 classes.")
    assert streams(house) == [first, second], f"the page's websocket was not at {second}"
    return (
        f"process {first} started anew and {second} killed: it got the page's own table of 2,000 classes from the page"
    )


def try_all(nginx: str, folder: Path) -> Iterator[str]:
    """Start everything, and yield a sentence for each thing that holds."""
    with House(nginx, folder) as house:
        yield viewers_stay(house)
        yield uploads_stay_in_memory(house)
        (folder / "access.log").write_text("")
        with launched() as browser:
            page = browser.new_page(base_url=house.url, viewport=DESKTOP)
            yield a_link_survives(house, page)
            yield a_table_survives(house, page, folder / "scores.csv")


def main() -> None:
    """Print what holds; end with the first thing that does not."""
    if (nginx := find()) is None:
        sys.exit(NONE)
    with tempfile.TemporaryDirectory() as folder:
        try:
            for sentence_of in try_all(nginx, Path(folder)):
                sys.stdout.write(f"{sentence_of}\n")
                sys.stdout.flush()
        except AssertionError as error:
            sys.exit(f"not so: {error}")


if __name__ == "__main__":
    main()
