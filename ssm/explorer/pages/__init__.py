"""Pages: each declared once: what it asks, which panels answer, and what it says of them."""

from ssm.explorer.pages.bias import BIAS as BIAS
from ssm.explorer.pages.cost import COST as COST
from ssm.explorer.pages.estimators import ESTIMATORS as ESTIMATORS
from ssm.explorer.pages.explore import EXPLORER as EXPLORER
from ssm.explorer.pages.implementation import IMPLEMENTATION as IMPLEMENTATION
from ssm.explorer.pages.record import Layout as Layout
from ssm.explorer.pages.record import Next as Next
from ssm.explorer.pages.record import Page as Page
from ssm.explorer.pages.record import Table as Table
from ssm.explorer.pages.story import STORY as STORY
from ssm.explorer.pages.train import TRAIN as TRAIN

PAGES = (STORY, EXPLORER, BIAS, ESTIMATORS, IMPLEMENTATION, COST, TRAIN)  # in the order of the bar
