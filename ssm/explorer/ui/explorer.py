"""The stage: the component that holds controls, panels and player, and its way to the server."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple
from urllib.parse import urlencode

import streamlit as st

from ssm.explorer.export.answers import Answer
from ssm.explorer.export.markup import skeleton
from ssm.explorer.pages import PAGES, Page
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Frame
from ssm.explorer.story import opened
from ssm.explorer.ui.answers import answer, first_answer, is_long, missing, settings_of
from ssm.explorer.ui.own_scores import own_scores, take_back
from ssm.explorer.ui.paths import assets_folder

KEY = "stage"
_ADOPTED = "ssm.adopted"  # a question that Python put in the viewer's name: their own table was just read

_ENTRY = f"{assets_folder()}/stage/streamlit.js"

# Every page lies directly in the app's folder, wherever a proxy has put that.
_LOADER = """
const url = new URL("{entry}", document.baseURI).href;
const stage = import(url);
export default function (component) {{
  stage.then(({{ mount }}) => mount(component)).catch(() => {{
    component.parentElement.querySelector(".ssm-sentence").textContent =
      "The panels could not be loaded. Check the connection and reload the page.";
  }});
  return () => stage.then(({{ unmount }}) => unmount(component.parentElement));
}}
"""


class _Question(NamedTuple):
    """What the page asks: a running number, and the link that spells its settings."""

    ask: int
    query: str
    first: bool = False
    revision: int = 0
    notes: tuple[str, ...] = ()


_COMPONENTS = {
    page.name: st.components.v2.component(
        f"ssm_{page.name}",
        html=skeleton(page),
        js=_LOADER.format(entry=_ENTRY),
        isolate_styles=False,
    )
    for page in PAGES
}


def _component(page: Page, **told: Any) -> Any:  # noqa: ANN401 (Streamlit's own)
    return _COMPONENTS[page.name](**told)


def stage(page: Page) -> None:
    """Show the stage of a page for its link, answer what it asked, and open what it wants opened.

    Args:
        page: one of `PAGES`.
    """
    given, faults = _take_back()
    linked = _linked(page)
    question = _question(linked.query)
    reply = _answer(question, page)
    if reply:
        reply["notes"] = [*faults, *reply["notes"], *(linked.complaints if question.first else ())]
        reply["missing"] = None if given else missing(question.query)  # what was of no use is not asked for again
    data = {"answer": reply, "frame": linked.frame, "page": page.name}
    noted = {"on_ask_change": _noted, "on_own_change": _noted, "on_table_change": _noted}
    shown = _component(page=page, key=KEY, data=data, **noted)
    if shown.ask and int(shown.ask["ask"]) > question.ask:  # a new session learns what the page wants only now
        st.rerun()
    if reply and shown.own:
        own_scores(_adopt, uploads=shown.own["cookie"] or not st.get_option("server.enableXsrfProtection"))


def _answer(question: _Question, page: Page) -> Answer | None:
    """The answer; None where it takes long and nothing is on the screen yet: the page then comes back and asks."""
    if question.ask == 0 and is_long(question.query):
        return None
    found = (first_answer if question.first else answer)(question.query, page.needs)
    notes = [*question.notes, *found["notes"]]
    numbered = {"ask": question.ask, "serial": f"{question.ask}.{question.revision}"}
    return found | numbered | {"notes": notes}


def _take_back() -> tuple[bool, list[str]]:
    """Take the viewer's table back: whether the page has sent one, and a sentence where it cannot be read."""
    text: str | None = st.session_state.get(KEY, {}).get("table")
    try:
        if text:
            take_back(text)
    except ValueError as error:
        return True, [str(error)]
    return bool(text), []


def _link() -> str:
    """What the page came with."""
    return urlencode(st.query_params.to_dict())


class _Linked(NamedTuple):
    """What a link means: settings, what is shown around them, and what was wrong with the latter."""

    query: str
    frame: dict[str, Any]
    complaints: tuple[str, ...]


def _linked(page: Page) -> _Linked:
    """A story's link names a chapter beside, which has settings and a frame of its own."""
    if not page.chapters:
        frame, complaints = Frame.from_query(_link(), page.frame)
        return _Linked(_link(), asdict(frame), complaints)
    place, query, notes = opened(_link())
    frame, complaints = Frame.from_query(query, place.here.frame)
    return _Linked(query, {**asdict(frame), **asdict(place)}, (*notes, *complaints))


def _question(link: str | None = None) -> _Question:
    """The newest of: what the page asked, what Python asked for it, and the link that the page came with."""
    sent: dict[str, Any] | None = st.session_state.get(KEY, {}).get("ask")
    linked = _Question(0, _link() if link is None else link, first=True)
    question = _Question(int(sent["ask"]), str(sent["query"]), "first" in sent) if sent else linked
    adopted: _Question | None = st.session_state.get(_ADOPTED)
    return adopted if adopted and adopted.ask >= question.ask else question


def _adopt(patch: Mapping[str, Any], table: Problem | None) -> None:
    """Ask in the viewer's name; the page takes the patched settings over with the answer."""
    now = _question()
    settings, _ = settings_of(now.query)
    patched, notes = settings.patched(patch, table)
    st.session_state[_ADOPTED] = _Question(now.ask, patched.to_query(), revision=now.revision + 1, notes=notes)


def _noted() -> None:
    """Streamlit wants a callback for each value that a component sends; the next run reads the value."""
