"""The stage: the component that holds controls, panels and player, and its way to the server."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import streamlit as st
from streamlit import config

from ssm.explorer.problems import Problem
from ssm.explorer.ui.answers import Answer, answer, first_answer, is_long, settings_of
from ssm.explorer.ui.own_scores import own_scores

KEY = "stage"
_ADOPTED = "ssm.adopted"  # a question that Python put in the viewer's name: their own table was just read

_SKELETON = """
<link rel="stylesheet" href="{base}/assets/stage.css">
<section class="ssm" aria-label="Explorer" aria-busy="true">
  <p class="ssm-sentence ssm-skeleton">The panels are being set up…</p>
  <div class="ssm-panels" aria-hidden="true">{panels}</div>
</section>
"""
_LOADER = """
const url = new URL("{base}/assets/stage.js", document.baseURI).href;
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


def base_path() -> str:
    """Where the app lives on its server.

    Returns:
        "" or "/path".

    >>> base_path()
    ''
    """
    path = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


_component = st.components.v2.component(
    "ssm_stage",
    html=_SKELETON.format(base=base_path(), panels='<div class="ssm-panel ssm-skeleton"></div>' * 6),
    js=_LOADER.format(base=base_path()),
    isolate_styles=False,
)


def stage() -> None:
    """Show the stage for the link of the page, answer what it asked, and open what it wants opened."""
    asked = _question()
    told = _answer(asked)
    shown = _component(key=KEY, data={"base": base_path(), "answer": told}, on_ask_change=_heard, on_own_change=_heard)
    if shown.ask and int(shown.ask["ask"]) > asked.ask:  # a new session learns what the page asked only now
        st.rerun()
    if told and shown.own:
        own_scores(_adopt)


def _answer(asked: _Question) -> Answer | None:
    """The answer; None where it takes long and nothing is on the screen yet: the page then comes back and asks."""
    if asked.ask == 0 and is_long(asked.query):
        return None
    found = first_answer(asked.query) if asked.first else answer(asked.query)
    notes = [*asked.notes, *found["notes"]]
    return found | {"notes": notes, "ask": asked.ask, "serial": f"{asked.ask}.{asked.revision}"}


def _question() -> _Question:
    """The newest of: what the page asked, what Python asked for it, and the link that the page came with."""
    asked: dict[str, Any] | None = st.session_state.get(KEY, {}).get("ask")
    linked = _Question(0, urlencode(st.query_params.to_dict()), first=True)
    question = _Question(int(asked["ask"]), str(asked["query"]), "first" in asked) if asked else linked
    adopted: _Question | None = st.session_state.get(_ADOPTED)
    return adopted if adopted and adopted.ask >= question.ask else question


def _adopt(patch: Mapping[str, Any], table: Problem) -> None:
    """Ask in the viewer's name; the page takes the patched settings over with the answer."""
    now = _question()
    settings, _ = settings_of(now.query)
    patched, notes = settings.patched(patch, table)
    st.session_state[_ADOPTED] = _Question(now.ask, patched.to_query(), revision=now.revision + 1, notes=notes)


def _heard() -> None:
    """Streamlit wants a callback for each value that a component sends; the next run reads the value."""
