"""Imports go one way. The table is here; a room that is not in it fails until it is entered."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TORCH = frozenset({"torch", "numpy"})
PLOTLY = frozenset({"plotly", "numpy"})
STREAMLIT = frozenset({"streamlit"})
# Streamlit's own server, and what it imports late: no visitor should wait for that.
SERVER = STREAMLIT | {"starlette", "plotly", "pandas"}
NOTHING = frozenset[str]()

# A room of ssm may import the rooms above its line, and of the outside only the standard library and its own line.
ROOMS = {
    "version": NOTHING,
    "checks": TORCH,
    "philox": TORCH,
    "sampling": TORCH,
    "distribution": TORCH,
    "noise": TORCH,
    "streaming": TORCH,
    "estimators": TORCH,
    "multilabel": TORCH,
    "towers": TORCH,
    "losses": TORCH,
    "evaluation": TORCH,
    "_drawn": TORCH,
    "_fused": TORCH,
    "projection": TORCH,
    "cosine": TORCH,
    "drawing": TORCH,
    "_layer": TORCH,
    "ranks": TORCH,
    "head": TORCH,
    "_peers": TORCH,
    "_rows": TORCH,
    "sharded": TORCH,
    "_clipping": TORCH,
    "optim": TORCH,
    "_sums": TORCH,
    "_quadrature": TORCH,
    "_compression": TORCH,
    "_curves": TORCH,
    "_ratios": TORCH,
    "_shares": TORCH,
    "exact": TORCH,
    "optimum": TORCH,
    "convergence": TORCH,
    "explorer.problems": TORCH,
    "explorer.settings": TORCH,
    "explorer.experiment": TORCH,
    "explorer.figures": PLOTLY,
    "explorer.story": NOTHING,
    "explorer.pages": NOTHING,
    "explorer.export": PLOTLY,
    "explorer.ui": SERVER,
    "bench": TORCH,
}
# The server imports the heavy ones early, so that no visitor waits for them.
APP = frozenset({"streamlit", "starlette", "torch", "plotly", "pandas"})


def names_in(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that an import statement asks for; `from a import b` asks for a.b."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        start = "." * node.level + (node.module or "")
        yield from (f"{start}.{alias.name}" for alias in node.names)


def imports_of(source: str) -> set[str]:
    """Return every dotted name that `source` imports, wherever the statement stands."""
    return {name for node in ast.walk(ast.parse(source)) for name in names_in(node)}


def complaint(name: str, above: list[str], outside: frozenset[str]) -> str | None:
    """Return why `name` may not be imported, or None if it may."""
    top = name.partition(".")[0]
    if top == "ssm":
        room = room_in(name)
        return None if room in above else f"{name}: ssm.{room} is not above"
    allowed = top in outside or top in sys.stdlib_module_names
    return None if allowed else f"{name}: allowed are the standard library and {sorted(outside)}"


def complaints(source: str, above: list[str], outside: frozenset[str]) -> list[str]:
    """Return what is wrong with the imports of `source`."""
    found = (complaint(name, above, outside) for name in sorted(imports_of(source)))
    return [reason for reason in found if reason]


def room_in(name: str) -> str:
    """Return the room of a dotted name: what follows ssm, and below ssm.explorer two parts."""
    parts = name.split(".")[1:]
    return ".".join(parts[: 2 if parts[:1] == ["explorer"] else 1])


def room_of(path: Path) -> str:
    """Return the room that a file of ssm stands in: its name, or that of its folder."""
    return room_in(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def files_in(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def by_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", files_in("ssm"), ids=by_path)
def test_a_room_imports_only_what_stands_above_it(path: Path) -> None:
    rooms, room = list(ROOMS), room_of(path)
    if room in {"", "explorer"}:  # the doors
        within = rooms if room else rooms[: rooms.index("explorer.problems")]
        assert complaints(path.read_text("utf-8"), within, NOTHING) == []
        return
    assert room in ROOMS, f"enter {room} into the table of {by_path(Path(__file__))}, above the rooms that import it"
    # A room in a folder, such as ui, may import its own files.
    above = rooms[: rooms.index(room) + (path.parent != ROOT / "ssm")]
    assert complaints(path.read_text("utf-8"), above, ROOMS[room]) == []


@pytest.mark.parametrize("path", files_in("pages"), ids=by_path)
def test_a_page_imports_rooms_and_streamlit_alone(path: Path) -> None:
    assert complaints(path.read_text("utf-8"), list(ROOMS), STREAMLIT) == []


@pytest.mark.parametrize("path", files_in("pages"), ids=by_path)
def test_a_page_hides_no_module_of_the_standard_library(path: Path) -> None:
    assert path.stem not in sys.stdlib_module_names, "Streamlit puts pages/ on the path of imports"


def test_files_in_ssm_never_import_folders() -> None:
    """The library knows nothing of the page."""
    for path in sorted((ROOT / "ssm").glob("*.py")):
        rooms = {room_in(name) for name in imports_of(path.read_text("utf-8")) if name.startswith("ssm.")}
        assert not {room for room in rooms if "." in room or room in {"explorer", "bench"}}, path


def test_the_library_is_there_at_its_door() -> None:
    """In a process of its own, where no other test has imported a room."""
    names = [
        "noise",
        "losses",
        "exact",
        "convergence",
        "evaluation",
        "head",
        "optim",
        "optimum",
        "sharded",
        "streaming",
    ]
    looks = "; ".join(f"ssm.{name}" for name in [*names, "SampledSoftmax"])
    subprocess.run([sys.executable, "-c", f"import ssm; {looks}"], cwd=ROOT, check=True)


def test_the_server_imports_rooms_and_warms_what_is_heavy() -> None:
    assert complaints((ROOT / "app.py").read_text("utf-8"), list(ROOMS), APP) == []


def test_the_oracles_know_neither_torch_nor_ssm() -> None:
    assert complaints((ROOT / "tests/oracles.py").read_text("utf-8"), [], NOTHING) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import streamlit as st", "streamlit: allowed are the standard library and ['numpy', 'torch']"),
        ("from ssm.explorer import figures", "ssm.explorer.figures: ssm.explorer.figures is not above"),
        ("import ssm.exact", "ssm.exact: ssm.exact is not above"),
        ("def late():\n    from ssm.head import SampledSoftmax", "ssm.head.SampledSoftmax: ssm.head is not above"),
        ("from . import exact", "..exact: allowed are the standard library and ['numpy', 'torch']"),
    ],
)
def test_the_reader_sees_a_wrong_import(source: str, reason: str) -> None:
    assert complaints(source, ["checks", "noise"], TORCH) == [reason]


def test_the_reader_lets_a_right_import_pass() -> None:
    source = "import math\nimport torch\nfrom torch import Tensor\nfrom ssm import checks\nfrom ssm.noise import Noise"
    assert complaints(source, ["checks", "noise"], TORCH) == []
