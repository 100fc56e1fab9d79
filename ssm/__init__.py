"""Sampled softmax: losses, noise, exact moments and convergence, in PyTorch."""

from ssm.head import SampledSoftmax as SampledSoftmax
