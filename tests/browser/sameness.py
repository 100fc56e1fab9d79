"""Two drawings of one panel, held against each other: how they differ by more than a pixel."""

from collections.abc import Sequence

from tests.browser.picture import Box, Picture


def same_axes(one: Picture, other: Picture) -> list[str]:
    """How the axes of two drawings of a panel differ by more than a pixel."""
    if [text for text, _, _ in one.marks] != [text for text, _, _ in other.marks]:
        return [f"{one.name}: ticks {one.texts('tick')} and {other.texts('tick')}"]
    away = _farthest([place[1:] for place in one.marks], [place[1:] for place in other.marks])
    return [f"{one.name}: a tick has moved by {away:.1f} px"] if away > 1 else []


def same_drawing(one: Picture, other: Picture, *, grown: bool = False) -> list[str]:
    """How two drawings of a panel differ by more than a pixel; when `grown`, the other may have more lines."""
    told = same_axes(one, other)
    kinds = ("class", "count", "factor", "note", "gap") if grown else ("class", "count", "factor", "note", "gap", "end")
    differing = [kind for kind in kinds if sorted(one.texts(kind)) != sorted(other.texts(kind))]
    told += [f"{one.name}: {kind} {one.texts(kind)} and {other.texts(kind)}" for kind in differing]
    if not grown and len(one.lines) != len(other.lines):
        told.append(f"{one.name}: {len(one.lines)} lines and {len(other.lines)}")
    told += [f"{one.name}: a line is gone or elsewhere" for line in one.lines if not _has(other, line)]
    bars = [
        sorted(bar.left for bar in p.bars if bar.seen and min(bar.left.width, bar.left.height) > 2)
        for p in (one, other)
    ]
    if len(bars[0]) != len(bars[1]) or _farthest(*bars) > 1:
        told.append(f"{one.name}: {len(bars[0])} and {len(bars[1])} bars, or a bar is elsewhere")
    return told


def _bars(picture: Picture) -> list[Box]:
    """The bars that are more than a line."""
    return sorted(bar.left for bar in picture.bars if bar.seen and min(bar.left.width, bar.left.height) > 2)


def _has(picture: Picture, line: tuple[tuple[float, float], ...]) -> bool:
    return any(_farthest(_outline(line), _outline(other)) <= 1 for other in picture.lines)


def _outline(line: tuple[tuple[float, float], ...]) -> list[tuple[float, ...]]:
    """A line's ends and extent: Plotly leaves out points that lie on the way."""
    xs, ys = zip(*line, strict=True) if line else ((0.0,), (0.0,))
    return [(min(xs), min(ys), max(xs), max(ys)), line[0] if line else (0.0, 0.0), line[-1] if line else (0.0, 0.0)]


def _farthest(one: Sequence[tuple[float, ...]], other: Sequence[tuple[float, ...]]) -> float:
    pairs = [(a, b) for left, right in zip(one, other, strict=False) for a, b in zip(left, right, strict=True)]
    return max((abs(a - b) for a, b in pairs), default=0.0)
