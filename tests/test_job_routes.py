"""The routes of the jobs: what a page may order, what it is told, and what anybody else is refused."""

import asyncio
import json
import threading

import pytest
from starlette.requests import Request

from ssm.explorer.pages import PAGES
from ssm.explorer.settings.link import MOST_QUERY
from ssm.explorer.ui import job_routes
from ssm.explorer.ui.jobs import MOST, Jobs

VIEWER, OTHER = 32 * "a", 32 * "b"
KIND = "counting"
KNOWN: dict[int, dict[str, int]] = {}  # what jobs of others have found, by the number of samples


class Counting:
    """Work that counts, and repeats what it is told."""

    gate = threading.Event()

    def __init__(self, settings):
        self.settings, self.count = settings, 0

    @property
    def finished(self):
        return self.count >= 2

    def advance(self):
        self.gate.wait(10)
        self.count += 1

    def found(self):
        return {"count": self.count, "samples": self.settings.samples}

    def answer(self, text):
        return {"heard": text}

    def end(self):
        pass


@pytest.fixture(autouse=True)
def jobs(monkeypatch):
    """Jobs of this test alone, whose work waits at the gate until that is opened."""
    made = Jobs(places=1)
    Counting.gate = threading.Event()
    KNOWN.clear()
    known = job_routes.Kind(Counting, made, lambda settings: KNOWN.get(settings.samples))
    monkeypatch.setattr(job_routes, "KINDS", {KIND: known})
    yield made
    Counting.gate.set()
    for viewer in list(made._held):
        made.stop(viewer)


def asked(query, order=None, kind="application/json", times=1):
    """The status and the answer of the route; an order is sent as its body, and may be sent several times over."""
    body, sent = order if isinstance(order, bytes) else json.dumps(order).encode(), iter(range(1, times + 1))
    scope = {
        "type": "http",
        "method": "GET" if order is None else "POST",
        "path": "/job.json",
        "query_string": f"kind={KIND}&{query}".encode(),
        "headers": [(b"content-type", kind.encode())],
    }

    async def receive():
        return {"type": "http.request", "body": body, "more_body": next(sent) < times}

    answer = asyncio.run(job_routes.job_json(Request(scope, receive)))
    return answer.status_code, json.loads(bytes(answer.body))


def start(viewer=VIEWER, query="v=1&samples=9"):
    return asked(f"viewer={viewer}", {"do": "start", "query": query})


def until(viewer, state):
    """Look until a job is in a state."""
    for _ in range(1_000):
        told = asked(f"viewer={viewer}")[1]
        if told["state"] == state:
            return told
        threading.Event().wait(0.01)
    raise AssertionError(told)


def test_a_job_is_started_looked_at_asked_and_done():
    status, told = start()
    assert (status, told["state"], told["query"], told["kind"]) == (200, "running", "v=1&samples=9", KIND)
    Counting.gate.set()
    assert until(VIEWER, "done")["found"] == {"count": 2, "samples": 9}
    assert asked(f"viewer={VIEWER}&text=the+white")[1]["answer"] == {"heard": "the white"}


def test_it_rests_goes_on_and_stops():
    start()
    assert asked(f"viewer={VIEWER}", {"do": "pause"})[1]["state"] == "paused"
    assert asked(f"viewer={VIEWER}", {"do": "resume"})[1]["state"] == "running"
    assert asked(f"viewer={VIEWER}", {"do": "stop"})[1]["state"] == "stopped"


def test_nobody_steers_or_sees_the_job_of_another():
    start()
    for order in ("pause", "resume"):
        assert asked(f"viewer={OTHER}", {"do": order}) == (200, {"state": "none"})
    assert asked(f"viewer={OTHER}", {"do": "stop"}) == (200, {"state": "none"})
    assert asked(f"viewer={OTHER}") == (200, {"state": "none", "known": None})
    assert asked(f"viewer={VIEWER}")[1]["state"] == "running"


def test_who_waits_hears_how_many_go_first_and_a_full_line_is_said():
    told = [start(f"{i:032d}")[1] for i in range(MOST)]
    assert [each["ahead"] for each in told] == list(range(MOST))
    assert {each["state"] for each in told[1:]} == {"waiting"}
    status, told = start(OTHER)
    assert status == 200
    assert told["error"].startswith(f"the line must have at most {MOST} jobs")


@pytest.mark.parametrize("viewer", ["", "short", "a b" * 8, "<script>alert(1)</script>", 65 * "a"])
def test_a_page_must_say_who_it_is(viewer):
    status, told = asked(f"viewer={viewer}")
    assert status == 400
    assert told["error"].startswith("viewer must be")


def test_another_sites_form_is_refused():
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        status, told = asked(f"viewer={VIEWER}", {"do": "start", "query": "v=1"}, kind)
        assert (status, told["error"]) == (415, "an order must be JSON; reload the page")
    assert asked(f"viewer={VIEWER}") == (200, {"state": "none", "known": None})


@pytest.mark.parametrize(
    "order",
    [
        *(b"{", b"[]", b'"start"', b"3", b"null", b"\xff", b'{"do": "explode"}', b"{}"),
        b'{"do": "start", "query": 3}',
    ],
)
def test_what_is_no_order_gets_a_sentence_and_starts_nothing(order):
    status, told = asked(f"viewer={VIEWER}", order)
    assert status == 200
    assert "error" in told
    assert "Traceback" not in told["error"]
    assert asked(f"viewer={VIEWER}") == (200, {"state": "none", "known": None})


def test_an_order_that_comes_in_parts_is_one():
    assert asked(f"viewer={VIEWER}", b" ", times=9)[1]["error"].startswith("Expecting value: line 1 column 10")


def test_an_order_too_long_is_refused_before_it_is_all_there():
    """Of a gigabyte no more is taken than is needed to see it: the parts that are not asked for do not come."""
    assert MOST_QUERY < job_routes._MOST_BYTES
    status, told = asked(f"viewer={VIEWER}", job_routes._MOST_BYTES * b" ", times=2)
    assert (status, told["error"]) == (413, "an order must have at most 200,000 bytes, got more; reload the page")
    part, taken = 1_000 * b" ", []

    async def receive():
        taken.append(part)
        return {"type": "http.request", "body": part, "more_body": len(taken) < 1_000_000}

    scope = {"type": "http", "method": "POST", "path": "/job.json", "headers": []}
    body = asyncio.run(job_routes._body(Request(scope, receive)))
    assert len(body) == len(taken) * 1_000 == 201_000
    assert asked(f"viewer={VIEWER}") == (200, {"state": "none", "known": None})


def test_the_longest_link_can_be_ordered():
    query = "v=1&samples=9&words=" + (MOST_QUERY - 20) * "w"
    assert len(query) == MOST_QUERY
    assert start(query=query)[1]["query"] == "v=1&samples=9"


def test_an_order_is_read_off_the_loop(monkeypatch):
    threads, order = [], job_routes._order

    def noted(body):
        threads.append(threading.current_thread())
        return order(body)

    monkeypatch.setattr(job_routes, "_order", noted)
    assert start()[0] == 200
    assert threads
    assert threading.main_thread() not in threads  # here the loop is in the main one


def test_a_link_that_nobody_meant_is_brought_into_range():
    told = start(query="v=1&samples=-5&noise=evil&%ff=%00")[1]
    assert told["query"] == "v=1&samples=1"


@pytest.mark.parametrize("kind", ["", "mining", "training%00"])
def test_a_kind_that_nobody_does_gets_a_sentence(kind):
    status, told = asked(f"viewer={VIEWER}&kind={kind}")  # the last of a name counts
    assert status == 400
    assert told["error"].startswith(f"kind must be one of {KIND}, got ")


def test_what_others_have_found_for_these_settings_is_told_before_and_beside_a_job():
    KNOWN[9] = {"count": 7}
    assert asked(f"viewer={VIEWER}&query=v=1%26samples=9") == (200, {"state": "none", "known": {"count": 7}})
    assert asked(f"viewer={VIEWER}&query=v=1%26samples=8") == (200, {"state": "none", "known": None})
    start()
    assert asked(f"viewer={VIEWER}&query=v=1%26samples=9")[1]["known"] == {"count": 7}


def test_every_kind_of_job_has_its_own_line_and_the_costs_are_measured_one_at_a_time(monkeypatch):
    monkeypatch.undo()
    kinds = job_routes.KINDS
    assert set(kinds) == {page.job for page in PAGES if page.job}
    assert kinds["cost"].jobs is not kinds["training"].jobs
    assert kinds["cost"].jobs._places == 1
