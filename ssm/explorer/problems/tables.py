"""Tables: the viewer's own classes and scores, from text or a NumPy file, and packed into a link."""

import base64
import csv
import io
import math
import re
import tokenize
import zlib
from collections.abc import Callable, Container, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np

from ssm import checks
from ssm.explorer.problems import Problem
from ssm.explorer.problems.columns import Columns, problem_of, require_room, require_rows, to_number
from ssm.explorer.problems.rows import rows_of

MOST_BYTES = 32 * 2**20
MOST_PACKED = 6_000
FINGERPRINT = re.compile("sha256-[0-9a-f]{64}")

_MOST_PACKED_ROWS = 10_000  # more never fit, so nobody waits for the attempt
_MOST_UNPACKED = 2 * 2**20
_CHUNK = 10_000  # rows
_COLUMNS = ("class", "score", "count")
_NAMED = {
    **dict.fromkeys(("class", "classes", "name", "label", "word"), "class"),
    **dict.fromkeys(("score", "scores", "logit", "logits"), "score"),
    **dict.fromkeys(("count", "counts", "frequency"), "count"),
}
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # differs in the letters of field names alone
}
_BAD_HEADER = (ValueError, MemoryError, KeyError, TypeError, SyntaxError, RecursionError, tokenize.TokenError)

OnChunk = Callable[[], object] | None
Array = np.ndarray[Any, np.dtype[Any]]


def parse(text: str, on_chunk: OnChunk = None) -> Problem:
    r"""Read a pasted table: a class, its score and, if there is one, its count in each line.

    Columns are separated by tabs, semicolons, commas or spaces, whichever of these the first line has. A header that
    names them allows any order; without one it is class, score, count. Names may be quoted. Blank lines do not count.

    Args:
        text: the table.
        on_chunk: called between chunks of rows; what it raises ends the work.

    Returns:
        The problem, its target the first class with the highest score.

    Raises:
        ValueError: with a sentence that names the row and the column.

    >>> problem = parse("cat 1.5; dog 0.5".replace("; ", "\n"))
    >>> list(problem.names), problem.scores.tolist(), problem.target
    (['cat', 'dog'], [1.5, 0.5], 0)
    """
    data = text.encode(errors="replace")
    _require_size(data)
    return problem_of(_read(data.decode("utf-8-sig"), on_chunk))


def parse_csv(data: bytes, on_chunk: OnChunk = None) -> Problem:
    r"""Read an uploaded text file; see `parse`.

    Args:
        data: the file, UTF-8 with or without a byte order mark.
        on_chunk: as in `parse`.

    Returns:
        The problem.

    Raises:
        ValueError: with a whole sentence.

    >>> parse_csv(b"class,score\ncat,1.5\ndog,0.5\n").classes
    2
    """
    _require_size(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        found = f"the byte {data[error.start]:#04x} in row {row:,}"
        checks.refuse("the file", "text in UTF-8", checks.Said(found), "save it as CSV UTF-8")
    return problem_of(_read(text, on_chunk))


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
    _require_size(data)
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
        checks.refuse("own", "a packed table", token, "paste or upload the scores again")
    if not stream.eof:
        checks.refuse("own", "a packed table", token, "paste or upload the scores again")
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


def _require_size(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        found = f"{len(data) / 2**20:,.1f} MB"
        checks.refuse(
            "the table",
            f"at most {MOST_BYTES / 2**20:g} MB",
            checks.Said(found),
            "leave out classes or columns",
            verb="have",
        )


def _require_columns(place: str, found: Container[str], needed: Sequence[str], names: Sequence[str]) -> None:
    for name in needed:
        if name not in found:
            way_out = "put a score beside each class, or name the columns class, score and count"
            checks.refuse(place, f"a column {name}", list(names), way_out, verb="have")


def _shortest(number: float) -> str:
    return repr(number).removesuffix(".0")


def _read(text: str, on_chunk: OnChunk = None) -> Columns:
    rows = rows_of(text)
    start, first = next(rows, (0, []))
    if not first:
        checks.refuse(
            "the table", "rows", checks.Said("nothing"), "write a class and its score in each line", verb="have"
        )
    columns, headed = _columns(first, f"row {start:,}")
    places = {name: columns.index(name) for name in _COLUMNS if name in columns}
    _require_columns(f"row {start:,}", places, ("class", "score"), first)
    numbers: list[int] = []
    cells: dict[str, list[str]] = {name: [] for name in places}
    # Cell by cell into columns: a million rows kept as lists would stop all threads whenever garbage is collected.
    for number, row in rows if headed else chain([(start, first)], rows):
        if len(row) != len(first):
            way_out = "fill the gap, or put a name that holds the separator in quotes"
            checks.refuse(f"row {number:,}", f"{len(first)} columns like the first", len(row), way_out, verb="have")
        numbers.append(number)
        for name, place in places.items():
            cells[name].append(row[place])
        require_room(len(numbers))
        if on_chunk is not None and len(numbers) % _CHUNK == 0:
            on_chunk()
    return Columns(numbers, places, cells)


def _columns(first: list[str], place: str) -> tuple[list[str], bool]:
    """What each column holds, "" where nobody asks for it, and whether the first row is a header that says so."""
    columns = [_NAMED.get(cell.strip().lower(), "") for cell in first]
    if any(columns) and all(math.isnan(to_number(cell)) for cell in first):
        return columns, True
    if len(first) > len(_COLUMNS):
        way_out = "name them in a header with class and score"
        checks.refuse(place, f"at most {len(_COLUMNS)} columns", len(first), way_out, verb="have")
    return [*_COLUMNS[: len(first)]], False


def _array(data: bytes) -> Array:
    """The array in a .npy file: its header read, the bytes behind it taken as they are."""
    file = io.BytesIO(data)
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    except _BAD_HEADER:
        checks.refuse("the file", "a NumPy file with a whole header", data[:8], "save the scores with numpy.save")
    _require_plain(dtype)
    _require_shape(shape, records=dtype.names is not None)
    require_rows(shape[0])
    _require_whole(len(data) - file.tell(), math.prod(shape) * dtype.itemsize)
    flat = np.frombuffer(data[file.tell() :], dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _require_plain(dtype: np.dtype[Any]) -> None:
    """Numbers as bytes: nothing that only unpickling could read."""
    parts = [dtype[name] for name in dtype.names] if dtype.names else [dtype]
    kinds = "iufSU" if dtype.names else "iuf"
    if not all(part.kind in kinds and part.itemsize for part in parts):
        checks.refuse("the array", "plain real numbers, never unpickled", dtype, "save scores.astype(float)")


def _require_shape(shape: tuple[int, ...], *, records: bool) -> None:
    """One row for each class, with a score and perhaps a count."""
    flat = len(shape) == 1 or (len(shape) == 2 and not records and shape[1] in {1, 2})
    if not flat or min(shape) < 0:
        rule = "of shape [classes], [classes, 1] or [classes, 2]"
        checks.refuse("the array", rule, shape, "save one row for each class")


def _require_whole(found: int, needed: int) -> None:
    """A file neither cut off nor followed by anything."""
    if found != needed:
        rule, way_out = f"{needed:,} bytes after its header", "save or send it again, whole"
        checks.refuse("the file", rule, checks.Said(f"{found:,}"), way_out, verb="have")


def _records(array: Array) -> Columns:
    """The columns of an array; without names in it they are score and count."""
    if array.dtype.names is None:
        array = array.reshape(len(array), -1)  # [classes, columns]
        columns = dict(zip(_COLUMNS[1:], array.T.tolist(), strict=False))
    else:
        _require_columns("the array", array.dtype.names, ("score",), array.dtype.names)
        columns = {name: array[name].tolist() for name in _COLUMNS if name in array.dtype.names}
    places = {name: place for place, name in enumerate(columns)}
    return Columns(range(1, len(array) + 1), places, columns)
