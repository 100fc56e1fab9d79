"""Build ssm/explorer/problems/data/white.json from a book: which word follows "white", for `ssm.problems.white`.

    python assets/build_white.py moby-dick.txt

A word is a run of letters, with one apostrophe inside it or none, in lower case; words follow each other across
punctuation. The file holds counts only; the scores are computed from them where they are used.
"""

import json
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

WORD = re.compile("[a-z]+(?:'[a-z]+)?")
BEFORE, TARGET = "white", "whale"
OUTPUT = Path(__file__).parent.parent / "ssm" / "explorer" / "problems" / "data" / "white.json"

Rows = list[tuple[int, str]]


def build(text: str) -> dict[str, object]:
    """Count words, and the words after "white".

    The discount is the estimate of Ney, Essen and Kneser (1994), n1 / (n1 + 2 n2), from the numbers n1 and n2 of pairs
    of neighbours that occur once and twice in the book.

    Args:
        text: the book.

    Returns:
        What the file holds: `vocabulary` and `followers` as rows of a count and the words, in alphabetical order,
        that have it, most frequent first.
    """
    words = WORD.findall(text.lower())
    pairs = Counter(pairwise(words))
    times = Counter(pairs.values())
    followers = Counter({after: n for (before, after), n in pairs.items() if before == BEFORE})
    return {
        "before": BEFORE,
        "target": TARGET,
        "discount": times[1] / (times[1] + 2 * times[2]),
        "followers": _rows(followers),
        "vocabulary": _rows(Counter(words)),
    }


def spell(built: dict[str, object]) -> str:
    """Write what was built as JSON, one count a line.

    Args:
        built: what `build` returned.

    Returns:
        The text of the file.
    """
    keys = (f"{json.dumps(key)}: {_spell_value(value)}" for key, value in built.items())
    return "{\n" + ",\n".join(keys) + "\n}\n"


def _rows(counts: Counter[str]) -> Rows:
    words: dict[int, list[str]] = {}
    for word, n in sorted(counts.items()):
        words.setdefault(n, []).append(word)
    return [(n, " ".join(words[n])) for n in sorted(words, reverse=True)]


def _spell_value(value: object) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(row) for row in value) + "\n]"


if __name__ == "__main__":
    book = Path(sys.argv[1]).read_text(encoding="utf-8")
    OUTPUT.write_text(spell(build(book)), encoding="utf-8")
    print(f"wrote {OUTPUT}, {OUTPUT.stat().st_size:,} bytes")
