"""What a person may know and decide about what is kept of him."""

from sanic import Blueprint

from auth.access_log import AccessLogService
from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.exporting import AccountCopy
from auth.guard import CITIZENS, CITIZENS_CHECKED_IF_PROVEN, VERIFIED_CITIZENS
from auth.leaving import AccountErasure
from auth.schemas import AccessLogPage, AccessQuery, AccountExport, Me
from auth.service import PeopleService
from auth.views import access_log_page, acting_for_view, me
from kit.answers import Shown
from kit.describe import describe
from kit.limits import Limit
from kit.text import Language

bp = Blueprint("me")

EXPORT_LIMITS = (Limit("export", 10, 3600),)
_NO_STORE = {"Cache-Control": "no-store"}


@bp.get("/me")
@describe("getMe", "我的信息", access=CITIZENS, tag="me", returns=Me)
async def get_me(caller: Citizen, people: PeopleService, companies: CompanyService) -> Shown:
    acting_for = await companies.acting_for(caller.person_id, caller.acting_for)
    profile = await people.profile(caller.person_id)
    return Shown(me(profile, caller, acting_for_view(acting_for)))


@bp.delete("/me")
@describe("deleteMe", "注销账号", access=VERIFIED_CITIZENS, tag="me", status=204)
async def delete_me(caller: Citizen, erasure: AccountErasure) -> Shown:
    await erasure.erase(caller.person_id)
    return Shown(None, 204)


@bp.get("/me/export")
@describe(
    "exportMe", "导出我的全部信息", access=CITIZENS_CHECKED_IF_PROVEN, tag="me",
    returns=AccountExport, limits=EXPORT_LIMITS,
)  # fmt: skip
async def export_me(caller: Citizen, copies: AccountCopy, language: Language) -> Shown:
    return Shown(await copies.of(caller, language), headers=_NO_STORE)


@bp.get("/me/access-log")
@describe(
    "listAccesses", "谁使用过我的信息", access=CITIZENS, tag="me", query=AccessQuery,
    returns=AccessLogPage,
)  # fmt: skip
async def list_accesses(
    caller: Citizen, query: AccessQuery, access_log: AccessLogService, language: Language
) -> Shown:
    lines = await access_log.page(caller.person_id, query.cursor, query.limit)
    return Shown(access_log_page(lines, query.limit, language))
