"""Settings: everything a viewer can choose, in one frozen record that is also the link; and the frame around them."""

from ssm.explorer.settings.frame import FRAME_FIELDS as FRAME_FIELDS
from ssm.explorer.settings.frame import Frame as Frame
from ssm.explorer.settings.record import DEFAULTS as DEFAULTS
from ssm.explorer.settings.record import FIELDS as FIELDS
from ssm.explorer.settings.record import Settings as Settings
from ssm.explorer.settings.shape import shape as shape
from ssm.explorer.settings.subject import noise_of as noise_of
from ssm.explorer.settings.subject import problem_of as problem_of
from ssm.explorer.settings.work import MOST_WORK as MOST_WORK
from ssm.explorer.settings.work import most_draws as most_draws
from ssm.explorer.settings.work import refuse_overwork as refuse_overwork
