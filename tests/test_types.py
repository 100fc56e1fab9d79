"""The types that the page is checked against name what the records of the explorer hold, and hold what they name."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ssm.explorer import experiment
from ssm.explorer.settings import Settings

DECLARED = (Path(__file__).parents[1] / "assets/types.d.ts").read_text("utf-8")
INTERFACES = {
    name: dict(re.findall(r"^  (\w+)\??: (.+);$", body, re.MULTILINE))
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}", DECLARED, re.MULTILINE | re.DOTALL)
}
PAIRS = "Pairs"
GROUPS = ("classes", "draw", "convergence", "moments", "ranked", "curves", "estimators", "learned", "steps")
RECORDS = {
    record.__name__: record
    for record in (
        experiment.Classes,
        experiment.Draw,
        experiment.Convergence,
        experiment.Extent,
        experiment.Moments,
        experiment.Ranked,
        experiment.Curves,
        experiment.Estimators,
        experiment.Learned,
        experiment.Steps,
        Settings,
    )
}
CASES = [
    Settings(),
    Settings(problem="random", classes=200, samples=30, noise="softmax", edits=((3, 1.5),)),
    Settings(problem="random", classes=2, samples=1, draws=10, seed=3),
    Settings(problem="random", classes=60, samples=2, noise="custom", weights=((0, 1e6),), draws=10),
    Settings(edits=((0, -30.0), (7, 30.0)), hits="excluded", draws=10),
]


def holds(value: object, declared: str) -> bool:
    """Tell whether a JSON value is of a declared type."""
    if declared in INTERFACES:
        return isinstance(value, dict) and all(holds(value[k], kind) for k, kind in INTERFACES[declared].items())
    if declared.endswith("[]"):
        item = declared.removesuffix("[]").removeprefix("(").removesuffix(")")
        return isinstance(value, list) and all(holds(part, item) for part in value)
    if " | " in declared:
        return any(holds(value, part) for part in declared.split(" | "))
    if declared == PAIRS:
        return isinstance(value, list) and all(len(pair) == 2 for pair in value)
    if declared == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return {"boolean": isinstance(value, bool), "string": isinstance(value, str), "null": value is None}[declared]


@pytest.mark.parametrize("name", RECORDS)
def test_an_interface_names_the_fields_of_its_record(name: str) -> None:
    assert list(INTERFACES[name]) == [field.name for field in fields(RECORDS[name])]


def test_the_constants_are_those_that_travel_in_the_spec() -> None:
    assert list(INTERFACES["Constants"]) == list(experiment.CONSTANTS)


def test_a_view_has_the_groups_of_a_result() -> None:
    assert tuple(INTERFACES["View"]) == GROUPS


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_what_torch_finds_is_of_the_declared_types(settings: Settings) -> None:
    view: dict[str, Any] = json.loads(
        json.dumps(experiment.as_plain(experiment.run(settings, needs=experiment.ALL)), allow_nan=False)
    )
    for group in GROUPS:
        for name, value in (view[group] or {}).items():
            declared = INTERFACES[group.capitalize()][name]
            assert holds(value, declared), f"{group}.{name} is declared {declared}, got {value}"


def test_a_value_of_another_type_is_found() -> None:
    assert holds([1, None], "(number | null)[]")
    assert not holds([1, None], "number[]")
    assert not holds([[1], [None]], "number[][]")
    assert not holds("1", "number")
    assert not holds(1, "boolean")
    assert not holds({"corrected_low": 1}, "string")
