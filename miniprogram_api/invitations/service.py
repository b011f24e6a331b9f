"""Invitations: a draft's owner lets a helper (帮办) fill it in, or leads a signer to his task.

Our own rules, for which no published source was found: at most five live helpers a draft, thirty
days, and a helper has to have said who he is (real name at least), because the owner is to see who
wrote in his draft. A link binds to whoever accepts it first.
"""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from tortoise.queryset import QuerySet

from adapters.outbox.put import Outbox
from auth.citizen import Citizen
from auth.service import PeopleService
from kit.answers import encode_json
from kit.clock import Clock, in_china
from kit.database.unit import unit_of_work
from kit.ids import new_id, new_token
from kit.lines import refuse_unreadable
from kit.problems import FieldError, InvalidRequest, NotFound
from kit.secrets import KeyRing
from kit.text import Text
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.invitations.grants import label_context, name_context
from miniprogram_api.invitations.models import Invitation
from miniprogram_api.invitations.problems import OwnInvitation, TooManyInvitations
from miniprogram_api.invitations.schemas import (
    Accepted,
    InvitationMade,
    InvitationState,
    InvitationView,
    NewInvitation,
    Role,
    Scope,
)
from push.notices import NoticeKind
from push.put import put_notice

__all__ = ["InvitationService", "SigningTasks"]

LIVE_MAX = {"helper": 5, "signer": 20}
"""Of one draft, taken up or not."""
SHOWN_MAX = 100
PAGE = "/pages/invitation/accept"
"""Of the mini-program; a share card leads there."""
TOLD: NoticeKind = "invitation_accepted"
TOLD_THE_END: NoticeKind = "invitation_revoked"


class SigningTasks(Protocol):
    """Who has to sign a draft."""

    async def task_of(self, draft_id: str, person_id: str) -> str | None:
        """The id of the task that is this person's, by his proven identity."""
        ...


class InvitationService:
    """One for the process."""

    def __init__(
        self,
        drafts: DraftService,
        people: PeopleService,
        signing: SigningTasks,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._people = people
        self._signing = signing
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def invite(self, person_id: str, draft_id: str, wish: NewInvitation) -> InvitationMade:
        """In the caller's unit. Raises NotFound, DraftSubmitted, DraftExpired, InvalidRequest for a
        step that the draft does not have, TooManyInvitations."""
        if wish.label is not None:
            refuse_unreadable({"/label": wish.label})
        known = await self._drafts.open_steps(person_id, draft_id)
        scope = wish.scope if wish.role == "helper" else Scope()
        if not set(scope.steps or ()) <= set(known):
            text = Text("草稿中没有这一步", "The draft has no such step")
            raise InvalidRequest(errors=[FieldError("/scope/steps", "unknown_step", text)])
        now, invitation_id, token = self._clock.now(), new_id(), new_token()
        await self._refuse_too_many(draft_id, wish.role)
        row = await Invitation.create(
            id=invitation_id,
            draft_id=draft_id,
            owner=person_id,
            role=wish.role,
            scope=encode_json(scope).decode(),
            token_index=self._index(token),
            label_cipher=self._sealed(wish.label, label_context(invitation_id)),
            known_as="",
            created_at=now,
            expires_at=now + timedelta(days=wish.days),
        )
        expires_at = in_china(row.expires_at)
        path = f"{PAGE}?token={token}"
        return InvitationMade(row.id, wish.role, token, path, scope, wish.label, expires_at)

    async def given(self, person_id: str, draft_id: str) -> list[InvitationView]:
        """The newest first, and whatever is live, however many came after it: nobody takes back
        what he cannot see. Raises NotFound for everybody but the draft's owner."""
        await self._drafts.refuse_others(person_id, draft_id)
        newest = await Invitation.filter(draft_id=draft_id).order_by("-id").limit(SHOWN_MAX)
        live = await self._live(draft_id) if len(newest) == SHOWN_MAX else []
        rows = {row.id: row for row in (*newest, *live)}
        return [self.shown(rows[id_]) for id_ in sorted(rows, reverse=True)]

    async def revoke(self, person_id: str, invitation_id: str) -> None:
        """From the next request on; whoever had accepted it is told. Revoking it again is as good
        as once."""
        mine, now = Invitation.filter(id=invitation_id, owner=person_id), self._clock.now()
        async with unit_of_work():
            revoked = await mine.filter(revoked_at__isnull=True).update(revoked_at=now)
            row = await mine.first()
            if row is None:
                raise NotFound
            if revoked and row.person_id is not None and row.expires_at > now:
                facts = {"role": row.role}
                await put_notice(self._outbox, TOLD_THE_END, row.id, row.person_id, now, {}, facts)

    async def accept(self, caller: Citizen, token: str) -> Accepted:
        """Never inside a unit.

        NotFound for a link that was made up, is over, was taken back, is somebody else's by now or
        leads a signer who has nothing to sign; OwnInvitation.
        """
        row = await self._takeable(caller.person_id, token)
        signature_id = None
        if row.role == "signer":
            signature_id = await self._signing.task_of(row.draft_id, caller.person_id)
            if signature_id is None:
                raise NotFound
        if row.person_id is None:
            profile = await self._people.profile(caller.person_id)
            if not await self._bind(row, caller.person_id, profile.display_name):
                # Somebody was faster: perhaps he himself, with his other tap.
                row = await self._takeable(caller.person_id, token)
        return accepted(row, signature_id)

    async def _takeable(self, person_id: str, token: str) -> Invitation:
        """What this person may take up, or has taken up."""
        row = await Invitation.get_or_none(token_index=self._index(token))
        now = self._clock.now()
        if row is None or row.revoked_at is not None or row.expires_at <= now:
            raise NotFound
        if row.owner == person_id:
            raise OwnInvitation
        if row.person_id not in {None, person_id} or not await self._drafts.is_open(row.draft_id):
            raise NotFound
        return row

    def shown(self, row: Invitation) -> InvitationView:
        name, label = row.name_cipher, row.label_cipher
        return InvitationView(
            id=row.id,
            role=row.role,  # type: ignore[arg-type]  # only ours are written
            state=_state(row, self._clock.now()),
            scope=scope_of(row),
            label=self._ring.open(label, label_context(row.id)).decode() if label else None,
            helper=self._ring.open(name, name_context(row.id)).decode() if name else None,
            created_at=in_china(row.created_at),
            expires_at=in_china(row.expires_at),
            accepted_at=in_china(row.accepted_at) if row.accepted_at else None,
            used_at=in_china(row.looked_at) if row.looked_at else None,
        )

    async def _bind(self, row: Invitation, person_id: str, masked_name: str | None) -> bool:
        """Of two who open the link at one moment one gets it; whether it was this one."""
        now = self._clock.now()
        free = Invitation.filter(
            id=row.id, person_id__isnull=True, revoked_at__isnull=True, expires_at__gt=now
        )
        async with unit_of_work():
            bound = await free.update(
                person_id=person_id,
                known_as=person_id,
                name_cipher=self._sealed(masked_name, name_context(row.id)),
                accepted_at=now,
            )
            if bound:
                subject, facts = {"draft_id": row.draft_id}, {"role": row.role}
                await put_notice(self._outbox, TOLD, row.id, row.owner, now, subject, facts)
        return bool(bound)

    async def _refuse_too_many(self, draft_id: str, role: Role) -> None:
        """The draft is held, and not its invitations: of none there is nothing to lock, so parallel
        wishes would not see each other."""
        await self._drafts.hold(draft_id)
        if await self._live(draft_id).filter(role=role).count() >= LIVE_MAX[role]:
            raise TooManyInvitations

    def _live(self, draft_id: str) -> QuerySet[Invitation]:
        now = self._clock.now()
        return Invitation.filter(draft_id=draft_id, revoked_at__isnull=True, expires_at__gt=now)

    def _index(self, token: str) -> str:
        return self._ring.index(token, "invitation.token")

    def _sealed(self, text: str | None, context: str) -> bytes | None:
        return self._ring.seal(text.encode(), context) if text else None


def accepted(row: Invitation, signature_id: str | None) -> Accepted:
    expires_at = in_china(row.expires_at)
    if signature_id is not None:
        return Accepted("signer", expires_at, signature_id=signature_id)
    return Accepted("helper", expires_at, draft_id=row.draft_id, scope=scope_of(row))


def scope_of(row: Invitation) -> Scope:
    return msgspec.json.decode(row.scope, type=Scope)


def _state(row: Invitation, now: datetime) -> InvitationState:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at <= now:
        return "expired"
    return "open" if row.person_id is None else "accepted"
