"""What was done to a draft, by whom and when: the log's unsealed columns, no answer among them."""

from collections.abc import Mapping

from kit.clock import Clock, in_china
from kit.database.statement import Row, Statement, to_instant
from kit.text import Language, Text
from miniprogram_api.catalogue.service import Catalogue, CatalogueService
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.log import Head, row_id
from miniprogram_api.drafts.ports import Grants, NamedAuthor, NoGrants
from miniprogram_api.drafts.schemas import ByView, DraftHistory, HistoryQuery, RevisionView

_PAGE = Statement(
    "SELECT revision, kind, step, author, device, at FROM draft_save"
    " WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?"
)

_TITLES: Mapping[str, Text] = {
    "created": Text("新建草稿", "Draft begun"),
    "step": Text("保存", "Saved"),
    "selection": Text("更改所选事项", "Selection changed"),
    "material": Text("材料", "Material"),
    "register": Text("带出企业登记信息", "Filled in from the register"),
    "rebased": Text("更新到新清单", "Moved to the new list"),
    "restored": Text("恢复到较早版本", "Earlier revision restored"),
    "submitted": Text("提交申请", "Submitted"),
    "scanned": Text("文件通过安全检查", "File passed the security check"),
    "refused": Text("文件未通过安全检查，已移除", "File refused by the security check"),
    "unscanned": Text("文件无法完成安全检查", "File could not be checked"),
    "sign_asked": Text("发起签名", "Signatures asked for"),
    "sign_begun": Text("有人开始签名", "Somebody began to sign"),
    "sign_failed": Text("有人签名未完成", "A signature was not completed"),
    "signed": Text("有人签名", "Somebody signed"),
    "sign_refused": Text("有人拒绝签名", "Somebody refused to sign"),
}
_BY_ITSELF = frozenset(
    {"register", "scanned", "refused", "unscanned"}
    | {"sign_begun", "sign_failed", "signed", "sign_refused"}
)
"""What is not done by whoever has the draft."""
_OF_A_MATERIAL = frozenset({"material", "scanned", "refused", "unscanned"})
_YOU, _SYSTEM = ByView("you"), ByView("system")


class DraftHistories:
    """One for the process."""

    def __init__(
        self, desk: DraftDesk, catalogue: CatalogueService, grants: Grants | None = None
    ) -> None:
        self._desk = desk
        self._catalogue = catalogue
        self._grants = grants or NoGrants()

    async def page(
        self, person_id: str, draft_id: str, query: HistoryQuery, language: Language
    ) -> DraftHistory:
        """The newest first, to the draft's owner only: two statements however long it is, and a
        third when others wrote. A step's title is the list's that serves now; of one that it does
        not have, the key."""
        head = await self._desk.door.owned(person_id, draft_id)
        before = head.revision + 1 if query.cursor is None else query.cursor
        bounds = row_id(draft_id, 0), row_id(draft_id, before)
        rows = await _PAGE.fetch(*bounds, query.limit + 1)
        shown = rows[: query.limit]
        others = any(row["author"] != person_id for row in shown)
        names = await self._grants.authors(draft_id) if others else {}
        catalogue = self._catalogue.serving.catalogue
        return DraftHistory(
            [
                RevisionView(
                    revision=row["revision"],
                    at=in_china(to_instant(row["at"])),
                    kind=row["kind"],
                    step=row["step"],
                    title=_title(row, catalogue, language),
                    by=_by(row, head, names),
                    device=row["device"],
                    restorable=_is_restorable(row, head, self._desk.clock),
                )
                for row in shown
            ],
            shown[-1]["revision"] if len(rows) > query.limit else None,
        )


def _title(row: Row, catalogue: Catalogue, language: Language) -> str:
    kind, code = row["kind"], row["step"]
    title = _TITLES[kind].in_language(language)
    if code is None:
        return title
    if kind == "step" and code in catalogue.steps:
        step = catalogue.steps[code]
        return Text(step.title, step.en).in_language(language)
    if kind in _OF_A_MATERIAL and code in catalogue.materials:
        name = catalogue.materials[code].name
        return name if kind == "material" else f"{name} · {title}"
    return f"{title} {code}"


def _by(row: Row, head: Head, names: Mapping[str, NamedAuthor]) -> ByView:
    """Whoever is nobody whom the owner let in is the owner, also as who he was before a join."""
    if row["kind"] in _BY_ITSELF or not row["author"]:
        return _SYSTEM
    known = None if row["author"] == head.person_id else names.get(row["author"])
    return _YOU if known is None else ByView(known.kind, known.name, known.label)


def _is_restorable(row: Row, head: Head, clock: Clock) -> bool:
    open_ = not head.submitted and not head.expired(clock.now())
    return open_ and row["revision"] != head.revision
