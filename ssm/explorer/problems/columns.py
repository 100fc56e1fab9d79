"""Columns of a table as they were found, believed cell by cell or refused by row and column."""

import math
import re
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

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # what would turn the direction of the text around a name

Cell = float | str | bytes


@dataclass(frozen=True)
class Columns:
    """What stood in a table, and where.

    Attributes:
        rows: the number of each row, for sentences.
        places: the place of each column, counted from 0.
        cells: by column, "score" and, if they are there, "class" and "count"; as many cells each as there are rows.
    """

    rows: Sequence[int]
    places: Mapping[str, int]
    cells: Mapping[str, list[Any]]

    def where(self, column: str, index: int) -> str:
        """The address of a cell, in words."""
        return f"row {self.rows[index]:,}, column {self.places[column] + 1} ({column})"


def problem_of(table: Columns) -> Problem:
    """Believe the cells of a table.

    Args:
        table: at least a column of scores.

    Returns:
        The problem, its target the first class with the highest score; white space in names is one space each,
        and what would turn the direction of the text beside them a replacement character.

    Raises:
        ValueError: with a sentence that names the row and the column.

    >>> problem_of(Columns([1, 2], {"score": 0}, {"score": ["1.5", "0.5"]})).scores.tolist()
    [1.5, 0.5]
    """
    n = len(table.rows)
    require_rows(n)
    scores = _numbers(table, "score", -SCORE_LIMIT, SCORE_LIMIT)
    counts = _numbers(table, "count", LEAST_COUNT, MOST_COUNT) if "count" in table.cells else None
    names = _names(table) if "class" in table.cells else Numbered(n)
    return Problem(names, scores, int(scores.argmax()), counts)


def to_number(cell: Cell) -> float:
    """The number in a cell; NaN where there is none.

    Args:
        cell: a number, or a text that may spell one.

    Returns:
        The number.

    >>> to_number(" 1e2 "), to_number("many")
    (100.0, nan)
    """
    try:
        return float(cell)
    except ValueError:
        return math.nan


def require_rows(rows: int) -> None:
    """Refuse a table with nothing to choose from, or with more rows than the server computes with.

    Args:
        rows: without the header.

    Raises:
        ValueError: in a sentence.
    """
    require_room(rows)
    if rows < 2:
        checks.refuse("the table", "two classes or more", rows, "add a row", verb="have")


def require_room(rows: int) -> None:
    """Refuse more rows than the server computes with.

    Args:
        rows: as far as they were read.

    Raises:
        ValueError: in a sentence.
    """
    if rows > MOST_ROWS:
        checks.refuse(
            "the table",
            f"at most {MOST_ROWS:,} rows",
            checks.Said("more"),
            "keep the classes with the highest scores",
            verb="have",
        )


def _numbers(table: Columns, column: str, low: float, high: float) -> Tensor:
    cells = table.cells[column]
    values = np.fromiter(map(to_number, cells), np.float64, len(cells))  # [rows]
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))  # NaN is in no range
    if len(wrong):
        place, found = table.where(column, wrong[0]), cells[wrong[0]]
        checks.refuse(place, f"a number from {low:g} to {high:g}", found, "write such a number or leave the class out")
    return torch.from_numpy(values)


def _names(table: Columns) -> Names:
    names = [_TURNING.sub("\ufffd", " ".join(_word(cell).split())) for cell in table.cells["class"]]
    for i, name in enumerate(names):
        if not 0 < len(name) <= MOST_NAME:
            checks.refuse(
                table.where("class", i), f"a name of 1 to {MOST_NAME} characters", name, "give the class a short name"
            )
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if seen.setdefault(name, i) != i:
            way_out = f"row {table.rows[seen[name]]:,} has the same one, so rename or leave out one of the two"
            checks.refuse(table.where("class", i), "a name of its own", name, way_out)
    return Names(tuple(names))


def _word(cell: Cell) -> str:
    data = cell if isinstance(cell, bytes) else str(cell).encode(errors="replace")
    return data.decode(errors="replace")
