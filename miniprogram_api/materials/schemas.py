"""What the routes of materials take and show; a file is shown as the drafts feature shows it."""

from typing import Annotated, Literal

import msgspec

from miniprogram_api.drafts.service import FileView

UploadState = Literal["open", "done", "refused", "expired"]
FileName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class FileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All as in the link, or none of them and an access token instead."""

    expires: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = 0
    signature: Annotated[str, msgspec.Meta(max_length=64)] = ""
    holder: Annotated[str, msgspec.Meta(max_length=98)] = ""


class BeginUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sha256`` of the whole file, in lower-case hex."""

    material: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    name: FileName
    size: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    sha256: Annotated[str, msgspec.Meta(max_length=64, pattern="^[0-9a-f]{64}$")]


class PartQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in the file the part begins."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class UseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file_id: Annotated[str, msgspec.Meta(max_length=32, pattern="^[0-9a-f]{32}$")]


class UploadView(msgspec.Struct, frozen=True):
    """``offset``: bytes that are safely here, where the next part goes. ``file`` once ``done``; it
    is null again when the file was removed. ``open`` uploads expire; each part renews them."""

    id: str
    offset: int
    state: UploadState
    part_bytes_min: int
    part_bytes_max: int
    expires_at: str
    file: FileView | None


class GeneratedView(msgspec.Struct, frozen=True):
    """A document as it would be made of the present answers. ``sha256``, ``pages`` and ``url`` once
    it was made; ``missing_characters`` are shown as 〓 in it."""

    code: str
    title: str
    needs_signature: bool
    source_hash: str
    sha256: str | None
    pages: int | None
    url: str | None
    missing_characters: list[str]


class GeneratedList(msgspec.Struct, frozen=True):
    items: list[GeneratedView]
