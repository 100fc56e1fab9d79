"""Figures: every panel defined once, filled from a Result here and by the page there."""

from ssm.explorer.figures.panels import FEW as FEW
from ssm.explorer.figures.panels import LABEL_ROOM as LABEL_ROOM
from ssm.explorer.figures.panels import MOST_TICKS as MOST_TICKS
from ssm.explorer.figures.panels import PANELS as PANELS
from ssm.explorer.figures.panels import RANKED_GAP as RANKED_GAP
from ssm.explorer.figures.panels import RANKED_WIDTH as RANKED_WIDTH
from ssm.explorer.figures.panels import log_ticks as log_ticks
from ssm.explorer.figures.panels import nice as nice
from ssm.explorer.figures.panels import panel as panel
from ssm.explorer.figures.panels import ranges as ranges
from ssm.explorer.figures.panels import series as series
from ssm.explorer.figures.panels import spec as spec
from ssm.explorer.figures.panels import title as title
