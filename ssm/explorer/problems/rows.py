"""Rows of a table as text: taken apart line by line, so that nobody waits for all of it."""

import csv
import io
import re
from collections.abc import Iterator

from ssm import checks
from ssm.explorer.problems.columns import MOST_ROWS

_MOST_LINES = 2 * MOST_ROWS
_MOST_LINE = 200_000
_QUOTED = re.compile(r'"[^"]*"')


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    r"""The rows of a table that are not blank, one after another.

    Args:
        text: the table; whichever of tabs, semicolons, commas or spaces its first line has separates its columns.

    Yields:
        The number of each row, 1 for the first of the text, and its cells.

    Raises:
        ValueError: with a sentence that names the row.

    >>> list(rows_of("cat 1.5\n\ndog 0.5"))
    [(1, ['cat', '1.5']), (3, ['dog', '0.5'])]
    """
    _require_lines(text)
    number, delimiter = 0, _delimiter(text)
    try:
        reader = csv.reader(_lines(text, delimiter), delimiter=delimiter, skipinitialspace=True, strict=True)
        for number, row in enumerate(reader, 1):
            if "".join(row).strip():
                yield number, row
    except csv.Error as error:
        place = f"row {number + 1:,}"
        if "field limit" in str(error):
            rule, way_out = f"cells of at most {csv.field_size_limit():,} characters", "shorten it or close its quotes"
            checks.refuse(place, rule, checks.Said("a longer one"), way_out, verb="have")
        checks.refuse(place, "its quotation marks in pairs", str(error), "close or remove them", verb="have")


def _lines(text: str, delimiter: str) -> Iterator[str]:
    """The lines of a text; none so long that taking it apart, at one go, would keep everybody waiting."""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > _MOST_LINE:
            way_out = "shorten it or break it into lines"
            checks.refuse(f"line {number:,}", f"at most {_MOST_LINE:,} characters", len(line), way_out, verb="have")
        yield line.strip() if delimiter == " " else line


def _require_lines(text: str) -> None:
    """Refuse a text of which most is blank before anybody walks through it."""
    lines = max(text.count("\n"), text.count("\r"))
    if lines > _MOST_LINES:
        found = checks.Said(f"{lines:,}")
        checks.refuse("the table", f"at most {_MOST_LINES:,} lines", found, "leave out blank ones", verb="have")


def _delimiter(text: str) -> str:
    first = _QUOTED.sub("", text[:10_000].strip()).splitlines()[:1]
    return next((mark for mark in "\t;," if mark in "".join(first)), " ")
