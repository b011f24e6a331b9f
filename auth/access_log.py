"""Who read my data: one line for each time a person's data went out to somebody or came from him.

Written in the unit of what was done, or right after a call that only asked. A line holds words and
no values, so showing it gives nothing more away; the one name in it is what the person himself
called somebody, sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from auth.models import AccessLog
from kit.clock import Clock
from kit.ids import new_id
from kit.secrets import KeyRing

Who = Literal[
    "wechat", "alipay", "aishandong", "province", "identity_register", "e_signature",
    "helper", "counter",
]  # fmt: skip
What = Literal[
    "phone",
    "name_and_id_number",
    "profile",
    "companies",
    "application",
    "documents",
    "message",
    "draft",
]
Why = Literal[
    "login",
    "contact",
    "identity_check",
    "acting_for",
    "application",
    "progress",
    "helping",
    "signing",
]

PLATFORMS: Mapping[str, Who] = {
    "wechat": "wechat",
    "alipay": "alipay",
    "aishandong": "aishandong",
}
"""Platforms by the name that accounts have of them."""

KEPT = timedelta(days=3 * 365)
"""PIPL art. 56 wants records of the handling of sensitive data kept for three years (article number
from memory, confidence medium); the customary half year of security logs is shorter."""
PAGE_MAX = 100


@dataclass(frozen=True, slots=True)
class Through:
    """By what somebody was let in, whom the person let in."""

    draft_id: str
    grant_id: str
    """An invitation's or a hand-over's."""
    name: str | None
    """What the person called him, or a terminal's public name; nothing that he told of himself."""


@dataclass(frozen=True, slots=True)
class Access:
    id: str
    who: str
    what: str
    why: str
    at: datetime
    through: Through | None


class AccessLogService:
    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    async def record(
        self, person_id: str, who: Who, what: What, why: Why, through: Through | None = None
    ) -> None:
        """In the caller's unit, where there is one."""
        line = AccessLog(
            id=new_id(), person_id=person_id, who=who, what=what, why=why, at=self._clock.now()
        )
        if through is not None:
            line.draft_id, line.grant_id = through.draft_id, through.grant_id
            if through.name is not None:
                line.name_cipher = self._ring.seal(through.name.encode(), _context(line.id))
        await line.save(force_create=True)

    async def page(self, person_id: str, before: str | None, limit: int) -> Sequence[Access]:
        """The newest first; one more than ``limit`` when there are more."""
        rows = AccessLog.filter(person_id=person_id)
        if before is not None:
            rows = rows.filter(id__lt=before)
        found = await rows.order_by("-id").limit(min(limit, PAGE_MAX) + 1)
        return [self._access(row) for row in found]

    async def hand_over(self, person_id: str, to: str) -> None:
        await AccessLog.filter(person_id=person_id).update(person_id=to)

    async def purge(self) -> int:
        """Erase what nobody needs any more; how many lines."""
        return await AccessLog.filter(at__lt=self._clock.now() - KEPT).delete()

    def _access(self, row: AccessLog) -> Access:
        through = None
        if row.draft_id is not None and row.grant_id is not None:
            sealed = row.name_cipher
            name = self._ring.open(sealed, _context(row.id)).decode() if sealed else None
            through = Through(row.draft_id, row.grant_id, name)
        return Access(row.id, row.who, row.what, row.why, row.at, through)


def _context(row_id: str) -> str:
    return f"access_log.name|{row_id}"
