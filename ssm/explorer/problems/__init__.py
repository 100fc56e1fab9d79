"""Problems: classes with names, their scores and the target; presets, and the viewer's own table."""

from ssm.explorer.problems.presets import PRESETS as PRESETS
from ssm.explorer.problems.presets import RANDOM_TARGET as RANDOM_TARGET
from ssm.explorer.problems.presets import SCORE_LIMIT as SCORE_LIMIT
from ssm.explorer.problems.presets import Names as Names
from ssm.explorer.problems.presets import Numbered as Numbered
from ssm.explorer.problems.presets import Problem as Problem
from ssm.explorer.problems.presets import article as article
from ssm.explorer.problems.presets import random as random
from ssm.explorer.problems.presets import white as white
from ssm.explorer.problems.text import text as text
