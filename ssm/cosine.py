"""Scores that are cosines, over a temperature that may be learned: what normalised weights need of a sparse layer."""

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssm import checks, estimators
from ssm.estimators import Candidates
from ssm.noise import Noise
from ssm.projection import check


@final
class Temperature(nn.Module):
    """A learned temperature above 0, by its logarithm; a module of its own, since its gradient is dense.

    Args:
        start: the first value.

    >>> round(Temperature(0.05)().item(), 4)
    0.05

    Radford et al. 2021, "Learning transferable visual models from natural language supervision".
    """

    def __init__(self, start: float, *, device: torch.device | None = None, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.start = start
        self.log = nn.Parameter(torch.empty((), device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Go back to the start."""
        with torch.no_grad():
            self.log.fill_(math.log(self.start))

    def forward(self) -> Tensor:
        """The temperature, one number."""
        return self.log.exp()


def candidates(  # noqa: PLR0913 - as ssm.projection.candidates
    embeddings: Tensor,
    projection: Tensor,
    target: Tensor,
    samples: Tensor,
    noise: Noise | None,
    *,
    bias: Tensor | None = None,
    temperature: float | Tensor = 1.0,
    normalised: bool = True,
    hits: checks.Masking = "rejected",
    tries: float | None = None,
    sparse: bool = True,
) -> Candidates:
    """As `ssm.projection.candidates`, with ``x_c = (cos(h, w_c) + b_c) / temperature``.

    Only the rows used are normalised, after they are gathered: the projection stays a leaf and its
    gradient a sparse one. The temperature may be a tensor and has a gradient then.

    Args:
        embeddings: h, floating point [..., dim]; one of length 0 has cosines of 0.
        projection: w [classes, dim].
        target: t, int64 [...].
        samples: c, int64 [k] shared by all examples, or [..., k].
        noise: q, what the samples were drawn from; None for losses that correct nothing.
        bias: b [classes].
        temperature: above 0; it goes in before the correction.
        normalised: False for ``h . w_c`` in the place of the cosine.
        hits: whether samples that equal the target are "rejected" or "kept".
        tries: for samples from `Noise.draw_unique`, its tries.
        sparse: whether the gradients of projection and bias are sparse tensors.

    Returns:
        Candidates [...].

    Raises:
        ValueError: shapes, dtypes, devices or numbers of classes do not fit, an embedding is not finite,
            or gradients cannot be sparse.
        IndexError: a target or sample is not a class.

    >>> w = torch.tensor([[3.0, 0.0], [0.0, 5.0], [-1.0, 0.0]], requires_grad=True)
    >>> found = candidates(torch.tensor([2.0, 0.0]), w, torch.tensor(0), torch.tensor([1, 2]), None, temperature=0.5)
    >>> found.target_scores.item(), found.sample_scores.tolist()
    (2.0, [0.0, -2.0])

    Wang et al. 2017, "NormFace: L2 hypersphere embedding for face verification".
    """
    check((embeddings, projection, bias), target, samples, noise, sparse=sparse)
    if not isinstance(temperature, Tensor):
        temperature = checks.temperature(temperature)
    of_target, of_samples = (functional.embedding(each, projection, sparse=sparse) for each in (target, samples))
    if normalised:
        embeddings, of_target, of_samples = (
            functional.normalize(x, dim=-1) for x in (embeddings, of_target, of_samples)
        )
    x_t = (embeddings * of_target).sum(-1)
    shared = samples.ndim == 1
    x_c = embeddings @ of_samples.T if shared else (of_samples @ embeddings[..., None]).squeeze(-1)  # [..., k]
    if bias is not None:
        x_t, x_c = x_t + _pick(bias, target, sparse=sparse), x_c + _pick(bias, samples, sparse=sparse)
    return estimators.candidates(
        (x_t / temperature, x_c / temperature), (target, samples), noise, hits=hits, tries=tries
    )


def _pick(bias: Tensor, classes: Tensor, *, sparse: bool) -> Tensor:
    return torch.gather(bias, 0, classes.flatten(), sparse_grad=sparse).reshape(classes.shape)
