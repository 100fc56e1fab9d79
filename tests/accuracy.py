"""How exact the exact moments are: ``python -m tests.accuracy [problems] [seed]`` prints the worst errors.

Ordinary problems and adversarial ones, each estimator with each handling of hits, against `tests.enumeration`.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

import mpmath
import numpy as np
import torch

from ssm import checks, estimators, exact, noise
from tests import enumeration

Problem = tuple[list[float], int, list[float], int]  # scores, target, weights of the noise, k
Random = np.random.Generator
HANDLINGS: tuple[checks.Handling, ...] = ("rejected", "excluded", "kept")
WAYS: list[tuple[str, checks.Handling]] = [
    (name, hits) for name in estimators.ESTIMATORS for hits in HANDLINGS if name != "naive_importance" or hits == "kept"
]


class Errors(NamedTuple):
    """Largest errors: of means in parts of themselves, of variances in parts of the second moment, of the loss."""

    mean: float
    variance: float
    loss: float
    estimate: float  # what `exact.moments` says of itself


def ordinary(g: Random) -> Problem:
    n = int(g.integers(2, 6))
    scores, weights = g.normal(0, 3, n).tolist(), (10 ** g.uniform(-2, 0, n)).tolist()
    return scores, int(g.integers(n)), weights, int(g.integers(1, 6))


def far_apart(g: Random) -> Problem:
    scores, target, weights, k = ordinary(g)
    return [x * 10 ** g.uniform(0, 2.3) for x in scores], target, weights, k


def hardly_drawn(g: Random) -> Problem:
    scores, target, _, k = ordinary(g)
    return scores, target, (10 ** g.uniform(-300, 0, len(scores))).tolist(), k


def nearly_all_hits(g: Random) -> Problem:
    scores, target, weights, k = ordinary(g)
    small = 10 ** -g.uniform(1, 30)
    return scores, target, [1.0 if c == target else w * small for c, w in enumerate(weights)], k


def target_hardly_drawn(g: Random) -> Problem:
    scores, target, weights, k = ordinary(g)
    return scores, target, [10 ** -g.uniform(3, 300) if c == target else w for c, w in enumerate(weights)], k


def confident(g: Random) -> Problem:
    scores, target, weights, k = ordinary(g)
    return [x + g.uniform(10, 60) * (c == target) for c, x in enumerate(scores)], target, weights, k


def many_samples(g: Random) -> Problem:
    scores, target, weights, _ = ordinary(g)
    return scores[:3], target % len(scores[:3]), weights[:3], int(g.integers(6, 40))


KINDS: tuple[Callable[[Random], Problem], ...] = (
    ordinary,
    far_apart,
    hardly_drawn,
    nearly_all_hits,
    target_hardly_drawn,
    confident,
    many_samples,
)


def errors(problem: Problem, name: str, hits: checks.Handling) -> Errors:
    """Return how far the moments are from enumeration."""
    scores, target, weights, k = problem
    x = torch.tensor(scores, dtype=torch.float64)
    ours = exact.moments(x, target, noise.custom(weights), k, hits, estimator=name)
    first, second, loss = enumeration.moments(problem, hits, name)
    mean = variance = 0.0
    for c, (a, b) in enumerate(zip(first, second, strict=True)):
        # The target's gradient in a loss that judges hits is a difference.
        size = mpmath.sqrt(b) if c == target and name in {"nce", "negative_sampling"} else abs(a)
        mean = max(mean, parts(float(ours.gradient_mean[c]) - a, size))
        variance = max(variance, parts(float(ours.gradient_variance[c]) - (b - a**2), b))
    # A loss of either sign is held in parts of a nat, if that is more.
    size = max(abs(loss), mpmath.mpf(1)) if name == "naive_importance" else abs(loss)
    return Errors(mean, variance, parts(ours.loss_mean - loss, size), ours.error_estimate)


def parts(error: mpmath.mpf, size: mpmath.mpf) -> float:
    """Return an error in parts of a size; below the smallest of normal numbers none is asked for."""
    return float(abs(error) / max(size, mpmath.mpf("1e-290")))


def rounding(problem: Problem) -> float:
    """Return what may be lost, in parts: more, the larger the logarithms among the arguments."""
    scores, _, weights, _ = problem
    logs = [*np.ptp(scores, keepdims=True), *np.log(weights)]
    return 2e-15 * (200 + float(np.abs(logs).max()))


def cases(problems: int, seed: int) -> Iterator[tuple[str, Problem, str, checks.Handling]]:
    """Yield problems of each kind in turn, with each way in turn."""
    g = np.random.default_rng(seed)
    for i in range(problems):
        kind = KINDS[i % len(KINDS)]
        yield (kind.__name__, kind(g), *WAYS[i // len(KINDS) % len(WAYS)])


def main(problems: int = 3000, seed: int = 0) -> int:
    """Print the worst errors of each kind and of each way, and return how many problems were refused or off."""
    worst: dict[str, list[Errors]] = defaultdict(list)
    wrong = 0
    for kind, problem, name, hits in cases(problems, seed):
        try:
            found = errors(problem, name, hits)
        except ValueError as refusal:
            wrong += 1
            sys.stdout.write(f"refused: {kind}, {name}, {hits}, {problem}: {refusal}\n")
            continue
        if not max(found[:3]) <= rounding(problem):
            wrong += 1
            sys.stdout.write(f"off: {found} in {kind}, {name}, {hits}, {problem}\n")
        worst[kind].append(found)
        worst[f"{name}, {hits}"].append(found)
    sys.stdout.write(
        f"{problems:,} problems, seed {seed}, {wrong} refused or off; worst errors, and what is estimated\n"
    )
    sys.stdout.write(f"{'':32}{'mean':>10}{'variance':>10}{'loss':>10}{'estimate':>10}\n")
    for key, rows in worst.items():
        largest = "".join(f"{max(column):10.1e}" for column in zip(*rows, strict=True))
        sys.stdout.write(f"{key:32}{largest}\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
