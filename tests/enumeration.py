"""Moments by enumeration in 50 digits: what the accuracy of the library is measured against.

Draws that differ in their order alone are one case, with its multinomial chance.
"""

import math
from collections.abc import Iterator, Sequence

import mpmath
from mpmath import mpf

DIGITS = 50
Numbers = Sequence[mpf]
Moments = tuple[list[mpf], list[mpf], mpf]  # E[g_c], E[g_c^2], E[loss]


def counts(classes: int, k: int) -> Iterator[tuple[int, ...]]:
    """Yield how often each class can be drawn."""
    if classes == 1:
        yield (k,)
        return
    for first in range(k + 1):
        for rest in counts(classes - 1, k - first):
            yield (first, *rest)


def chance(drawn: Sequence[int], source: Numbers) -> mpf:
    """Return how likely these counts are."""
    orders = math.factorial(sum(drawn)) // math.prod(math.factorial(count) for count in drawn)
    return orders * mpmath.fprod(q_c**count for q_c, count in zip(source, drawn, strict=True) if count)


def ratio(x: Numbers, t: int, q: Numbers, drawn: Sequence[int], name: str) -> tuple[list[mpf], mpf]:
    """Return gradient and loss of a draw, for an estimator that divides; counts of samples that count."""
    k = sum(drawn)
    if name == "sampled_softmax" and not k:
        return [mpf(0)] * len(x), mpf(0)
    rest = mpmath.fsum(q_c for c, q_c in enumerate(q) if c != t)
    corrections = {
        "sampled_softmax": [rest / (k * q_c) if k else 0 for q_c in q],
        "naive_importance": [1 / q_c for q_c in q],
        "log_q": [1 / q_c for q_c in q],
        "uncorrected": [mpf(1)] * len(q),
    }[name]
    weights = [count * mpmath.exp(x_c - x[t]) * w for count, x_c, w in zip(drawn, x, corrections, strict=True)]
    own = {"sampled_softmax": mpf(1), "naive_importance": mpf(0), "log_q": 1 / q[t], "uncorrected": mpf(1)}[name]
    others = mpmath.fsum(w for c, w in enumerate(weights) if c != t)
    total = own + weights[t] + others
    gradient = [w / total for w in weights]
    gradient[t] = -others / total
    return gradient, mpmath.log1p((weights[t] + others) / own) if own else mpmath.log(total / k)


def judged(x: Numbers, t: int, q: Numbers, drawn: Sequence[int], log_k: mpf | None) -> tuple[list[mpf], mpf]:
    """Return gradient and loss of a draw, for an estimator that judges each sample; corrected if log k is given."""
    odds = [mpmath.exp(x_c) if log_k is None else mpmath.exp(x_c - log_k) / q_c for x_c, q_c in zip(x, q, strict=True)]
    gradient = [count * o / (1 + o) for count, o in zip(drawn, odds, strict=True)]
    gradient[t] -= 1 / (1 + odds[t])
    return gradient, mpmath.log1p(1 / odds[t]) + mpmath.fsum(
        count * mpmath.log1p(o) for count, o in zip(drawn, odds, strict=True)
    )


def moments(problem: tuple[Sequence[float], int, Sequence[float], int], hits: str, name: str) -> Moments:
    """Return first and second moments of the gradient and the mean loss; scores, target, weights and k are exact."""
    with mpmath.workdps(DIGITS):
        scores, t, weights, k = problem
        x, total = [mpf(x_c) for x_c in scores], mpmath.fsum(map(mpf, weights))
        q = [mpf(w) / total for w in weights]
        rest = mpmath.fsum(q_c for c, q_c in enumerate(q) if c != t)
        source = [mpf(0) if c == t else q_c / rest for c, q_c in enumerate(q)] if hits == "excluded" else q
        first, second, loss = [mpf(0)] * len(x), [mpf(0)] * len(x), mpf(0)
        for drawn in counts(len(x), k):
            if hits == "excluded" and drawn[t]:
                continue
            kept = [0 if c == t and hits == "rejected" else count for c, count in enumerate(drawn)]
            if name in {"nce", "negative_sampling"}:
                gradient, cost = judged(x, t, q, kept, mpmath.log(k) if name == "nce" else None)
            else:
                gradient, cost = ratio(x, t, q, kept, name)
            likely = chance(drawn, source)
            loss += likely * cost
            first = [a + likely * g for a, g in zip(first, gradient, strict=True)]
            second = [a + likely * g**2 for a, g in zip(second, gradient, strict=True)]
        return first, second, loss
