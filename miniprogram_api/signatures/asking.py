"""Asking everybody who must sign: one task for each, over all roles and documents."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from tortoise.exceptions import IntegrityError

from adapters.outbox.put import Outbox
from auth.service import PeopleService
from kit.answers import Shown
from kit.clock import Clock
from kit.database.unit import unit_of_work
from kit.idempotency import Once
from kit.ids import new_id
from kit.text import Language
from miniprogram_api.drafts.service import (
    SignableDraft,
    SignableDrafts,
    Standing,
    signature_views,
)
from miniprogram_api.materials.service import GeneratedDocuments, KeptDocument
from miniprogram_api.signatures.book import (
    AskedDocument,
    KeptSigner,
    SignatureBook,
    Slot,
    content_hash_of,
)
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.schemas import Signatures
from miniprogram_api.signatures.telling import SignerKind, Teller

REMIND_TOPIC = "signature.remind"
REMIND_AFTER = (1, 3, 10, 17, 24)
"""Days after asking: after one, after three, then every seven, five in all."""


class SignatureAsking:
    """One for the process."""

    def __init__(
        self,
        drafts: SignableDrafts,
        documents: GeneratedDocuments,
        book: SignatureBook,
        people: PeopleService,
        teller: Teller,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._documents = documents
        self._book = book
        self._people = people
        self._teller = teller
        self._outbox = outbox
        self._clock = clock

    async def listed(self, person_id: str, draft_id: str, language: Language) -> Signatures:
        return _view(await self._drafts.owned(person_id, draft_id), language)

    async def ask(self, person_id: str, draft_id: str, once: Once, language: Language) -> Shown:
        """Whoever was never asked, refused, or must sign again; nobody else is bothered. Raises
        DraftNotReady, DraftOutdated, and what keeps a draft from being changed."""
        draft = await self._drafts.askable(person_id, draft_id)
        wanted = [one for one in draft.standings if one.is_to_be_asked]
        on_paper = [one for one in draft.standings if one.state == "on_paper"]
        rendered = await self._rendered(draft, [*wanted, *on_paper])
        async with once.unit():
            await self._open(draft, wanted, rendered)
            asked = await self._drafts.owned(person_id, draft_id)
            if asked.words != draft.words:
                # While the documents were drawn; a change before anybody is asked has no deed.
                await self._book.changed(draft_id, asked.words)
            return await once.remember(Shown(_view(asked, language), status=201))

    async def ask_again(self, draft: SignableDraft) -> int:
        """Those who were asked before, and must sign something else now; how many."""
        wanted = [one for one in draft.standings if one.state == "outdated"]
        rendered = await self._rendered(draft, wanted)
        async with unit_of_work():
            return await self._open(draft, wanted, rendered)

    async def _rendered(
        self, draft: SignableDraft, wanted: Sequence[Standing]
    ) -> dict[str, KeptDocument]:
        codes = {code for standing in wanted for code in standing.missing}
        specs = [spec for spec in draft.specs if spec.code in codes]
        return await self._documents.ensure(draft.owner, draft.draft_id, specs)

    async def _open(
        self,
        draft: SignableDraft,
        wanted: Sequence[Standing],
        rendered: dict[str, KeptDocument],
    ) -> int:
        now, opened = self._clock.now(), []
        specs = [spec for spec in draft.specs if spec.code in rendered]
        await self._documents.hold(draft.draft_id, specs)
        persons = await self._people.persons_with([standing.index for standing in wanted])
        # To whoever never signed, nothing can have become void.
        signed = {task.signer_index for task in draft.tasks if task.state == "signed"}
        for standing in wanted:
            row = self._row(draft, standing, rendered, now)
            try:
                await row.save(force_create=True)
            except IntegrityError:
                # Asked for by another request at this very moment.
                continue
            opened.append(row)
            kind: SignerKind = "sign_again" if row.signer_index in signed else "signature_requested"
            await self._teller.tell_signer(row, persons.get(row.signer_index), kind, now)
            await self._outbox.put(
                REMIND_TOPIC,
                f"{REMIND_TOPIC}:{row.id}",
                {"signature_id": row.id, "number": 1},
                now + timedelta(days=REMIND_AFTER[0]),
            )
        if opened:
            await self._drafts.note(draft.owner, draft.draft_id, "sign_asked")
        return len(opened)

    def _row(
        self,
        draft: SignableDraft,
        standing: Standing,
        rendered: dict[str, KeptDocument],
        now: datetime,
    ) -> Signature:
        signer, row_id = standing.signer, new_id()
        titles = {one.code: one.title for one in standing.documents}
        documents = [
            AskedDocument(
                code,
                titles[code],
                source_hash,
                rendered[code].sha256,
                rendered[code].file_id,
                rendered[code].pages,
            )
            for code, source_hash in standing.missing.items()
        ]
        content_hash = content_hash_of(documents)
        kept = KeptSigner(
            signer.name.reveal(),
            tuple(name.reveal() for name in signer.other_names),
            signer.id_number.reveal() if signer.id_number else None,
            signer.uscc,
            signer.roles,
            draft.company,
        )
        return Signature(
            id=row_id,
            draft_id=draft.draft_id,
            owner=draft.owner,
            signer_index=standing.index,
            signer_cipher=self._book.seal_signer(row_id, kept),
            documents=msgspec.json.encode(documents).decode(),
            content_hash=content_hash,
            slot=Slot(draft.draft_id, standing.index, content_hash).key,
            state="pending",
            opened_at=now,
        )


def _view(draft: SignableDraft, language: Language) -> Signatures:
    return Signatures(signature_views(draft.standings, draft.compiled, language))
