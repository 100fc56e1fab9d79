"""The six panels as Plotly figures, each defined once.

A panel is a list of traces that name the series they show (``meta["fill"]``: Plotly attribute to series name) and a
layout. `panel` fills it from a Result; the page takes the same definition from `spec` and fills it from its own
kernel, through the same series names.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ssm.explorer.experiment import Result, as_plain
from ssm.explorer.figures import texts
from ssm.explorer.figures.theme import FONT, LIGHT, Theme

Series = dict[str, list[Any]]
Trace = Any  # go.Bar or go.Scatter: Plotly ships no annotations

PANELS = ("scores_full", "scores_sampled", "noise", "gradient_full", "gradient_sampled", "convergence")
HEIGHT = 190  # px, of a panel on the page
RANKED_GAP = 2.0  # slots between the bars and the curve of all classes
RANKED_WIDTH = 14.0  # slots
MOST_TICKS = 7
LABEL_ROOM = 0.08  # of the height of a panel, for a line of text
FEW = 12  # bars that leave room for a label on each
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


# ---------------------------------------------------------------- traces


def _bars(name: str, colour: str, y: str, **style: Any) -> go.Bar:  # noqa: ANN401 (Plotly's own attributes)
    fill = {"x": "slot", "y": y} | style.pop("fill", {})
    marker = {"color": colour, "line": {"width": 0}} | style.pop("marker", {})
    return go.Bar(name=name, marker=marker, width=style.pop("width", 0.8), meta={"fill": fill}, **style)


def _line(name: str, colour: str, x: str, y: str, **line: Any) -> go.Scatter:  # noqa: ANN401 (Plotly's own attributes)
    fill = {"x": x, "y": y}
    return go.Scatter(name=name, mode="lines", line={"color": colour, "width": 1.6} | line, meta={"fill": fill})


def _outline(colour: str, width: float = 1.0) -> dict[str, Any]:
    return {"color": "rgba(0,0,0,0)", "line": {"color": colour, "width": width}}


def _hatched(theme: Theme) -> dict[str, Any]:
    pattern = {"shape": "/", "bgcolor": theme.correction, "fgcolor": theme.hatch, "size": 5, "solidity": 0.25}
    return {"color": theme.correction, "line": {"color": theme.correction_line, "width": 1}, "pattern": pattern}


def _ranked(theme: Theme, y: str) -> go.Scatter:
    return _line("all classes, largest first", theme.muted, "ranked_x", y)


def _scores_full(theme: Theme) -> list[Trace]:
    return [
        _bars("model score", theme.model, "score_others"),
        _bars("target's score", theme.target, "score_target"),
        _ranked(theme, "ranked_score"),
    ]


def _scores_sampled(theme: Theme) -> list[Trace]:
    hatched = _hatched(theme)
    return [
        _bars("not computed", theme.ghost, "score_unsampled", marker=_outline(theme.ghost)),
        _bars("model score", theme.model, "model"),
        _bars("target's score", theme.target, "score_target"),
        _bars("correction", theme.correction, "correction", width=0.5, fill={"base": "model"}, marker=hatched),
        _line("corrected score", theme.ink, "corrected_x", "corrected_y", width=2),
    ]


def _noise(theme: Theme) -> list[Trace]:
    counts = go.Scatter(
        name="times sampled",
        mode="text",
        textposition="top center",
        textfont={"size": 11, "color": theme.text["noise"]},
        meta={"fill": {"x": "slot", "y": "noise", "text": "count_text"}},
        cliponaxis=False,
    )
    outlined = _outline(theme.noise_line)
    filled = {"color": theme.noise, "line": {"color": theme.noise_line, "width": 1}}
    return [
        _bars("noise probability", theme.noise, "noise_rest", marker=outlined),
        _bars("sampled in this draw", theme.noise, "noise_sampled", marker=filled),
        _ranked(theme, "ranked_noise"),
        counts,
    ]


def _gradient_full(theme: Theme) -> list[Trace]:
    return [_bars("full gradient", theme.gradient, "gradient_full"), _ranked(theme, "ranked_gradient")]


def _gradient_sampled(theme: Theme) -> list[Trace]:
    return [
        _bars("this draw", theme.gradient, "gradient_draw"),
        _bars("average of draws", theme.ink, "gradient_mean", marker=_outline(theme.ink, 1.4)),
        _line("exact expectation", theme.exact, "exact_x", "exact_y", width=1.6, dash="2px,2px"),
    ]


def _convergence(theme: Theme) -> list[Trace]:
    here = go.Scatter(
        name="current average",
        mode="markers",
        marker={"size": 9, "color": theme.gradient, "line": {"color": theme.paper, "width": 1.5}},
        meta={"fill": {"x": "averaged_x", "y": "averaged_y"}},
    )
    return [
        _line("chance alone, falling as 1/√R", theme.muted, "checkpoints", "guide", dash="dot"),
        _line("exact bias", theme.exact, "floor_x", "floor_y", dash="dash"),
        _line("distance of the average", theme.gradient, "checkpoints", "errors", width=2),
        here,
    ]


def _convergence_classes(theme: Theme) -> list[Trace]:
    names = go.Scatter(
        name="class",
        mode="text",
        textposition="top left",
        textfont={"size": 10, "color": theme.ink},
        cliponaxis=False,
        meta={"fill": {"x": "watched_end_x", "y": "watched_end_y", "text": "watched_names"}},
    )
    return [
        _line("full gradient", theme.muted, "watched_full_x", "watched_full_y", dash="dot"),
        _line("exact expectation", theme.exact, "watched_full_x", "watched_exact_y", dash="dash"),
        _line("running average", theme.gradient, "watched_x", "watched_y", width=2),
        names,
    ]


_TRACES: dict[str, Callable[[Theme], list[Trace]]] = {
    "scores_full": _scores_full,
    "scores_sampled": _scores_sampled,
    "noise": _noise,
    "gradient_full": _gradient_full,
    "gradient_sampled": _gradient_sampled,
    "convergence": _convergence,
    "convergence_classes": _convergence_classes,
}
_Y_TITLE = {
    "scores_full": "score",
    "scores_sampled": "corrected score",
    "noise": "probability",
    "gradient_full": "gradient",
    "gradient_sampled": "gradient",
    "convergence": "distance (L2)",
    "convergence_classes": "gradient",
}


# ---------------------------------------------------------------- layout


def _layout(name: str, theme: Theme) -> dict[str, Any]:
    axis = {"gridcolor": theme.grid, "zerolinecolor": theme.muted, "zerolinewidth": 1, "fixedrange": False}
    tick = {"tickfont": {"size": 11, "color": theme.muted}, "ticks": "", "automargin": False}
    title = {"font": {"size": 11, "color": theme.muted}, "standoff": 4}
    over_draws = name.startswith("convergence")
    x: dict[str, Any] = axis | tick | {"showgrid": over_draws, "zeroline": False}
    y: dict[str, Any] = axis | tick | {"nticks": 6, "exponentformat": "power"}
    # The unit lies level above the axis, which leaves room for wide ticks.
    unit = {"text": _Y_TITLE[name], "font": title["font"], "showarrow": False, "xref": "paper", "yref": "paper"}
    corner = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "xshift": -44, "yshift": 5}
    if over_draws:
        x |= {"type": "log", "dtick": 1, "title": title | {"text": "draws averaged (R)"}}
    else:
        x |= {"tickangle": -45}
    if name == "convergence":
        y |= {"type": "log", "zeroline": False}
    return {
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": False,
        "dragmode": "zoom",
        "height": HEIGHT,
        "annotations": [unit | corner],
        "margin": {"l": 48, "r": 8, "t": 22, "b": 34 if over_draws else 52},
        "font": {"family": FONT, "size": 12, "color": theme.ink},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": x,
        "yaxis": y,
    }


def spec(name: str, theme: Theme = LIGHT) -> dict[str, Any]:
    """The definition of a panel without data: what the page fills by itself.

    Args:
        name: one of `PANELS`, or ``convergence_classes``.
        theme: the inks.

    Returns:
        Plotly's traces and layout, as JSON can hold them.

    Raises:
        KeyError: no panel has that name.

    >>> spec("noise")["data"][0]["meta"]["fill"]
    {'x': 'slot', 'y': 'noise_rest'}
    """
    traces = [trace.to_plotly_json() for trace in _TRACES[name](theme)]
    return {"data": traces, "layout": _layout(name, theme)}


def panel(name: str, result: Result, theme: Theme = LIGHT) -> go.Figure:
    """One panel of a result as a figure of its own.

    Args:
        name: one of `PANELS`, or ``convergence_classes``.
        result: what `experiment.run` found.
        theme: the inks.

    Returns:
        A Plotly figure with the panel's title; series in the units of the axis titles.

    Raises:
        KeyError: no panel has that name.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> panel("gradient_full", run(Settings(draws=10))).data[0].name
    'full gradient'
    """
    drawn = series(result)
    figure = go.Figure(_TRACES[name](theme), _layout(name, theme))
    for trace in figure.data:
        trace.update({attribute: drawn[source] for attribute, source in trace.meta["fill"].items()})
    x, y = ranges(name, drawn)
    figure.update_layout(xaxis_range=x, yaxis_range=y, title={"text": title(name, result), "font": {"size": 14}})
    figure.update_layout(height=320, margin={"t": 48})
    if name == "convergence":
        figure.update_yaxes(log_ticks(y))
    elif name != "convergence_classes":
        slots = list(range(len(drawn["names"])))
        figure.update_xaxes(tickvals=slots, ticktext=drawn["names"])
    return figure


def title(name: str, result: Result) -> str:
    """The panel's title, with the result's numbers in it.

    Args:
        name: one of `PANELS`, or ``convergence_classes``.
        result: what `experiment.run` found.

    Returns:
        Plain text.

    Raises:
        KeyError: no panel has that name.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> title("scores_full", run(Settings(draws=10)))
    'Scores, full softmax: all 10 classes'
    """
    return texts.render(texts.TITLES[name.removesuffix("_classes")], result.numbers)


# ---------------------------------------------------------------- series


def series(result: Result) -> Series:
    """Every series that a trace can name.

    Args:
        result: what `experiment.run` found.

    Returns:
        Lists by name, None where nothing is drawn: the result's columns, and what the traces make of them.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> series(run(Settings(draws=10)))["score_target"]
    [None, None, None, None, None, None, None, 1.65, None, None]
    """
    columns, numbers = as_plain(result.columns), result.numbers
    target, averaged = int(numbers["target"]), int(numbers["averaged"])
    classes, counts = columns["class"], columns["count"]
    slots = list(range(len(classes)))
    hit = [bool(n) for n in counts]
    marks = columns["checkpoints"]
    corrected_x, corrected_y = _dashes(columns["corrected"], 0.4)
    exact_x, exact_y = _dashes(columns["gradient_exact"], 0.4)
    return {
        **columns,
        **_watched(result, columns),
        "slot": slots,
        "names": [result.problem.names[c] for c in classes],
        "score_others": _where([c != target for c in classes], columns["score"]),
        "score_target": _where([c == target for c in classes], columns["score"]),
        "score_unsampled": _where([c != target and not h for c, h in zip(classes, hit, strict=True)], columns["score"]),
        "noise_sampled": _where(hit, columns["noise"]),
        "noise_rest": _where([not h for h in hit], columns["noise"]),
        "count_text": [_times(n) if n > 1 or (n and len(slots) <= FEW) else "" for n in counts],
        "corrected_x": corrected_x,
        "corrected_y": corrected_y,
        "exact_x": exact_x,
        "exact_y": exact_y,
        "ranked_x": _ranked_x(columns["ranked_rank"], len(slots)),
        "guide": [math.sqrt(numbers["variance"] / m) for m in marks],
        "averaged_x": [averaged],
        "averaged_y": [numbers["error_mean"]],
        "floor_x": [marks[0], marks[-1]],
        "floor_y": [numbers["floor"]] * 2 if numbers["floor"] >= texts.NOTHING else [None, None],
    }


def _watched(result: Result, columns: dict[str, list[Any]]) -> Series:
    """The watched classes' lines end to end, None between them."""
    marks, lines = columns["checkpoints"], columns["watched_mean"]
    ends = [marks[0], marks[-1], None]
    top, bottom = max(max(line) for line in lines), min(min(line) for line in lines)
    return {
        "watched_x": [x for _ in lines for x in (*marks, None)],
        "watched_y": [y for line in lines for y in (*line, None)],
        "watched_full_x": [x for _ in lines for x in ends],
        "watched_full_y": [y for value in columns["watched_full"] for y in (value, value, None)],
        "watched_exact_y": [y for value in columns["watched_exact"] for y in (value, value, None)],
        "watched_end_x": [marks[-1] for _ in lines],
        "watched_end_y": _spread([line[-1] for line in lines], LABEL_ROOM * (top - bottom)),
        "watched_names": [result.problem.names[c] for c in columns["watched"]],
    }


def _spread(heights: list[float], room: float) -> list[float]:
    """Heights for lines of text: from the top down, each at least `room` below the last."""
    placed = list(heights)
    last = math.inf
    for i in sorted(range(len(heights)), key=lambda i: -heights[i]):
        placed[i] = last = min(heights[i], last - room)
    return placed


def _times(count: int) -> str:
    """How often, short enough for a bar: ×3, ×1.0k."""
    return f"×{count}" if count < 1000 else f"×{count / 1000:.1f}k"


def _where(keep: list[bool], values: list[Any]) -> list[Any]:
    return [value if kept else None for kept, value in zip(keep, values, strict=True)]


def _dashes(values: list[Any], half: float) -> tuple[list[Any], list[Any]]:
    """A short level line per slot."""
    x = [at for i in range(len(values)) for at in (i - half, i + half, None)]
    return x, [y for value in values for y in (value, value, None)]


def _ranked_x(at: list[int], slots: int) -> list[float]:
    """Ranks on a logarithmic strip to the right of the bars."""
    start = slots - 0.5 + RANKED_GAP
    return [start + RANKED_WIDTH * math.log(rank) / math.log(at[-1]) for rank in at]


# ---------------------------------------------------------------- ranges


def nice(value: float) -> float:
    """The next round number that leaves 6 % of room beyond a value.

    Args:
        value: the largest that must fit.

    Returns:
        One of a few steps times a power of ten; 0 for what is not positive.

    >>> nice(0.43), nice(1.9), nice(0.0)
    (0.5, 2.5, 0.0)
    """
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 12.0) if step * power >= 1.06 * value)


def _span(*columns: list[Any]) -> list[float]:
    values = [v for column in columns for v in column if v is not None]
    low, high = -nice(-min(0.0, *values)), nice(max(0.0, *values))
    return [low, high] if high > low else [-1.0, 1.0]


def ranges(name: str, drawn: Series) -> tuple[list[float], list[float]]:
    """The x and y range of a panel. Both score panels share theirs, and so do both gradient panels.

    Args:
        name: one of `PANELS`, or ``convergence_classes``.
        drawn: what `series` made.

    Returns:
        [low, high] of x and of y; their decimal logarithms where the axis is logarithmic.

    >>> from ssm.explorer.experiment import run
    >>> from ssm.explorer.settings import Settings
    >>> ranges("gradient_sampled", series(run(Settings(draws=10))))
    ([-0.5, 9.5], [-0.8, 0.8])
    """
    if name == "convergence":
        distances = [v for v in _distances(drawn) if v is not None and v > 0]
        return _padded(_log_range(drawn["checkpoints"])), _steadied(_log_range(distances))
    if name == "convergence_classes":
        span = _span(drawn["watched_full"], drawn["watched_y"], drawn["watched_exact"])
        return _padded(_log_range(drawn["checkpoints"])), span
    end = len(drawn["slot"]) - 0.5
    x = [-0.5, end + (RANKED_GAP + RANKED_WIDTH + 0.5 if drawn["ranked_x"] else 0)]
    if name.startswith("scores"):
        return x, _span(drawn["score"], drawn["corrected"], drawn["ranked_score"])
    if name == "noise":
        return x, _span(drawn["noise"], drawn["ranked_noise"])
    return x, _span(drawn["gradient_full"], drawn["gradient_draw"], drawn["gradient_mean"])


def log_ticks(span: list[float]) -> dict[str, list[Any]]:
    """Round values on a logarithmic axis: 1, 2, 5 in each decade or, where these are many, powers of ten alone.

    Args:
        span: decimal logarithms of the ends.

    Returns:
        Plotly's ``tickvals`` and ``ticktext``.

    >>> log_ticks([-1.0, 0.0])["ticktext"]
    ['0.1', '0.2', '0.5', '1']
    """
    low, high = span
    whole = range(math.floor(low), math.ceil(high) + 1)
    values = [step * 10.0**power for power in whole for step in (1, 2, 5)]
    inside = [v for v in values if low - 1e-9 <= math.log10(v) <= high + 1e-9]
    if len(inside) > MOST_TICKS:
        every = math.ceil((high - low) / MOST_TICKS)
        inside = [10.0**power for power in whole if power % every == 0 and low <= power <= high]
    return {"tickvals": inside, "ticktext": [_brief(v) for v in inside]}


def _brief(value: float) -> str:
    return f"{value:.0e}".replace("e-0", "e-").replace("-", "−") if value < 1e-3 else f"{value:g}"


def _distances(drawn: Series) -> list[Any]:
    return [*drawn["errors"], *drawn["floor_y"], *drawn["averaged_y"]]


def _log_range(values: list[float]) -> list[float]:
    low, high = (np.log10([min(values), max(values)]) if values else np.array([-1.0, 0.0])).tolist()
    return [low, high]


def _padded(span: list[float]) -> list[float]:
    low, high = span
    return [low - 0.04 * (high - low), high + 0.04 * (high - low)]


def _steadied(span: list[float]) -> list[float]:
    """Outwards to a quarter of a decade, so that the axis holds still while the curve moves."""
    return [math.floor(4 * span[0] - 0.2) / 4, math.ceil(4 * span[1] + 0.2) / 4]
