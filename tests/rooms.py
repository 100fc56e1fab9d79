"""The table of rooms in README.md: each with the first sentence that its own file says of it.

`python -m tests.rooms` writes it anew; a test holds README.md to it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FOLDERS = (
    "pages",
    "ssm",
    "ssm/bench",
    "ssm/explorer",
    *("assets/kernel", "assets/panels", "assets/controls", "assets/stage"),
)
TABLE = re.compile(r"(?<=<!-- rooms -->\n```\n).*?(?=```\n<!-- /rooms -->)", re.DOTALL)
COMMENT = re.compile(r"/\*\*(.*?)\*/", re.DOTALL)
SENTENCE = re.compile(r"(.*?)(?:\.(?= )|\.?$)")


def first_sentence(path: Path) -> str:
    """What a module says of itself: its docstring or leading comment, to the end of the first sentence."""
    source = path.read_text("utf-8")
    if path.suffix == ".py":
        said = ast.get_docstring(ast.parse(source)) or ""
    else:
        comment = COMMENT.match(source)
        said = re.sub(r"^\s*\* ?", "", comment[1], flags=re.MULTILINE).strip() if comment else ""
    words = SENTENCE.match(" ".join(said.partition("\n\n")[0].split()))
    assert words is not None
    assert words[1], f"{path} must begin with a sentence on what it is, got none; write a docstring or a comment"
    return words[1].replace("``", "")


def rooms() -> Iterator[tuple[str, str]]:
    """Yield every room and its sentence: the files and folders of `FOLDERS`, in reading order."""
    yield "app.py", first_sentence(ROOT / "app.py")
    for folder in FOLDERS:
        place = ROOT / folder
        door = place / "__init__.py"
        yield f"{folder}/", first_sentence(door) if door.exists() else ""
        for path in sorted([*place.glob("[a-z_]*.py"), *place.glob("*.js"), *place.glob("*/__init__.py")]):
            if path.parent != place and f"{folder}/{path.parent.name}" not in FOLDERS:
                yield f"  {path.parent.name}/", first_sentence(path)
            elif path.parent == place and not path.name.startswith("__"):
                yield f"  {path.name}", first_sentence(path)


def table() -> str:
    """The table, one room a line."""
    found = list(rooms())
    width = max(len(name) for name, _ in found)
    return "".join(f"{name:{width}}  {sentence}".rstrip() + "\n" for name, sentence in found)


def written(readme: str) -> str:
    """A README with the table in its place."""
    assert TABLE.search(readme), "README.md must have a place for the rooms between two comments, got none"
    return TABLE.sub(lambda _: table(), readme)


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
