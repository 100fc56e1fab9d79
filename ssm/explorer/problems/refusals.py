"""Refusals: the one form of what the explorer's rooms cannot accept, a sentence that ends with a way out."""

from typing import NoReturn


def refuse(subject: str, rule: str, found: str, way_out: str) -> NoReturn:
    """Refuse in a sentence: "{subject} must {rule}, got {found}; {way_out}".

    Args:
        subject: what is refused, or where it stands.
        rule: what follows "must".
        found: what is there instead, in words; `checks.shorten` spells a value.
        way_out: what to do.

    Raises:
        ValueError: always.

    >>> refuse("the table", "have rows", "nothing", "write a class in each line")
    Traceback (most recent call last):
    ValueError: the table must have rows, got nothing; write a class in each line
    """
    stop(f"{subject} must {rule}, got {found}; {way_out}")


def stop(sentence: str) -> NoReturn:
    """Refuse in a sentence of another form.

    Args:
        sentence: what cannot be done, and a way out.

    Raises:
        ValueError: always.
    """
    raise ValueError(sentence)
