"""The sampled softmax loss in PyTorch: losses and a layer, noise, exact moments, repeated draws, exact evaluation."""

from ssm import convergence as convergence
from ssm import evaluation as evaluation
from ssm import exact as exact
from ssm import head as head
from ssm import losses as losses
from ssm import noise as noise
from ssm.head import SampledSoftmax as SampledSoftmax
