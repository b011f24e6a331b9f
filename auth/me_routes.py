"""What a person may know and decide about what is kept of him."""

from sanic import Blueprint

from auth.access_log import AccessLogService
from auth.addresses import AddressBook
from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.exporting import AccountCopy
from auth.guard import CITIZENS, CITIZENS_CHECKED_IF_PROVEN, VERIFIED_CITIZENS
from auth.leaving import AccountErasure
from auth.problems import TooManyAddresses
from auth.schemas import (
    AccessLogPage,
    AccessQuery,
    AccountExport,
    AddressList,
    AddressView,
    Me,
    SaveAddress,
)
from auth.service import PeopleService
from auth.views import access_log_page, acting_for_view, me
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound
from kit.text import Language

bp = Blueprint("me")

EXPORT_LIMITS = (Limit("export", 10, 3600),)
ADDRESS_LIMITS = (Limit("address", 60, 3600),)
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


@bp.get("/me/addresses")
@describe("listAddresses", "我的地址", access=CITIZENS, tag="me", returns=AddressList)
async def list_addresses(caller: Citizen, addresses: AddressBook) -> Shown:
    items = await addresses.of(caller.person_id)
    return Shown(AddressList(items), headers=_NO_STORE)


@bp.post("/me/addresses")
@describe(
    "addAddress", "保存地址", access=CITIZENS, tag="me", body=SaveAddress, returns=AddressView,
    status=201, idempotent=True, limits=ADDRESS_LIMITS, problems=[TooManyAddresses],
)  # fmt: skip
async def add_address(
    caller: Citizen, body: SaveAddress, once: Once, addresses: AddressBook
) -> Shown:
    async with once.unit():
        view = await addresses.add(caller.person_id, body)
        return await once.remember(Shown(view, status=201))


@bp.put("/me/addresses/<address_id:str>")
@describe(
    "changeAddress", "修改地址", access=CITIZENS, tag="me", body=SaveAddress, returns=AddressView,
    limits=ADDRESS_LIMITS, problems=[NotFound],
)  # fmt: skip
async def change_address(
    caller: Citizen, address_id: str, body: SaveAddress, addresses: AddressBook
) -> Shown:
    return Shown(await addresses.change(caller.person_id, address_id, body))


@bp.delete("/me/addresses/<address_id:str>")
@describe(
    "removeAddress", "删除地址", access=CITIZENS, tag="me", status=204, problems=[NotFound],
)  # fmt: skip
async def remove_address(caller: Citizen, address_id: str, addresses: AddressBook) -> Shown:
    await addresses.remove(caller.person_id, address_id)
    return Shown(None, status=204)
