"""Noise distributions over classes: where the samples of a sampled loss come from."""

import math
from dataclasses import replace

import torch

from ssm import checks
from ssm.checks import Numbers
from ssm.distribution import Noise

__all__ = ["Noise", "custom", "log_uniform", "softmax", "uniform", "unigram"]


def uniform(classes: int) -> Noise:
    """Every class alike: ``q_c = 1 / n``.

    Args:
        classes: the number of classes n.

    Returns:
        Noise over n classes.

    Raises:
        ValueError: there is no class.

    >>> uniform(4).probs.tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    n = checks.classes(classes)
    return Noise((-torch.tensor(float(n), dtype=torch.float64).log()).expand(n), _law="uniform")


def log_uniform(classes: int) -> Noise:
    """Zipf's law for classes sorted by falling frequency: ``q_c = log((c+2) / (c+1)) / log(n+1)``.

    Args:
        classes: the number of classes n.

    Returns:
        Noise over n classes.

    Raises:
        ValueError: there is no class.

    >>> [round(q, 4) for q in log_uniform(3).probs.tolist()]
    [0.5, 0.2925, 0.2075]
    """
    n = checks.classes(classes)
    # log1p keeps the digits that the difference of two near logarithms would lose.
    ranks = torch.arange(1, n + 1, dtype=torch.float64)
    return Noise(ranks.reciprocal().log1p().log() - math.log(math.log1p(n)), _law="log_uniform")


def unigram(counts: Numbers, power: float = 0.75) -> Noise:
    """Class frequencies, flattened: ``q_c = count_c^power / sum of count_d^power``.

    Args:
        counts: how often each class occurs [classes]; a class of count 0 is never drawn.
        power: 1 for the frequencies themselves, 0 for uniform, 0.75 as in word2vec.

    Returns:
        Noise over as many classes as there are counts; since it knows them, a layer whose samples are
        worth hardly anything warns (`Noise.effective_samples`): power 0 is uniform noise that says so.

    Raises:
        ValueError: a count is below 0, none is above, or power is not finite.

    >>> [round(q, 4) for q in unigram([16, 1, 1], power=0.5).probs.tolist()]
    [0.6667, 0.1667, 0.1667]

    Mikolov et al. 2013, "Distributed representations of words and phrases".
    """
    power = checks.finite("power", power, "0.75 is the usual one")
    numbers = checks.counts(counts)
    logs = torch.where(numbers > 0, power * numbers.log(), -torch.inf)  # at power 0 too
    noise = Noise(logs.log_softmax(0))
    return replace(noise, worth=noise.effective_samples(numbers, 1))


def softmax(scores: Numbers, temperature: float = 1.0) -> Noise:
    """The model's own distribution, tempered: ``q_c = exp(x_c / tau) / sum of exp(x_d / tau)``.

    At temperature 1 this is the perfect sampler: every draw has the loss of the full softmax.

    Args:
        scores: finite scores x [classes].
        temperature: tau, above zero; large values tend to uniform noise.

    Returns:
        Noise over as many classes as there are scores.

    Raises:
        ValueError: a score is not finite, or temperature is not positive.

    >>> [round(q, 4) for q in softmax([0.0, 0.0, 1.0]).probs.tolist()]
    [0.2119, 0.2119, 0.5761]

    Blanc and Rendle 2018, "Adaptive sampled softmax with kernel based sampling".
    """
    tau = checks.positive("temperature", temperature, "1 is the model's own distribution")
    return Noise((checks.vector("scores", scores) / tau).log_softmax(0))


def custom(weights: Numbers) -> Noise:
    """Probabilities in proportion to given weights: ``q_c = weight_c / sum of weight_d``.

    Args:
        weights: above zero, in any order [classes].

    Returns:
        Noise over as many classes as there are weights.

    Raises:
        ValueError: a weight is not positive.

    >>> [round(q, 4) for q in custom([1.0, 3.0]).probs.tolist()]
    [0.25, 0.75]
    """
    return Noise(checks.weights("noise weights", weights).log().log_softmax(0))
