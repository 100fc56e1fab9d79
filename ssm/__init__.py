"""The sampled softmax in PyTorch: losses, a layer, noise, optimisers, exact moments, repeated draws, evaluation."""

from ssm import convergence as convergence
from ssm import evaluation as evaluation
from ssm import exact as exact
from ssm import head as head
from ssm import losses as losses
from ssm import noise as noise
from ssm import optim as optim
from ssm import optimum as optimum
from ssm import sharded as sharded
from ssm import streaming as streaming
from ssm.head import SampledSoftmax as SampledSoftmax
from ssm.version import __version__ as __version__
