"""Each loss of one draw in plain torch: what the program that a viewer takes home is made of.

Scores x [classes], the target t, samples [k] and the noise q [classes]; a loss is one number, in nats. They are short
enough to be read, and need nothing but torch; the tests hold the programs against what the page shows, which is
computed by `ssm.estimators`.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def sampled_softmax(x: Tensor, t: int, samples: Tensor, q: Tensor) -> Tensor:
    """-log of the target's share among itself and the samples, each of which stands for (1 - q_t) / (k_eff q_c)."""
    c = samples[samples != t]  # hits are thrown away; k_eff are left
    corrected = x[c] - (len(c) * q[c] / (1 - q[t])).log()
    return torch.cat([x.new_zeros(1), corrected - x[t]]).logsumexp(0)


def naive_importance(x: Tensor, t: int, samples: Tensor, q: Tensor) -> Tensor:
    """-x_t + log of the sum over all classes, estimated; the target is a sample like any other."""
    return (x[samples] - (len(samples) * q[samples]).log() - x[t]).logsumexp(0)


def log_q(x: Tensor, t: int, samples: Tensor, q: Tensor) -> Tensor:
    """The same share with log(k q_c) taken off every score, the target's too."""
    c, k = samples[samples != t], len(samples)
    corrected, own = x[c] - (k * q[c]).log(), x[t] - (k * q[t]).log()
    return torch.cat([x.new_zeros(1), corrected - own]).logsumexp(0)


def uncorrected(x: Tensor, t: int, samples: Tensor, q: Tensor) -> Tensor:
    """The same share with every sample for itself alone; q is not asked."""
    del q
    c = samples[samples != t]
    return torch.cat([x.new_zeros(1), x[c] - x[t]]).logsumexp(0)


def nce(x: Tensor, t: int, samples: Tensor, q: Tensor) -> Tensor:
    """Tell the target from noise, and each sample from the data, by their scores less log(k q_c)."""
    k = len(samples)
    own, others = x[t] - (k * q[t]).log(), x[samples] - (k * q[samples]).log()
    return -logsigmoid(own) - logsigmoid(-others).sum()


def negative_sampling(x: Tensor, t: int, samples: Tensor, q: Tensor) -> Tensor:
    """The same by the scores as they are."""
    del q
    return -logsigmoid(x[t]) - logsigmoid(-x[samples]).sum()
