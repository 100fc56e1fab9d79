"""Figures: every panel defined once, filled from a Result here and by the page there."""

from typing import Any

import plotly.graph_objects as go

from ssm.explorer.experiment import Result, as_plain
from ssm.explorer.figures import drawing, heat
from ssm.explorer.figures.five_steps import SHEETS as SHEETS
from ssm.explorer.figures.panels import PANELS as PANELS
from ssm.explorer.figures.series import Names, numbers
from ssm.explorer.figures.templates import render
from ssm.explorer.figures.theme import LIGHT, Theme

EVERY = {**PANELS, **SHEETS}  # plots, and what is read cell by cell


def spec(name: str, theme: Theme = LIGHT) -> dict[str, Any]:
    """The definition of a panel without data: what the page fills by itself.

    Args:
        name: one of `EVERY`.
        theme: the inks.

    Returns:
        The record as JSON can hold it.

    Raises:
        KeyError: no panel has that name.

    >>> spec("noise")["traces"][0]["meta"]["fill"]
    {'along': 'slot', 'value': 'noise_rest'}
    """
    return EVERY[name].plain(theme)


def panel(name: str, result: Result, theme: Theme = LIGHT) -> go.Figure:
    """One panel of a result as a figure of its own.

    Args:
        name: one of `EVERY`.
        result: what `experiment.run` found; it has the steps where the panel is one of `SHEETS`.
        theme: the inks.

    Returns:
        A Plotly figure with the panel's title, ticks and labels, values in the unit of its axis title; of a sheet, its
        tensors.

    Raises:
        KeyError: no panel has that name.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> panel("gradient_full", run(Settings(draws=10))).data[0].name
    'full gradient'
    """
    draw = heat.draw_sheet if name in SHEETS else drawing.draw
    return draw(name, as_plain(result), _names(result), vars(result.settings), theme)


def title(name: str, result: Result) -> str:
    """The panel's title, with the result's numbers in it.

    Args:
        name: one of `EVERY`.
        result: what `experiment.run` found.

    Returns:
        Plain text.

    Raises:
        KeyError: no panel has that name.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> title("scores_full", run(Settings(draws=10)))
    'Scores, full: all 10 classes'
    """
    return render(EVERY[name].title, words(result))


def words(result: Result) -> dict[str, Any]:
    """Every number and word that a text can name.

    Args:
        result: what `experiment.run` found.

    Returns:
        The settings' words, the scalars of all groups, and what follows from them.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> words(run(Settings(draws=10)))["target_name"]
    'horse'
    """
    return numbers(as_plain(result), vars(result.settings), _names(result))


def _names(result: Result) -> Names:
    return lambda c: result.problem.names[c]
