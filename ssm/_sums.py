"""The sums that one draw of a ratio makes: what a sample adds, and how likely.

A draw makes two sums, T for the target and O for the other classes. T starts at A; a sample of
another class c adds l to T and a_c to O; a sample that is the target, a hit, adds h to T. With
``S = T + O`` the gradient is ``g_c = N_c a_c / S`` and ``g_t = -O / S``, and the loss ``log(S / L)``,
where L starts at A too and counts samples.
"""

import math
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Ratio:
    """What a draw of k samples adds up, in the letters of this module's head.

    Attributes:
        k: the number of samples.
        q: the chance of each of the other classes, or weights of points that stand for them, float64 [others].
        squares: the squares of these chances, or their weights [others].
        log_a: log a_c, -inf for a class that is never drawn [others].
        log_mean: log of the mean of what a sample adds to O.
        rest: the chance of any other class, 1 - q_t.
        hit: the chance of a hit, q_t.
        start: A, 0 or 1.
        each: l, 0 or 1.
        log_hit: log h, -inf where hits add nothing.
        counts: what a sample of another class and a hit add to L, each 0 or 1.
    """

    k: int
    q: Tensor
    squares: Tensor
    log_a: Tensor
    log_mean: float
    rest: float
    hit: float
    start: float
    each: float
    log_hit: float
    counts: tuple[float, float]

    @property
    def forgets(self) -> bool:
        """Whether a draw of hits alone adds nothing; then its loss and gradient are 0."""
        return not self.start and self.log_hit == -math.inf and self.hit > 0

    @property
    def log_missed(self) -> float:
        """Log of the chance of a hit."""
        if self.rest < 0.5:
            return math.log1p(-self.rest)
        return math.log(self.hit) if self.hit else -math.inf

    @property
    def log_forgotten(self) -> float:
        """Log of the chance of a sample that adds nothing, whose k-th power is that of such a draw."""
        return self.log_missed if self.forgets else -math.inf
