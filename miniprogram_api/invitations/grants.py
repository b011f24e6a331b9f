"""Who is let in to which draft: the answer to ``drafts.ports.Grants``, out of the database at each
question, so that what the owner takes back is over at once in every process."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from tortoise.expressions import Q

from auth.access_log import AccessLogService, Through, Who
from kit.clock import Clock
from kit.database.statement import Row, Statement, to_instant
from kit.database.unit import unit_of_work
from kit.secrets import KeyRing
from miniprogram_api.drafts.service import Grant, NamedAuthor
from miniprogram_api.invitations.models import Handover, Invitation
from miniprogram_api.invitations.schemas import Scope

TOLD_EVERY = timedelta(minutes=10)
"""How often at most a helper's looks at one draft are told to its owner."""

_LIVE = Statement(
    "SELECT id, owner, scope, looked_at, accepted_at, label_cipher, NULL AS terminal_name"
    " FROM invitation WHERE draft_id = ? AND person_id = ? AND role = 'helper'"
    " AND revoked_at IS NULL AND expires_at > ?"
    " UNION ALL SELECT id, owner, NULL, looked_at, claimed_at, NULL, terminal_name"
    " FROM handover WHERE id = ? AND draft_id = ?"
    " AND claimed_at IS NOT NULL AND ended_at IS NULL AND expires_at > ?"
)
_HELPED = Statement(
    "SELECT DISTINCT draft_id FROM invitation WHERE person_id = ? AND draft_id < ?"
    " AND role = 'helper' AND owner <> person_id AND revoked_at IS NULL AND expires_at > ?"
    " ORDER BY draft_id DESC LIMIT ?"
)
_SCOPES = Statement(
    "SELECT draft_id, id, scope, accepted_at FROM invitation WHERE person_id = ? AND draft_id >= ?"
    " AND draft_id <= ? AND role = 'helper' AND owner <> person_id AND revoked_at IS NULL"
    " AND expires_at > ?"
)
_AUTHORS = Statement(
    "SELECT id, known_as, name_cipher, label_cipher, NULL AS terminal_name FROM invitation"
    " WHERE draft_id = ? AND accepted_at IS NOT NULL AND role = 'helper'"
    " UNION ALL SELECT id, id, NULL, NULL, terminal_name FROM handover"
    " WHERE draft_id = ? AND claimed_at IS NOT NULL"
)
_AFTER_ALL = "g"
"""Greater than every id, which is hexadecimal."""

_HELPER: tuple[type[Invitation], Who] = (Invitation, "helper")
_TERMINAL: tuple[type[Handover], Who] = (Handover, "counter")

_read_scope = msgspec.json.Decoder(Scope).decode
EVERYTHING = Scope(None, materials=True)
"""What a hand-over lets a terminal do."""


class GrantBook:
    """``drafts.ports.Grants``"""

    def __init__(self, access_log: AccessLogService, ring: KeyRing, clock: Clock) -> None:
        self._access_log = access_log
        self._ring = ring
        self._clock = clock

    async def grant(self, draft_id: str, person_id: str) -> Grant | None:
        """Two invitations of one person allow what either does."""
        now = self._clock.now()
        rows = await _LIVE.fetch(draft_id, person_id, now, person_id, draft_id, now)
        if not rows:
            return None
        await self._tell(draft_id, rows, now)
        return _grant_of(rows)

    async def helped(
        self, person_id: str, before: str | None, limit: int
    ) -> Sequence[tuple[str, Grant]]:
        now = self._clock.now()
        rows = await _HELPED.fetch(person_id, before or _AFTER_ALL, now, limit)
        ids = [row["draft_id"] for row in rows]
        if not ids:
            return ()
        by_draft: dict[str, list[Row]] = {}
        for row in await _SCOPES.fetch(person_id, ids[-1], ids[0], now):
            by_draft.setdefault(row["draft_id"], []).append(row)
        return [(id_, _grant_of(by_draft[id_])) for id_ in ids if id_ in by_draft]

    async def authors(self, draft_id: str) -> Mapping[str, NamedAuthor]:
        named: dict[str, NamedAuthor] = {}
        for row in await _AUTHORS.fetch(draft_id, draft_id):
            author = self._author(row)
            named |= dict.fromkeys(row["known_as"].split(","), author)
        return named

    async def forget(self, draft_id: str) -> None:
        await Invitation.filter(draft_id=draft_id).delete()
        await Handover.filter(draft_id=draft_id).delete()

    async def _tell(self, draft_id: str, rows: Sequence[Row], now: datetime) -> None:
        """Of several requests at one moment one writes the line."""
        due = now - TOLD_EVERY
        told = [to_instant(row["looked_at"]) for row in rows if row["looked_at"] is not None]
        if any(at > due for at in told):
            return
        first = rows[0]
        table, who = _TERMINAL if first["scope"] is None else _HELPER
        through = Through(draft_id, first["id"], first["terminal_name"] or self._label(first))
        unseen = table.filter(Q(looked_at__isnull=True) | Q(looked_at__lte=due), id=first["id"])
        async with unit_of_work():
            if await unseen.update(looked_at=now):
                await self._access_log.record(first["owner"], who, "draft", "helping", through)

    def _author(self, row: Row) -> NamedAuthor:
        if row["terminal_name"] is not None:
            return NamedAuthor("counter", row["terminal_name"], None)
        name = row["name_cipher"]
        return NamedAuthor(
            "helper",
            self._ring.open(name, name_context(row["id"])).decode() if name else None,
            self._label(row),
        )

    def _label(self, row: Row) -> str | None:
        label = row["label_cipher"]
        return self._ring.open(label, label_context(row["id"])).decode() if label else None


def _grant_of(rows: Sequence[Row]) -> Grant:
    scopes = [EVERYTHING if row["scope"] is None else _read_scope(row["scope"]) for row in rows]
    named = [scope.steps for scope in scopes if scope.steps is not None]
    return Grant(
        # The end of an id is random, its beginning a time.
        id="-".join(sorted(row["id"][-12:] for row in rows)),
        steps=frozenset().union(*named) if len(named) == len(scopes) else None,
        materials=any(scope.materials for scope in scopes),
        since=max(to_instant(row["accepted_at"]) for row in rows),
    )


def name_context(invitation_id: str) -> str:
    return f"invitation.name|{invitation_id}"


def label_context(invitation_id: str) -> str:
    return f"invitation.label|{invitation_id}"
