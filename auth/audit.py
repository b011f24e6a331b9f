"""The trail of what was done to accounts: joined, refused, deleted, authorised.

Each line has the hash of the line before, so that a changed or missing line is found later
(:func:`first_broken`). Lines hold ids and words only.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC
from typing import Literal

from tortoise.exceptions import IntegrityError

from auth.models import Audit
from kit.clock import Clock
from kit.ids import new_id

Action = Literal[
    "account_joined",
    "account_join_refused",
    "account_deleted",
    "authorisation_granted",
    "authorisation_revoked",
    "refresh_token_reused",
    "sessions_ended_everywhere",
]

FIRST = "0" * 64
"""What stands for the line before the first."""


class AuditTrail:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def record(self, who: str, action: Action, target: str) -> None:
        """In the caller's unit, as its last statement: the newest line is locked until it commits,
        so that two lines never follow the same one."""
        while True:
            newest = await _newest_locked()
            line = Audit(
                id=new_id(),
                seq=newest.seq + 1 if newest else 1,
                at=self._clock.now(),
                who=who,
                action=action,
                target=target,
                prev_hash=newest.hash if newest else FIRST,
            )
            line.hash = hash_of(line)
            try:
                await line.save(force_create=True)
            except IntegrityError:
                # Of an empty trail there is no line to lock, and somebody else wrote the first.
                if newest is not None:
                    raise
                continue
            return


async def _newest_locked() -> Audit | None:
    """Whoever waited for a line's lock finds lines after it, written meanwhile. They are locked in
    their order, each by its own number, so nobody waits in a circle. (One statement that sorts and
    locks gives MariaDB's readers the line they waited for, which is not the newest any more.)"""
    locked: Audit | None = None
    while True:
        newest = await Audit.all().order_by("-seq").first()
        if newest is None or (locked is not None and locked.seq == newest.seq):
            return locked
        locked = await Audit.filter(seq=newest.seq).select_for_update().first()


def hash_of(line: Audit) -> str:
    """SHA-256 over everything else in the line, members separated by line feeds."""
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    members = (line.prev_hash, str(line.seq), at, line.who, line.action, line.target)
    return hashlib.sha256("\n".join(members).encode()).hexdigest()


def first_broken(lines: Sequence[Audit], before: str = FIRST, seq: int = 0) -> int | None:
    """The number of the first line that does not follow from the one before it, of lines in their
    order after line ``seq`` whose hash is ``before``; None when all do."""
    for line in lines:
        seq += 1
        if line.seq != seq or line.prev_hash != before or line.hash != hash_of(line):
            return seq
        before = line.hash
    return None
