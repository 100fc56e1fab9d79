"""The numbered text of Moby-Dick: a few words numbered by hand, and the file in the package."""

import lzma

from assets import build_text
from tests.test_build_white import BOOK


def test_words_are_numbered_by_how_often_they_occur():
    packed = build_text.build("The White whale! The white whale's white\u2014flag")
    # white 3, the 2, then flag, whale, whale's by the alphabet; two bytes each, the low one first
    assert lzma.decompress(packed) == bytes([1, 0, 0, 0, 3, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0])


def test_the_file_is_what_the_book_gives():
    held = lzma.decompress(build_text.OUTPUT.read_bytes())
    if BOOK.exists():  # beside the checkout of the project itself; elsewhere the test of the counts must do
        assert lzma.decompress(build_text.build(BOOK.read_text(encoding="utf-8"))) == held
    assert len(held) == 2 * 212_312
