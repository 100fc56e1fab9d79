"""One experiment: Settings in, every number that the pictures show out.

The arithmetic is torch's, in float64, on the device that the settings name: scores, draws, corrected scores, losses,
gradients by autograd, running means and exact moments. What comes out is plain numpy in groups whose names the figures,
the pages, the exports and the page's own kernel share.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from html import escape
from types import MappingProxyType
from typing import Any, TypeVar, final

import numpy as np
import torch

from ssm import checks
from ssm.explorer import settings as choices
from ssm.explorer.experiment.classes import Classes, classes, reference, slots_of
from ssm.explorer.experiment.constants import SHOWN_ALL
from ssm.explorer.experiment.convergence import Convergence, OnChunk, convergence, draws_of, watched_of
from ssm.explorer.experiment.curves import Curves, curves
from ssm.explorer.experiment.draw import Draw, draw, drawn
from ssm.explorer.experiment.estimators import Estimators, estimators
from ssm.explorer.experiment.learned import Learned, learned
from ssm.explorer.experiment.moments import Moments, OverBudgetError, counting, moments
from ssm.explorer.experiment.ranked import Ranked, ranked
from ssm.explorer.experiment.steps import Steps, steps
from ssm.explorer.problems import Problem
from ssm.explorer.settings import Settings

T = TypeVar("T")

_GROUPS = ("classes", "draw", "convergence", "moments", "ranked", "curves", "estimators", "learned", "steps")
ALL = frozenset(_GROUPS[1:])
_RUN = {"draw", "convergence"}  # what all draws must be made for
_DRAWN = {*_RUN, "estimators"}  # what must therefore keep to the budget
_SEEN = ("view", "scale", "tolerance", "losses", "negatives", "examples", "width")  # of the picture, or of a job, alone
# What torch alone computes, but for what the page can afford, each group with the settings that it does not depend
# on: the page waits where others change.
ALONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "curves": ("samples", "draws", "seed", "draw", "average", "batch", "dim", *_SEEN),
        "estimators": ("estimator", "batch", "dim", *_SEEN),
        "learned": ("target", "estimator", "draws", "seed", "device", "draw", "average", "batch", "dim", *_SEEN),
        "steps": ("estimator", "hits", "draws", "average", *_SEEN),
    }
)
USUAL = ALL - ALONE.keys()  # what one estimator does with one number of samples
_NO_MOMENTS = (
    "Exact averages of these scores under this noise take too much work, so the pictures are without them; fewer "
    "classes or a noise closer to the scores may help."
)


@final
@dataclass(frozen=True)
class Result:
    """What one experiment found, in groups; a group that was not asked for is None.

    Attributes:
        settings: what was asked for.
        problem: names, scores and target that it was asked of.
        device: where torch computed: the device asked for, or the CPU if that one ran out of memory.
        classes: what the full softmax and the noise give each class that has a bar.
        draw: one draw.
        convergence: the average of the draws.
        moments: what that average tends to, exactly.
        ranked: all classes by rank; None also where every class has a bar.
        curves: what other numbers of samples and other noises do.
        estimators: what every estimator makes of the same draws.
        learned: what every estimator learns; None also where that cannot be found.
        steps: the same loss from embeddings, step by step, on a small batch.
        notes: sentences on anything that was done differently from what was asked.
    """

    settings: Settings
    problem: Problem
    device: str
    classes: Classes
    draw: Draw | None
    convergence: Convergence | None
    moments: Moments | None
    ranked: Ranked | None
    curves: Curves | None
    estimators: Estimators | None
    learned: Learned | None
    steps: Steps | None
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> Mapping[str, Any]:
        """The groups by their names."""
        return MappingProxyType({name: getattr(self, name) for name in _GROUPS})

    @property
    def numbers(self) -> dict[str, float]:
        """Every single number of every group by its name; those that are not there are left out."""
        scalars = {
            field.name: getattr(group, field.name) for group in self.groups.values() if group for field in fields(group)
        }
        return {name: x for name, x in scalars.items() if isinstance(x, (int, float)) and np.isfinite(x)}

    def _repr_html_(self) -> str:
        """The numbers as a table, as Jupyter and marimo show a value that a cell ends with."""
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{x:.6g}</td></tr>" for name, x in self.numbers.items())
        return f"<table><caption>{escape(self.settings.to_query())}</caption><tbody>{rows}</tbody></table>"


def run(
    settings: Settings,
    table: Problem | None = None,
    needs: Collection[str] = USUAL,
    on_chunk: OnChunk | None = None,
) -> Result:
    """Carry out one experiment.

    Args:
        settings: everything that a viewer can choose.
        table: the viewer's own table, where the settings only name it.
        needs: the groups to compute, those of one estimator if none are named; `classes` always is.
        on_chunk: called between chunks of work; what it raises ends the experiment.

    Returns:
        The result, computed on `settings.device`; on the CPU, with a note, where that device is not
        here or ran out of memory.

    Raises:
        ValueError: the work is over the budget, a group is unknown, or the settings do not fit the problem.

    >>> result = run(Settings(samples=3, draws=10))
    >>> round(result.numbers["bias"], 3)
    0.205
    """
    if _DRAWN & set(needs):
        choices.refuse_overwork(settings)
    if not ALL.issuperset(needs):
        checks.refuse("needs", f"some of {', '.join(sorted(ALL))}", sorted(needs), "leave out the others")
    problem = choices.problem_of(settings, table)
    if settings.device not in dict(devices()):
        note = f"There is no {settings.device} here, so the CPU computed this."
    else:
        try:
            return _run_on(settings.device, settings, problem, needs, on_chunk)
        except torch.OutOfMemoryError:
            note = f"The memory of {settings.device} ran out, so the CPU computed this; fewer samples or draws may fit."
    result = _run_on("cpu", settings, problem, needs, on_chunk)
    return replace(result, notes=(note, *result.notes))


def use_one_thread() -> None:
    """Keep each viewer's work on one thread.

    Several threads for each of several viewers wait for one another, and on two busy cores took twenty times as long.
    """
    torch.set_num_threads(1)


def devices() -> list[tuple[str, str]]:
    """Every device that torch can compute on here: the CPU, then each CUDA GPU.

    Returns:
        Pairs of what `Settings.device` calls it and the name that the page shows.

    >>> devices()[0]
    ('cpu', 'CPU')
    """
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    return [("cpu", "CPU"), *((f"cuda:{i}", f"GPU {i}, {torch.cuda.get_device_name(i)}") for i in gpus)]


def _run_on(
    device: str, settings: Settings, problem: Problem, needs: Collection[str], on_chunk: OnChunk | None
) -> Result:
    asking = on_chunk or _nothing
    ref = reference(settings, problem, device)
    asking()
    draws = draws_of(ref, asking) if _RUN & set(needs) else None
    one = drawn(ref, draws, settings.draw - 1) if draws and "draw" in needs else None
    slots = slots_of(ref, one.counts if one else ())
    asking()
    found, notes = _exactly(lambda counted: moments(ref, slots, watched_of(ref), counted), "moments" in needs, asking)
    asking()
    many, more = _exactly(lambda counted: curves(ref, problem, counted), "curves" in needs, asking)
    return Result(
        settings=settings,
        problem=problem,
        device=device,
        classes=classes(ref, slots),
        draw=draw(ref, one, slots) if one else None,
        convergence=convergence(ref, draws, slots, asking) if draws and "convergence" in needs else None,
        moments=found,
        ranked=ranked(ref) if "ranked" in needs and problem.classes > SHOWN_ALL else None,
        curves=many,
        estimators=estimators(ref, slots, asking) if "estimators" in needs else None,
        learned=learned(ref) if "learned" in needs else None,
        steps=steps(ref) if "steps" in needs else None,
        notes=notes or more,
    )


def _exactly(compute: Callable[[OnChunk], T], needed: bool, on_chunk: OnChunk) -> tuple[T | None, tuple[str, ...]]:  # noqa: FBT001
    """What is exact, if it is needed; where it takes too much, nothing, and a sentence."""
    try:
        return (compute(counting(on_chunk)) if needed else None), ()
    except OverBudgetError:
        return None, (_NO_MOMENTS,)


def _nothing() -> None:
    """Nobody is asked between chunks."""


def as_plain(result: Result) -> dict[str, Any]:
    """The groups of a result as JSON can hold them: the page's View.

    Args:
        result: what `run` found.

    Returns:
        Lists and numbers under the names of groups and fields, with None for what is not there or not finite.

    >>> as_plain(run(Settings(draws=10), needs={"draw"}))["draw"]["count"]
    [0, 0, 1, 1, 0, 1, 0, 0, 0, 0]
    """
    return {name: _plain(group) for name, group in result.groups.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a group holds
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _plain_array(numbers: np.ndarray[Any, Any]) -> list[Any]:
    finite = np.isfinite(numbers)
    if not finite.all():
        numbers = numbers.astype(object)
        numbers[~finite] = None
    plain: list[Any] = numbers.tolist()
    return plain
