"""Keeping a name over HTTP."""

from sanic import Blueprint

from auth.citizen import Citizen
from auth.guard import CITIZENS
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound, TemporarilyUnavailable
from miniprogram_api.catalogue.service import UnknownRegion
from miniprogram_api.drafts.service import DraftExpired, DraftSubmitted, recall_by_owner
from miniprogram_api.names.problems import (
    NameRefused,
    NameTaken,
    NotAnOpening,
    TooManyNamesKept,
)
from miniprogram_api.names.schemas import KeepName, KeptName
from miniprogram_api.names.service import NameKeeping

bp = Blueprint("names")

# Each asks the province's library twice, and a declared name is in everybody else's way.
KEEP_LIMITS = (Limit("name-keep", 20, 86_400),)


@bp.post("/drafts/<draft_id:str>/name-reservation")
@describe(
    "keepName", "申报并保留企业名称", access=CITIZENS, tag="names", body=KeepName,
    returns=KeptName, status=201, idempotent=True, recall=recall_by_owner,
    limits=KEEP_LIMITS, problems=[
        NotFound, DraftSubmitted, DraftExpired, NotAnOpening, TooManyNamesKept, NameTaken,
        NameRefused, UnknownRegion, TemporarilyUnavailable,
    ],
)  # fmt: skip
async def keep_name(
    caller: Citizen, draft_id: str, body: KeepName, once: Once, names: NameKeeping
) -> Shown:
    return await names.keep(caller.person_id, draft_id, body, once)


@bp.get("/drafts/<draft_id:str>/name-reservation")
@describe(
    "getKeptName", "已保留的企业名称", access=CITIZENS, tag="names", returns=KeptName,
    problems=[NotFound],
)  # fmt: skip
async def get_kept_name(caller: Citizen, draft_id: str, names: NameKeeping) -> Shown:
    return Shown(await names.kept(caller.person_id, draft_id))


@bp.delete("/drafts/<draft_id:str>/name-reservation")
@describe(
    "giveUpName", "放弃保留的企业名称", access=CITIZENS, tag="names", status=204,
    problems=[NotFound],
)  # fmt: skip
async def give_up_name(caller: Citizen, draft_id: str, names: NameKeeping) -> Shown:
    await names.give_up(caller.person_id, draft_id)
    return Shown(None, status=204)
