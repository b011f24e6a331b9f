"""Whom a draft's owner lets in: helpers, signers, counters and kiosks."""

from bff.wiring.ground import Ground, Parts
from bff.wiring.people import People
from miniprogram_api.drafts.service import DraftService
from miniprogram_api.invitations.belongings import InvitationBelongings
from miniprogram_api.invitations.handovers import HandoverService
from miniprogram_api.invitations.service import InvitationService, SigningTasks


def let_others_in(
    ground: Ground, who: People, drafts: DraftService, signing: SigningTasks
) -> tuple[HandoverService, Parts]:
    clock, ring = ground.clock, ground.ring
    invitations = InvitationService(drafts, who.people, signing, ground.outbox, ring, clock)
    handovers = HandoverService(drafts, who.terminals, ground.outbox, ring, clock)
    belongings = (InvitationBelongings(invitations, handovers, clock),)
    sweeps = {"handover codes": handovers.purge}
    return handovers, Parts((invitations, handovers), {}, sweeps, belongings)
