"""A panel of a result as a Plotly figure of its own, with its ticks and texts: for notebooks and exports."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go

from ssm.explorer.figures import templates
from ssm.explorer.figures.axes import axes, linear_ticks, log_ticks
from ssm.explorer.figures.panels import PANELS
from ssm.explorer.figures.records import Panel, Trace
from ssm.explorer.figures.series import Names, Series, View, numbers, series
from ssm.explorer.figures.theme import FONT, LIGHT, Theme

WIDTH, HEIGHT = 520, 340  # px
APART = 40  # px between ticks
MARGIN = {"l": 60, "r": 90, "t": 60, "b": 80}

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})  # tags, entities, TeX

Note = dict[str, Any]


def draw(name: str, view: View, names: Names, settings: Mapping[str, Any], theme: Theme = LIGHT) -> go.Figure:
    """One panel of a view as a figure of its own.

    Args:
        name: one of `PANELS`.
        view: `experiment.as_plain` of a result.
        names: the name of each class.
        settings: what was asked for, for its words.
        theme: the inks.

    Returns:
        A Plotly figure with the panel's title, values in the unit of its axis title.

    Raises:
        KeyError: no panel has that name.
    """
    panel = PANELS[name]
    s, words = series(view, names, settings), numbers(view, settings, names)
    spans = axes(view, s)
    along, value = _along_axis(panel, s, spans["along"][panel.along.name]), _value_axis(panel, spans["values"])
    turned = panel.along.turned == "always"
    figure = go.Figure([_filled(trace, s, turned=turned) for trace in panel.traces(theme)])
    inks = {"gridcolor": theme.grid, "zerolinecolor": theme.muted, "tickfont": {"size": 12, "color": theme.muted}}
    figure.update_layout(
        xaxis=inks | (value if turned else along),
        yaxis=inks | (along if turned else value),
        annotations=[note for what in _wanted(panel) for note in what(panel, s, words, theme)],
        title={"text": literal(templates.render(panel.title, words)), "font": {"size": 14}},
        font={"family": FONT, "size": 12, "color": theme.ink},
        paper_bgcolor=theme.paper,
        plot_bgcolor=theme.paper,
        barmode="overlay",
        showlegend=False,
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    )
    return figure


def _filled(trace: Trace, s: Series, *, turned: bool) -> Trace:
    fill = trace["meta"]["fill"]
    along, value = ("y", "x") if turned else ("x", "y")
    data = {along: s[fill["along"]], value: s[fill["value"]]}
    if "base" in fill:
        data["base"] = s[fill["base"]]
    if turned and trace["type"] == "bar":
        data["orientation"] = "h"
    return trace | data


def _value_axis(panel: Panel, values: Mapping[str, list[float]]) -> dict[str, Any]:
    span = values[panel.scale]
    pixels = HEIGHT - MARGIN["t"] - MARGIN["b"]
    ticks = log_ticks(span, pixels, APART / 2) if panel.value_axis == "log" else linear_ticks(span, pixels, APART)
    return _axis(panel.value_axis, span, ticks) | {"title": {"text": panel.unit}}


def _along_axis(panel: Panel, s: Series, span: list[float]) -> dict[str, Any]:
    if panel.along.axis == "log":
        ticks = log_ticks(span, WIDTH - MARGIN["l"] - MARGIN["r"], APART)
        return _axis("log", span, ticks) | {"title": {"text": panel.along.unit}}
    if panel.along.axis == "rows":
        rows = ["the target's pull", "all pushes", "this draw's pushes"]
        return _axis("linear", span[::-1], list(enumerate(rows)))
    return _axis("linear", span, list(enumerate(map(literal, s["names"])))) | {"tickangle": -45}


def literal(text: str) -> str:
    """A text that Plotly writes as it stands: names of classes come from links, and must make no link of their own.

    Args:
        text: any.

    Returns:
        The text without a tag, an entity or TeX.

    >>> literal("<b>")
    '&lt;b&gt;'
    """
    return text.translate(_MARKUP)


def _axis(kind: str, span: list[float], ticks: list[tuple[float, str]]) -> dict[str, Any]:
    places, texts = [place for place, _ in ticks], [text for _, text in ticks]
    return {"type": kind, "range": span, "tickvals": places, "ticktext": texts}


# ---------------------------------------------------------------- what stands at the marks


def _label(x: float, y: float, text: str, colour: str, **more: Any) -> Note:  # noqa: ANN401 (Plotly's own attributes)
    place = {"x": x, "y": y, "text": text, "showarrow": False}
    return place | {"font": {"color": colour, "size": 12}, "yanchor": "bottom"} | more


def _counts(_: Panel, s: Series, __: Mapping[str, Any], theme: Theme) -> list[Note]:
    inks = [theme.text["target" if is_target else "noise"] for is_target in s["target"]]
    rows = zip(s["slot"], s["noise"], s["count_text"], inks, strict=True)
    return [_label(slot, top, text, ink) for slot, top, text, ink in rows if text]


def _arrows(_: Panel, s: Series, __: Mapping[str, Any], theme: Theme) -> list[Note]:
    look = {
        "showarrow": True,
        "axref": "x",
        "ayref": "y",
        "arrowhead": 2,
        "arrowcolor": theme.correction_line,
        "text": "",
    }
    rows = zip(s["slot"], s["score"], s["corrected_scores"], strict=True)
    return [look | {"x": slot, "ax": slot, "y": tip, "ay": score} for slot, score, tip in rows if tip is not None]


def _factors(panel: Panel, s: Series, _: Mapping[str, Any], theme: Theme) -> list[Note]:
    places = s[dict(panel.lettering)["factors"]]
    found = []
    for slot, (place, correction) in enumerate(zip(places, s["correction"], strict=True)):
        if place is not None:
            text = f"×{templates.brief(math.exp(correction))}"
            side = {"yanchor": "top" if place < 0 else "bottom"}
            found.append(_label(slot, place, text, theme.text["correction"], **side))
    return found


def _ends(panel: Panel, s: Series, words: Mapping[str, Any], theme: Theme) -> list[Note]:
    found = []
    for end in panel.ends:
        last = next((value for value in reversed(s[end.series]) if value is not None), None)
        if last is not None:
            y = math.log10(last) if panel.value_axis == "log" else last
            side = {"xref": "paper", "xanchor": "left", "yanchor": "middle"}
            found.append(_label(1.01, y, literal(templates.render([end.text], words)), theme.text[end.role], **side))
    return found


def _readings(panel: Panel, s: Series, _: Mapping[str, Any], theme: Theme) -> list[Note]:
    """Which place along each dot of a series means; both axes are logarithmic."""
    where = dict(panel.lettering)["readings"]
    pairs = dict(zip(s[f"{where}_at"], s[where], strict=True)).items()
    return [_label(math.log10(at), math.log10(level), templates.whole(at), theme.ink, yshift=4) for at, level in pairs]


def _nothing(*_: object) -> list[Note]:
    return []


_LETTERING: dict[str, Callable[[Panel, Series, Mapping[str, Any], Theme], list[Note]]] = {
    "counts": _counts,
    "arrows": _arrows,
    "factors": _factors,
    "readings": _readings,
    "strikes": _nothing,  # the open bar says it
    "rows": _nothing,  # the axis names them
    "blocks": _nothing,
    "pushes": _nothing,
}


def _wanted(panel: Panel) -> list[Callable[[Panel, Series, Mapping[str, Any], Theme], list[Note]]]:
    return [*(_LETTERING[what] for what, _ in panel.lettering), _ends]
