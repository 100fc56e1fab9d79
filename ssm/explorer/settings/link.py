"""Links: records spelled as the query of a URL, and queries read back whatever they hold."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from ssm.explorer.settings.kinds import Fields, Notes
from ssm.explorer.settings.notes import long_link, replaced

VERSION = "1"
MOST_QUERY = 100_000
MOST_SHARED = 2_000  # a longer link is cut by some of what it may travel through


class Reading(NamedTuple):
    """What a link says.

    Attributes:
        values: by name of the record's field, as far as the link names them; not yet held against any rule.
        notes: a sentence for each thing that is wrong with the link as a whole.
    """

    values: dict[str, Any]
    notes: Notes


def keys(fields: Fields) -> dict[str, str]:
    """The names of the fields by their keys in a link."""
    return {field.key or name: name for name, field in fields.items()}


def read(query: str, fields: Fields) -> Reading:
    """Take a link apart; keys that are no field's are another record's, another page's or a later version's.

    Args:
        query: the text after the "?"; of a key given twice the last counts.
        fields: of the record to read.

    Returns:
        What it says.

    >>> from ssm.explorer.settings import FIELDS
    >>> read("?samples=9&colour=red", FIELDS)
    Reading(values={'samples': 9}, notes=())
    """
    if len(query) > MOST_QUERY:
        return Reading({}, (long_link(len(query), MOST_QUERY),))
    given = dict(parse_qsl(query.removeprefix("?"), keep_blank_values=True, errors="replace"))
    names = keys(fields)
    values = {names[key]: fields[names[key]].read(text) for key, text in given.items() if key in names}
    version = given.get("v", VERSION)
    wrong = () if version == VERSION else (replaced("v", "1, the version of this page's links", version, "1"),)
    return Reading(values, wrong)


def mend(values: Mapping[str, Any], fields: Fields, defaults: Mapping[str, Any]) -> tuple[dict[str, Any], Notes]:
    """Hold values against their fields, and replace those that break the rule.

    Args:
        values: by name; names without a value get the default.
        fields: the rules.
        defaults: by name.

    Returns:
        A value for each field, and a sentence for each thing changed.
    """
    mended = dict(defaults)
    notes: list[str] = []
    for name, field in fields.items():
        if name in values:
            mended[name], more = field.mend(field.key or name, values[name], defaults[name])
            notes.extend(more)
    return mended, tuple(notes)


def write(values: Mapping[str, Any], fields: Fields, usual: Mapping[str, Any]) -> list[str]:
    """Spell values.

    Args:
        values: by name.
        fields: how each is spelled.
        usual: values that go without saying.

    Returns:
        The link's parts, in the order of the fields.
    """
    return [
        f"{field.key or name}={field.write(values[name])}"
        for name, field in fields.items()
        if values[name] != usual[name]
    ]
