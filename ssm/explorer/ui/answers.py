"""Answers: what the server tells the stage about one link."""

import json
from collections.abc import Callable, Collection
from dataclasses import asdict
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from ssm import checks
from ssm.explorer import settings as choices
from ssm.explorer.export.answers import Answer, computed, fewer, listing
from ssm.explorer.export.spec import PREVIEW_CLASSES
from ssm.explorer.pages import EXPLORER
from ssm.explorer.problems import Problem, tables
from ssm.explorer.settings import Settings
from ssm.explorer.ui.table_store import TABLES
from ssm.explorer.ui.turns import Turns

LONG = 500_000  # samples of all draws: about a quarter of a second

# Of each kind one at a time: long work holds much memory, and what turned out to take a while need not wait for it.
_LONG, _SHORT = Turns(), Turns()


def answer(query: str, needs: Collection[str] = EXPLORER.needs) -> Answer:
    """The settings that a link spells and what torch finds for them.

    A newer question of the same session ends the work on an older one: between chunks Streamlit is asked for it.

    Args:
        query: the text after the "?".
        needs: the groups of a Result that the page draws.

    Returns:
        The settings, the ``notes`` on what was changed, the ``view`` (a Result as JSON can hold it), the ``names`` of
        its classes, the ``device`` and whether the problem is ``counted``; instead of these four a sentence under
        ``error`` where torch refuses.

    >>> answer("v=1&samples=9&draws=10")["view"]["draw"]["samples"]
    9
    """
    settings, notes = settings_of(query)
    reply: Answer = {
        "query": settings.to_query(),
        "settings": asdict(settings),
        "notes": list(notes),
        "error": None,
        "urls": _urls(settings),
    }
    try:
        table = TABLES.get(settings.table)
        asked = settings.to_query(), tuple(sorted(needs))
        found = _found(*asked, settings, table, get_run_yield_check() or _nothing)
        reply["notes"] += found.pop("remarks")
        return reply | found
    except ValueError as error:
        return reply | {"error": str(error)}


def first_answer(query: str, needs: Collection[str] = EXPLORER.needs) -> Answer:
    """As `answer`, for a link that somebody opens: no picture is there yet to stay, so too much work is cut to size.

    Args:
        query: the text after the "?".
        needs: as `answer`.

    Returns:
        An answer with a picture, and among its notes why it has fewer draws than were asked for.
    """
    reply = answer(query, needs)
    if not reply["error"]:
        return reply
    settings, note = fewer(settings_of(query)[0], reply["error"])
    found = answer(settings.to_query(), needs)
    return found | {"notes": [*reply["notes"], note, *found["notes"]]}


def is_long(query: str) -> bool:
    """Whether a link asks for so much that its page should be seen before its numbers.

    Args:
        query: the text after the "?".

    Returns:
        Whether samples times draws or ten times the classes are more than `LONG`.

    >>> is_long("v=1"), is_long("v=1&samples=1000&draws=1000")
    (False, True)
    """
    settings, _ = settings_of(query)
    return max(settings.samples * settings.draws, 10 * _classes(settings)) > LONG


def problem(query: str) -> dict[str, Any]:
    """The problem that a link spells, as it is before anything is dragged.

    Args:
        query: the text after the "?".

    Returns:
        Its names, scores and counts [classes], as JSON can hold them; no counts where nobody counted.

    Raises:
        LookupError: the link cannot be read as it stands, the viewer's table is no longer here, or the page does not
            need to be sent this problem.

    >>> problem("v=1")["names"][7]
    'horse'
    """
    return listing(*_sent(query))


def problem_json(query: str) -> bytes:
    """The same as JSON, which is kept: every page asks for the same few.

    Args:
        query: the text after the "?".

    Returns:
        The text of the document.

    Raises:
        LookupError: as `problem`.
    """
    return _json_of(_sent(query)[0].to_query())


@lru_cache(maxsize=8)
def _json_of(query: str) -> bytes:
    return json.dumps(problem(query), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _sent(query: str) -> tuple[Settings, Problem | None]:
    """What a page may ask for: no more of a link than its problem, and the table of that."""
    settings, notes = settings_of(query)
    if notes:
        raise LookupError(notes[0])
    if settings.problem == "random":
        way_out = "the page makes random scores from their seed"
        checks.refuse("problem", "one that cannot be computed", "random", way_out, error=LookupError)
    if (classes := _classes(settings)) > PREVIEW_CLASSES:
        way_out = "its pictures come with the answers"
        checks.refuse(
            "the table", f"at most {PREVIEW_CLASSES:,} classes", classes, way_out, verb="have", error=LookupError
        )
    return Settings(problem=settings.problem, table=settings.table), TABLES.get(settings.table)


def _classes(settings: Settings) -> int:
    """How many classes settings have; 0 where their table is no longer here."""
    known = choices.shape(vars(settings), TABLES.get(settings.table))
    return known.classes if known else 0


def missing(query: str) -> str | None:
    """The viewer's table that a link names and that is no longer here, by the address under which the page had it.

    Args:
        query: the text after the "?".

    Returns:
        The address; None where nothing is missing.

    >>> missing("v=1&problem=own&own=sha256-" + 64 * "0")[:36]
    'problem.json?v=1&problem=own&own=sha'
    """
    table = _table_in(query)
    gone = tables.FINGERPRINT.fullmatch(table) and TABLES.get(table) is None
    return _url_of(table) if gone else None


def settings_of(query: str) -> tuple[Settings, tuple[str, ...]]:
    """The settings that a link spells, the viewer's own table found if it is still here.

    Args:
        query: the text after the "?".

    Returns:
        The settings, and one sentence for each thing in the link that was changed or left out.
    """
    return Settings.from_query(query, TABLES.get(_table_in(query)))


def _table_in(query: str) -> str:
    return parse_qs(query).get("own", [""])[-1]


# The settings and their table come from one look into the store: what is kept under a link was computed from them.
@st.cache_data(max_entries=256, show_spinner=False)
def _found(
    query: str, needs: tuple[str, ...], _settings: Settings, _table: Problem | None, _wanted: Callable[[], None]
) -> Answer:
    long = is_long(query)
    with (_LONG if long else _SHORT).work(_wanted, long=long) as on_chunk:
        return computed(_settings, _table, needs, on_chunk)


def _urls(settings: Settings) -> dict[str, str]:
    """Where the page finds each problem that it does not make by itself and is to compute."""
    urls = {name: f"problem.json?{Settings(problem=name).to_query()}" for name in ("article", "white")}
    if settings.problem == "own" and _classes(settings) <= PREVIEW_CLASSES:
        urls["own"] = _url_of(settings.table)
    return urls


def _url_of(table: str) -> str:
    return "problem.json?" + Settings(problem="own", table=table).to_query()


def _nothing() -> None:
    """No session asks: nothing to look out for."""
