"""When to try again: a schedule as data and a pure function of the attempt."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Waits in seconds grow by ``factor`` from ``first_s`` to ``cap_s``; the outbox's by default.

    ``jitter`` is the share of a wait that is left to chance (0 none, 1 all of it), so that what
    failed together does not come back together. ``attempts_max`` of None never gives up.
    """

    first_s: float = 2.0
    factor: float = 2.0
    cap_s: float = 300.0
    attempts_max: int | None = 8
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.cap_s:
            raise ValueError("the first wait must be positive and not above the cap")
        if self.factor < 1:
            raise ValueError("waits must not shrink")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a share between 0 and 1")
        if self.attempts_max is not None and self.attempts_max < 1:
            raise ValueError("at least one attempt is made")

    def delay(self, attempt: int, random: Random) -> float:
        """Seconds to wait after the ``attempt``-th failure in a row, counted from 1."""
        if attempt < 1:
            raise ValueError("attempts are counted from 1")
        whole = self._whole_wait_s(attempt)
        return whole * (1 - self.jitter * random.random())

    def exhausted(self, attempts: int) -> bool:
        """Whether ``attempts`` failures are enough to stop trying."""
        return self.attempts_max is not None and attempts >= self.attempts_max

    def _whole_wait_s(self, attempt: int) -> float:
        if self.factor == 1:
            return self.first_s
        # The power is taken only below the cap: what has failed for a year must not overflow.
        steps_to_cap = math.log(self.cap_s / self.first_s, self.factor)
        if attempt - 1 >= steps_to_cap:
            return self.cap_s
        return float(min(self.cap_s, self.first_s * self.factor ** (attempt - 1)))
