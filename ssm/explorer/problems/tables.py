"""Tables: the viewer's own classes and scores, from text or a NumPy file, and packed into a link."""

import base64
import csv
import io
import math
import re
import tokenize
import zlib
from functools import lru_cache
from typing import Any

import numpy as np

from ssm import checks
from ssm.explorer.problems import Problem
from ssm.explorer.problems.columns import MOST_ROWS, Columns, problem_of, to_number

MOST_BYTES = 32 * 2**20
MOST_PACKED = 6_000
FINGERPRINT = re.compile("sha256-[0-9a-f]{64}")

_MOST_PACKED_ROWS = 10_000  # more never fit, so nobody waits for the attempt
_MOST_UNPACKED = 2 * 2**20
_COLUMNS = ("class", "score", "count")
_NAMED = {
    **dict.fromkeys(("class", "classes", "name", "label", "word"), "class"),
    **dict.fromkeys(("score", "scores", "logit", "logits"), "score"),
    **dict.fromkeys(("count", "counts", "frequency"), "count"),
}
_QUOTED = re.compile(r'"[^"]*"')
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # differs in the letters of field names alone
}
_BAD_HEADER = (ValueError, KeyError, TypeError, SyntaxError, RecursionError, tokenize.TokenError)

Array = np.ndarray[Any, np.dtype[Any]]


def parse(text: str) -> Problem:
    r"""Read a pasted table: a class, its score and, if there is one, its count in each line.

    Columns are separated by tabs, semicolons, commas or spaces, whichever of these the first line has. A header that
    names them allows any order; without one it is class, score, count. Names may be quoted. Blank lines do not count.

    Args:
        text: the table.

    Returns:
        The problem, its target the first class with the highest score.

    Raises:
        ValueError: with a sentence that names the row and the column.

    >>> problem = parse("cat 1.5; dog 0.5".replace("; ", "\n"))
    >>> list(problem.names), problem.scores.tolist(), problem.target
    (['cat', 'dog'], [1.5, 0.5], 0)
    """
    data = text.encode(errors="replace")
    checks.table_bytes(len(data), MOST_BYTES)
    return problem_of(_read(data.decode("utf-8-sig")))


def parse_csv(data: bytes) -> Problem:
    r"""Read an uploaded text file; see `parse`.

    Args:
        data: the file, UTF-8 with or without a byte order mark.

    Returns:
        The problem.

    Raises:
        ValueError: with a whole sentence.

    >>> parse_csv(b"class,score\ncat,1.5\ndog,0.5\n").classes
    2
    """
    checks.table_bytes(len(data), MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        checks.refuse_encoding(row, data[error.start])
    return problem_of(_read(text))


def parse_npy(data: bytes) -> Problem:
    """Read an uploaded NumPy file, whose bytes are taken for numbers and never unpickled.

    Args:
        data: the file. It holds scores, [classes] or [classes, 1]; or scores and counts, [classes, 2]; or records
            with the fields score and, if there are any, class and count.

    Returns:
        The problem; classes without names are called "class 0", "class 1", ...

    Raises:
        ValueError: with a whole sentence.

    >>> file = io.BytesIO()
    >>> np.save(file, np.array([1.5, 0.5]))
    >>> parse_npy(file.getvalue()).names[1]
    'class 1'
    """
    checks.table_bytes(len(data), MOST_BYTES)
    return problem_of(_records(_array(data)))


def to_text(problem: Problem) -> str:
    r"""Write a problem as a table that `parse` reads back, to the last bit of every score.

    Args:
        problem: what to write; its target is not part of a table.

    Returns:
        Comma-separated lines under a header.

    >>> import torch
    >>> to_text(Problem(["cat", "dog"], torch.tensor([1.5, 0.5]), 0))
    'class,score\ncat,1.5\ndog,0.5\n'
    """
    columns = [problem.names, map(_shortest, problem.scores.tolist())]
    if problem.counts is not None:
        columns.append(map(_shortest, problem.counts.tolist()))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS[: len(columns)])
    writer.writerows(zip(*columns, strict=True))
    return file.getvalue()


def pack(problem: Problem) -> str | None:
    """Pack a table for a link.

    Args:
        problem: the table.

    Returns:
        At most 6,000 letters, digits, "-" and "_"; None where the table does not fit into them.

    >>> import torch
    >>> problem = Problem(["cat", "dog"], torch.tensor([1.5, 0.5]), 0)
    >>> list(unpack(pack(problem)).names)
    ['cat', 'dog']
    """
    if problem.classes > _MOST_PACKED_ROWS:
        return None
    data = to_text(problem).encode()
    token = base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")
    return token if len(token) <= MOST_PACKED and len(data) <= _MOST_UNPACKED else None


@lru_cache(maxsize=8)
def unpack(token: str) -> Problem:
    """Read a packed table.

    Args:
        token: what `pack` returned.

    Returns:
        The problem, its target the first class with the highest score.

    Raises:
        ValueError: if nobody packed this, or if it unpacks to more than 2 MB.
    """
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        stream = zlib.decompressobj()
        text = stream.decompress(packed, _MOST_UNPACKED).decode()
    except (ValueError, zlib.error):
        checks.refuse_token(token)
    if not stream.eof:
        checks.refuse_token(token)
    return parse(text)


def link(problem: Problem) -> str:
    """What `Settings.table` holds: the table itself where it fits, otherwise its fingerprint.

    Args:
        problem: the table.

    Returns:
        A packed table or the problem's fingerprint.

    >>> import torch
    >>> link(Problem(["cat", "dog"], torch.tensor([1.5, 0.5]), 0))[:2]
    'eN'
    """
    return pack(problem) or problem.fingerprint


def _shortest(number: float) -> str:
    return repr(number).removesuffix(".0")


def _read(text: str) -> Columns:
    numbers, rows = _rows(text)
    checks.filled(len(rows))
    first, place = rows[0], f"row {numbers[0]:,}"
    columns = [_NAMED.get(cell.strip().lower(), "") for cell in first]
    if any(columns) and all(math.isnan(to_number(cell)) for cell in first):
        numbers, rows = numbers[1:], rows[1:]
    else:
        columns = [*_COLUMNS[: len(first)]]
        checks.header_needed(place, len(first), len(_COLUMNS))
    places = {name: columns.index(name) for name in _COLUMNS if name in columns}
    checks.columns(place, places, ("class", "score"), first)
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(first):
            checks.refuse_width(number, len(row), len(first))
    return Columns(numbers, places, {name: [row[place] for row in rows] for name, place in places.items()})


def _rows(text: str) -> tuple[list[int], list[list[str]]]:
    """The rows that are not blank, after their numbers; row 1 is the first of the text."""
    numbers, rows = [], []
    delimiter = _delimiter(text)
    file = io.StringIO(text, newline="")
    lines = map(str.strip, file) if delimiter == " " else file
    try:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
        for number, row in enumerate(reader, 1):
            if "".join(row).strip():
                numbers.append(number)
                rows.append(row)
                checks.row_count(len(rows) - 1, MOST_ROWS)  # one of them may be the header
    except csv.Error as error:
        checks.refuse_quotes(len(rows) + 1, error)
    return numbers, rows


def _delimiter(text: str) -> str:
    first = _QUOTED.sub("", text[:10_000].strip()).splitlines()[:1]
    return next((mark for mark in "\t;," if mark in "".join(first)), " ")


def _array(data: bytes) -> Array:
    """The array in a .npy file: its header read, the bytes behind it taken as they are."""
    file = io.BytesIO(data)
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    except _BAD_HEADER:
        checks.refuse_npy(data[:8])
    checks.plain_numbers(dtype)
    checks.array_shape(shape, records=dtype.names is not None)
    checks.row_count(shape[0], MOST_ROWS)
    checks.two_classes(shape[0])
    checks.array_bytes(len(data) - file.tell(), math.prod(shape) * dtype.itemsize)
    flat = np.frombuffer(data[file.tell() :], dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _records(array: Array) -> Columns:
    """The columns of an array; without names in it they are score and count."""
    if array.dtype.names is None:
        array = array.reshape(len(array), -1)  # [classes, columns]
        columns = dict(zip(_COLUMNS[1:], array.T.tolist(), strict=False))
    else:
        checks.columns("the array", array.dtype.names, ("score",), array.dtype.names)
        columns = {name: array[name].tolist() for name in _COLUMNS if name in array.dtype.names}
    places = {name: place for place, name in enumerate(columns)}
    return Columns(range(1, len(array) + 1), places, columns)
