"""What can be applied for. Public: nobody needs to sign in to look.

What is looked up carries an ETag. Lists are whole, so that their ``next_cursor`` is null; only the
look-ups have pages.
"""

from sanic import Blueprint

from auth.guard import PUBLIC
from kit.answers import Shown
from kit.describe import describe
from kit.limits import Limit
from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.catalogue.name_checks import NameChecks
from miniprogram_api.catalogue.name_schemas import (
    NameCheckRequest,
    NameCheckView,
    name_check_view,
)
from miniprogram_api.catalogue.problems import SELECTION_PROBLEMS, UnknownLookup, UnknownRegion
from miniprogram_api.catalogue.schemas import (
    ItemDetail,
    ItemDetailQuery,
    ItemList,
    ItemQuery,
    LookupList,
    LookupQuery,
    PlanRequest,
    PlanView,
    RegionList,
    RegionQuery,
    ThemeList,
    ThemeQuery,
)
from miniprogram_api.catalogue.selection import Selection
from miniprogram_api.catalogue.service import CatalogueService, Encoded

bp = Blueprint("catalogue")

# Each asks the province's library of names, up to seven times. A mobile network puts thousands of
# phones behind one address, and a person tries some dozens of names.
NAME_CHECK_LIMITS = (
    Limit("name-check-device", 30, 300, by="device"),
    Limit("name-check-address", 300, 300, by="address"),
)


@bp.get("/catalogue/regions")
@describe(
    "listRegions", "行政区划", access=PUBLIC, tag="catalogue",
    query=RegionQuery, returns=RegionList, problems=[UnknownRegion],
)  # fmt: skip
async def list_regions(query: RegionQuery, catalogue: CatalogueService) -> Shown:
    def found() -> RegionList:
        return RegionList(list(catalogue.regions(query.parent)), None)

    return _shown(catalogue.encoded(("regions", query.parent), found))


@bp.get("/catalogue/themes")
@describe(
    "listThemes", "主题套餐", access=PUBLIC, tag="catalogue",
    query=ThemeQuery, returns=ThemeList, problems=[UnknownRegion],
)  # fmt: skip
async def list_themes(query: ThemeQuery, catalogue: CatalogueService) -> Shown:
    def found() -> ThemeList:
        return ThemeList(list(catalogue.themes(query.operation, query.region)), None)

    return _shown(catalogue.encoded(("themes", query.operation, query.region), found))


@bp.get("/catalogue/items")
@describe(
    "listItems", "可办事项", access=PUBLIC, tag="catalogue",
    query=ItemQuery, returns=ItemList, problems=[UnknownRegion],
)  # fmt: skip
async def list_items(query: ItemQuery, catalogue: CatalogueService) -> Shown:
    def found() -> ItemList:
        return ItemList(list(catalogue.items(query.operation, query.region, query.q)), None)

    return _shown(catalogue.encoded(("items", query.operation, query.region, query.q), found))


@bp.get("/catalogue/items/<code:str>")
@describe(
    "getItem", "事项详情", access=PUBLIC, tag="catalogue",
    query=ItemDetailQuery, returns=ItemDetail, problems=[NotFound],
)  # fmt: skip
async def get_item(code: str, query: ItemDetailQuery, catalogue: CatalogueService) -> Shown:
    def found() -> ItemDetail:
        return catalogue.item(code, query.operation)

    return _shown(catalogue.encoded(("item", code, query.operation), found))


@bp.get("/catalogue/lookups/<name:str>")
@describe(
    "lookUp", "查找选项", access=PUBLIC, tag="catalogue",
    query=LookupQuery, returns=LookupList, problems=[UnknownLookup],
)  # fmt: skip
async def look_up(name: str, query: LookupQuery, catalogue: CatalogueService) -> Shown:
    wanted = (name, query.q, query.limit, query.cursor)

    def found() -> LookupList:
        return catalogue.lookup(*wanted)

    return _shown(catalogue.encoded(("lookup", *wanted), found))


@bp.post("/catalogue/name-checks")
@describe(
    "checkName", "企业名称自主申报核对", access=PUBLIC, tag="catalogue",
    body=NameCheckRequest, returns=NameCheckView, problems=[UnknownRegion],
    limits=NAME_CHECK_LIMITS,
)  # fmt: skip
async def check_name(body: NameCheckRequest, language: Language, names: NameChecks) -> Shown:
    return Shown(name_check_view(await names.check(body.wanted(names.book())), language))


@bp.post("/catalogue/plan")
@describe(
    "makePlan", "一次告知与一张表", access=PUBLIC, tag="catalogue",
    body=PlanRequest, returns=PlanView, problems=SELECTION_PROBLEMS,
)  # fmt: skip
async def make_plan(body: PlanRequest, catalogue: CatalogueService) -> Shown:
    selection = Selection(
        operation=body.operation,
        region=body.region,
        theme=body.theme,
        items=body.items,
        mode=body.mode,
    )
    if body.answers or body.previous_answers is not None:
        what_if = catalogue.plan_json(selection, body.answers, body.previous_answers, body.ui)
        return Shown(what_if)
    return _shown(catalogue.compile(selection).shown(body.ui))


def _shown(encoded: Encoded) -> Shown:
    return Shown(encoded.body, etag=encoded.etag)
