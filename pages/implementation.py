"""The implementation: five steps of PyTorch, each with its code and the tensors that come out of it."""

from ssm.explorer.pages import IMPLEMENTATION
from ssm.explorer.ui.explorer import stage

stage(IMPLEMENTATION)
