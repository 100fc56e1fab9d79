"""The model of the page: settings in, numbers out, pictures of them."""

from ssm.explorer import problems as problems
from ssm.explorer.experiment import run as run
from ssm.explorer.settings import Frame as Frame
from ssm.explorer.settings import Settings as Settings
