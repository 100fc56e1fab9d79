"""Sampled softmax in five steps of plain PyTorch: what the page shows as code, runs, and hands over as a snippet.

Each function is short enough to be read beside its tensors, and needs nothing but what it is given; the tests hold them
against `ssm.projection` and `ssm.estimators`, which do the same for every case that these leave out.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding

from ssm.philox import normals


def embeddings(seed: int, batch: int, dim: int, classes: int) -> list[Tensor]:
    """The network's h [batch, dim], and the classes' w [classes, dim]."""
    h = normals(seed, batch * dim).view(batch, dim)
    w = normals(seed, classes * dim, first=64).view(classes, dim)
    return [h.requires_grad_(), w.requires_grad_()]


def target_scores(h: Tensor, w: Tensor, target: Tensor) -> Tensor:
    """x_t = h . w_t of each example [batch]."""
    rows = embedding(target, w, sparse=True)  # [batch, dim]
    return (h * rows).sum(-1)


def draw(q: Tensor, uniforms: Tensor) -> Tensor:
    """The first c with q_0 + .. + q_c > u, for each u in [0, 1) [k]."""
    return torch.searchsorted(q.cumsum(0)[:-1], uniforms, right=True)


def sample_scores(h: Tensor, w: Tensor, samples: Tensor) -> Tensor:
    """x_c = h . w_c of the samples that all examples share [batch, k]."""
    rows = embedding(samples, w, sparse=True)  # [k, dim]
    return h @ rows.T


def corrected(x_c: Tensor, target: Tensor, samples: Tensor, q: Tensor) -> Tensor:
    """x_c - log(k_eff q_c / (1 - q_t)), and -inf for a hit [batch, k]."""
    hits = samples == target[:, None]
    kept = (~hits).sum(-1, keepdim=True)  # k_eff [batch, 1]
    expected = kept.clamp(min=1) * q[samples] / (1 - q[target, None])
    return (x_c - expected.log()).masked_fill(hits, -torch.inf)


def losses(x_t: Tensor, y_c: Tensor) -> Tensor:
    """Cross-entropy of k + 1 scores, the target's the first of them [batch]."""
    scores = torch.cat([x_t[:, None], y_c], -1)  # [batch, k + 1]
    first = scores.new_zeros(len(scores), dtype=torch.int64)
    return cross_entropy(scores, first, reduction="none")


def mistaken(x_c: Tensor, target: Tensor, samples: Tensor, q: Tensor) -> Tensor:
    """Step 4 in the other order: nan where every sample is a hit."""
    hits = samples == target[:, None]
    rejected = x_c.masked_fill(hits, -torch.inf)
    kept = (~hits).sum(-1, keepdim=True)  # 0 there, and log 0 is -inf
    return rejected - (kept * q[samples] / (1 - q[target, None])).log()
