"""How much one person may write by saving drafts, in bytes: nobody fills a disk.

Each row holds the whole draft, so small saves of a large draft are large rows, and no count of
saves bounds them. Our own figure: 128 MB at once and 128 MB a day afterwards, for each process.
3,000 saves of a whole restaurant form are 15 MB, and a row of 45 KB may be saved as often as the
limits on saving allow. Who is refused keeps what was typed and is told when to come again, as with
every limit; what was written before is no reason to refuse anything (thinning.py).
"""

import math

from kit.clock import Moved, not_moved
from kit.coordination.memory import MemoryRateLimits
from kit.coordination.ports import Quota
from kit.problems import TooManyRequests
from miniprogram_api.drafts.state import Kind

UNIT = 1024
WRITTEN_MAX = 128 * 1024
"""Units, each day."""
DAY_S = 86_400

COUNTED: frozenset[Kind] = frozenset({"step", "selection", "rebased", "restored"})
"""What somebody may do as often as he likes; files have limits of their own, and what the house
notes in a draft is never refused."""


class WritingLimit:
    """One for the process; forgets by itself (:class:`MemoryRateLimits`)."""

    def __init__(self, moved: Moved = not_moved) -> None:
        self._limits = MemoryRateLimits(moved=moved)

    async def spend(self, person_id: str, kind: Kind, size: int) -> None:
        """``size``: bytes of the row. TooManyRequests."""
        if kind not in COUNTED:
            return
        units = math.ceil(size / UNIT)
        quota = Quota(person_id, WRITTEN_MAX, DAY_S, shared=False, hits=units)
        (verdict,) = await self._limits.hit(quota)
        if not verdict.allowed:
            wait_s = str(math.ceil(verdict.more_after_s))
            raise TooManyRequests(headers={"Retry-After": wait_s})
