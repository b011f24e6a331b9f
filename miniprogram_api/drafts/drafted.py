"""The documents that are made of a draft's answers, as they would be made now."""

from dataclasses import dataclass

from miniprogram_api.documents.service import DocumentSpec, all_documents_of
from miniprogram_api.drafts.desk import DraftDesk
from miniprogram_api.drafts.log import Head
from miniprogram_api.drafts.models import Draft


@dataclass(frozen=True, slots=True)
class Drafted:
    """Of one draft, its owner's. With the documents that are only there to be read."""

    owner: str
    specs: tuple[DocumentSpec, ...]


class DraftDocuments:
    """One for the process. Only for the draft's owner: they show everybody's words."""

    def __init__(self, desk: DraftDesk) -> None:
        self._desk = desk
        self.links = desk.links
        self.unit = desk.unit

    async def of(self, person_id: str, draft_id: str) -> Drafted:
        """NotFound for a stranger; a submitted draft has the documents that were submitted."""
        return await self._drafted(await self._desk.door.owned(person_id, draft_id))

    async def changeable(self, person_id: str, draft_id: str) -> Drafted:
        """As :meth:`of`, but DraftSubmitted and DraftExpired where nothing may come any more."""
        return await self._drafted(await self._desk.door.changeable(person_id, draft_id))

    async def keep_open(self, person_id: str, draft_id: str) -> None:
        """Inside :meth:`unit`: raises as :meth:`changeable`, and until the unit ends nobody erases
        or submits the draft, in whatever process."""
        await Draft.filter(id=draft_id).select_for_update().first()
        await self._desk.door.changeable(person_id, draft_id)

    async def _drafted(self, head: Head) -> Drafted:
        state = self._desk.log.opened(head)
        compiled = await self._desk.plans.of(head, state.selection)
        return Drafted(head.person_id, all_documents_of(compiled, state.steps))
