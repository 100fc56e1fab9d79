"""Train: several losses on the next word of Moby-Dick, trained in the background and followed live."""

from ssm.explorer.pages import TRAIN
from ssm.explorer.ui.explorer import stage

stage(TRAIN)
