"""Saving: a file is written whole under a name of its own and then renamed, or not at all."""

import os
import tempfile
from pathlib import Path

from ssm import checks


def save(text: str, path: Path) -> None:
    """Write a text file; what was there before is replaced only by all of it.

    Args:
        text: what to write.
        path: where to.

    Raises:
        ValueError: with a sentence, where that cannot be: nothing is then written.
    """
    if not path.parent.is_dir():
        checks.refuse("the output", "in a folder that is there", checks.Said(path), "make the folder or name another")
    if path.is_dir():
        checks.refuse(
            "the output", "a file", checks.Said(f"the folder {path}"), f"name a file in it, {path / 'lesson.html'}"
        )
    try:
        _replace(text, path)
    except OSError as error:
        found = checks.Said(f"{path} ({error.strerror})")
        checks.refuse("the output", "where files may be written", found, "choose another folder")


def _replace(text: str, path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        _let_others_read(name)
        os.replace(name, path)  # noqa: PTH105 - the name that mkstemp gave
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _let_others_read(name: str) -> None:
    """As a file that is simply opened would be: mkstemp lets its owner alone read."""
    mask = os.umask(0)
    os.umask(mask)
    Path(name).chmod(0o666 & ~mask)
