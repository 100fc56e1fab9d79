"""The server: its routes and files, where uploads stay, and what is warm before the first visitor."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# Streamlit imports pandas at the first chart or table; no visitor should wait for that.
import pandas as pd  # type: ignore[import-untyped] # noqa: F401 - it ships no annotations
import plotly.graph_objects as go  # noqa: F401 - likewise
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ssm.explorer import experiment
from ssm.explorer.export.markup import ASSETS
from ssm.explorer.export.spec import spec
from ssm.explorer.settings import Settings
from ssm.explorer.ui import answers, downloads, headers
from ssm.explorer.ui.head import Head
from ssm.explorer.ui.job_routes import job_json
from ssm.explorer.ui.paths import assets_folder, base_path

# For so long one thread may keep the others from Python: short, because an answer asks for it a hundred times.
_SECONDS_OF_A_THREAD = 0.0005
# Streamlit keeps uploads in memory, but Starlette, which reads them for it, writes those over 1 MB to a file of its own
# meanwhile. 0: none. How much may come is Streamlit's server.maxUploadSize.
MultiPartParser.spool_max_size = 0


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
    *(Mount(f"{base_path()}/{folder}", StaticFiles(directory=ASSETS)) for folder in (assets_folder(), "assets")),
]
MIDDLEWARE = [Middleware(headers.Headers, headers=headers.at_start()), Middleware(Head)]
