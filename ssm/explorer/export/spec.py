"""What the stage must know before its first answer: panels, words, colours and controls, as one JSON document."""

from dataclasses import asdict
from functools import cache
from typing import Any

from ssm.explorer import experiment, figures, problems
from ssm.explorer import settings as choices
from ssm.explorer.figures.theme import THEMES
from ssm.explorer.pages import PAGES
from ssm.explorer.settings.frame import MOST_NOTE
from ssm.explorer.settings.link import MOST_SHARED

PREVIEW_CLASSES = 20_000  # beyond, the page leaves the arithmetic to torch


@cache
def spec() -> dict[str, Any]:
    """The document, made of what the library declares: nothing in it is typed twice.

    Returns:
        Values that JSON can hold.

    >>> spec()["fields"]["samples"]["letter"]
    'k'
    """
    fixed = {"article": problems.article(), "white": problems.white()}
    return {
        "panels": {
            name: {panel: figures.spec(panel, theme) for panel in figures.EVERY} for name, theme in THEMES.items()
        },
        "themes": {name: asdict(theme) for name, theme in THEMES.items()},
        "pages": {page.name: page.plain() for page in PAGES},
        "alone": {group: list(free) for group, free in experiment.ALONE.items()},
        "fields": {name: field.plain() | {"default": choices.DEFAULTS[name]} for name, field in choices.FIELDS.items()},
        "problems": choices.FIELDS["problem"].span()["choices"],
        "targets": {name: problem.target for name, problem in fixed.items()} | {"random": 0},
        "sizes": {name: problem.classes for name, problem in fixed.items()},
        "costs": dict(experiment.COSTS),
        "devices": dict(experiment.devices()),
        "preview": PREVIEW_CLASSES,
        "constants": dict(experiment.CONSTANTS),
        "frame": asdict(choices.Frame()),
        "sharing": {"most": MOST_SHARED, "note": MOST_NOTE, "themes": choices.FRAME_FIELDS["theme"].span()["choices"]},
    }
