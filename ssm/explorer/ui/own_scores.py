"""The viewer's own scores: paste or upload, and a sentence for what cannot be read."""

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from ssm import checks
from ssm.explorer import problems
from ssm.explorer.problems import Problem, columns, tables
from ssm.explorer.ui.table_store import TABLES
from ssm.explorer.ui.turns import Turns

_NO_UPLOADS = (
    "A file cannot be loaded here: the browser keeps the cookie that goes with it from this page, as it does in a "
    "frame of another site. Open the file and paste what is in it instead."
)
_READING = Turns()

_EXAMPLE = tables.to_text(problems.article())


@st.dialog("Your own scores", width="medium")
def own_scores(adopt: Callable[[dict[str, Any], Problem], None], *, uploads: bool) -> None:
    """Ask for a table.

    Args:
        adopt: takes the patch of the settings that shows the table, and the table.
        uploads: whether the browser lets a file through; where it does not, Streamlit would show a bare "403".
    """
    st.caption(
        "One class a line: its name, its score and, if you know it, its count, "
        f"in any order of classes. Up to {columns.MOST_ROWS:,} classes and {tables.MOST_BYTES // 2**20} MB."
    )
    text = st.text_area("Paste a table", key="own.text", height=200, placeholder=_EXAMPLE)
    file = _file() if uploads else None
    if not uploads:
        st.caption(_NO_UPLOADS)
    if not st.button("Show these scores", key="own.show"):
        return
    try:
        problem = _read(text, file)
    except ValueError as error:
        st.html(f'<p class="ssm-error" role="alert">{escape(str(error))}</p>')  # no Markdown: it quotes what was typed
        return
    link = tables.link(problem)
    TABLES.put(link, problem)
    adopt({"problem": "own", "table": link}, problem)
    st.rerun()


def take_back(text: str) -> None:
    """Keep a table again that the page still has while the server has lost it: in a restart, or to newer tables.

    Args:
        text: the table, as `tables.parse` reads it.

    Raises:
        ValueError: with a sentence for what cannot be read.
    """
    problem = _read(text, None)
    TABLES.put(tables.link(problem), problem)


def _file() -> Any:  # noqa: ANN401 (Streamlit's UploadedFile)
    return st.file_uploader("or load a .csv, .txt or .npy file", type=["csv", "tsv", "txt", "npy"], key="own.file")


def _read(text: str, file: Any) -> Problem:  # noqa: ANN401 (Streamlit's UploadedFile)
    if file is not None and text.strip():
        checks.refuse("the table", "pasted or loaded", checks.Said("both"), "empty the box, or remove the file")
    with _READING.work(get_run_yield_check() or _nothing, long=False) as on_chunk:
        if file is None:
            return tables.parse(text, on_chunk)
        data = file.getvalue()
        return tables.parse_npy(data) if file.name.lower().endswith(".npy") else tables.parse_csv(data, on_chunk)


def _nothing() -> None:
    """No session asks: nothing to look out for."""
