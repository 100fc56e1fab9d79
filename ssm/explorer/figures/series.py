"""Every series that a trace can name, and every number that a text can, made of a View: a Result's groups as JSON.

The page makes the same of its own kernel's view in assets/panels/series.js; a test holds the two against each other.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from ssm.explorer.figures.compared import compared_numbers, of_estimators, of_learned
from ssm.explorer.figures.cost_series import cost_numbers, cost_series
from ssm.explorer.figures.curve_series import curve_numbers, curve_series
from ssm.explorer.figures.masses import masses
from ssm.explorer.figures.over_draws import WATCHED
from ssm.explorer.figures.single import singles
from ssm.explorer.figures.step_series import step_numbers
from ssm.explorer.figures.texts import NOTHING, ROUNDING
from ssm.explorer.figures.training_series import training_numbers, training_series

FEW = 12  # bars that leave room for a count on each
MOST_BLOCKS = 24  # samples of one class that are drawn one by one
FULL_PULL, FULL_PUSH, DRAWN_PUSH = range(3)  # rows of the balance, from the top

View = Mapping[str, Any]
Series = dict[str, Any]
Names = Callable[[int], str]


def series(view: View, names: Names, settings: Mapping[str, Any] = MappingProxyType({})) -> Series:
    """Everything that the panels draw, by name.

    Args:
        view: `experiment.as_plain` of a result.
        names: the name of each class.
        settings: what was asked for, where a panel draws that too.

    Returns:
        Lists, None where nothing is drawn.
    """
    classes = view["classes"]
    target = [c == classes["target"] for c in classes["index"]]
    return {
        "slot": list(range(len(target))),
        "class": classes["index"],
        "names": [names(c) for c in classes["index"]],
        "hidden": classes["hidden"],
        "target": target,
        **_of_classes(view, target),
        **_of_draw(view, target),
        **_of_convergence(view, len(target)),
        **_of_watched(view, names),
        **_of_ranks(view, names),
        **curve_series(view, settings),
        **of_estimators(view),
        **of_learned(view),
        **masses(view, names),
        **training_series(view),
        **cost_series(view),
    }


def _of_classes(view: View, target: list[bool]) -> Series:
    classes = view["classes"]
    others = [not is_target for is_target in target]
    weight = _weights(classes)
    return {
        "score": classes["score"],
        "score_others": _where(others, classes["score"]),
        "score_target": _where(target, classes["score"]),
        "weight": weight,
        "weight_others": _where(others, weight),
        "weight_target": _where(target, weight),
        "noise": classes["noise"],
        "gradient_full": classes["full"],
    }


def _weights(classes: View) -> list[float]:
    return [exp(x - classes["score_target"]) for x in classes["score"]]


def exp(power: float) -> float:
    """Infinite, as in the page, where float64 ends."""
    try:
        return math.exp(power)
    except OverflowError:
        return math.inf


def _of_draw(view: View, target: list[bool]) -> Series:
    classes, draw = view["classes"], view["draw"] or {}
    none: list[Any] = [None] * len(target)
    count = draw.get("count") or [0] * len(target)
    corrected = draw.get("corrected") or none
    drawn = list(zip(count, target, strict=True))
    thrown = draw.get("hit_count", 0) > 0  # else a sample that is the target counts as any other
    hit = [n > 0 and is_target and thrown for n, is_target in drawn]
    sampled = [n > 0 and not is_hit for n, is_hit in zip(count, hit, strict=True)]
    others = [n > 0 and not is_target for n, is_target in drawn]
    missed = [n == 0 and not is_target for n, is_target in drawn]
    corrected_at, level = _dashes(corrected, 0.4)
    return {
        "count": count,
        "count_text": [_count_text(n, len(target), hit=is_hit) for n, is_hit in zip(count, hit, strict=True)],
        "noise_rest": _where([n == 0 for n in count], classes["noise"]),
        "noise_sampled": _where(sampled, classes["noise"]),
        "noise_hit": _where(hit, classes["noise"]),
        "score_unsampled": _where(missed, classes["score"]),
        "score_sampled": _where(others, classes["score"]),
        "weight_unsampled": _where(missed, _weights(classes)),
        "weight_sampled": _where(others, _weights(classes)),
        "correction": draw.get("correction") or none,
        "corrected_scores": corrected,
        "corrected_at": corrected_at,
        "corrected": level,
        "gradient_draw": draw.get("gradient") or none,
        **_corrections(classes, corrected, _terms(draw, count, target)),
    }


def _count_text(count: int, slots: int, *, hit: bool) -> str:
    if hit and count:
        return "hit" if count == 1 else f"hit {times(count)}" if slots <= FEW else times(count)
    return times(count) if count > 1 or (count and slots <= FEW) else ""


def times(count: int) -> str:
    """How often, short enough for a bar.

    Args:
        count: a whole number.

    Returns:
        The count after its sign, in thousands from a thousand up.

    >>> times(3), times(1000)
    ('×3', '×1.0k')
    """
    return f"×{count}" if count < 1000 else f"×{count / 1000:.1f}k"


def _terms(draw: View, count: list[int], target: list[bool]) -> list[int]:
    """How many terms of the loss each slot's corrected score has: its samples that count, and the target's own."""
    own = int(bool(draw.get("target_correction")))
    counted = draw.get("hit_count", 0) == 0
    return [n * counted + own if is_target else n for n, is_target in zip(count, target, strict=True)]


def _corrections(classes: View, corrected: Sequence[float | None], count: list[int]) -> Series:
    """Where factors stand, and a block for each sample of a class, one upon the other."""
    found: Series = {"factor_at": [], "weight_factor_at": [], "block_at": [], "block_base": [], "block": []}
    for slot, (score, tip) in enumerate(zip(classes["score"], corrected, strict=True)):
        weight = None if tip is None else count[slot] * exp(tip - classes["score_target"])
        found["factor_at"].append(None if tip is None or tip == score else _beyond(score, tip))
        above = None if weight is None else max(weight, exp(score - classes["score_target"]))
        found["weight_factor_at"].append(None if tip == score else above)
        if weight is not None:
            _add_blocks(found, slot, weight, count[slot] if count[slot] <= MOST_BLOCKS else 1)
    return found


def _beyond(score: float, tip: float) -> float:
    """Where a bar and its arrow leave room: under both where the arrow points down below 0, else over both."""
    return tip if tip < min(0, score) else max(0, score, tip)


def _add_blocks(found: Series, slot: int, weight: float, parts: int) -> None:
    size = weight / parts
    found["block_at"] += [slot] * parts
    found["block_base"] += [j * size for j in range(parts)]
    found["block"] += [size] * parts


def _of_convergence(view: View, slots: int) -> Series:
    run, moments = view["convergence"] or {}, view["moments"] or {}
    none = [None] * slots
    expected_at, expected = _dashes(moments.get("mean") or none, 0.45)
    marks = run.get("checkpoints", [])
    ends = [marks[0], marks[-1]] if marks else []
    bias, spread = moments.get("bias"), moments.get("variance_total")
    others = run.get("others", [])
    return {
        "gradient_mean": run.get("mean") or none,
        "expected_at": expected_at,
        "expected": expected,
        "checkpoints": marks,
        "errors": run.get("errors", []),
        "others_at": [x for _ in others for x in (*marks, None)],
        "others": [y for line in others for y in (*line, None)],
        "typical": [None if bias is None else math.sqrt(bias * bias + spread / m) for m in marks],
        "ends": ends,
        "bias": [bias if biased(moments) else None for _ in ends],
        "averaged_at": [run["averaged"]] if run else [],
        "averaged": [run["error_mean"]] if run else [],
    }


def typical(moments: View, norm: float) -> float | None:
    """How far one draw is off in the root mean square, in parts of the full gradient; None where no number says so."""
    bias, variance = moments.get("bias"), moments.get("variance_total")
    return math.sqrt(bias * bias + variance) / norm if bias is not None and variance is not None and norm else None


def biased(moments: View) -> int | None:
    """Whether the exact mean is off the full gradient by more than rounding, beside which a tiny gradient is large."""
    bias, share = moments.get("bias"), moments.get("relative_bias")
    return None if bias is None else int(bias > ROUNDING and (share is None or share >= NOTHING))


def _of_watched(view: View, names: Names) -> Series:
    run, moments = view["convergence"] or {}, view["moments"] or {}
    watched, marks = run.get("watched", []), run.get("checkpoints", [])
    lines = run.get("watched_mean", [])
    followed = {f"watched_{i}": lines[i] if i < len(lines) else [None] * len(marks) for i in range(WATCHED)}
    return {
        "watched_at": [x for _ in watched for x in (marks[0], marks[-1], None)],
        "watched_full": _levels(run.get("watched_full") or [], watched),
        "watched_expected": _levels(moments.get("watched_exact") or [], watched),
        "watched_class": watched,
        "watched_names": [names(c) for c in watched],
        **followed,
    }


def _levels(values: Sequence[float], watched: list[int]) -> list[float | None]:
    known = [*values, *([None] * len(watched))][: len(watched)]
    return [y for value in known for y in (value, value, None)]


def _of_ranks(view: View, names: Names) -> Series:
    ranked, draw = view["ranked"], view["draw"] or {}
    mass = ranked["mass"] if ranked else []
    pushes = draw.get("block_gradient", []) if ranked else []
    rest = [draw["block_rest"]] if ranked and draw.get("block_rest", 0) > 0 else []
    return {
        "ranked_at": ranked["rank"] if ranked else [],
        "ranked": ranked["full"] if ranked else [],
        "dot_at": draw.get("dot_rank", []),
        "dot": draw.get("dot_gradient", []),
        "share_at": [FULL_PULL, *(FULL_PUSH for _ in mass)] if ranked else [],
        "share_base": [0, *_stacked(mass)] if ranked else [],
        "share": [-view["classes"]["spike"], *mass] if ranked else [],
        "drawn_at": [DRAWN_PUSH for _ in pushes],
        "drawn_base": _stacked(pushes),
        "drawn": pushes,
        "drawn_names": [names(c) for c in draw.get("block_class", [])],
        "rest_at": [DRAWN_PUSH for _ in rest],
        "rest_base": [sum(pushes) for _ in rest],
        "rest": rest,
    }


def _stacked(values: Sequence[float]) -> list[float]:
    """Where each of a stack of values begins."""
    return list(accumulate(values, initial=0))[: len(values)]


def _where(keep: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return [value if kept else None for kept, value in zip(keep, values, strict=True)]


def _dashes(values: Sequence[Any], half: float) -> tuple[list[Any], list[Any]]:
    """A short level line per slot."""
    at = [x for i in range(len(values)) for x in (i - half, i + half, None)]
    return at, [y for value in values for y in (value, value, None)]


def numbers(view: View, settings: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Every number that a text can name, flat.

    Args:
        view: `experiment.as_plain` of a result.
        settings: what was asked for, for its words.
        names: the name of each class.

    Returns:
        The settings' numbers and words, then all scalars of the view, then what follows from them.
    """
    flat: dict[str, Any] = {}
    groups = ("classes", "draw", "convergence", "moments", "learned", "steps")
    for group in (settings, *(view.get(name) or {} for name in groups)):
        flat |= {key: value for key, value in group.items() if isinstance(value, int | float | str)}
    draw, run, ranked = view["draw"] or {}, view["convergence"] or {}, view["ranked"] or {}
    watched = run.get("watched", [])
    flat |= step_numbers(view.get("steps") or {}, flat)
    flat["biased"] = biased(view["moments"] or {})
    flat["relative_typical"] = typical(view["moments"] or {}, flat["norm_full"])
    flat["others"] = flat["n"] - 1
    flat["touched_others"] = max(0, flat.get("touched", 0) - 1)
    flat["pull"] = -flat["spike"]
    flat["pull_draw"] = sum(draw["block_gradient"]) + draw["block_rest"] if draw else None
    flat["target_name"] = names(flat["target"])
    flat["watched_count"] = len(watched)
    flat |= curve_numbers(view, settings)
    flat |= singles(view, names)
    flat |= {f"mass_{i}": mass for i, mass in enumerate(ranked.get("mass", []))}
    flat |= compared_numbers(view, settings)
    flat |= training_numbers(view) | cost_numbers(view)
    return flat | {f"watched_name_{i}": names(c) for i, c in enumerate(watched)}
