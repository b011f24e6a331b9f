"""Materials over HTTP."""

import re
from dataclasses import dataclass
from typing import ClassVar

from sanic import Blueprint, HTTPResponse, Request
from sanic.headers import parse_content_header
from sanic.request.form import File as FormFile
from sanic.request.form import parse_multipart_form
from sanic.response import raw

from auth.citizen import Citizen
from auth.guard import CITIZENS
from kit.answers import Shown
from kit.describe import AccessRule, Caller, describe
from kit.limits import Limit
from kit.problems import MalformedRequest, NotFound, Problem
from miniprogram_api.drafts.service import (
    Author,
    DraftExpired,
    DraftSubmitted,
    FileView,
    TooManyFiles,
    UnknownMaterial,
)
from miniprogram_api.materials.names import content_disposition
from miniprogram_api.materials.problems import (
    FileIncomplete,
    FileLinkExpired,
    FileTooLarge,
    FileTypeRefused,
    OneFileExpected,
)
from miniprogram_api.materials.schemas import FileQuery
from miniprogram_api.materials.service import MaterialService

bp = Blueprint("materials")

PARTS_MAX = 20
"""A file and what a client's upload component adds; parsing takes memory for each."""
_BOUNDARY = re.compile(r"[ -~]{8,70}")
# By person: every picture that a draft has room for at once, then one in five seconds.
UPLOAD_LIMITS = (Limit("upload", 120, 600), Limit("upload-day", 1000, 86_400))


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Somebody with a link to a file; which one, the handler checks."""

    key: str

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


@bp.post("/drafts/<draft_id:str>/materials/<code:str>")
@describe(
    "uploadMaterial", "上传材料", access=CITIZENS, tag="materials", returns=FileView, status=201,
    multipart=True, problems=[
        NotFound, UnknownMaterial, DraftSubmitted, DraftExpired, TooManyFiles, MalformedRequest,
        OneFileExpected, FileTooLarge, FileTypeRefused, FileIncomplete,
    ],
    limits=UPLOAD_LIMITS,
)  # fmt: skip
async def upload_material(
    request: Request, caller: Citizen, draft_id: str, code: str, materials: MaterialService
) -> Shown:
    author, file = Author.of(caller.person_id, request.headers), one_file(request)
    view = await materials.upload(author, draft_id, code, file.name, file.body)
    return Shown(view, status=201)


@bp.delete("/drafts/<draft_id:str>/materials/<code:str>/<file_id:str>")
@describe(
    "removeMaterial", "删除已上传的文件", access=CITIZENS, tag="materials", status=204,
    problems=[NotFound, DraftSubmitted, DraftExpired],
)  # fmt: skip
async def remove_material(
    request: Request,
    caller: Citizen,
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
    returns=bytes, problems=[NotFound, FileLinkExpired],
)  # fmt: skip
async def read_file(
    caller: Citizen | LinkHolder, file_id: str, query: FileQuery, materials: MaterialService
) -> HTTPResponse:
    if isinstance(caller, Citizen):
        file, pieces = await materials.open_own(caller.person_id, file_id)
    else:
        file, pieces = await materials.open_link(file_id, query.expires, query.signature)
    # Read to its end before the first byte leaves: only the end shows that nothing was cut off.
    content = b"".join([piece async for piece in pieces])
    headers = {
        "Content-Disposition": content_disposition(file.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }
    return raw(content, headers=headers, content_type=file.media_type)


def one_file(request: Request) -> FormFile:
    """The one file of a form, under whatever name. Sanic's own property logs what it cannot parse
    and goes on without it; here it is refused, and a form of a million parts not taken apart."""
    kind, parameters = parse_content_header(request.headers.get("content-type", ""))
    boundary = str(parameters.get("boundary", ""))
    if kind != "multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise OneFileExpected
    if request.body.count(boundary.encode()) > PARTS_MAX + 1:
        raise MalformedRequest
    try:
        _, files = parse_multipart_form(  # type: ignore[no-untyped-call]
            request.body, boundary.encode()
        )
    except (ValueError, LookupError, TypeError):
        raise MalformedRequest from None
    sent: list[FormFile] = [file for named in files.values() for file in named]
    if len(sent) != 1 or not sent[0].body:
        raise OneFileExpected
    return sent[0]
