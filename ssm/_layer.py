"""What the layers have in common: targets that are ignored, the reduction of losses, and which scores are of p / q."""

import torch
from torch import Tensor

from ssm import checks, estimators, sampling

IGNORED = -100  # as in torch's cross_entropy
RATIOS = {"uncorrected", "negative_sampling"}  # their scores become log(p / q), up to a constant


def log_shares(log_probs: Tensor, tries: float | None) -> Tensor:
    """What the scores of `RATIOS` lack, from log q: that, or of samples all different the chance to be among them."""
    return log_probs if tries is None else sampling.log_inclusion(log_probs, tries)


def counted(target: Tensor, ignored: int) -> Tensor | None:
    """Which examples have a loss; None for all, as far as one may look."""
    if ignored < 0 and checks.visible(target) and target.numel() and target.min() >= 0:
        return None  # one look where `ignored` is no class
    found = target != ignored
    return None if checks.visible(found) and found.all() else found


def filled(target: Tensor, counted: Tensor | None) -> Tensor:
    """The targets, and any class where there is none."""
    return target if counted is None else target.masked_fill(~counted, 0)


def without_ignored(target: Tensor, samples: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """The same with classes in the ignored places that the step touches anyway, so that these touch none.

    Nothing is taken out: what is left would have a shape that a GPU has to wait for.
    """
    if samples.ndim == 1 or not target.numel():
        return torch.where(counted, target, samples.flatten()[:1].sum()), samples
    rows = samples.flatten(0, -2)  # [examples, k]
    first = counted.flatten().byte().argmax(0, keepdim=True)  # example that counts
    row = rows.index_select(0, first)[0]  # an index of no dimension would be read back
    return torch.where(counted, target, row[0]), torch.where(counted[..., None], samples, row)


def reduced(loss: Tensor, counted: Tensor | None, reduction: checks.Reduction) -> Tensor:
    """The losses of a batch, 0 where there is none, as they are, as their sum or as the mean of those that count."""
    loss = loss if counted is None else loss.masked_fill(~counted, 0.0)
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    return loss.sum() / (max(1, loss.numel()) if counted is None else counted.sum().clamp(min=1))


def power(estimator: str, samples: int, classes: int, calibration: float) -> float:
    """The power of gBCE; 1 for the plain losses."""
    if not calibration:
        return 1.0
    if estimator != "negative_sampling":
        checks.refuse("calibration", f"0 for {estimator}", calibration, "choose negative_sampling")
    return estimators.gbce_power(samples, classes, calibration)
