"""What each axis spans, and where its ticks stand. The page has the same rules in assets/panels/axes.js."""

import math
from collections.abc import Iterable
from typing import Any

from ssm.explorer.figures.compared import ESTIMATORS
from ssm.explorer.figures.cost_series import ROOM, SPAN, WAYS
from ssm.explorer.figures.curve_series import CURVES, MOST_NOISES, curve_names
from ssm.explorer.figures.over_draws import WATCHED
from ssm.explorer.figures.series import Series, View
from ssm.explorer.figures.training_series import ARMS, PERPLEXITIES

GAP = 1.6  # slots that stand for the classes without a bar
LEAST_BIAS = 0.05  # of the spike: a bias of classes that is less is drawn small
MOST_DECADES = 9  # of pushes by rank: what is smaller still lies on the ground
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
_WHOLE = (1, 2, 5, 10)

Range = list[float]
Ticks = list[tuple[float, str]]


def nice(value: float) -> float:
    """The next round number that leaves 6 % of room beyond a value.

    Args:
        value: the largest that must fit.

    Returns:
        One of a few steps times a power of ten; 0 for what is not positive.

    >>> nice(0.43), nice(1.9), nice(0.0)
    (0.5, 2.5, 0.0)
    """
    if not value > 0 or math.isinf(value):
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _STEPS if step * power >= 1.06 * value)


def axes(view: View, s: Series) -> dict[str, dict[str, Range]]:
    """The range of every scale and of everything along which marks lie.

    Ranges cover all draws of the run, so that stepping moves no axis. Both score panels share one, and both gradient
    panels.

    Args:
        view: `experiment.as_plain` of a result.
        s: its series.

    Returns:
        ``values`` by the name of the scale and ``along`` by the name of what lies along; decimal logarithms where the
        axis is logarithmic.
    """
    return {"values": _values(view, s), "along": _along(view, s)}


def _values(view: View, s: Series) -> dict[str, Range]:
    extent = (view["convergence"] or {}).get("extent") or {}
    ranked = view["ranked"] or {}
    low, high = extent.get("gradient_low"), extent.get("gradient_high")
    pushes = _log_span(s["ranked"], s["dot"], [high])
    scores, spike = ranked.get("score") or [None], view["classes"]["spike"]
    return {
        "noise": _span(s["noise"], (ranked.get("noise") or [])[:1]),
        "score": _span(
            s["score"],
            s["corrected_scores"],
            [scores[0], scores[-1], extent.get("corrected_low"), extent.get("corrected_high")],
        ),
        "weight": _span(s["weight"], _tops(s["block"], s["block_base"]), [extent.get("weight_high")]),
        "gradient": _span(s["gradient_full"], s["gradient_draw"], [low, high]),
        "watched": _span(s["watched_full"], s["watched_expected"], *(s[f"watched_{i}"] for i in range(WATCHED))),
        "each": _span(
            s["gradient_full"], *(s[f"{key}_{name}"] for name in ESTIMATORS for key in ("one", "average", "expected"))
        ),
        "probability": _span(s["truth"], *(s[f"model_{name}"] for name in ESTIMATORS)),
        "divergence": _steadied(_log_span(*(s[f"apart_{name}"] for name in ESTIMATORS), s["now"])),
        "distance": _steadied(_log_span(s["errors"], s["others"], s["bias"], s["averaged"], s["typical"])),
        "rank": _steadied([max(pushes[0], pushes[1] - MOST_DECADES), pushes[1]]),
        "mass": _span(s["pull_mass"], _tops(s["push_mass"], s["push_base"])),
        "share": _span(s["share"], _tops(s["drawn"], s["drawn_base"]), [-(low or 0)]),
        "sampler": _span(s["noise"], s["ideal"]),
        "class_bias": _span(s["class_bias"], [LEAST_BIAS * spike, -LEAST_BIAS * spike]),
        **_curve_values(s),
        **_training_values(s),
        **_cost_values(s),
    }


def _curve_values(s: Series) -> dict[str, Range]:
    """Ranges over the number of samples; beyond the tolerance there is no room: dragging it grows no axis."""
    lines = {name: [s[each] for each in curve_names(name)] for name in CURVES}
    bias, limits = _steadied(_log_span(*lines["bias"])), [math.log10(tolerance) for tolerance in s["tolerance"]]
    return {
        "bias": [min(bias[0], *limits, bias[0]), max(bias[1], *limits, bias[1])],
        "error": _steadied(_log_span(*lines["spread"], *lines["error"])),
        "gap": _steadied(_log_span(*lines["gap"])),
    }


def _training_values(s: Series) -> dict[str, Range]:
    lines = {name: [s[f"{name}_{arm}"] for arm in ARMS] for name in ("perplexity", "trained_loss", "held_out_loss")}
    return {
        "perplexity": _steadied(_log_span(*lines["perplexity"], s["frequencies_over_steps"], PERPLEXITIES)),
        "trained_loss": _span(*lines["trained_loss"], *lines["held_out_loss"]),
        "trained_bias": _steadied(_log_span(*(s[f"trained_bias_{arm}"] for arm in ARMS))),
    }


def _cost_values(s: Series) -> dict[str, Range]:
    return {name: _steadied(_log_span(*(s[f"{name}_{way}"] for way in WAYS), room)) for name, room in ROOM.items()}


def _along(view: View, s: Series) -> dict[str, Range]:
    last = len(s["slot"]) - 0.5 + (GAP if s["hidden"] else 0)
    return {
        "classes": [-0.5, last],
        "draws": _padded(_log_span(s["checkpoints"])),
        "samples": _padded(_log_span(s["curve_k"], s["learned_at"], s["now_at"])),
        "ranks": _padded([0.0, math.log10(max(2, view["classes"]["n"] - 1))]),
        "steps": _padded(_log_span(s["frequencies_steps"])),
        "seconds": _padded(_log_span(s["frequencies_seconds"])),
        "sizes": _padded(_log_span(SPAN)),
        "prices": _padded(_log_span(*(s[f"price_{i}"] for i in range(MOST_NOISES)), s["whole_bias_at"])),
        "shares": [-0.4, 2.9],
        "masses": [-0.4, 1.9],
    }


def _tops(sizes: list[float], bases: list[float]) -> list[float]:
    return [size + base for size, base in zip(sizes, bases, strict=True)]


def _finite(lists: Iterable[Iterable[Any]]) -> list[float]:
    return [v for values in lists for v in values if v is not None and math.isfinite(v)]


def _span(*lists: Iterable[Any]) -> Range:
    values = _finite(lists)
    low, high = -nice(-min(0.0, *values, 0.0)), nice(max(0.0, *values, 0.0))
    return [low, high] if high > low else [-1.0, 1.0]


def _log_span(*lists: Iterable[Any]) -> Range:
    """Decimal logarithms of the smallest and the largest positive value."""
    values = [v for v in _finite(lists) if v > 0]
    return [math.log10(min(values)), math.log10(max(values))] if values else [-1.0, 0.0]


def _steadied(span: Range) -> Range:
    """Outwards to a quarter of a decade, so that the axis holds still while the curve moves."""
    return [math.floor(4 * span[0] - 0.2) / 4, math.ceil(4 * span[1] + 0.2) / 4]


def _padded(span: Range) -> Range:
    low, high = span
    room = 0.03 * ((high - low) or 1)
    return [low - room, high + room]


def linear_ticks(span: Range, pixels: float, apart: float) -> Ticks:
    """Round values on a linear axis.

    Args:
        span: the ends of the axis.
        pixels: its length.
        apart: the least distance between ticks, in px; less where only one tick would have room.

    Returns:
        Pairs of a value and its text, two or more.

    >>> linear_ticks([-0.8, 0.8], 100, 30)
    [(-0.5, '−0.5'), (0.0, '0'), (0.5, '0.5')]
    """
    low, high = span
    least = (high - low) * apart / max(pixels, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(whole * power for whole in _WHOLE if whole * power >= least * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    large = max(abs(low), abs(high))
    if last <= first:  # one tick alone tells no scale
        return linear_ticks(span, pixels, apart / 2)
    return [(i * step, _tick_text(i * step, decimals, large)) for i in range(first, last + 1)]


def _tick_text(value: float, decimals: int, large: float) -> str:
    if value == 0:
        return "0"
    if large < 1e5 and decimals <= 3:
        return f"{value:.{decimals}f}".replace("-", "−")
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(power)}".replace("-", "−")


def log_ticks(span: Range, pixels: float, apart: float) -> Ticks:
    """Round values on a logarithmic axis: 1, 2, 5 in each decade or, where these are many, powers of ten alone.

    Args:
        span: decimal logarithms of the ends.
        pixels: the length of the axis.
        apart: the least distance between ticks, in px.

    Returns:
        Pairs of a value and its text.

    >>> [text for _, text in log_ticks([-1.0, 0.0], 100, 22)]
    ['0.1', '0.2', '0.5', '1']
    """
    low, high = span
    most = max(2, math.floor(pixels / apart))
    powers = range(math.floor(low), math.ceil(high) + 1)
    values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    inside = [v for v in values if low - 1e-9 <= math.log10(v) <= high + 1e-9]
    if len(inside) > most:
        every = math.ceil((high - low) / most)
        inside = [10.0**p for p in powers if p % every == 0 and low - 1e-9 <= p <= high + 1e-9]
    return [(v, _log_text(v)) for v in inside]


def _log_text(value: float) -> str:
    if value < 1e-3 or value >= 1e6:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
    return f"{value:,.6g}"
