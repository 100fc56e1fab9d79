"""Routes of the jobs: a page starts and steers its job, asks how it does about once a second, and asks it things."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ssm import checks
from ssm.explorer.experiment import Training
from ssm.explorer.settings import Settings
from ssm.explorer.ui.answers import settings_of
from ssm.explorer.ui.jobs import JOBS, Work

KINDS: Mapping[str, Callable[[Settings], Work]] = MappingProxyType({"training": Training})
_VIEWER = re.compile("[A-Za-z0-9-]{16,64}")
_MOST_TEXT = 1_000  # characters that a viewer may ask


def steer(viewer: str, order: Mapping[str, str]) -> dict[str, Any]:
    """Do what a page wants done with its job.

    Args:
        viewer: what the page knows itself by.
        order: what to ``do``: "start", "pause", "resume" or "stop"; to start, the ``kind`` and the ``query`` too.

    Returns:
        As `Jobs.look`.

    Raises:
        ValueError: the order is none, or the line is full.
        LookupError: the viewer has no job.
    """
    match order.get("do"):
        case "start":
            kind, (settings, _) = _kind(order), settings_of(order.get("query", ""))
            JOBS.start(viewer, kind, settings.to_query(), lambda: KINDS[kind](settings))
        case "pause":
            JOBS.pause(viewer)
        case "resume":
            JOBS.resume(viewer)
        case "stop":
            JOBS.stop(viewer)
        case other:
            checks.refuse("do", "start, pause, resume or stop", other, "reload the page")
    return JOBS.look(viewer)


def _kind(order: Mapping[str, str]) -> str:
    kind = order.get("kind", "")
    if kind not in KINDS:
        checks.refuse("kind", f"one of {', '.join(KINDS)}", kind, "reload the page")
    return kind


def _order(body: bytes) -> dict[str, str]:
    """What a page sent, if it is an order at all."""
    order = json.loads(body)
    if not isinstance(order, dict) or not all(isinstance(value, str) for value in order.values()):
        checks.refuse("an order", "an object of texts", order, "reload the page")
    return order


def look(viewer: str, text: str | None) -> dict[str, Any]:
    """How a job does, and what it says to a text where there is one.

    Args:
        viewer: what the page knows itself by.
        text: what was typed.

    Returns:
        As `Jobs.look`, and the ``answer``.

    Raises:
        LookupError: the viewer has no job.
    """
    answer = None if text is None else JOBS.answer(viewer, text[:_MOST_TEXT])
    return JOBS.look(viewer) | {"answer": answer}


async def job_json(request: Request) -> Response:
    """A look at a job, or with POST an order; off the loop that everybody's messages run through."""
    viewer = request.query_params.get("viewer", "")
    if not _VIEWER.fullmatch(viewer):
        return JSONResponse({"error": "viewer must be 16 letters and digits or more; reload the page"}, 400)
    try:
        if request.method == "GET":
            return JSONResponse(await run_in_threadpool(look, viewer, request.query_params.get("text")))
        # Another site's form cannot send this type, nor may its script without leave, which nobody gives.
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "an order must be JSON; reload the page"}, 415)
        order = _order(await request.body())
        return JSONResponse(await run_in_threadpool(steer, viewer, order))
    except LookupError:
        return JSONResponse({"state": "none"})  # an answer like any other: a page asks before it has a job
    except ValueError as error:
        return JSONResponse({"error": str(error)})
