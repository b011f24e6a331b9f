"""What can be applied for. Public: nobody needs to sign in to look.

All answers carry an ETag. The lists are whole: there is no second page, so ``next_cursor`` is null.
"""

from sanic import Blueprint

from auth.guard import PUBLIC
from kit.answers import Shown
from kit.describe import describe
from kit.problems import NotFound
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
    def found() -> LookupList:
        return LookupList(list(catalogue.lookup(name, query.q, query.limit)), None)

    return _shown(catalogue.encoded(("lookup", name, query.q, query.limit), found))


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
    if body.answers:
        return Shown(catalogue.plan(selection, body.answers))
    compiled = catalogue.compile(selection)
    return Shown(compiled.plan_json, etag=compiled.etag)


def _shown(encoded: Encoded) -> Shown:
    return Shown(encoded.body, etag=encoded.etag)
