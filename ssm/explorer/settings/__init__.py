"""Settings: everything a viewer can choose, in one frozen record that is also the link."""

from ssm.explorer.settings.record import DEFAULTS as DEFAULTS
from ssm.explorer.settings.record import FIELDS as FIELDS
from ssm.explorer.settings.record import MOST_WORK as MOST_WORK
from ssm.explorer.settings.record import Settings as Settings
from ssm.explorer.settings.record import noise_of as noise_of
from ssm.explorer.settings.record import problem_of as problem_of
from ssm.explorer.settings.record import refuse_overwork as refuse_overwork
