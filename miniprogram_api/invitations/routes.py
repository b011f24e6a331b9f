"""Invitations and hand-overs over HTTP."""

from sanic import Blueprint

from auth.citizen import Citizen
from auth.guard import CITIZENS, NAMED_CITIZENS, TERMINALS
from auth.terminals import CallingTerminal
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound
from miniprogram_api.drafts.service import DraftExpired, DraftSubmitted, recall_by_owner
from miniprogram_api.invitations.handovers import HandoverService
from miniprogram_api.invitations.problems import (
    HandoverCodeInvalid,
    OwnInvitation,
    TooManyInvitations,
)
from miniprogram_api.invitations.schemas import (
    Accepted,
    ClaimedHandover,
    ClaimHandover,
    HandoverCode,
    HandoverList,
    InvitationList,
    InvitationMade,
    NewHandoverCode,
    NewInvitation,
)
from miniprogram_api.invitations.service import InvitationService

bp = Blueprint("invitations")

_NO_STORE = {"Cache-Control": "no-store"}
_NOT_OPEN = (NotFound, DraftSubmitted, DraftExpired)

# Rows that stay as long as their draft.
INVITE_LIMITS = (Limit("invite", 30, 3600),)
ACCEPT_LIMITS = (Limit("invitation-accept", 30, 600),)
HANDOVER_LIMITS = (Limit("handover-code", 20, 3600),)
# Besides ten wrong codes in ten minutes, which are counted in the database.
CLAIM_LIMITS = (Limit("handover-claim", 60, 60),)


@bp.post("/drafts/<draft_id:str>/invitations")
@describe(
    "invite", "邀请帮办或签署人", access=CITIZENS, tag="invitations", body=NewInvitation,
    returns=InvitationMade, status=201, problems=[*_NOT_OPEN, TooManyInvitations],
    idempotent=True, recall=recall_by_owner, limits=INVITE_LIMITS,
)  # fmt: skip
async def invite(
    caller: Citizen,
    draft_id: str,
    body: NewInvitation,
    once: Once,
    invitations: InvitationService,
) -> Shown:
    async with once.unit():
        made = await invitations.invite(caller.person_id, draft_id, body)
        return await once.remember(Shown(made, status=201, headers=_NO_STORE))


@bp.get("/drafts/<draft_id:str>/invitations")
@describe(
    "listInvitations", "已发出的邀请", access=CITIZENS, tag="invitations",
    returns=InvitationList, problems=[NotFound],
)  # fmt: skip
async def list_invitations(caller: Citizen, draft_id: str, invitations: InvitationService) -> Shown:
    return Shown(InvitationList(await invitations.given(caller.person_id, draft_id), None))


@bp.delete("/invitations/<invitation_id:str>")
@describe(
    "revokeInvitation", "撤销邀请", access=CITIZENS, tag="invitations", status=204,
    problems=[NotFound],
)  # fmt: skip
async def revoke_invitation(
    caller: Citizen, invitation_id: str, invitations: InvitationService
) -> Shown:
    await invitations.revoke(caller.person_id, invitation_id)
    return Shown(None, status=204)


@bp.post("/invitations/<token:str>/accept")
@describe(
    "acceptInvitation", "接受邀请", access=NAMED_CITIZENS, tag="invitations", returns=Accepted,
    problems=[NotFound, OwnInvitation], limits=ACCEPT_LIMITS,
)  # fmt: skip
async def accept_invitation(caller: Citizen, token: str, invitations: InvitationService) -> Shown:
    return Shown(await invitations.accept(caller, token), headers=_NO_STORE)


@bp.post("/drafts/<draft_id:str>/handover-codes")
@describe(
    "makeHandoverCode", "生成窗口或自助终端交接码", access=CITIZENS, tag="invitations",
    body=NewHandoverCode, returns=HandoverCode, status=201, problems=[*_NOT_OPEN],
    idempotent=True, recall=recall_by_owner, limits=HANDOVER_LIMITS,
)  # fmt: skip
async def make_handover_code(
    caller: Citizen,
    draft_id: str,
    body: NewHandoverCode,
    once: Once,
    handovers: HandoverService,
) -> Shown:
    async with once.unit():
        code = await handovers.make_code(caller.person_id, draft_id, body.purpose)
        return await once.remember(Shown(code, status=201, headers=_NO_STORE))


@bp.get("/drafts/<draft_id:str>/handovers")
@describe(
    "listHandovers", "已交接的窗口或自助终端", access=CITIZENS, tag="invitations",
    returns=HandoverList, problems=[NotFound],
)  # fmt: skip
async def list_handovers(caller: Citizen, draft_id: str, handovers: HandoverService) -> Shown:
    return Shown(HandoverList(await handovers.given(caller.person_id, draft_id), None))


@bp.delete("/handovers/<handover_id:str>")
@describe(
    "endHandover", "结束交接", access=CITIZENS, tag="invitations", status=204,
    problems=[NotFound],
)  # fmt: skip
async def end_handover(caller: Citizen, handover_id: str, handovers: HandoverService) -> Shown:
    await handovers.end(caller.person_id, handover_id)
    return Shown(None, status=204)


@bp.post("/counter/handovers")
@describe(
    "claimHandover", "终端凭交接码接手草稿", access=TERMINALS, tag="counter",
    body=ClaimHandover, returns=ClaimedHandover, status=201, problems=[HandoverCodeInvalid],
    limits=CLAIM_LIMITS,
)  # fmt: skip
async def claim_handover(
    caller: CallingTerminal, body: ClaimHandover, handovers: HandoverService
) -> Shown:
    claimed = await handovers.claim(caller, body.code)
    return Shown(claimed, status=201, headers=_NO_STORE)


@bp.delete("/counter/handovers/<handover_id:str>")
@describe(
    "giveBackHandover", "终端结束交接", access=TERMINALS, tag="counter", status=204,
    problems=[NotFound],
)  # fmt: skip
async def give_back_handover(
    caller: CallingTerminal, handover_id: str, handovers: HandoverService
) -> Shown:
    await handovers.give_back(caller, handover_id)
    return Shown(None, status=204)
