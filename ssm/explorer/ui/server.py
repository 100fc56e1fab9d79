"""The server: its routes and files, the headers on every answer, and what is warm before the first visitor."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Streamlit imports pandas at the first chart or table; no visitor should wait for that.
import pandas as pd  # type: ignore[import-untyped] # noqa: F401 - it ships no annotations
import plotly.graph_objects as go  # noqa: F401 - likewise
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ssm.explorer import experiment
from ssm.explorer.export.markup import ASSETS
from ssm.explorer.export.spec import spec
from ssm.explorer.settings import Settings
from ssm.explorer.ui import answers, downloads
from ssm.explorer.ui.head import Head
from ssm.explorer.ui.job_routes import job_json
from ssm.explorer.ui.paths import base_path

# For so long one thread may keep the others from Python: short, because an answer asks for it a hundred times.
_SECONDS_OF_A_THREAD = 0.0005

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Any site may embed the Explorer: that is what it is for. Nothing but its own server may feed it; 'self' covers
    # the websocket too. 'unsafe-inline': Streamlit's document has a script in it, and Streamlit and Plotly write style
    # into the page. blob: is how Streamlit imports the module of our component. Nothing evaluates text.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors *"
    ),
}


@asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[None]:
    """Compute once, then freeze what is loaded, so that no collection of garbage looks through it again."""
    experiment.use_one_thread()
    sys.setswitchinterval(_SECONDS_OF_A_THREAD)
    experiment.run(Settings())
    spec()
    gc.collect()
    gc.freeze()
    yield


class Headers:
    """Adds the security headers to every answer; our own files are checked for a newer version at each use."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the headers added where an HTTP answer starts."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if "/assets/" in scope.get("path", ""):
                    headers["Cache-Control"] = "no-cache"
            await send(message)

        await self.app(scope, receive, with_headers)


async def stage_json(_request: Request) -> Response:
    """What the stage is made of."""
    return JSONResponse(spec())


async def problem_json(request: Request) -> Response:
    """A problem's names, scores and counts; found off the loop that everybody's messages run through."""
    try:
        found = await run_in_threadpool(answers.problem_json, request.url.query)
        return Response(found, media_type="application/json")
    except LookupError as error:
        return JSONResponse({"error": str(error)}, status_code=404)


async def explorer(request: Request) -> Response:
    """The Explorer by its name: Streamlit keeps its first page at the root alone, and a proxy may have moved that."""
    return RedirectResponse(f"./?{request.url.query}")


ROUTES = [
    Route(f"{base_path()}/stage.json", stage_json),
    Route(f"{base_path()}/problem.json", problem_json),
    Route(f"{base_path()}/job.json", job_json, methods=["GET", "POST"]),
    Route(f"{base_path()}/explore", explorer),
    *downloads.ROUTES,
    Mount(f"{base_path()}/assets", StaticFiles(directory=ASSETS)),
]
MIDDLEWARE = [Middleware(Headers), Middleware(Head)]
