"""The program as a notebook, for Jupyter and what reads its files."""

import json
from typing import Any

from ssm.explorer.export.program import cells
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Settings


def notebook(settings: Settings, table: Problem | None = None, link: str = "") -> str:
    """The program with each sentence above its cell.

    Args:
        settings: what the viewer chose.
        table: the viewer's own, where the settings name one that is not in the link.
        link: where the picture is.

    Returns:
        JSON of the notebook format 4.5.

    Raises:
        ValueError: the settings do not fit their problem, or the table is not here.

    >>> json.loads(notebook(Settings()))["nbformat"]
    4
    """
    pieces = [
        cell
        for i, (says, code) in enumerate(cells(settings, table, link))
        for cell in (_cell(f"says-{i}", "markdown", says), _cell(f"code-{i}", "code", code))
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    found = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": pieces}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _cell(name: str, kind: str, text: str) -> dict[str, Any]:
    own: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"id": name, "cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True), **own}
