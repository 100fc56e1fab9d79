"""The server as `make run` starts it: its own routes, its files, and the headers on everything."""

import asyncio
import gc
import gzip
import json
import re
import shutil
import threading
from collections.abc import Iterator
from html import escape
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import torch
from starlette.requests import Request

from app import app
from ssm.explorer import experiment, export
from ssm.explorer.export.markup import ASSETS, TITLE
from ssm.explorer.export.spec import spec
from ssm.explorer.pages import BIAS, PAGES
from ssm.explorer.settings import Settings
from ssm.explorer.ui import answers, paths
from ssm.explorer.ui import server as server_of_ours
from ssm.explorer.ui.paths import assets_folder
from ssm.explorer.ui.server import warm_up
from tests.browser.server import running_app

SECONDS = 30
ABSENT = "sha256-" + 64 * "0"
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "*",
}


class Reply(NamedTuple):
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run the app once for all tests of this file."""
    with running_app() as url:
        yield urlsplit(url).netloc


@pytest.fixture
def get(server):
    """Ask the server for a path, which goes out as it is spelled."""

    def ask(path, **headers):
        connection = HTTPConnection(server, timeout=SECONDS)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        reply = Reply(answer.status, headers, answer.read())
        connection.close()
        return reply

    return ask


@pytest.mark.parametrize(
    "path",
    ["/", "/?samples=9", "/stage.json", "/problem.json?v=1&samples=0", "/assets/stage/explorer.js", "/explore", "/no"],
)
def test_every_answer_has_the_security_headers(get, path):
    headers = get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["permissions-policy"] == "camera=(), microphone=(), geolocation=()"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == POLICY


def test_nothing_on_the_page_may_come_from_another_server(get):
    policy = get("/").headers["content-security-policy"]
    assert "http" not in policy
    assert not {"*"} & set(policy.replace("frame-ancestors *", "").split())
    assert "x-frame-options" not in get("/").headers  # any site may embed the Explorer


def test_the_stage_is_told_what_it_is_made_of(get):
    reply = get("/stage.json")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert json.loads(reply.body) == json.loads(json.dumps(spec(), allow_nan=False))


def test_a_problem_is_told(get):
    reply = get("/problem.json?v=1")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    told = json.loads(reply.body)
    assert (told["names"][7], told["scores"][7], told["counts"][7]) == ("horse", 1.65, 5000.0)
    assert len(json.loads(get(f"/problem.json?{Settings(problem='white').to_query()}").body)["names"]) == 17_091


def test_problems_are_found_off_the_loop_that_everybody_waits_on(monkeypatch):
    found_in = []

    def find(_query):
        found_in.append(threading.current_thread())
        return b"{}"

    monkeypatch.setattr(answers, "problem_json", find)
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"v=1", "headers": []})

    async def ask():
        reply = await server_of_ours.problem_json(request)
        return reply.body, threading.current_thread()

    body, loop = asyncio.run(ask())
    assert body == b"{}"
    assert found_in
    assert loop not in found_in


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "problem=random&classes=1000000",
            "problem must be one that cannot be computed, got 'random'; the page makes random scores from their seed",
        ),
        ("v=1&samples=0", "samples must be a whole number from 1 to 10,000, got 0; 1 is used"),
        (
            f"problem=own&own={ABSENT}",
            "own must be a table that is still here, got only its mark; paste or upload it again; "
            "the article's example is shown",
        ),
    ],
)
def test_a_problem_that_is_not_here_is_a_sentence(get, query, sentence):
    reply = get(f"/problem.json?{query}")
    assert (reply.status, json.loads(reply.body)) == (404, {"error": sentence})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/assets/stage/explorer.js", "javascript"),
        ("/assets/kernel/view.js", "javascript"),
        ("/assets/stage/style.css", "text/css"),
        ("/assets/vendor/plotly-basic.min.js", "javascript"),
        ("/assets/icon.svg", "image/svg+xml"),
    ],
)
def test_our_files_are_served_and_looked_for_anew_at_each_use(get, path, kind):
    reply = get(path)
    assert reply.status == 200
    assert kind in reply.headers["content-type"]
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["etag"]
    assert reply.body


@pytest.mark.parametrize("path", ["stage/explorer.js", "vendor/plotly-basic.min.js"])
def test_under_the_name_of_what_is_in_them_our_files_may_be_kept_for_ever(get, path):
    reply = get(f"/{assets_folder()}/{path}")
    assert reply.status == 200
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.body == (ASSETS / path).read_bytes()
    assert get(f"/{assets_folder()}/stage/no.js").headers.get("cache-control") != reply.headers["cache-control"]
    assert get(f"/assets-000000000000/{path}").body != reply.body


def test_another_content_is_another_name(monkeypatch, tmp_path):
    shutil.copytree(ASSETS / "controls", tmp_path / "controls")
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    names = [paths.assets_folder.__wrapped__()]
    with (tmp_path / "controls/dom.js").open("a") as file:
        file.write("\n")
    names.append(paths.assets_folder.__wrapped__())
    (tmp_path / "controls/dom.js").rename(tmp_path / "controls/mod.js")
    names.append(paths.assets_folder.__wrapped__())
    assert len({*names, assets_folder()}) == 4
    assert all(re.fullmatch("assets-[0-9a-f]{12}", name) for name in names)


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/app.py", "/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/..%2fapp.py"]
)
def test_only_the_folder_of_assets_is_served(get, path):
    reply = get(path)
    assert reply.status in {400, 404}
    assert b"streamlit" not in reply.body


def test_the_explorer_answers_to_its_name_and_keeps_the_link(get):
    reply = get("/explore?v=1&samples=9&edits=3:1.5")
    assert (reply.status, reply.headers["location"]) == (307, "./?v=1&samples=9&edits=3:1.5")


@pytest.mark.parametrize("path", ["/", "/?v=1&samples=9", "/no"])
def test_a_cold_link_gets_the_app(get, path):
    reply = get(path)
    assert reply.status == 200
    assert b'<div id="root">' in reply.body


def test_every_module_and_plotly_are_fetched_while_streamlit_starts(get):
    reply = get("/?v=1&samples=9")
    head = reply.body.decode().partition("</head>")[0]
    rooms = [ASSETS / room for room in ("kernel", "panels", "controls", "stage")]
    own = f"./{assets_folder()}"
    modules = {f"{own}/{path.relative_to(ASSETS).as_posix()}" for room in rooms for path in room.glob("*.js")}
    assert modules
    assert modules <= set(re.findall('<link rel="modulepreload" href="([^"]*)">', head))
    assert f'<link rel="preload" as="script" href="{own}/vendor/plotly-basic.min.js">' in head
    assert re.search(r"\.stMainBlockContainer \{ max-width: 1920px !important; padding: [^;]* !important; \}", head)
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert "etag" not in reply.headers


@pytest.mark.parametrize("record", PAGES, ids=lambda record: record.name)
def test_a_page_says_what_it_is_before_streamlit_is_there(get, record):
    reply = get(f"/{record.path}?v=1", **{"Accept-Encoding": "gzip"})  # as browsers ask
    body = reply.body if "content-encoding" not in reply.headers else gzip.decompress(reply.body)
    document = body.decode()
    assert f"<b>{TITLE}</b><p>{escape(record.question)}</p></div>" in document
    assert document.index("ssm-first", document.index("<body>")) < document.index('<div id="root">')
    assert document.count(f'rel="modulepreload" href="./{assets_folder()}/') > 60
    assert int(reply.headers["content-length"]) == len(reply.body)


def test_inside_another_page_the_app_does_not_say_its_title(get):
    body = get("/bias?embed=true").body.decode().partition("<body>")[2]
    assert escape(BIAS.question) in body
    assert TITLE not in body


@pytest.mark.parametrize("path", ["/", "/bias"])
def test_a_browser_that_unpacks_finds_the_same_head(get, path):
    plain, reply = get(path).body, get(path, **{"Accept-Encoding": "gzip"})
    assert b"modulepreload" in plain
    packed = reply.headers.get("content-encoding") == "gzip"
    assert packed is (path != "/")  # Streamlit packs a page that is named
    assert (gzip.decompress(reply.body) if packed else reply.body) == plain
    assert int(reply.headers["content-length"]) == len(reply.body)


def test_a_file_to_be_saved_is_no_document_of_the_app(get):
    reply = get("/lesson.html?page=bias&v=1&samples=4")
    assert reply.body.decode() == export.page("v=1&samples=4", BIAS)


@pytest.mark.parametrize("path", ["/stage.json", "/assets/icon.svg"])
def test_only_documents_have_a_head(get, path):
    assert b"modulepreload" not in get(path).body


def test_the_server_is_warm_before_its_first_visitor(monkeypatch):
    ran: list[Settings] = []
    threads = torch.get_num_threads()
    monkeypatch.setattr(experiment, "run", ran.append)

    async def start():
        async with warm_up(app):
            return torch.get_num_threads(), gc.get_freeze_count()

    try:
        assert gc.get_freeze_count() == 0
        running, frozen = asyncio.run(start())
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)
    assert ran == [Settings()]
    assert running == 1, "several threads for each of several viewers wait for one another"
    assert frozen > 10_000, "Streamlit collects garbage after every run of a script"
