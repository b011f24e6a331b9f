"""Uploads in parts over HTTP."""

from sanic import Blueprint, Request

from auth.citizen import Filler
from auth.guard import FILLERS
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import NotFound
from kit.streams import announced_bytes, body_of
from kit.text import Language
from miniprogram_api.drafts.service import Author
from miniprogram_api.materials.filing import Target
from miniprogram_api.materials.problems import (
    FileTooLarge,
    HashMismatch,
    UploadClosed,
    UploadQuotaUsed,
    WrongOffset,
    WrongPartSize,
)
from miniprogram_api.materials.routes import CHANGING, UNACCEPTABLE, UPLOAD_LIMITS
from miniprogram_api.materials.schemas import BeginUpload, PartQuery, UploadView
from miniprogram_api.materials.uploads import UploadService

bp = Blueprint("uploads")

# By person: twenty files of 50 MB in the smallest parts, at once; then one part a second.
PART_LIMITS = (Limit("upload-part", 4000, 4000),)


async def _while_he_may_send(
    caller: Filler, draft_id: str, body: BeginUpload, uploads: UploadService
) -> None:
    await uploads.refuse_outsiders(caller.person_id, draft_id, body.material)


async def _while_it_is_his(caller: Filler, upload_id: str, uploads: UploadService) -> None:
    await uploads.refuse_strangers(caller.person_id, upload_id)


@bp.post("/drafts/<draft_id:str>/uploads")
@describe(
    "beginUpload", "开始分片上传", access=FILLERS, tag="materials", body=BeginUpload,
    returns=UploadView, status=201, idempotent=True, recall=_while_he_may_send,
    limits=UPLOAD_LIMITS,
    problems=[*CHANGING, FileTooLarge, UploadQuotaUsed],
)  # fmt: skip
async def begin_upload(
    request: Request,
    caller: Filler,
    draft_id: str,
    body: BeginUpload,
    once: Once,
    uploads: UploadService,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    return await uploads.begin(Target(author, draft_id, body.material), body, once, language)


@bp.get("/uploads/<upload_id:str>")
@describe(
    "showUpload", "上传进度", access=FILLERS, tag="materials", returns=UploadView,
    problems=[NotFound],
)  # fmt: skip
async def show_upload(
    caller: Filler, upload_id: str, uploads: UploadService, language: Language
) -> Shown:
    return Shown(await uploads.show(caller.person_id, upload_id, language))


@bp.put("/uploads/<upload_id:str>", stream=True)
@describe(
    "addPart", "上传一片", access=FILLERS, tag="materials", query=PartQuery, returns=UploadView,
    streamed=True, problems=[NotFound, WrongOffset, WrongPartSize, UploadClosed],
    limits=PART_LIMITS,
)  # fmt: skip
async def add_part(
    request: Request,
    caller: Filler,
    upload_id: str,
    query: PartQuery,
    uploads: UploadService,
    language: Language,
) -> Shown:
    announced, body = announced_bytes(request), body_of(request)
    view = await uploads.add(caller.person_id, upload_id, query.offset, announced, body, language)
    return Shown(view)


@bp.post("/uploads/<upload_id:str>/complete")
@describe(
    "completeUpload", "完成分片上传", access=FILLERS, tag="materials", returns=UploadView,
    idempotent=True, recall=_while_it_is_his, limits=UPLOAD_LIMITS,
    problems=[*CHANGING, WrongOffset, HashMismatch, UploadClosed, *UNACCEPTABLE],
)  # fmt: skip
async def complete_upload(
    request: Request,
    caller: Filler,
    upload_id: str,
    once: Once,
    uploads: UploadService,
    language: Language,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    return await uploads.complete(author, upload_id, once, language)
