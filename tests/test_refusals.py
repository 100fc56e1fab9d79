"""Refusals have one form, `checks.refuse`, and stand beside their rules; no other error has a message."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ssm import checks
from tests.sentences import refuses

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "ssm").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"])
# Where a message may be raised: the form itself.
FORMS = {"refuse"}


def places(source: str, kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """Yield the nodes of a kind, each with the function that it stands in."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, kind):
                yield function, child
            yield from walk(child, child.name if isinstance(child, ast.FunctionDef) else function)

    yield from walk(ast.parse(source), "")


def refusals(source: str) -> list[ast.Call]:
    """Return every call of `refuse`."""
    calls = [node for _, node in places(source, ast.Call) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) in {"refuse", "checks.refuse"}]


def messages(source: str) -> list[tuple[str, str]]:
    """Return each function that raises an error with a message of its own, and the statement."""
    found = []
    for function, node in places(source, ast.Raise):
        exc = node.exc if isinstance(node, ast.Raise) else None
        made_here = (ast.Constant, ast.JoinedStr, ast.Name, ast.BinOp)
        if isinstance(exc, ast.Call) and any(isinstance(part, made_here) for part in exc.args):
            found.append((function, ast.unparse(node)))
    return found


def words(part: ast.expr) -> str:
    """Return what is written out in an argument, with a gap for what is filled in."""
    if isinstance(part, ast.JoinedStr):
        return "".join(str(piece.value) if isinstance(piece, ast.Constant) else "_" for piece in part.values)
    return str(part.value) if isinstance(part, ast.Constant) else "_"


CALLS = {
    f"{path.relative_to(ROOT)}:{call.lineno}": call for path in SOURCES for call in refusals(path.read_text("utf-8"))
}


def test_the_reader_finds_the_refusals() -> None:
    rooms = {place.partition(":")[0] for place in CALLS}
    assert {"ssm/checks.py", "ssm/distribution.py", "ssm/estimators.py", "ssm/exact.py", "ssm/evaluation.py"} <= rooms


@pytest.mark.parametrize("place", CALLS)
def test_a_refusal_names_argument_rule_value_and_way_out(place: str) -> None:
    call = CALLS[place]
    assert len(call.args) == 4
    assert {keyword.arg for keyword in call.keywords} <= {"verb", "error"}
    name, rule, _, way_out = (words(part) for part in call.args)
    for part in (name, rule, way_out):
        assert part
        assert part == part.strip(" .;,")
    assert not rule.startswith(("must", "be "))
    assert ", got " not in name + rule + way_out


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_error_has_a_message_but_by_refusal(path: Path) -> None:
    allowed = FORMS if path == ROOT / "ssm/checks.py" else set()
    assert [found for found in messages(path.read_text("utf-8")) if found[0] not in allowed] == []


def test_the_reader_sees_messages() -> None:
    source = "def f(x):\n    m = 'no'\n    raise ValueError(m)\n\ndef g():\n    raise TypeError(f'{1} no')\n"
    assert [function for function, _ in messages(source)] == ["f", "g"]
    assert messages("def f(notes):\n    raise LookupError(notes[0]) from None\n    raise\n") == []


def test_a_refusal_is_one_sentence() -> None:
    with refuses("k must be even, got 'three'; add one"):
        checks.refuse("k", "even", "three", "add one")
    with refuses("the table must have rows, got nothing; write some"):
        checks.refuse("the table", "rows", checks.Said("nothing"), "write some", verb="have")
    with pytest.raises(KeyError, match="no must be yes, got 1; say so"):
        checks.refuse("no", "yes", 1, "say so", error=KeyError)
    with refuses(f"n must be short, got '{'a' * 59}…; cut it"):
        checks.refuse("n", "short", "a" * 99, "cut it")
