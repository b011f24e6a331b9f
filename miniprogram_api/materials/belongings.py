"""A person's files, as far as the person's rights concern them."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol

from msgspec import Struct

from adapters.outbox.put import Outbox
from kit.clock import in_china
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.materials.erasure import TOPIC, erase_parts
from miniprogram_api.materials.filing import described
from miniprogram_api.materials.generated import forget_generated
from miniprogram_api.materials.models import NOBODY, File, Upload

PAGE = 200


class FiledFiles(Protocol):
    """Which files were filed with an application: the departments may need them after the person
    has gone."""

    async def among(self, file_ids: Collection[str]) -> frozenset[str]: ...


class ExportedFile(Struct, frozen=True):
    """A file as a draft shows it, without the link, which would open it to whoever has it."""

    id: str
    name: str
    size: int
    media_type: str
    sha256: str
    uploaded_at: str


class MaterialBelongings:
    """``auth.belongings.Belongings``"""

    name = "files"

    def __init__(self, filed: FiledFiles, outbox: Outbox, ring: KeyRing) -> None:
        self._filed = filed
        self._outbox = outbox
        self._ring = ring

    async def export(self, person_id: str, language: Language) -> list[object]:
        return [self._exported(row) async for page in _pages_of(person_id) for row in page]

    async def hand_over(self, person_id: str, to: str) -> None:
        await File.filter(owner=person_id).update(owner=to)
        await Upload.filter(owner=person_id).update(owner=to)

    async def erase(self, person_id: str) -> None:
        """Rows at once become nobody's, so that no link opens them any more; the bytes of those
        that were never filed are erased soon after by the outbox. To be called after the drafts'
        erasure: what was not filed by then never will be. Uploads that were not finished go with
        their parts."""
        for upload in await Upload.filter(owner=person_id):
            await erase_parts(self._outbox, upload)
        await Upload.filter(owner=person_id).delete()
        async for page in _pages_of(person_id):
            ids = [row.id for row in page]
            filed = await self._filed.among(ids)
            for file_id in ids:
                if file_id not in filed:
                    await self._outbox.put(TOPIC, f"file:{file_id}", {"file_id": file_id})
            await forget_generated(ids)
            await File.filter(id__in=ids).update(owner=NOBODY)

    def _exported(self, row: File) -> ExportedFile:
        file = described(row, self._ring)
        return ExportedFile(
            file.id, file.name, file.size, file.media_type, file.sha256, in_china(file.at)
        )


async def _pages_of(person_id: str) -> AsyncIterator[Sequence[File]]:
    last = ""
    while page := await File.filter(owner=person_id, id__gt=last).order_by("id").limit(PAGE):
        yield page
        last = page[-1].id
