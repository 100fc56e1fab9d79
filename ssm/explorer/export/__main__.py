"""``python -m ssm.explorer.export "v=1&samples=9" -o lesson.html``: a page in the state of a link, as one file."""

import argparse
import sys
from pathlib import Path

from ssm.explorer.export.lesson import FILES, lesson
from ssm.explorer.export.saving import save
from ssm.explorer.pages import EXPLORER


def main() -> None:
    """Read the command line, make the file and say what was changed in its link."""
    parser = argparse.ArgumentParser(prog="python -m ssm.explorer.export", description=__doc__)
    parser.add_argument("query", nargs="?", default="v=1", help='the link, or what follows its "?"')
    parser.add_argument("-o", "--output", type=Path, default=Path("lesson.html"), help="the file to write")
    parser.add_argument("--page", choices=FILES, default=EXPLORER.name, help="the page that it shows")
    asked = parser.parse_args()
    try:
        made = lesson(asked.query.rpartition("?")[2], FILES[asked.page])
        for note in made.notes:
            sys.stderr.write(f"{note}\n")
        save(made.html, asked.output)
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{asked.output}: {len(made.html.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
