"""The shape of a problem: what a target, dragged bars and the noise must agree with, without computing a score."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ssm import checks
from ssm.explorer import problems
from ssm.explorer.problems import Problem, tables


class Shape(NamedTuple):
    """What other settings must agree with.

    Attributes:
        classes: how many.
        target: the class that is right unless another is chosen.
        counted: whether classes have counts.
    """

    classes: int
    target: int
    counted: bool


def shape_of(problem: Problem) -> Shape:
    """The shape of a problem that is here."""
    return Shape(problem.classes, problem.target, problem.counts is not None)


def shape(values: Mapping[str, Any], table: Problem | None = None) -> Shape | None:
    """The shape of the problem that settings name.

    Args:
        values: settings by name.
        table: the viewer's own table, where the settings hold only its fingerprint.

    Returns:
        The shape; None where only a fingerprint is known.

    Raises:
        ValueError: the table cannot be read, or it is another than the one given.
    """
    match values["problem"]:
        case "random":
            return Shape(values["classes"], problems.RANDOM_TARGET, counted=True)
        case "own" if table is None and tables.FINGERPRINT.fullmatch(values["table"]):
            return None
        case "own":
            return shape_of(find_table(values["table"], table))
        case preset:
            return shape_of(problems.PRESETS[preset]())


def find_table(packed: str, table: Problem | None) -> Problem:
    """The viewer's own table: unpacked, or the one given where it is the one that the fingerprint means."""
    if not tables.FINGERPRINT.fullmatch(packed):
        return tables.unpack(packed)
    if table is None or table.fingerprint != packed:
        checks.refuse("own", "a table that is still here", checks.Said("only its mark"), "paste or upload it again")
    return table
