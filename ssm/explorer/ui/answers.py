"""Answers: what the server tells the stage about one link."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from ssm.explorer import experiment
from ssm.explorer import settings as choices
from ssm.explorer.problems import tables
from ssm.explorer.settings import Settings
from ssm.explorer.ui.table_store import TABLES

Answer = dict[str, Any]

LONG = 500_000  # scores: about a quarter of a second


def answer(query: str) -> Answer:
    """The settings that a link spells and what torch finds for them.

    A newer question of the same session ends the work on an older one: between chunks Streamlit is asked for it.

    Args:
        query: the text after the "?".

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
        found = _found(settings.to_query(), get_run_yield_check() or _nothing)
        reply["notes"] += found.pop("remarks")
        return reply | found
    except ValueError as error:
        return reply | {"error": str(error)}


def first_answer(query: str) -> Answer:
    """As `answer`, for a link that somebody opens: no picture is there yet to stay, so too much work is cut to size.

    Args:
        query: the text after the "?".

    Returns:
        An answer with a picture, and among its notes why it has fewer draws than were asked for.
    """
    reply = answer(query)
    if not reply["error"]:
        return reply
    settings, _ = settings_of(query)
    draws = choices.most_draws(settings.samples)
    fewer = answer(replace(settings, draws=draws, draw=min(settings.draw, draws)).to_query())
    return fewer | {"notes": [*reply["notes"], f"{reply['error']}; {draws:,} draws are used", *fewer["notes"]]}


def is_long(query: str) -> bool:
    """Whether a link asks for so much that its page should be seen before its numbers.

    Args:
        query: the text after the "?".

    Returns:
        Whether samples times draws, and classes that must be made, are more than `LONG`.

    >>> is_long("v=1"), is_long("v=1&samples=1000&draws=1000")
    (False, True)
    """
    settings, _ = settings_of(query)
    return settings.samples * settings.draws + settings.classes * (settings.problem == "random") > LONG


def problem(query: str) -> dict[str, Any]:
    """The problem that a link spells.

    Args:
        query: the text after the "?".

    Returns:
        Its names, scores and counts [classes], as JSON can hold them; no counts where nobody counted.

    Raises:
        LookupError: the link cannot be read as it stands, or the viewer's table is no longer here.

    >>> problem("v=1")["names"][7]
    'horse'
    """
    settings, notes = settings_of(query)
    if notes:
        raise LookupError(notes[0])
    found = choices.problem_of(settings, TABLES.get(settings.table))
    counts = found.counts
    return {
        "names": list(found.names),
        "scores": found.scores.tolist(),
        "counts": None if counts is None else counts.tolist(),
    }


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


@st.cache_data(max_entries=256, show_spinner=False)
def _found(query: str, _on_chunk: Callable[[], None]) -> Answer:
    settings, _ = settings_of(query)
    result = experiment.run(settings, TABLES.get(settings.table), on_chunk=_on_chunk)
    view = experiment.as_plain(result)
    return {
        "view": view,
        "names": _names(result.problem.names, view),
        "device": result.device,
        "counted": result.problem.counts is not None,
        "remarks": list(result.notes),
    }


def _names(names: Sequence[str], view: dict[str, Any]) -> dict[str, str]:
    """The name of every class that a view speaks of."""
    draw = view["draw"]
    spoken = {*view["classes"]["index"], *view["convergence"]["watched"]}
    spoken.update(*(draw[name] for name in ("sample_class", "block_class", "dot_class")))
    return {str(c): names[c] for c in sorted(spoken)}


def _urls(settings: Settings) -> dict[str, str]:
    """Where the page finds each problem that it does not make by itself: beside its other files."""
    urls = {name: f"problem.json?{Settings(problem=name).to_query()}" for name in ("article", "white")}
    if settings.problem == "own":
        urls["own"] = _url_of(settings.table)
    return urls


def _url_of(table: str) -> str:
    return "problem.json?" + Settings(problem="own", table=table).to_query()


def _nothing() -> None:
    """No session asks: nothing to look out for."""
