"""A bundle: modules of the page and all that they import, as the text of one module."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ssm import checks

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_PASSED_ON = re.compile(r'^export \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_DECLARED = re.compile(r"^export (?=(?:const|class|function\*?|async function\*?) ([\w$]+))", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b|\bimport\(", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class _Module(NamedTuple):
    """One module as a function that gives what it exports.

    Attributes:
        needs: the modules that it imports.
        text: a statement that declares `_name` of its path.
        exports: by name.
    """

    needs: tuple[Path, ...]
    text: str
    exports: tuple[str, ...]


def bundle(root: Path, entry: str) -> str:
    """The text of one module that does what another does with all that it imports.

    Each module becomes a function of its own, called once in the order of the imports, so that no two names meet.

    Args:
        root: the folder that all of them are in.
        entry: the module to begin with, below that.

    Returns:
        A module without imports, with the exports of the entry.

    Raises:
        ValueError: with a sentence, for imports in a circle and for a form of import or export that is not known.
    """
    start = (root / entry).resolve()
    read: dict[Path, _Module] = {}
    _collect(start, root.resolve(), read, ())
    given = ", ".join(read[start].exports)
    end = f"export const {{ {given} }} = {_name(start, root)};\n" if given else ""
    return "".join(module.text for module in read.values()) + end


def _collect(path: Path, root: Path, read: dict[Path, _Module], above: tuple[Path, ...]) -> None:
    """Read a module after all that it needs."""
    if path in above:
        circle = " > ".join(step.name for step in (*above[above.index(path) :], path))
        checks.refuse("imports", "in one direction", circle, "move what both need into a third", verb="go")
    if path in read:
        return
    module = _module(path, root)
    for needed in module.needs:
        _collect(needed, root, read, (*above, path))
    read[path] = module


def _module(path: Path, root: Path) -> _Module:
    source = path.read_text("utf-8")
    needs = tuple((path.parent / found[2]).resolve() for found in (*_statements(source),))
    given = [*_DECLARED.findall(source), *_passed_on(source, path, root)]
    body = _IMPORT.sub(lambda found: _taken(found, path, root), _PASSED_ON.sub("", source))
    body = _DECLARED.sub("", body)
    _require_known(path, body)
    name, returned = _name(path, root), ", ".join(given)
    exports = tuple(part.partition(":")[0] for part in given)
    return _Module(needs, f"const {name} = (() => {{\n{body}return {{ {returned} }};\n}})();\n", exports)


def _statements(source: str) -> Iterator[re.Match[str]]:
    yield from _IMPORT.finditer(source)
    yield from _PASSED_ON.finditer(source)


def _pairs(names: str) -> Iterator[tuple[str, str]]:
    """The names between braces, each with what it is called after `as`."""
    for part in filter(None, (part.strip() for part in names.split(","))):
        name, _, called = part.partition(" as ")
        yield name, called or name


def _taken(found: re.Match[str], path: Path, root: Path) -> str:
    names = ", ".join(f"{name}: {called}" for name, called in _pairs(found[1]))
    return f"const {{ {names} }} = {_name((path.parent / found[2]).resolve(), root)};\n"


def _passed_on(source: str, path: Path, root: Path) -> Iterator[str]:
    for found in _PASSED_ON.finditer(source):
        origin = _name((path.parent / found[2]).resolve(), root)
        yield from (f"{called}: {origin}.{name}" for name, called in _pairs(found[1]))


def _require_known(path: Path, body: str) -> None:
    left = _LEFT.search(_COMMENT.sub("", body))
    if left:
        forms = "import { a as b } from, export { a as b } from, export const, class or function"
        checks.refuse(
            f"modules of a bundle such as {path.name}", forms, left[0], "write it in one of these", verb="use"
        )


def _name(path: Path, root: Path) -> str:
    """What stands for a module in the bundle."""
    return "$" + re.sub(r"\W", "_", path.relative_to(root.resolve()).with_suffix("").as_posix())
