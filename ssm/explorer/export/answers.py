"""Answers: what torch finds for some settings, and the problem behind it, as a page reads them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from ssm.explorer import experiment
from ssm.explorer import settings as choices
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Settings

Answer = dict[str, Any]


def _nothing() -> None:
    """Nobody waits for the work to end."""


def computed(
    settings: Settings, table: Problem | None, needs: Collection[str], on_chunk: Callable[[], None] = _nothing
) -> Answer:
    """What torch finds.

    Args:
        settings: what was chosen.
        table: the viewer's own, where the settings name one that is not in the link.
        needs: the groups of a Result that the page draws.
        on_chunk: called between chunks of the work.

    Returns:
        The ``view`` (a Result as JSON can hold it), the ``names`` of its classes, the ``device``, whether the problem
        is ``counted``, and ``remarks`` on what was computed otherwise than asked.

    Raises:
        ValueError: with a sentence, where torch refuses.

    >>> computed(Settings(draws=10), None, {"draw"})["names"]["7"]
    'horse'
    """
    result = experiment.run(settings, table, needs, on_chunk)
    view = experiment.as_plain(result)
    return {
        "view": view,
        "names": _names(result.problem.names, view),
        "device": result.device,
        "counted": result.problem.counts is not None,
        "remarks": list(result.notes),
    }


def _names(names: Sequence[str], view: dict[str, Any]) -> dict[str, str]:
    """The name of every class that a view speaks of."""
    draw, run, steps = (view[group] or {} for group in ("draw", "convergence", "steps"))
    spoken = {*view["classes"]["index"], *run.get("watched", ())}
    spoken.update(*(draw.get(name, ()) for name in ("sample_class", "block_class", "dot_class")))
    spoken.update(*(steps.get(name, ()) for name in ("label", "sample", "row")))
    return {str(c): names[c] for c in sorted(spoken)}


def fewer(settings: Settings, error: object) -> tuple[Settings, str]:
    """Settings cut to the work that one may ask for, where no picture is there yet to stay.

    Args:
        settings: those that torch refused.
        error: its sentence.

    Returns:
        The same with fewer draws, and a note on it.

    >>> fewer(Settings(samples=5_000, draws=10_000), "too much")[1]
    'too much; 2,000 draws are used'
    """
    draws = choices.most_draws(settings.samples)
    cut = replace(settings, draws=draws, draw=min(settings.draw, draws))
    return cut, f"{error}; {draws:,} draws are used"


def listing(settings: Settings, table: Problem | None = None) -> dict[str, Any]:
    """The problem of some settings, as it is before anything is dragged.

    Args:
        settings: of which only the problem counts.
        table: the viewer's own, where the settings name one that is not in the link.

    Returns:
        Its names, scores and counts [classes], as JSON can hold them; no counts where nobody counted.

    >>> listing(Settings())["names"][7]
    'horse'
    """
    found = choices.problem_of(settings, table)
    counts = found.counts
    return {
        "names": list(found.names),
        "scores": found.scores.tolist(),
        "counts": None if counts is None else counts.tolist(),
    }
