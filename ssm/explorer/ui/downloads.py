"""Downloads: what a viewer takes home, each by a link that spells the state it is made of."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ssm.explorer import export
from ssm.explorer.export.lesson import FILES
from ssm.explorer.export.notebook import notebook
from ssm.explorer.export.program import program
from ssm.explorer.pages import EXPLORER
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Settings
from ssm.explorer.ui.answers import missing, settings_of
from ssm.explorer.ui.paths import base_path
from ssm.explorer.ui.table_store import TABLES

# A file takes a second or two: one is made at a time, and who waits for it does so on the loop. There are not many
# threads, and everybody's modules come through them.
_MAKING = asyncio.Lock()
_GONE = (
    "The table of this page is not on the server any more. Change anything on the page, which then gives it back, and "
    "save again."
)


async def lesson_html(request: Request) -> Response:
    """A page as one file; made off the loop that everybody's messages run through."""
    async with _MAKING:
        if await request.is_disconnected():
            return Response()
        return await run_in_threadpool(_lesson, request.url.query)


async def program_py(request: Request) -> Response:
    """The program behind a picture."""
    return await run_in_threadpool(_code, request.url.query, program, "program.py")


async def program_ipynb(request: Request) -> Response:
    """The same as a notebook."""
    return await run_in_threadpool(_code, request.url.query, notebook, "program.ipynb")


def saved_as(name: str) -> dict[str, str]:
    """Headers that let a browser save an answer, and not show it.

    Args:
        name: of the file.

    Returns:
        The headers.

    >>> saved_as("lesson.html")
    {'Content-Disposition': 'attachment; filename="lesson.html"'}
    """
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _lesson(query: str) -> Response:
    if missing(query):
        return PlainTextResponse(_GONE, status_code=404)
    asked = parse_qs(query)
    rest = "&".join(part for part in query.split("&") if part.partition("=")[0] != "page")
    page = FILES.get(asked.get("page", [""])[-1], EXPLORER)
    text = export.page(rest, page, TABLES.get(asked.get("own", [""])[-1]))
    return Response(text, media_type="text/html", headers=saved_as("lesson.html"))


def _code(query: str, make: Callable[[Settings, Problem | None, str], str], name: str) -> Response:
    if missing(query):
        return PlainTextResponse(_GONE, status_code=404)
    settings, _ = settings_of(query)
    try:
        text = make(settings, TABLES.get(settings.table), f"Its link: ?{settings.to_query()}")
    except ValueError as error:
        return PlainTextResponse(str(error), status_code=404)
    return Response(text, media_type="text/plain", headers=saved_as(name))


ROUTES = [
    Route(f"{base_path()}/lesson.html", lesson_html),
    Route(f"{base_path()}/program.py", program_py),
    Route(f"{base_path()}/program.ipynb", program_ipynb),
]
