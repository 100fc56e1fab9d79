"""Build ssm/explorer/problems/data/text.xz from a book: its words by number, for the training.

    python -m assets.build_text moby-dick.txt

Words and their numbers are those of white.json: the most frequent first, alphabetical where counts are equal. The file
holds two bytes a word, the low one first, packed by xz.
"""

import lzma
import sys
from collections import Counter
from pathlib import Path

from assets.build_white import WORD

OUTPUT = Path(__file__).parent.parent / "ssm" / "explorer" / "problems" / "data" / "text.xz"


def build(text: str) -> bytes:
    """Number the words of a book.

    Args:
        text: the book.

    Returns:
        What the file holds.
    """
    words = WORD.findall(text.lower())
    counts = Counter(words)
    number = {word: c for c, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word)))}
    return lzma.compress(b"".join(number[word].to_bytes(2, "little") for word in words), preset=9)


if __name__ == "__main__":
    book = Path(sys.argv[1]).read_text(encoding="utf-8")
    OUTPUT.write_bytes(build(book))
    print(f"wrote {OUTPUT}, {OUTPUT.stat().st_size:,} bytes")
