"""The problem and the noise that settings ask for."""

from dataclasses import replace

import torch
from torch import Tensor

from ssm import checks, noise
from ssm.explorer import problems
from ssm.explorer.problems import Problem
from ssm.explorer.settings.record import Settings, require_agreement
from ssm.explorer.settings.shape import find_table, shape_of
from ssm.noise import Noise


def problem_of(settings: Settings, table: Problem | None = None) -> Problem:
    """The problem that settings ask for, with the dragged scores and the chosen target in it.

    Args:
        settings: what the viewer chose.
        table: the viewer's own table, where the settings hold only its fingerprint.

    Returns:
        Scores of shape [classes].

    Raises:
        ValueError: the table is not here, or the settings name classes that it does not have.

    >>> problem = problem_of(Settings(edits=((0, 2.5),), target=5))
    >>> problem.names[problem.target], problem.scores[0].item()
    ('dog', 2.5)
    """
    problem = _unedited(settings, table)
    require_agreement(vars(settings), shape_of(problem))
    scores = problem.scores.clone()
    for c, score in settings.edits:
        scores[c] = score
    target = problem.target if settings.target is None else settings.target
    return replace(problem, scores=scores, target=target)


def noise_of(settings: Settings, problem: Problem) -> Noise:
    """The noise that settings ask for, over the classes of a problem.

    Args:
        settings: what the viewer chose.
        problem: the problem, dragged scores and all: softmax noise follows them.

    Returns:
        Noise over the problem's classes.

    Raises:
        ValueError: unigram noise over a problem without counts.

    >>> settings = Settings(noise="custom", weights=((7, 3.0),))
    >>> noise_of(settings, problem_of(settings)).probs[7].item()
    0.25
    """
    match settings.noise:
        case "uniform":
            return noise.uniform(problem.classes)
        case "log_uniform":
            return noise.log_uniform(problem.classes)
        case "unigram":
            return noise.unigram(_counts(problem), settings.power)
        case "softmax":
            return noise.softmax(problem.scores, settings.temperature)
        case _:
            weights = torch.ones(problem.classes, dtype=torch.float64)
            for c, weight in settings.weights:
                weights[c] = weight
            return noise.custom(weights)


def _counts(problem: Problem) -> Tensor:
    if problem.counts is None:
        checks.refuse(
            "unigram noise",
            "counts",
            checks.Said("a problem without"),
            "add a column count or choose another noise",
            verb="have",
        )
    return problem.counts


def _unedited(settings: Settings, table: Problem | None) -> Problem:
    match settings.problem:
        case "random":
            return problems.random(settings.classes, settings.spread)
        case "own":
            return find_table(settings.table, table)
        case preset:
            return problems.PRESETS[preset]()
