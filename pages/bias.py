"""The bias: how many samples bring the average of the draws as near to the full gradient as one wants."""

from ssm.explorer.pages import BIAS
from ssm.explorer.ui.explorer import stage

stage(BIAS)
