"""The filed documents that the province fetches from us."""

from collections.abc import Collection

from adapters.province.port import OneWindowCallbacks
from auth.access_log import AccessLogService
from kit.database.fields import ID_LENGTH
from kit.problems import NotFound
from miniprogram_api.applications.models import Application, ApplicationDocument
from miniprogram_api.materials.service import Document, MaterialService


class FiledDocuments:
    """Only what was filed with some application is given out, and only to the province: whoever
    cannot show its token learns nothing, not even whether there is such a file."""

    def __init__(
        self,
        callbacks: OneWindowCallbacks,
        materials: MaterialService,
        access_log: AccessLogService,
    ) -> None:
        self._callbacks = callbacks
        self._materials = materials
        self._access_log = access_log

    async def open(self, token: str, file_id: str) -> Document:
        """What the file is, and its bytes in pieces. Raises NotFound."""
        if not self._callbacks.allows_document_download(token) or len(file_id) != ID_LENGTH:
            raise NotFound
        document = await ApplicationDocument.filter(file_id=file_id).first()
        if document is None:
            raise NotFound
        file, pieces = await self._materials.open_document(file_id)
        application = await Application.get(id=document.application_id)
        await self._access_log.record(application.person_id, "province", "documents", "application")
        return file, pieces


class FilesOfApplications:
    """``materials.belongings.FiledFiles``: what the province may still fetch."""

    async def among(self, file_ids: Collection[str]) -> frozenset[str]:
        filed = await ApplicationDocument.filter(file_id__in=list(file_ids))
        return frozenset(document.file_id for document in filed)
