"""Materials over HTTP."""

from collections.abc import AsyncIterator
from typing import ClassVar

from sanic import Blueprint, HTTPResponse, Request

from auth.citizen import Citizen, Filler
from auth.guard import CITIZENS, FILLERS
from kit.answers import Shown
from kit.describe import AccessRule, Caller, describe
from kit.limits import Limit
from kit.problems import MalformedRequest, NotFound, Problem
from kit.streams import StreamedAnswer, announced_bytes, body_of
from kit.text import Language
from miniprogram_api.drafts.service import (
    Author,
    DraftExpired,
    DraftSubmitted,
    FileRef,
    FileView,
    TooManyFiles,
    UnknownMaterial,
)
from miniprogram_api.materials.filing import Target
from miniprogram_api.materials.forms import FileForm
from miniprogram_api.materials.names import content_disposition
from miniprogram_api.materials.problems import (
    FileBeingScanned,
    FileBroken,
    FileIncomplete,
    FileLinkExpired,
    FileTooLarge,
    FileTypeRefused,
    OneFileExpected,
    UploadQuotaUsed,
)
from miniprogram_api.materials.schemas import FileQuery, UseFile
from miniprogram_api.materials.service import MaterialService

bp = Blueprint("materials")

CHANGING = (NotFound, UnknownMaterial, DraftSubmitted, DraftExpired, TooManyFiles)
UNACCEPTABLE = (FileTooLarge, FileTypeRefused, FileIncomplete, FileBroken)
# By person: every picture that a draft has room for at once, then one in five seconds.
UPLOAD_LIMITS = (Limit("upload", 120, 600), Limit("upload-day", 1000, 86_400))


class LinkHolder:
    """Somebody with a link to a file; which one, the handler checks."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    @property
    def sender(self) -> str:
        return self.key


class _LinkOrOwner(AccessRule):
    """The holder of a link that we made a moment ago, or else the file's owner, signed in."""

    name = "link_or_owner"
    problems: ClassVar[tuple[type[Problem], ...]] = CITIZENS.problems

    async def admit(self, request: Request) -> Caller:
        if "signature" in request.args:
            return LinkHolder(f"link:{request.client_ip}")
        return await CITIZENS.admit(request)


@bp.post("/drafts/<draft_id:str>/materials/<code:str>", stream=True)
@describe(
    "uploadMaterial", "上传材料", access=FILLERS, tag="materials", returns=FileView, status=201,
    multipart=True, limits=UPLOAD_LIMITS,
    problems=[*CHANGING, MalformedRequest, OneFileExpected, *UNACCEPTABLE, UploadQuotaUsed],
)  # fmt: skip
async def upload_material(
    request: Request,
    caller: Filler,
    draft_id: str,
    code: str,
    materials: MaterialService,
    language: Language,
) -> Shown:
    target = Target(Author.of(caller.person_id, request.headers), draft_id, code)
    form = FileForm(request.headers.get("content-type", ""), body_of(request))
    view = await materials.upload(target, form, announced_bytes(request) or 0, language)
    return Shown(view, status=201)


@bp.post("/drafts/<draft_id:str>/materials/<code:str>/use")
@describe(
    "useFile", "使用已上传的文件", access=CITIZENS, tag="materials", body=UseFile,
    returns=FileView, status=201, problems=[*CHANGING, *UNACCEPTABLE], limits=UPLOAD_LIMITS,
)  # fmt: skip
async def use_file(
    request: Request,
    caller: Citizen,
    draft_id: str,
    code: str,
    body: UseFile,
    materials: MaterialService,
    language: Language,
) -> Shown:
    target = Target(Author.of(caller.person_id, request.headers), draft_id, code)
    return Shown(await materials.use(target, body.file_id, language), status=201)


@bp.delete("/drafts/<draft_id:str>/materials/<code:str>/<file_id:str>")
@describe(
    "removeMaterial", "删除已上传的文件", access=FILLERS, tag="materials", status=204,
    problems=[NotFound, DraftSubmitted, DraftExpired],
)  # fmt: skip
async def remove_material(
    request: Request,
    caller: Filler,
    draft_id: str,
    code: str,
    file_id: str,
    materials: MaterialService,
) -> Shown:
    author = Author.of(caller.person_id, request.headers)
    await materials.remove(author, draft_id, code, file_id)
    return Shown(None, status=204)


@bp.get("/files/<file_id:str>")
@describe(
    "readFile", "查看文件", access=_LinkOrOwner(), tag="materials", query=FileQuery,
    returns=bytes, problems=[NotFound, FileLinkExpired, FileBeingScanned],
)  # fmt: skip
async def read_file(
    caller: Citizen | LinkHolder, file_id: str, query: FileQuery, materials: MaterialService
) -> HTTPResponse:
    if isinstance(caller, Citizen):
        return _saved(*await materials.open_own(caller.person_id, file_id))
    return _saved(*await materials.open_link(file_id, query))


def _saved(file: FileRef, pieces: AsyncIterator[bytes]) -> HTTPResponse:
    """Always to be saved, never shown inside a page of ours."""
    headers = {
        "Content-Disposition": content_disposition(file.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }
    return StreamedAnswer(pieces, file.size, headers, file.media_type)
