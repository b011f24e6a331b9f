"""Which rows of a draft's log may go: pure. What stays of the past is enough to go back to.

Of rows older than a day the last of each hour stays, of those older than a week the last of each
day, hours and days as they are in China. What always stays: how a draft began, was signed and
submitted, and the newest rows, whatever their age.

Besides, the past of one draft takes at most :data:`PAST_BYTES_MAX`: beyond that the oldest rows
go, of whatever kind but how it began and was submitted, and none of the last :data:`MERGED_FOR`.
Nothing is ever refused because of the past. The figures are ours: the whole form of a restaurant
has 5 KB, and 3,000 saves of it, as many as one person may make in a day, stay below.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from kit.clock import CHINA

KEPT_LAST = 20
HOURLY_FROM, DAILY_FROM = timedelta(days=1), timedelta(days=7)
PAST_BYTES_MAX = 16 * 1024 * 1024
"""Of the rows before the newest :data:`KEPT_LAST`, as they lie in the database."""
MERGED_FOR = timedelta(hours=2)
"""Whoever saves upon a revision within this time is merged by field, however much was saved. Not
less than the time for which a revision has to stay taken (log.py)."""
BEGINS_AND_ENDS = frozenset({"created", "submitted", "erased"})
KEPT_KINDS = BEGINS_AND_ENDS | {"sign_asked", "signed", "sign_refused"}


class Row(NamedTuple):
    revision: int
    kind: str
    at: datetime
    size: int = 0
    """Bytes of what is sealed in it."""


def superfluous(rows: Sequence[Row], now: datetime) -> list[int]:
    """The revisions that may go of ``rows``, the oldest first; the newest :data:`KEPT_LAST` of the
    draft are not among them. The last of ``rows`` stays: what followed it is not known here."""
    return [
        row.revision
        for row, following in pairwise(rows)
        if row.kind not in KEPT_KINDS and _stands_for(following, row, now)
    ]


def too_much(rows: Sequence[Row], now: datetime) -> list[int]:
    """The revisions that go because ``rows``, all but the newest :data:`KEPT_LAST` of the draft,
    are larger together than its past may be; the oldest first, and no more than needed."""
    excess, gone = sum(row.size for row in rows) - PAST_BYTES_MAX, []
    for row in rows:
        if excess <= 0 or now - row.at < MERGED_FOR:
            break
        if row.kind not in BEGINS_AND_ENDS:
            gone.append(row.revision)
            excess -= row.size
    return gone


def may_lose_more(row: Row, now: datetime) -> bool:
    """Whether the row is one that time alone may make superfluous."""
    return row.kind not in KEPT_KINDS and now - row.at < DAILY_FROM + timedelta(days=1)


def _stands_for(following: Row, row: Row, now: datetime) -> bool:
    """Each row holds the whole draft, so a later one of the same hour or day is enough. Clocks of
    replicas differ, so a later row may bear an earlier moment."""
    age = now - max(row.at, following.at)
    here, there = row.at.astimezone(CHINA), following.at.astimezone(CHINA)
    if age < HOURLY_FROM or here.date() != there.date():
        return False
    return age >= DAILY_FROM or here.hour == there.hour
