"""The text of Moby-Dick, word by word: what the models of the training learn from."""

import lzma
from functools import lru_cache
from importlib import resources

import torch
from torch import Tensor

from ssm import checks

_PATH = "ssm/explorer/problems/data/text.xz"
_FILE = resources.files("ssm.explorer.problems").joinpath("data", "text.xz")


def text() -> Tensor:
    """The book from its first word to its last, across punctuation and chapters.

    Returns:
        The number of each word, as `white` numbers them, int64 [words].

    Raises:
        ValueError: the package came without its data.

    >>> from ssm.explorer import problems
    >>> [problems.white().names[c] for c in text()[-3:].tolist()]
    ['found', 'another', 'orphan']

    Herman Melville, "Moby-Dick; or, The Whale", 1851.
    """
    return _read().clone()


@lru_cache(maxsize=1)
def _read() -> Tensor:
    if not _FILE.is_file():
        checks.refuse(
            _PATH,
            "with the package",
            checks.Said("no such file"),
            "install it whole or run make assets",
            verb="come",
        )
    two = torch.frombuffer(bytearray(lzma.decompress(_FILE.read_bytes())), dtype=torch.uint8).view(-1, 2).long()
    return two[:, 0] + 256 * two[:, 1]  # [words]
