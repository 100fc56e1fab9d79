"""Routes of the jobs: a page starts and steers its job, asks how it does about once a second, and asks it things."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ssm import checks
from ssm.explorer.experiment import Costing, Training, known_cost
from ssm.explorer.settings import Settings
from ssm.explorer.settings.link import MOST_QUERY
from ssm.explorer.ui.answers import settings_of
from ssm.explorer.ui.jobs import Jobs, Work


def _nothing(_settings: Settings) -> None:
    """Nothing is known before a job has found it."""


class Kind(NamedTuple):
    """Jobs that do the same.

    Attributes:
        make: the work that settings ask for.
        jobs: those of all viewers; each has one of a kind.
        known: what an earlier job of anybody's has found for such settings, or None.
    """

    make: Callable[[Settings], Work]
    jobs: Jobs
    known: Callable[[Settings], Mapping[str, Any] | None] = _nothing


# Two measurements at a time would measure one another.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {"training": Kind(Training, Jobs()), "cost": Kind(Costing, Jobs(places=1), known_cost)}
)
_VIEWER = re.compile("[A-Za-z0-9-]{16,64}")
_MOST_TEXT = 1_000  # characters that a viewer may ask
_MOST_BYTES = 2 * MOST_QUERY  # of an order: a link, and room for the signs of JSON


def steer(kind: str, viewer: str, order: Mapping[str, str]) -> dict[str, Any]:
    """Do what a page wants done with its job.

    Args:
        kind: of the job.
        viewer: what the page knows itself by.
        order: what to ``do``: "start", "pause", "resume" or "stop"; to start, the ``query`` too.

    Returns:
        As `Jobs.look`.

    Raises:
        ValueError: the order is none, or the server can take no more jobs.
        LookupError: the viewer has no such job.
    """
    jobs = KINDS[kind].jobs
    match order.get("do"):
        case "start":
            settings, _ = settings_of(order.get("query", ""))
            jobs.start(viewer, kind, settings.to_query(), lambda: KINDS[kind].make(settings))
        case "pause":
            jobs.pause(viewer)
        case "resume":
            jobs.resume(viewer)
        case "stop":
            jobs.stop(viewer)
        case other:
            checks.refuse("do", "start, pause, resume or stop", other, "reload the page")
    return jobs.look(viewer)


def _require(kind: str, viewer: str) -> None:
    """Refuse who does not say of what kind the job is, and whose."""
    if kind not in KINDS:
        checks.refuse("kind", f"one of {', '.join(KINDS)}", kind, "reload the page")
    if not _VIEWER.fullmatch(viewer):
        checks.refuse("viewer", "16 letters and digits or more", checks.Said(viewer[:64]), "reload the page")


def _order(body: bytes) -> dict[str, str]:
    """What a page sent, if it is an order at all."""
    order = json.loads(body)
    if not isinstance(order, dict) or not all(isinstance(value, str) for value in order.values()):
        checks.refuse("an order", "an object of texts", order, "reload the page")
    return order


async def _taken(request: Request, kind: str, viewer: str) -> Response:
    # Another site's form cannot send this type, nor may its script without leave, which nobody gives.
    if request.headers.get("content-type") != "application/json":
        return JSONResponse({"error": "an order must be JSON; reload the page"}, 415)
    body = await _body(request)
    if len(body) > _MOST_BYTES:
        return JSONResponse(
            {"error": f"an order must have at most {_MOST_BYTES:,} bytes, got more; reload the page"}, 413
        )
    return JSONResponse(await run_in_threadpool(lambda: steer(kind, viewer, _order(body))))


async def _body(request: Request) -> bytes:
    """What was sent, and of too much no more than shows that."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            break
    return bytes(body)


def look(kind: str, viewer: str, query: str, text: str | None) -> dict[str, Any]:
    """How a job does, and what it says to a text where there is one.

    Args:
        kind: of the job.
        viewer: what the page knows itself by.
        query: what the page shows, for what is known of that already.
        text: what was typed.

    Returns:
        As `Jobs.look`, and the ``answer``; without a job its state is "none". ``known`` is what an earlier job of
        anybody's has found.
    """
    jobs, known = KINDS[kind].jobs, KINDS[kind].known(settings_of(query)[0])
    try:
        answer = None if text is None else jobs.answer(viewer, text[:_MOST_TEXT])
        return jobs.look(viewer) | {"answer": answer, "known": known}
    except LookupError:
        return {"state": "none", "known": known}


async def job_json(request: Request) -> Response:
    """A look at a job, or with POST an order; off the loop that everybody's messages run through."""
    asked = request.query_params
    kind, viewer = asked.get("kind", ""), asked.get("viewer", "")
    try:
        _require(kind, viewer)
    except ValueError as error:
        return JSONResponse({"error": str(error)}, 400)
    try:
        if request.method == "GET":
            told = await run_in_threadpool(look, kind, viewer, asked.get("query", ""), asked.get("text"))
            return JSONResponse(told)
        return await _taken(request, kind, viewer)
    except LookupError:
        return JSONResponse({"state": "none"})  # an answer like any other: a page asks before it has a job
    except ValueError as error:
        return JSONResponse({"error": str(error)})
