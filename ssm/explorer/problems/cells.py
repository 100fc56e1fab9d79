"""Cells: the columns of a table as they were found, believed one by one or refused by row and column."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssm import checks
from ssm.explorer.problems import SCORE_LIMIT, Names, Numbered, Problem

MOST_ROWS = 1_000_000
MOST_NAME = 200
LEAST_COUNT, MOST_COUNT = 1e-12, 1e12

Cell = float | str | bytes


@dataclass(frozen=True)
class Cells:
    """Columns of cells, and where they stood.

    Attributes:
        rows: the number of each row, for sentences.
        places: the place of each column, counted from 0.
        columns: "score" and, if they are there, "class" and "count"; as many cells each as there are rows.
    """

    rows: Sequence[int]
    places: Mapping[str, int]
    columns: Mapping[str, list[Any]]

    def where(self, column: str, index: int) -> str:
        """The address of a cell, in words."""
        return f"row {self.rows[index]:,}, column {self.places[column] + 1} ({column})"


def problem_of(table: Cells) -> Problem:
    """Believe the cells of a table.

    Args:
        table: at least a column of scores.

    Returns:
        The problem, its target the first class with the highest score; white space in names is one space each.

    Raises:
        ValueError: with a sentence that names the row and the column.

    >>> problem_of(Cells([1, 2], {"score": 0}, {"score": ["1.5", "0.5"]})).scores.tolist()
    [1.5, 0.5]
    """
    n = len(table.rows)
    checks.row_count(n, MOST_ROWS)
    checks.two_classes(n)
    scores = _numbers(table, "score", -SCORE_LIMIT, SCORE_LIMIT)
    counts = _numbers(table, "count", LEAST_COUNT, MOST_COUNT) if "count" in table.columns else None
    names = _names(table) if "class" in table.columns else Numbered(n)
    return Problem(names, scores, int(scores.argmax()), counts)


def number(cell: Cell) -> float:
    """The number in a cell; NaN where there is none.

    Args:
        cell: a number, or a text that may spell one.

    Returns:
        The number.

    >>> number(" 1e2 "), number("many")
    (100.0, nan)
    """
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _numbers(table: Cells, column: str, low: float, high: float) -> Tensor:
    cells = table.columns[column]
    values = np.fromiter(map(number, cells), np.float64, len(cells))  # [rows]
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))  # NaN is in no range
    if len(wrong):
        checks.refuse_number(table.where(column, wrong[0]), low, high, cells[wrong[0]])
    return torch.from_numpy(values)


def _names(table: Cells) -> Names:
    names = [" ".join(_word(cell).split()) for cell in table.columns["class"]]
    for i, name in enumerate(names):
        if not 0 < len(name) <= MOST_NAME:
            checks.refuse_name(table.where("class", i), name, MOST_NAME)
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if seen.setdefault(name, i) != i:
            checks.refuse_double(table.where("class", i), name, table.rows[seen[name]])
    return Names(tuple(names))


def _word(cell: Cell) -> str:
    data = cell if isinstance(cell, bytes) else str(cell).encode(errors="replace")
    return data.decode(errors="replace")
