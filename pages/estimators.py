"""Estimators: six losses over the same samples, what each does to the gradient, and what each learns."""

from ssm.explorer.pages import ESTIMATORS
from ssm.explorer.ui.explorer import stage

stage(ESTIMATORS)
