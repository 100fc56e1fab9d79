"""Exact moments over the number of samples, for the chosen noise and those that it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from ssm import exact
from ssm.explorer import settings as choices
from ssm.explorer.experiment.classes import Array, Reference, chi_squared
from ssm.explorer.problems import Problem
from ssm.explorer.settings import FIELDS

MOST_NOISES = 4
_RIVALS = ("uniform", "unigram", "softmax", "log_uniform")  # what the chosen noise is compared with, the first few
_GROWTH = 1.15
_SAME = 1e-9  # relative, of probabilities


@final
@dataclass(frozen=True)
class Curves:
    """What k samples do, exactly; lists have one entry for each noise, the chosen one first.

    Attributes:
        k: numbers of samples.
        noises: what the page calls each noise.
        chi2: how far each is from the ideal one.
        drawing: scores that must be computed only to draw from each.
        bias: the L2 distance of E[g] from the full gradient, in parts of that [noises, ks].
        spread: the standard deviation of one draw, ``sqrt(sum of Var g_c)``, likewise.
        error: the root mean square distance of one draw, ``sqrt(bias^2 + spread^2)``, likewise.
        gap: by how much E[loss] is below the full loss, in nats.
        bias_expansion: the leading term of `bias` in 1/k; nan where there is none.
        gap_expansion: the same of `gap`.
    """

    k: Array
    noises: tuple[str, ...]
    chi2: Array
    drawing: Array
    bias: Array
    spread: Array
    error: Array
    gap: Array
    bias_expansion: Array
    gap_expansion: Array


class _Curve(NamedTuple):
    """The same of one noise."""

    chi2: float
    drawing: int
    bias: Tensor
    spread: Tensor
    error: Tensor
    gap: Tensor
    bias_expansion: Tensor
    gap_expansion: Tensor


def curves(ref: Reference, problem: Problem, on_chunk: Callable[[], None]) -> Curves:
    """The curves of the chosen noise and of those that it is compared with."""
    compared = _compared(ref, problem)
    found = [_curve(one, on_chunk) for one in compared]
    columns = {name: np.array([np.asarray(getattr(one, name)) for one in found]) for name in _Curve._fields}
    words = FIELDS["noise"].span()["choices"]
    return Curves(k=np.array(sample_numbers()), noises=tuple(words[one.settings.noise] for one in compared), **columns)


def sample_numbers() -> list[int]:
    """Numbers of samples at which to look: each at first, then 15 % apart.

    Returns:
        Rising whole numbers from 1 to the most that one draw may have.

    >>> len(sample_numbers()), sample_numbers()[10:15]
    (63, [11, 12, 13, 14, 16])
    """
    most = FIELDS["samples"].span()["high"]
    found, k = [], 1
    while k < most:
        found.append(k)
        k = max(k + 1, int(k * _GROWTH))
    return [*found, most]


def _compared(ref: Reference, problem: Problem) -> list[Reference]:
    """The chosen noise, then the first few others that the problem has; of equal ones only the first."""
    found = [ref]
    for name in _RIVALS:
        if name == "unigram" and problem.counts is None:
            continue
        rival = _with(ref, problem, name)
        if not any(torch.allclose(rival.noise.probs, one.noise.probs, _SAME, 0.0) for one in found):
            found.append(rival)
    return found[:MOST_NOISES]


def _with(ref: Reference, problem: Problem, name: str) -> Reference:
    settings = replace(ref.settings, noise=name)
    return Reference(settings, ref.scores, ref.target, choices.noise_of(settings, problem).to(ref.scores.device))


def _curve(ref: Reference, on_chunk: Callable[[], None]) -> _Curve:
    s, ks = ref.settings, sample_numbers()
    found = exact.curve(ref.scores, ref.target, ref.noise, ks, s.handling, estimator=s.estimator, on_chunk=on_chunk)
    norm = found.norm or torch.nan
    chi2 = chi_squared(ref)
    bias, gap = _leading(ref, chi2)
    kept = found.samples.double() * (1.0 if s.handling == "excluded" else 1 - float(ref.noise.probs[ref.target]))
    return _Curve(
        chi2=chi2,
        drawing=len(ref.scores) if s.noise == "softmax" else 0,
        bias=found.bias / norm,
        spread=found.variance.sqrt() / norm,
        error=(found.bias**2 + found.variance).sqrt() / norm,
        gap=ref.loss - found.loss_mean,
        bias_expansion=bias / norm / kept,
        gap_expansion=gap / kept,
    )


def _leading(ref: Reference, chi2: float) -> tuple[float, float]:
    """What bias and gap of the sampled softmax tend to, times the samples that count.

    ``bias_c ~ p_c (1 - p_t) [(1 - p_t) chi2 - (rho_c - 1)]``, ``bias_t ~ p_t (1 - p_t)^2 chi2`` and
    ``L - E[L] ~ (1 - p_t)^2 chi2 / 2``, where rho_c is the softmax off the target over the noise off the target.
    """
    if ref.settings.estimator != "sampled_softmax":
        return torch.nan, torch.nan
    t, p, rest = ref.target, ref.probabilities, -float(ref.gradient[ref.target])
    rho = p / rest / ref.others.probs
    off = p * rest * (rest * chi2 - (rho - 1))
    off[t] = float(p[t]) * rest**2 * chi2
    return float(torch.linalg.vector_norm(off)), rest**2 * chi2 / 2
