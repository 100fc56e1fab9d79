"""One experiment: Settings in, every number that the pictures show out."""

from ssm.explorer.experiment.classes import Classes as Classes
from ssm.explorer.experiment.constants import CONSTANTS as CONSTANTS
from ssm.explorer.experiment.convergence import Convergence as Convergence
from ssm.explorer.experiment.convergence import Extent as Extent
from ssm.explorer.experiment.cost import COSTS as COSTS
from ssm.explorer.experiment.cost import Costing as Costing
from ssm.explorer.experiment.cost import known_cost as known_cost
from ssm.explorer.experiment.curves import Curves as Curves
from ssm.explorer.experiment.draw import Draw as Draw
from ssm.explorer.experiment.estimators import Estimators as Estimators
from ssm.explorer.experiment.learned import Learned as Learned
from ssm.explorer.experiment.moments import Moments as Moments
from ssm.explorer.experiment.ranked import Ranked as Ranked
from ssm.explorer.experiment.ranked import ranks as ranks
from ssm.explorer.experiment.runs import ALL as ALL
from ssm.explorer.experiment.runs import ALONE as ALONE
from ssm.explorer.experiment.runs import USUAL as USUAL
from ssm.explorer.experiment.runs import Result as Result
from ssm.explorer.experiment.runs import as_plain as as_plain
from ssm.explorer.experiment.runs import devices as devices
from ssm.explorer.experiment.runs import run as run
from ssm.explorer.experiment.runs import use_one_thread as use_one_thread
from ssm.explorer.experiment.steps import Steps as Steps
from ssm.explorer.experiment.training import WAYS as WAYS
from ssm.explorer.experiment.training import Training as Training
