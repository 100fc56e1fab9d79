"""The series and numbers over the number of samples, made of a View and of the tolerance among the settings.

The page makes the same in assets/panels/curve_series.js; a test holds the two against each other.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

MOST_NOISES = 4
LEAST = 1e-6  # of the full gradient, or nats: what is smaller is not drawn
HOLDS, FADES = 1.1, 3.0  # factors between expansion and exact value up to which it holds, or is faded
CURVES = ("bias", "spread", "error", "gap")
EXPANDED = ("bias", "gap")

View = Mapping[str, Any]
Column = list[float | None]


def curve_series(view: View, settings: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What the panels over the number of samples draw, and the bias of each class.

    Args:
        view: `experiment.as_plain` of a result.
        settings: what was asked for; without a tolerance none is drawn.

    Returns:
        Lists, None where nothing is drawn; those of a noise end in its place.
    """
    curves, tolerance = view["curves"] or {}, settings.get("tolerance")
    ks = curves.get("k", [])
    found: dict[str, list[Any]] = {"curve_k": ks, **of_classes(view), **_now(view, settings)}
    for i in range(MOST_NOISES):
        for name in CURVES:
            found[f"{name}_{i}"] = _drawn(_column(curves, name, i))
        for name in EXPANDED:
            pairs = list(zip(_column(curves, name, i), _column(curves, f"{name}_expansion", i), strict=True))
            found[f"{name}_near_{i}"] = [_within(*pair, HOLDS) for pair in pairs]
            found[f"{name}_far_{i}"] = [_within(*pair, FADES) for pair in pairs]
    known = bool(tolerance and ks)
    each = _needed(curves, tolerance)
    needed = [k for k in each if k is not None]
    found |= _priced(curves, view["classes"]["n"], found, each)
    return found | {
        "tolerance_at": [ks[0], ks[-1]] if known else [],
        "tolerance": [tolerance, tolerance] if known else [],
        "needed_at": needed,
        "needed": [tolerance for _ in needed],
    }


def curve_names(name: str) -> list[str]:
    """The series of one of `CURVES`: of each noise, with its expansions, and of the samples that are chosen."""
    kinds = ["_", "_near_", "_far_"] if name in EXPANDED else ["_"]
    return [f"{name}_now", *(f"{name}{kind}{i}" for kind in kinds for i in range(MOST_NOISES))]


def _column(curves: View, name: str, i: int) -> Column:
    columns = curves.get(name, [])
    return columns[i] if i < len(columns) else [None] * len(curves.get("k", []))


def _priced(curves: View, n: int, s: Mapping[str, list[Any]], needed: Sequence[int | None]) -> dict[str, list[Any]]:
    """The price of every number of samples, the full softmax's beside, and where each noise is within the tolerance."""
    ks = curves.get("k", [])
    found: dict[str, list[Any]] = {f"price_{i}": [_price(curves, n, i, k) for k in ks] for i in range(MOST_NOISES)}
    prices = [x for column in found.values() for x in column if x is not None]
    for name in ("bias", "error"):
        values = [x for i in range(MOST_NOISES) for x in s[f"{name}_{i}"] if x is not None]
        found[f"whole_{name}"] = [min(values), max(values)] if values else []
        found[f"whole_{name}_at"] = [1 for _ in found[f"whole_{name}"]]
    found["allowed_at"] = [min(prices), max(prices)] if needed and prices else []
    found["needed_price"] = [_price(curves, n, i, k) for i, k in enumerate(needed) if k is not None]
    return found


def _price(curves: View, n: int, i: int, k: int) -> float | None:
    """What a step with k samples computes, in parts of the full softmax's.

    6 d operations are for a score and its gradients, of the target and of each sample; 2 d for one only to draw by.
    """
    drawing = curves.get("drawing", [])
    return (k + 1 + drawing[i] / 3) / n if i < len(drawing) else None


def _drawn(values: Column) -> Column:
    return [None if value is None or abs(value) < LEAST else abs(value) for value in values]


def _within(value: float | None, expansion: float | None, factor: float) -> float | None:
    """The expansion where it is no further from the exact value than a factor."""
    if value is None or expansion is None or not min(abs(value), abs(expansion)) >= LEAST:
        return None
    return abs(expansion) if 1 / factor <= expansion / value <= factor else None


def of_classes(view: View) -> dict[str, list[Any]]:
    """The ideal noise beside the one that is drawn from, and by how much each class is pushed too much on average.

    Args:
        view: `experiment.as_plain` of a result.

    Returns:
        An entry for each slot.
    """
    classes, moments = view["classes"], view["moments"] or {}
    left, rest = 1 - classes["noise"][classes["target_slot"]], -classes["spike"]
    target = [c == classes["target"] for c in classes["index"]]
    pairs = list(zip(classes["probability"], target, strict=True))
    means = moments.get("mean") or [None] * len(target)
    return {
        "ideal": [None if is_target or not rest else left * p / rest for p, is_target in pairs],
        "class_bias": [None if m is None else m - g for m, g in zip(means, classes["full"], strict=True)],
    }


def _now(view: View, settings: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Where the chosen number of samples stands on the curves of the chosen noise."""
    here = _at_k(view)
    known = {name: _drawn([here.get(f"{name}_now")]) for name in CURVES}
    places = {name: [value for value in column if value is not None] for name, column in known.items()}
    at = {f"{name}_now_at": [settings.get("samples")] * len(place) for name, place in places.items()}
    return {f"{name}_now": place for name, place in places.items()} | at


def _at_k(view: View) -> dict[str, float | None]:
    """The same numbers as those of the curves, of the one number of samples that is chosen."""
    moments, norm = view["moments"], view["classes"]["norm_full"]
    if not moments:
        return {}
    bias, variance = moments["bias"], moments["variance_total"]
    return {
        "bias_now": bias / norm if norm else None,
        "spread_now": math.sqrt(variance) / norm if norm else None,
        "error_now": math.sqrt(bias * bias + variance) / norm if norm else None,
        "gap_now": view["classes"]["loss_full"] - moments["loss_exact"],
    }


def _needed(curves: View, tolerance: float | None) -> list[int | None]:
    """The number of samples from which on the bias of each noise is within a tolerance, read off its curve."""
    return [_first(curves["k"], values, tolerance) for values in curves.get("bias", [])] if tolerance else []


def _first(ks: Sequence[int], values: Column, tolerance: float) -> int | None:
    """Where the curve comes within the tolerance to stay: that of another loss may only pass through it."""
    known = [math.inf if value is None else value for value in values]
    start = next((i for i in range(len(ks), 0, -1) if not known[i - 1] <= tolerance), 0)
    if start == len(ks):
        return None
    return _between((ks[start - 1], ks[start]), (known[start - 1], known[start]), tolerance) if start else ks[0]


def _between(ks: tuple[int, int], ends: tuple[float, float], tolerance: float) -> int:
    """Where a curve that is straight in logarithms falls to the tolerance, rounded up."""
    if math.isinf(ends[0]):
        return ks[1]
    high, low = math.log(ends[0]), math.log(max(ends[1], LEAST * 1e-12))
    share = (high - math.log(tolerance)) / (high - low)
    return math.ceil(ks[0] * math.exp(share * math.log(ks[1] / ks[0])) - 1e-9)


def curve_numbers(view: View, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What texts say of the curves.

    Args:
        view: `experiment.as_plain` of a result.
        settings: what was asked for.

    Returns:
        For each noise its name, the samples that it needs and their cost in scores; and the chosen samples' numbers.
    """
    curves, chi2 = view["curves"] or {}, view["classes"]["chi2"]
    samples, tolerance = settings.get("samples"), settings.get("tolerance")
    found: dict[str, Any] = dict(_at_k(view))
    found["worth"] = None if chi2 is None or samples is None else samples / (1 + chi2)
    found["noise_count"] = len(curves.get("noises", []))
    needed = _needed(curves, tolerance) or [None] * MOST_NOISES
    for i, name in enumerate(curves.get("noises", [])):
        found |= _of_noise(i, name, curves, needed[i], view["classes"]["n"])
    return found


def _of_noise(i: int, name: str, curves: View, needed: int | None, n: int) -> dict[str, Any]:
    drawing = curves["drawing"][i]
    return {
        f"noise_name_{i}": name,
        f"needed_{i}": needed,
        f"drawing_{i}": drawing,
        f"price_{i}": None if needed is None else _price(curves, n, i, needed),
        f"cost_{i}": None if needed is None else max(drawing, min(n, needed + 1)),
    }
