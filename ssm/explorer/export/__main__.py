"""``python -m ssm.explorer.export "v=1&samples=9" -o lesson.html``: a page in the state of a link, as one file.

With ``-o state.py`` or ``-o state.ipynb`` it is the program behind the picture instead, which needs torch alone.
"""

import argparse
import sys
from pathlib import Path

from ssm.explorer.export.lesson import FILES, lesson
from ssm.explorer.export.notebook import notebook
from ssm.explorer.export.program import program
from ssm.explorer.export.saving import save
from ssm.explorer.pages import EXPLORER
from ssm.explorer.settings import Settings

_CODE = {".py": program, ".ipynb": notebook}


def main() -> None:
    """Read the command line, make the file and say what was changed in its link."""
    parser = argparse.ArgumentParser(prog="python -m ssm.explorer.export", description=__doc__)
    parser.add_argument("query", nargs="?", default="v=1", help='the link, or what follows its "?"')
    parser.add_argument("-o", "--output", type=Path, default=Path("lesson.html"), help="the file to write")
    parser.add_argument("--page", choices=FILES, default=EXPLORER.name, help="the page that it shows")
    asked = parser.parse_args()
    try:
        text, notes = _made(asked.query.rpartition("?")[2], asked.page, asked.output.suffix)
        for note in notes:
            sys.stderr.write(f"{note}\n")
        save(text, asked.output)
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{asked.output}: {len(text.encode()):,} bytes\n")


def _made(query: str, page: str, suffix: str) -> tuple[str, tuple[str, ...]]:
    """The file, and what was changed in its link."""
    if suffix not in _CODE:
        made = lesson(query, FILES[page])
        return made.html, tuple(made.notes)
    settings, notes = Settings.from_query(query)
    return _CODE[suffix](settings, None, f"Its link: ?{settings.to_query()}"), notes


if __name__ == "__main__":
    main()
