"""Functions are short and modules are not long."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "ssm").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])
MEDIAN, NINETIETH, MODULE = 8, 20, 320  # lines of code of a function; lines of a module


def lengths(source: str) -> Iterator[int]:
    """Yield the lines of code of each function: without its docstring, comments and blank lines."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = node.body[0].end_lineno if ast.get_docstring(node, clean=False) else None
            body = (
                lines[node.lineno - 1 : node.body[0].lineno - 1]
                + lines[said or node.body[0].lineno - 1 : node.end_lineno]
            )
            yield sum(1 for line in body if line.strip() and not line.strip().startswith("#"))


def test_functions_are_short():
    found = sorted(length for path in SOURCES for length in lengths(path.read_text("utf-8")))
    assert statistics.median(found) <= MEDIAN
    assert found[int(0.9 * len(found))] <= NINETIETH


def test_modules_are_not_long():
    assert {path.name: n for path in SOURCES if (n := len(path.read_text("utf-8").splitlines())) > MODULE} == {}


def test_a_line_of_code_is_neither_said_nor_blank():
    assert list(lengths('def f(x):\n    """Say.\n\n    More.\n    """\n    # why\n\n    return x\n')) == [2]
    assert list(lengths("def f():\n    def g():\n        pass\n    return g\n")) == [4, 2]
