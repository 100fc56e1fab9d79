"""One experiment: Settings in, every number that the pictures show out."""

from ssm.explorer.experiment.runs import Result as Result
from ssm.explorer.experiment.runs import as_plain as as_plain
from ssm.explorer.experiment.runs import devices as devices
from ssm.explorer.experiment.runs import ranks as ranks
from ssm.explorer.experiment.runs import run as run
