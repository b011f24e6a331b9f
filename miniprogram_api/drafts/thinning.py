"""Which rows of a draft's log may go: pure. What stays of the past is enough to go back to.

Of rows older than a day the last of each hour stays, of those older than a week the last of each
day, hours and days as they are in China. What always stays: how a draft began, was signed and
submitted, how it came by its selection (a change of the selection is merged with what the selection
was at any revision), and the newest rows, whatever their age.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from kit.clock import CHINA

KEPT_LAST = 20
HOURLY_FROM, DAILY_FROM = timedelta(days=1), timedelta(days=7)
KEPT_KINDS = frozenset(
    {"created", "submitted", "selection", "rebased", "erased"}
    | {"sign_asked", "signed", "sign_refused"}
)


class Row(NamedTuple):
    revision: int
    kind: str
    at: datetime


def superfluous(rows: Sequence[Row], now: datetime) -> list[int]:
    """The revisions that may go of ``rows``, the oldest first; the newest :data:`KEPT_LAST` of the
    draft are not among them. The last of ``rows`` stays: what followed it is not known here."""
    return [
        row.revision
        for row, following in pairwise(rows)
        if row.kind not in KEPT_KINDS and _stands_for(following, row, now)
    ]


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
