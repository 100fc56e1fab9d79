"""Cost: time and memory of a training step, measured on the server in the background and followed live."""

from ssm.explorer.pages import COST
from ssm.explorer.ui.explorer import stage

stage(COST)
