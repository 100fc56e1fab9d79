"""The viewer's own scores: paste or upload, and a sentence for what cannot be read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from ssm.explorer import problems
from ssm.explorer.problems import Problem, tables
from ssm.explorer.settings import Settings
from ssm.explorer.ui.table_store import SHELF

_EXAMPLE = tables.to_text(problems.article())


@st.dialog("Your own scores", width="medium")
def own_scores(settings: dict[str, Any], adopt: Callable[[str], None]) -> None:
    """Ask for a table; `adopt` gets the link that shows it.

    Args:
        settings: those that are shown now, as plain data; the samples, the noise and the rest stay as they are.
        adopt: takes the new link.
    """
    st.caption(
        "One class a line: its name, its score and, if you know it, its count, "
        f"in any order of classes. Up to {tables.MOST_ROWS:,} classes and {tables.MOST_BYTES // 2**20} MB."
    )
    text = st.text_area("Paste a table", key="own.text", height=200, placeholder=_EXAMPLE)
    file = st.file_uploader("or load a .csv, .txt or .npy file", type=["csv", "tsv", "txt", "npy"], key="own.file")
    if not st.button("Show these scores", key="own.show"):
        return
    try:
        problem = _read(text, file)
    except ValueError as error:
        st.error(_plain(str(error)))
        return
    mark = tables.link(problem)
    SHELF.put(mark, problem)
    adopt(_link(settings, mark, problem))
    st.rerun()


def _read(text: str, file: Any) -> Problem:  # noqa: ANN401 (Streamlit's UploadedFile)
    if file is None:
        return tables.parse(text)
    data = file.getvalue()
    return tables.parse_npy(data) if file.name.lower().endswith(".npy") else tables.parse_csv(data)


def _link(settings: dict[str, Any], mark: str, problem: Problem) -> str:
    kept = {name: settings[name] for name in ("samples", "hits", "draws", "seed", "device", "view")}
    noise = settings["noise"] if problem.counts is not None or settings["noise"] != "unigram" else "uniform"
    chosen = replace(Settings(**kept, noise=noise, power=settings["power"], temperature=settings["temperature"]))
    return f"{chosen.to_query()}&problem=own&own={mark}"


def _plain(sentence: str) -> str:
    """A sentence that quotes what somebody typed, safe from Markdown."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>$~:" else c for c in sentence)
