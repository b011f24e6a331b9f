"""Drafts over HTTP."""

from collections.abc import Callable

import msgspec
from sanic import Blueprint, Request

from auth.citizen import Citizen, Filler
from auth.guard import CITIZENS, FILLERS
from kit.answers import Shown, encode_json
from kit.describe import describe
from kit.idempotency import Once, Remembered
from kit.limits import Limit
from kit.problems import NotFound
from kit.text import Language
from miniprogram_api.catalogue.service import SELECTION_PROBLEMS, Selection
from miniprogram_api.drafts.history import DraftHistories
from miniprogram_api.drafts.prefill import Prefill
from miniprogram_api.drafts.problems import (
    DraftConflict,
    DraftExpired,
    DraftSubmitted,
    DraftTooLarge,
    RevisionGone,
    StepTooLarge,
    TooManyDrafts,
)
from miniprogram_api.drafts.restoring import DraftRestoring
from miniprogram_api.drafts.schemas import (
    ChangeSelection,
    DraftCheck,
    DraftHistory,
    DraftList,
    DraftQuery,
    DraftView,
    HistoryQuery,
    RebasedView,
    RestoreDraft,
    ResumeQuery,
    SaveStep,
    StepSaved,
)
from miniprogram_api.drafts.service import Author, DraftReview, DraftService

bp = Blueprint("drafts")

_CHANGING = (NotFound, DraftSubmitted, DraftExpired)

# A person can fill no disk: each save is a row with the whole draft in it. A phone that saves every
# ten seconds for eight hours, or an agent with thirty drafts a day, stays below both.
CREATE_LIMITS = (Limit("draft-create", 60, 3600),)
SAVE_LIMITS = (
    Limit("draft-save", 120, 60, shared=False),
    Limit("draft-save-day", 3000, 86_400, shared=False),
)


class ShownLater(Shown):
    """Made only when it is really sent: a client that has the newest is answered without opening
    what is sealed."""

    def encoded(self) -> bytes:
        make: Callable[[], object] = self.body
        return encode_json(make())


class _Made(msgspec.Struct):
    id: str


async def _while_it_is_there(caller: Citizen, remembered: Remembered, drafts: DraftService) -> None:
    made = msgspec.json.decode(remembered.body, type=_Made)
    await drafts.refuse_others(caller.person_id, made.id)


@bp.post("/drafts")
@describe(
    "createDraft", "新建草稿", access=CITIZENS, tag="drafts", body=Selection, returns=DraftView,
    status=201, problems=[TooManyDrafts, NotFound], idempotent=True,
    recall=_while_it_is_there, limits=CREATE_LIMITS,
)  # fmt: skip
async def create_draft(
    request: Request,
    caller: Citizen,
    body: Selection,
    once: Once,
    drafts: DraftService,
    prefill: Prefill,
    language: Language,
) -> Shown:
    author, note = (
        Author.of(caller.person_id, request.headers),
        await prefill.note_for(caller, body),
    )
    async with once.unit():
        view, etag = await drafts.create(author, body, language, note)
        return await once.remember(Shown(view, status=201, etag=etag))


@bp.get("/drafts")
@describe(
    "listDrafts", "我的草稿", access=CITIZENS, tag="drafts", query=DraftQuery, returns=DraftList,
)  # fmt: skip
async def list_drafts(caller: Citizen, query: DraftQuery, drafts: DraftService) -> Shown:
    return Shown(await drafts.page(caller.person_id, query))


@bp.get("/drafts/<draft_id:str>")
@describe(
    "resumeDraft", "继续填写", access=FILLERS, tag="drafts", query=ResumeQuery,
    returns=DraftView, problems=[NotFound],
)  # fmt: skip
async def resume_draft(
    caller: Filler,
    draft_id: str,
    query: ResumeQuery,
    drafts: DraftService,
    language: Language,
) -> Shown:
    opened, ui = await drafts.open(caller.person_id, draft_id), query.ui
    etag = drafts.etag(opened, language, ui)
    return ShownLater(lambda: drafts.view(opened, language, ui), etag=etag)


@bp.delete("/drafts/<draft_id:str>")
@describe(
    "deleteDraft", "删除草稿", access=CITIZENS, tag="drafts", status=204,
    problems=[NotFound, DraftSubmitted],
)  # fmt: skip
async def delete_draft(caller: Citizen, draft_id: str, drafts: DraftService) -> Shown:
    await drafts.erase(caller.person_id, draft_id)
    return Shown(None, status=204)


@bp.put("/drafts/<draft_id:str>/steps/<key:str>")
@describe(
    "saveDraftStep", "保存一步", access=FILLERS, tag="drafts", body=SaveStep, returns=StepSaved,
    problems=[*_CHANGING, DraftConflict, StepTooLarge, DraftTooLarge], limits=SAVE_LIMITS,
)  # fmt: skip
async def save_step(
    request: Request,
    caller: Filler,
    draft_id: str,
    key: str,
    body: SaveStep,
    drafts: DraftService,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    view, etag = await drafts.save_step(author, draft_id, key, body, language)
    return Shown(view, etag=etag)


@bp.put("/drafts/<draft_id:str>/selection")
@describe(
    "changeDraftSelection", "更改所选事项", access=CITIZENS, tag="drafts", body=ChangeSelection,
    returns=DraftView, problems=[*_CHANGING, DraftConflict], limits=SAVE_LIMITS,
)  # fmt: skip
async def change_selection(
    request: Request,
    caller: Citizen,
    draft_id: str,
    body: ChangeSelection,
    drafts: DraftService,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    view, etag = await drafts.select(author, draft_id, body, language)
    return Shown(view, etag=etag)


@bp.post("/drafts/<draft_id:str>/rebase")
@describe(
    "rebaseDraft", "更新到新清单", access=CITIZENS, tag="drafts", body=ChangeSelection,
    returns=RebasedView, problems=[*_CHANGING, DraftConflict, DraftTooLarge, *SELECTION_PROBLEMS],
    limits=SAVE_LIMITS,
)  # fmt: skip
async def rebase_draft(
    request: Request,
    caller: Citizen,
    draft_id: str,
    body: ChangeSelection,
    drafts: DraftService,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    view, etag = await drafts.rebase(author, draft_id, body, language)
    return Shown(view, etag=etag)


@bp.get("/drafts/<draft_id:str>/history")
@describe(
    "listDraftHistory", "修改记录", access=CITIZENS, tag="drafts", query=HistoryQuery,
    returns=DraftHistory, problems=[NotFound],
)  # fmt: skip
async def list_history(
    caller: Citizen,
    draft_id: str,
    query: HistoryQuery,
    histories: DraftHistories,
    language: Language,
) -> Shown:
    return Shown(await histories.page(caller.person_id, draft_id, query, language))


@bp.post("/drafts/<draft_id:str>/restore")
@describe(
    "restoreDraft", "恢复到较早版本", access=CITIZENS, tag="drafts", body=RestoreDraft,
    returns=DraftView, problems=[*_CHANGING, RevisionGone, DraftConflict, DraftTooLarge],
    limits=SAVE_LIMITS,
)  # fmt: skip
async def restore_draft(
    request: Request,
    caller: Citizen,
    draft_id: str,
    body: RestoreDraft,
    restoring: DraftRestoring,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    view, etag = await restoring.restore(author, draft_id, body, language)
    return Shown(view, etag=etag)


@bp.post("/drafts/<draft_id:str>/check")
@describe(
    "checkDraft", "提交前检查", access=FILLERS, tag="drafts", returns=DraftCheck,
    problems=[NotFound],
)  # fmt: skip
async def check_draft(
    caller: Filler,
    draft_id: str,
    review: DraftReview,
    language: Language,
) -> Shown:
    return Shown(await review.check(caller.person_id, draft_id, language))
