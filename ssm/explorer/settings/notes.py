"""Notes: a sentence for each thing in a link or a patch that was changed or left out."""

from ssm.checks import shorten


def replaced(name: str, rule: str, value: object, used: str) -> str:
    """A note on a value that breaks its rule, and on what is used for it."""
    return f"{name} must be {rule}, got {shorten(value)}; {used or 'nothing'} is used"


def left_out(name: str, rule: str, parts: list[str]) -> str:
    """A note on those of several parts that break the rule."""
    return f"{name} must be {rule}, got {shorten(','.join(parts))}; that is left out"


def long_link(length: int, most: int) -> str:
    """A note on a link too long to read."""
    return f"the link must have at most {most:,} characters, got {length:,}; it is left out"


def article_instead(fault: ValueError) -> str:
    """A note on a table that a link promises and that cannot be had."""
    return f"{fault}; the article's example is shown"
