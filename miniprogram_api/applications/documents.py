"""The filed documents that the province fetches from us."""

from collections.abc import AsyncIterator

from adapters.province.port import OneWindowCallbacks
from kit.database.fields import ID_LENGTH
from kit.problems import NotFound
from miniprogram_api.applications.models import ApplicationDocument
from miniprogram_api.materials.service import MaterialService


class FiledDocuments:
    """Only what was filed with some application is given out, and only to the province: whoever
    cannot show its token learns nothing, not even whether there is such a file."""

    def __init__(self, callbacks: OneWindowCallbacks, materials: MaterialService) -> None:
        self._callbacks = callbacks
        self._materials = materials

    async def open(self, token: str, file_id: str) -> tuple[str, AsyncIterator[bytes]]:
        """The media type and the bytes in pieces. Raises NotFound."""
        if not self._callbacks.allows_document_download(token) or len(file_id) != ID_LENGTH:
            raise NotFound
        if not await ApplicationDocument.exists(file_id=file_id):
            raise NotFound
        file, pieces = await self._materials.open_document(file_id)
        return file.media_type, pieces
