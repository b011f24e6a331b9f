"""Hand-overs: with eight digits, read out at a counter or typed into a kiosk, the owner lets that
terminal fill in one draft for half an hour.

The code is good once, for ten minutes, for the kind of terminal that it was made for. Guessing at
it is counted where terminals are admitted (auth/terminals.py). No published rule was found for
this: times and lengths are our own figures.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.outbox.put import Outbox
from auth.citizen import AtTerminal
from auth.handed_over import TOKEN_MARK
from auth.problems import AccessTokenInvalid, SessionEnded
from auth.terminals import CallingTerminal, Terminals
from kit.clock import Clock, in_china
from kit.database.unit import unit_of_work
from kit.ids import new_id, new_token
from kit.problems import NotFound, TemporarilyUnavailable
from kit.secrets import KeyRing
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.invitations.models import Handover
from miniprogram_api.invitations.problems import HandoverCodeInvalid
from miniprogram_api.invitations.schemas import (
    ClaimedHandover,
    HandoverCode,
    HandoverState,
    HandoverView,
    Purpose,
)
from push.notices import NoticeKind
from push.put import put_notice

CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(minutes=30)
CODES = 10**8
TRIES = 5
SHOWN_MAX = 100
TOLD: NoticeKind = "handover_claimed"


class HandoverService:
    """One for the process; ``auth.handed_over.HandedOver``."""

    def __init__(
        self,
        drafts: DraftService,
        terminals: Terminals,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._terminals = terminals
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def make_code(self, person_id: str, draft_id: str, purpose: Purpose) -> HandoverCode:
        """In the caller's unit. An older code of the draft that nobody has used is worth nothing
        any more. Raises NotFound, DraftSubmitted, DraftExpired."""
        await self._drafts.open_steps(person_id, draft_id)
        await self._drafts.hold(draft_id)
        await Handover.filter(draft_id=draft_id, claimed_at__isnull=True).delete()
        code = await self._free_code()
        now = self._clock.now()
        row = await Handover.create(
            id=new_id(),
            draft_id=draft_id,
            owner=person_id,
            purpose=purpose,
            code_index=self._code_index(code),
            created_at=now,
            expires_at=now + CODE_LIFE,
        )
        return HandoverCode(row.id, code, in_china(row.expires_at))

    async def claim(self, caller: CallingTerminal, code: str) -> ClaimedHandover:
        """Never inside a unit; the owner is told. Raises HandoverCodeInvalid, or TooManyRequests
        after wrong ones."""
        await self._terminals.count_guess(caller)
        token = TOKEN_MARK + new_token()
        async with unit_of_work():
            row = await self._claimed(caller, code, token)
        if row is None:
            raise HandoverCodeInvalid
        await self._terminals.guessed_right(caller)
        if row.ended_at is not None:
            raise HandoverCodeInvalid
        return ClaimedHandover(row.id, token, int(TOKEN_LIFE.total_seconds()), row.draft_id)

    async def _claimed(self, caller: CallingTerminal, code: str, token: str) -> Handover | None:
        """In the caller's unit. Ended at once when the draft was submitted or is gone since the
        code was made: there is nothing to fill in."""
        now, token_index = self._clock.now(), self._token_index(token)
        open_ = Handover.filter(
            code_index=self._code_index(code),
            purpose=caller.terminal.kind,
            claimed_at__isnull=True,
            expires_at__gt=now,
        )
        # One statement: of two terminals that type it at one moment one gets the draft.
        claimed = await open_.update(
            code_index=None,
            token_index=token_index,
            terminal=caller.terminal.id,
            terminal_name=caller.terminal.name,
            claimed_at=now,
            expires_at=now + TOKEN_LIFE,
        )
        if not claimed:
            return None
        row = await Handover.get(token_index=token_index)
        if not await self._drafts.is_open(row.draft_id):
            row.ended_at = now
            await row.save(update_fields=["ended_at"])
            return row
        subject, facts = {"draft_id": row.draft_id}, {"terminal": caller.terminal.name}
        await put_notice(self._outbox, TOLD, row.id, row.owner, now, subject, facts)
        return row

    async def admit(self, token: str) -> AtTerminal:
        row = await Handover.get_or_none(token_index=self._token_index(token))
        if row is None:
            raise AccessTokenInvalid
        if row.ended_at is not None or row.expires_at <= self._clock.now():
            # Also by time: there is nothing with which it could be refreshed.
            raise SessionEnded
        return AtTerminal(row.id)

    async def given(self, person_id: str, draft_id: str) -> list[HandoverView]:
        """The newest first. Raises NotFound for everybody but the draft's owner."""
        await self._drafts.refuse_others(person_id, draft_id)
        rows: Sequence[Handover] = (
            await Handover.filter(draft_id=draft_id).order_by("-id").limit(SHOWN_MAX)
        )
        return [self.shown(row) for row in rows]

    async def end(self, person_id: str, handover_id: str) -> None:
        """By the owner, from the next request on; a code that nobody has used is worth nothing any
        more. NotFound."""
        mine = Handover.filter(id=handover_id, owner=person_id)
        if not await mine.exists():
            raise NotFound
        await mine.filter(ended_at__isnull=True).update(ended_at=self._clock.now(), code_index=None)

    async def give_back(self, caller: CallingTerminal, handover_id: str) -> None:
        """By the terminal that has it; NotFound for every other."""
        taken = Handover.filter(id=handover_id, terminal=caller.terminal.id)
        if not await taken.exists():
            raise NotFound
        await taken.filter(ended_at__isnull=True).update(ended_at=self._clock.now())

    async def purge(self) -> int:
        """Erase codes that nobody used; what was claimed stays as long as its draft."""
        unused = Handover.filter(claimed_at__isnull=True, expires_at__lt=self._clock.now())
        return await unused.delete()

    def shown(self, row: Handover) -> HandoverView:
        return HandoverView(
            id=row.id,
            purpose=row.purpose,  # type: ignore[arg-type]  # only ours are written
            state=_state(row, self._clock.now()),
            terminal=row.terminal_name,
            created_at=in_china(row.created_at),
            expires_at=in_china(row.expires_at),
            claimed_at=in_china(row.claimed_at) if row.claimed_at else None,
        )

    async def _free_code(self) -> str:
        """None that another draft has now."""
        for _ in range(TRIES):
            code = f"{secrets.randbelow(CODES):08d}"
            if not await Handover.exists(code_index=self._code_index(code)):
                return code
        raise TemporarilyUnavailable

    def _code_index(self, code: str) -> str:
        return self._ring.index(code, "handover.code")

    def _token_index(self, token: str) -> str:
        return self._ring.index(token, "handover.token")


def _state(row: Handover, now: datetime) -> HandoverState:
    if row.ended_at is not None:
        return "ended"
    if row.expires_at <= now:
        return "expired"
    return "open" if row.claimed_at is None else "claimed"
