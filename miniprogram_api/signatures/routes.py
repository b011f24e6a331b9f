"""Signatures over HTTP."""

from sanic import Blueprint

from auth.citizen import Citizen
from auth.company_problems import CompanyRoleRequired
from auth.guard import CITIZENS, VERIFIED_CITIZENS
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound, TemporarilyUnavailable, TooManyRequests
from kit.text import Language
from miniprogram_api.drafts.service import (
    DraftExpired,
    DraftNotReady,
    DraftOutdated,
    DraftSubmitted,
    recall_by_owner,
)
from miniprogram_api.signatures.problems import (
    DocumentChanged,
    SignatureClosed,
    SignerDiffers,
    SigningNotPossible,
)
from miniprogram_api.signatures.schemas import (
    RefuseSignature,
    Signatures,
    SignDocuments,
    SigningStarted,
    TaskItem,
    TaskList,
    TaskQuery,
    TaskView,
)
from miniprogram_api.signatures.service import SignatureAsking, SigningService

bp = Blueprint("signatures")

# Documents are drawn for it, and others are told.
ASK_LIMITS = (Limit("signature-ask", 30, 3600),)
SIGN_LIMITS = (Limit("signature-sign", 60, 3600),)


@bp.post("/drafts/<draft_id:str>/signatures")
@describe(
    "askForSignatures", "发起签名", access=CITIZENS, tag="signatures", returns=Signatures,
    status=201, idempotent=True, recall=recall_by_owner, limits=ASK_LIMITS,
    problems=[
        NotFound, DraftSubmitted, DraftExpired, DraftOutdated, DraftNotReady,
        TemporarilyUnavailable,
    ],
)  # fmt: skip
async def ask(
    caller: Citizen, draft_id: str, once: Once, asking: SignatureAsking, language: Language
) -> Shown:
    return await asking.ask(caller.person_id, draft_id, once, language)


@bp.get("/drafts/<draft_id:str>/signatures")
@describe(
    "listDraftSignatures", "谁签了、谁还没签", access=CITIZENS, tag="signatures",
    returns=Signatures, problems=[NotFound],
)  # fmt: skip
async def of_draft(
    caller: Citizen, draft_id: str, asking: SignatureAsking, language: Language
) -> Shown:
    return Shown(await asking.listed(caller.person_id, draft_id, language))


@bp.get("/signatures")
@describe(
    "listSignatures", "等我签名的", access=CITIZENS, tag="signatures", query=TaskQuery,
    returns=TaskList,
)  # fmt: skip
async def mine(
    caller: Citizen, query: TaskQuery, signing: SigningService, language: Language
) -> Shown:
    return Shown(await signing.listed(caller, query, language))


@bp.get("/signatures/<signature_id:str>")
@describe(
    "getSignature", "签什么，签到哪一步", access=CITIZENS, tag="signatures", returns=TaskView,
    problems=[NotFound],
)  # fmt: skip
async def one(
    caller: Citizen, signature_id: str, signing: SigningService, language: Language
) -> Shown:
    return Shown(await signing.shown(caller, signature_id, language))


async def _while_he_may_sign(caller: Citizen, signature_id: str, signing: SigningService) -> None:
    await signing.refuse_former_signers(caller, signature_id)


async def _while_it_is_his(caller: Citizen, signature_id: str, signing: SigningService) -> None:
    await signing.refuse_strangers(caller, signature_id)


@bp.post("/signatures/<signature_id:str>/sign")
@describe(
    "sign", "签名", access=VERIFIED_CITIZENS, tag="signatures", body=SignDocuments,
    returns=SigningStarted, idempotent=True, recall=_while_he_may_sign, limits=SIGN_LIMITS,
    problems=[
        NotFound, DocumentChanged, SignatureClosed, SignerDiffers, SigningNotPossible,
        CompanyRoleRequired, TooManyRequests, TemporarilyUnavailable,
    ],
)  # fmt: skip
async def sign(
    caller: Citizen, signature_id: str, body: SignDocuments, once: Once, signing: SigningService
) -> Shown:
    return await signing.sign(caller, signature_id, body, once)


@bp.post("/signatures/<signature_id:str>/refuse")
@describe(
    "refuseToSign", "拒绝签名", access=CITIZENS, tag="signatures", body=RefuseSignature,
    returns=TaskItem, idempotent=True, recall=_while_it_is_his, limits=SIGN_LIMITS,
    problems=[NotFound, SignatureClosed],
)  # fmt: skip
async def refuse(
    caller: Citizen,
    signature_id: str,
    body: RefuseSignature,
    once: Once,
    signing: SigningService,
    language: Language,
) -> Shown:
    return await signing.refuse(caller, signature_id, body, once, language)
