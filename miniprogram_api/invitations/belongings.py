"""A person's invitations and hand-overs, as far as the person's rights concern them."""

from msgspec import Struct

from kit.clock import Clock, in_china
from kit.text import Language
from miniprogram_api.invitations.handovers import HandoverService
from miniprogram_api.invitations.models import Handover, Invitation
from miniprogram_api.invitations.schemas import HandoverView, InvitationView, Role, Scope
from miniprogram_api.invitations.service import InvitationService, scope_of


class GivenInvitation(Struct, frozen=True):
    draft_id: str
    invitation: InvitationView


class GivenHandover(Struct, frozen=True):
    draft_id: str
    handover: HandoverView


class ReceivedInvitation(Struct, frozen=True):
    """What the owner called the person is the owner's."""

    draft_id: str
    role: Role
    scope: Scope
    accepted_at: str | None
    expires_at: str
    revoked_at: str | None


class InvitationBelongings:
    """``auth.belongings.Belongings``. What the person gave goes with the drafts, which know their
    owner; what he received is his for as long as it lasts."""

    name = "invitations"

    def __init__(
        self, invitations: InvitationService, handovers: HandoverService, clock: Clock
    ) -> None:
        self._invitations = invitations
        self._handovers = handovers
        self._clock = clock

    async def export(self, person_id: str, language: Language) -> list[object]:
        given = await Invitation.filter(owner=person_id).order_by("id")
        handed = await Handover.filter(owner=person_id).order_by("id")
        received = await Invitation.filter(person_id=person_id).order_by("id")
        return [
            *(GivenInvitation(row.draft_id, self._invitations.shown(row)) for row in given),
            *(GivenHandover(row.draft_id, self._handovers.shown(row)) for row in handed),
            *(_received(row) for row in received),
        ]

    async def hand_over(self, person_id: str, to: str) -> None:
        for given in (Invitation, Handover):
            await given.filter(owner=person_id).update(owner=to)
        for row in await Invitation.filter(person_id=person_id):
            # The log goes on naming the old id.
            await Invitation.filter(id=row.id, person_id=person_id).update(
                person_id=to, known_as=f"{row.known_as},{to}"
            )

    async def erase(self, person_id: str) -> None:
        """A helper who has gone is named by what the owner called him; his grants end."""
        for given in (Invitation, Handover):
            await given.filter(owner=person_id).delete()
        received = Invitation.filter(person_id=person_id)
        await received.filter(revoked_at__isnull=True).update(revoked_at=self._clock.now())
        await received.update(name_cipher=None)


def _received(row: Invitation) -> ReceivedInvitation:
    return ReceivedInvitation(
        row.draft_id,
        row.role,  # type: ignore[arg-type]  # only ours are written
        scope_of(row),
        in_china(row.accepted_at) if row.accepted_at else None,
        in_china(row.expires_at),
        in_china(row.revoked_at) if row.revoked_at else None,
    )
