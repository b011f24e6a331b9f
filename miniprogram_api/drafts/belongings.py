"""A person's drafts, as far as the person's rights concern them."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from adapters.outbox.put import Outbox
from kit.clock import Clock
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.drafts import views
from miniprogram_api.drafts.door import DraftDoor
from miniprogram_api.drafts.erasure import DraftErasure
from miniprogram_api.drafts.log import DraftLog, Glance
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.ports import Grants
from miniprogram_api.drafts.schemas import DraftItem, JSONObject

PAGE = 50


class ExportedDraft(DraftItem, frozen=True):
    """A draft as lists show it, with everything that was said in it."""

    answers: dict[str, JSONObject]
    """By step."""
    set_aside: dict[str, dict[str, Any]]
    """Answers that the present selection does not ask for."""
    files: dict[str, list[str]]
    """The files' ids by material."""


class DraftBelongings:
    """``auth.belongings.Belongings``. Of the log's rows ``person_id`` changes and ``author`` does
    not: whose a draft is may change, who wrote something never does."""

    name = "drafts"

    def __init__(
        self, outbox: Outbox, ring: KeyRing, clock: Clock, grants: Grants | None = None
    ) -> None:
        self._log = DraftLog(ring)
        door = DraftDoor(self._log, clock, grants)
        self._erasure = DraftErasure(self._log, door, outbox, clock)
        self._clock = clock

    async def export(self, person_id: str, language: Language) -> list[object]:
        return [
            exported
            async for draft in _drafts_of(person_id)
            if (exported := await self._exported(draft)) is not None
        ]

    async def hand_over(self, person_id: str, to: str) -> None:
        """However many open drafts ``to`` then has. The rows of all of them are looked at each
        time: a save that was on its way adds a row of ``person_id``'s to a draft of ``to``'s."""
        await Draft.filter(person_id=person_id).update(person_id=to)
        async for draft in _drafts_of(to):
            await self._log.hand_over(draft.id, person_id, to)

    async def erase(self, person_id: str) -> None:
        """Submitted ones too: an application has its own copy of what was frozen. The files are
        erased with the materials, which must come after this: once a draft is erased, nothing of
        it can be filed any more."""
        async for draft in _drafts_of(person_id):
            await self._erasure.erase_words(draft.id)

    async def _exported(self, draft: Draft) -> ExportedDraft | None:
        head = await self._log.head(draft.id)
        if head is None:
            return None
        state = self._log.opened_raw(head)
        glance = Glance(head.revision, head.at, head.summary)
        item = views.draft_item(draft, glance, self._clock.now())
        return ExportedDraft(
            **msgspec.structs.asdict(item),
            answers=state.steps,
            set_aside=state.aside,
            files={code: [file.id for file in files] for code, files in state.materials.items()},
        )


async def _drafts_of(person_id: str) -> AsyncIterator[Draft]:
    last = ""
    while page := await Draft.filter(person_id=person_id, id__gt=last).order_by("id").limit(PAGE):
        for draft in page:
            yield draft
        last = page[-1].id
