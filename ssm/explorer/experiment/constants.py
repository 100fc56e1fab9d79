"""Constants: how much of an experiment is shown, the same in Python and on the page."""

from collections.abc import Mapping
from types import MappingProxyType

SHOWN_ALL = 50  # up to here every class has its bar
SHOWN = 13  # beyond, as many: the target, the largest scores, this draw's samples
SHOWN_TOP = 7  # largest scores that are always among them, beside the target's
LEARNED_ALL = (
    12  # up to here every class is in the distribution that is learned; beyond, the target and the `SHOWN_TOP`
)
WATCHED = 5  # classes whose average is followed, the target among them
TERMS = 12  # samples that the equation and the picture of the draw spell out
BLOCKS = 8  # sampled classes with a block of their own in the balance
DOTS = 200  # sampled classes with a dot in the ranked picture
MASS_ENDS = (10, 100, 1_000)  # last ranks of the groups whose pushes are summed; the rest is the fourth
RANK_GROWTH = 1.04
CHECKPOINT_GROWTH = 1.08
OTHER_SEEDS = 20  # whose curves are drawn faintly behind this run's
OTHER_SEEDS_WORK = 400_000  # samples of all of them together, which takes about 50 ms; beyond, none is drawn
STEP_ROWS = 12  # rows of the projection that the five steps show
STEP_SAMPLES = 10  # samples that they show

CONSTANTS: Mapping[str, float | tuple[int, ...]] = MappingProxyType(
    {name: value for name, value in globals().items() if name.isupper()}
)
