"""The Explorer: slide a parameter, see what the sampled softmax does to scores and gradients."""

from ssm.explorer.pages import EXPLORER
from ssm.explorer.ui.explorer import stage

stage(EXPLORER)
