"""What a panel is: one frozen record, from which the page and a notebook draw alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, final

from ssm.explorer.figures.templates import Part, Parts
from ssm.explorer.figures.theme import Theme

Trace = dict[str, Any]


class Along(NamedTuple):
    """What lies along the marks of a panel: classes, draws, samples, steps of a training or others, and how."""

    name: Literal[
        "classes",
        "draws",
        "samples",
        "ranks",
        "shares",
        "masses",
        "steps",
        "seconds",
        "sizes",
        "prices",
        "nothing",
    ]
    axis: Literal["slots", "log", "rows", "none"]
    unit: str = ""
    turned: Literal["narrow", "always", "never"] = "never"  # when it runs down the panel instead of across


CLASSES = Along("classes", "slots", turned="narrow")
DRAWS = Along("draws", "log", "draws averaged (R)")
SAMPLES = Along("samples", "log", "samples (k)")
RANKS = Along("ranks", "log", "classes by their push, largest first")
STEPS = Along("steps", "log", "steps")
SECONDS = Along("seconds", "log", "seconds of one core, for each loss")
SIZES = Along("sizes", "log", "classes")
PRICES = Along("prices", "log", "operations of a step, in parts of the full softmax's")
SHARES = Along("shares", "rows", turned="always")


class End(NamedTuple):
    """A direct label at the last value of a series, in the ink of a role."""

    text: Part
    series: str
    role: str


class Note(NamedTuple):
    """A short note with a leader line to a place that the panel finds by the anchor's name."""

    text: Parts  # over the anchor's numbers
    anchor: Literal["sampled", "arrow", "untouched", "bias"]


class Variant(NamedTuple):
    """Where a panel stands in for another: while this setting has this value."""

    of: str
    setting: str
    value: str


class Code(NamedTuple):
    """A program, as it is written in the library, or under a name in the group of the steps."""

    source: str
    of: str = ""
    kind: str = "code"


class Matrix(NamedTuple):
    """A tensor whose every cell can be read: its values deepen an ink, and stand in the cell.

    Attributes:
        value: the array of the group of the steps.
        name: what the code calls it.
        shape: its whole shape, of which no more may be shown.
        rows: what its rows are.
        columns: what its columns are.
        ink: a colour of the theme.
        missing: what it means where there is no number: "nan" or "none"; a hit says so by itself.
    """

    value: str
    name: str
    shape: Part
    rows: Literal["examples", "classes"]
    columns: Literal["dims", "samples", "candidates", "single"]
    ink: str
    missing: Literal["nan", "none"] = "none"
    kind: str = "matrix"


class Scale(NamedTuple):
    """Numbers as bars of one scale, each with its words; the ink is a colour of the theme."""

    bars: tuple[tuple[str, Part, str], ...]  # the number, its words, its ink
    kind: str = "scale"


class Jump(NamedTuple):
    """A button to settings where something is seen, and back from there to what was before, or else to others."""

    words: str
    settings: dict[str, Any]
    back: str
    home: dict[str, Any]
    kind: str = "jump"


Content = Code | Matrix | Scale | Jump


@final
@dataclass(frozen=True)
class Panel:
    """One panel, defined once.

    Attributes:
        name: what everything else calls it.
        title: what is shown, with its numbers; at most about 45 characters.
        caption: one line under the picture.
        label: the finding as a screen reader says it.
        reading: what a class reads when it is lit, over `readings.reading`.
        needs: the groups of a Result that it draws.
        along: what lies along its marks.
        scale: which shared range its values have, a name of `axes.axes`.
        unit: what the values are.
        traces: Plotly traces that name their series: ``meta.fill`` maps along, value and base to series.
        value_axis: how the values lie.
        grip: what dragging a bar changes.
        lettering: what the page draws at the marks by itself, each with the series where it stands.
        ends: direct labels at the ends of lines.
        notes: short notes of the first view.
        variant: which panel it stands in for, and when.
        tools: what its head holds: settings that switch it, and "zoom" of its scale.
        level: the setting that a line across the panel is, and that dragging it changes.
        flight: whether samples start from its marks, or end there, when one draw follows another.
        content: what a sheet holds, a panel that is no plot: programs, tensors, bars to scale.
    """

    name: str
    title: Parts
    caption: Parts
    label: Parts
    along: Along
    scale: str
    unit: str
    traces: Callable[[Theme], list[Trace]]
    needs: tuple[str, ...] = ()
    reading: Parts = ()  # type: ignore[assignment]
    value_axis: Literal["linear", "log"] = "linear"
    grip: Literal["score", "weight"] | None = None
    lettering: tuple[tuple[str, str], ...] = ()
    ends: tuple[End, ...] = ()
    notes: tuple[Note, ...] = ()
    variant: Variant | None = None
    tools: tuple[str, ...] = ()
    flight: Literal["start", "end"] | None = None
    level: str = ""
    content: tuple[Content, ...] = ()

    def plain(self, theme: Theme) -> dict[str, Any]:
        """The record as JSON can hold it, in the inks of a theme."""
        named = {"along", "traces", "ends", "notes", "variant", "content"}
        record = {name: value for name, value in vars(self).items() if name not in named}
        return record | {
            "needs": list(self.needs),
            "tools": list(self.tools),
            "lettering": [list(pair) for pair in self.lettering],
            "along": self.along.name,
            "along_axis": self.along.axis,
            "along_unit": self.along.unit,
            "turned": self.along.turned,
            "reading": list(self.reading),
            "traces": self.traces(theme),
            "ends": [end._asdict() for end in self.ends],
            "notes": [note._asdict() for note in self.notes],
            "content": [_listed(part) for part in self.content],
            "variant": self.variant and self.variant._asdict(),
            "layout": {"barmode": "overlay", "showlegend": False, "hovermode": False},
        }


def _listed(content: Content) -> dict[str, Any]:
    """What a sheet holds as JSON can hold it."""
    return {key: [list(one) for one in value] if key == "bars" else value for key, value in content._asdict().items()}


def bars(name: str, value: str, colour: str | None, *, line: str | None = None, **style: Any) -> Trace:  # noqa: ANN401 (Plotly's own attributes)
    """A trace of bars, filled or only outlined.

    Args:
        name: what the bars are.
        value: the series of their values.
        colour: of the fill; None leaves it clear.
        line: colour of the outline; None draws none.
        style: ``width`` in slots, ``stroke`` of the outline in px, ``base`` the series where the bars begin and
            ``along`` the one where they stand.

    Returns:
        A Plotly trace without data.

    >>> bars("noise", "noise", "#000000")["meta"]["fill"]
    {'along': 'slot', 'value': 'noise'}
    """
    fill = {"along": style.get("along", "slot"), "value": value}
    if "base" in style:
        fill["base"] = style["base"]
    outline = {"color": line, "width": style.get("stroke", 1)} if line else {"width": 0}
    marker = {"color": colour or "rgba(0,0,0,0)", "line": outline}
    return {"type": "bar", "name": name, "marker": marker, "width": style.get("width", 0.8), "meta": {"fill": fill}}


def line(name: str, along: str, value: str, colour: str, **style: Any) -> Trace:  # noqa: ANN401 (Plotly's own attributes)
    """A trace of lines.

    Args:
        name: what the line is.
        along: the series of its places.
        value: the series of its values; None breaks it.
        colour: of the line.
        style: more of Plotly's line, and ``opacity``.

    Returns:
        A Plotly trace without data.

    >>> line("bias", "ends", "bias", "#000000")["mode"]
    'lines'
    """
    look = {"color": colour, "width": 1.6, "simplify": False} | {k: v for k, v in style.items() if k != "opacity"}
    meta = {"fill": {"along": along, "value": value}}
    opacity = style.get("opacity", 1)
    return {"type": "scatter", "mode": "lines", "name": name, "line": look, "opacity": opacity, "meta": meta}


def dots(name: str, along: str, value: str, colour: str, ground: str) -> Trace:
    """A trace of round markers with a rim in the colour of the ground.

    Args:
        name: what the dots are.
        along: the series of their places.
        value: the series of their values.
        colour: of the dots.
        ground: of their rim.

    Returns:
        A Plotly trace without data.

    >>> dots("now", "x", "y", "#000000", "#ffffff")["mode"]
    'markers'
    """
    marker = {"size": 9, "color": colour, "opacity": 1, "line": {"color": ground, "width": 1}}
    meta = {"fill": {"along": along, "value": value}}
    return {"type": "scatter", "mode": "markers", "name": name, "marker": marker, "meta": meta}
