"""Figures: every panel defined once, filled from a Result here and by the page there."""

from typing import Any

from ssm.explorer.figures.panels import ORDER as ORDER
from ssm.explorer.figures.panels import PANELS as PANELS
from ssm.explorer.figures.theme import LIGHT, Theme


def spec(name: str, theme: Theme = LIGHT) -> dict[str, Any]:
    """The definition of a panel without data: what the page fills by itself.

    Args:
        name: one of `PANELS`.
        theme: the inks.

    Returns:
        The record as JSON can hold it.

    Raises:
        KeyError: no panel has that name.

    >>> spec("noise")["traces"][0]["meta"]["fill"]
    {'along': 'slot', 'value': 'noise_rest'}
    """
    return PANELS[name].plain(theme)
