"""A sheet's tensors as Plotly heat maps, one beside the other: for notebooks and exports."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ssm.explorer.figures import templates
from ssm.explorer.figures.drawing import literal
from ssm.explorer.figures.five_steps import SHEETS
from ssm.explorer.figures.records import Matrix
from ssm.explorer.figures.series import Names, View, numbers
from ssm.explorer.figures.theme import FONT, LIGHT, Theme

CELL = {"width": 64, "height": 28}  # px
MARGIN = {"l": 110, "r": 20, "t": 90, "b": 20}
APART = 120  # px between tensors: the names of rows

Numbers = Mapping[str, Any]


def draw_sheet(name: str, view: View, names: Names, settings: Numbers, theme: Theme = LIGHT) -> go.Figure:
    """The tensors of one sheet as a figure of their own.

    Args:
        name: one of `SHEETS`.
        view: `experiment.as_plain` of a result that has the steps.
        names: the name of each class.
        settings: what was asked for, for its words.
        theme: the inks.

    Returns:
        A Plotly figure with the sheet's title and a heat map for each tensor; none where the sheet has no tensor.

    Raises:
        KeyError: no sheet has that name.
    """
    sheet = SHEETS[name]
    tensors = [part for part in sheet.content if isinstance(part, Matrix)]
    words = numbers(view, settings, names)
    heads = [literal(f"{part.name} {templates.render([part.shape], words)}") for part in tensors]
    maps = [_map(part, view["steps"], names, theme) for part in tensors]
    figure = make_subplots(
        1, max(1, len(maps)), subplot_titles=heads, column_widths=[len(one.x) for one in maps] or None
    )
    for column, one in enumerate(maps, 1):
        figure.add_trace(one, 1, column)
    figure.update_yaxes(autorange="reversed", showgrid=False, zeroline=False)
    figure.update_xaxes(side="top", showgrid=False, zeroline=False)
    figure.update_layout(
        title={"text": literal(templates.render(sheet.title, words)), "font": {"size": 14}},
        font={"family": FONT, "size": 12, "color": theme.ink},
        paper_bgcolor=theme.paper,
        plot_bgcolor=theme.paper,
        margin=MARGIN,
        **_size(maps),
    )
    return figure


def _size(maps: list[go.Heatmap]) -> dict[str, int]:
    across = sum(len(one.x) for one in maps) * CELL["width"] + max(0, len(maps) - 1) * APART
    down = max((len(one.y) for one in maps), default=0) * CELL["height"]
    return {"width": across + MARGIN["l"] + MARGIN["r"], "height": down + MARGIN["t"] + MARGIN["b"]}


def _map(part: Matrix, steps: Numbers, names: Names, theme: Theme) -> go.Heatmap:
    """One tensor: the deeper a cell, the further is its number from 0."""
    values = steps[part.value]
    hits = _hits(part, steps)
    texts = [
        ["hit" if hit else "" if x is None else templates.number(x) for x, hit in zip(*row, strict=True)]
        for row in zip(values, hits, strict=True)
    ]
    return go.Heatmap(
        z=[[None if x is None else abs(x) for x in row] for row in values],
        x=[literal(text) for text in _columns(part, steps, names)],
        y=[literal(text) for text in _rows(part, steps, names)],
        text=texts,
        texttemplate="%{text}",
        hoverinfo="skip",
        colorscale=[[0, theme.paper], [1, getattr(theme, part.ink if part.ink != "ink" else "ghost")]],
        showscale=False,
        xgap=2,
        ygap=2,
        name=part.name,
    )


def _hits(part: Matrix, steps: Numbers) -> list[list[bool]]:
    """Where a hit stands, as on the page: thrown away from the correction on."""
    if part.columns == "candidates":
        return [[False, *row] for row in steps["hit"]]
    if part.columns == "samples" and part.value != "sample_score":
        return list(steps["hit"])
    return [[False] * len(row) for row in steps[part.value]]


def _rows(part: Matrix, steps: Numbers, names: Names) -> list[str]:
    if part.rows == "classes":
        return [names(c) for c in steps["row"]]
    return [f"{b} {names(c)}" for b, c in enumerate(steps["label"], 1)]


def _columns(part: Matrix, steps: Numbers, names: Names) -> list[str]:
    drawn = [f"{j} {names(c)}" for j, c in enumerate(steps["sample"], 1)]
    match part.columns:
        case "samples":
            return drawn
        case "candidates":
            return ["target", *drawn]
        case "single":
            return [part.name]
        case _:
            return [str(i) for i in range(1, 1 + len(steps[part.value][0]))]
