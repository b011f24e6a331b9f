"""A person's signatures, as far as the person's rights concern them."""

import msgspec

from auth.service import PeopleService
from kit.clock import in_china
from kit.text import Language
from miniprogram_api.signatures.book import SignatureBook, documents_of
from miniprogram_api.signatures.models import Signature


class ExportedSignature(msgspec.Struct, frozen=True):
    """What somebody was asked to sign, and whether he did; ``documents`` by code and hash."""

    id: str
    state: str
    company: str
    roles: tuple[str, ...]
    documents: dict[str, str]
    asked_at: str
    signed_at: str | None


class SignatureBelongings:
    """``auth.belongings.Belongings``. What others asked of the person is theirs: it goes with their
    draft, and an application has its own copy of what it rests on."""

    name = "signatures"

    def __init__(self, book: SignatureBook, people: PeopleService) -> None:
        self._book = book
        self._people = people

    async def export(self, person_id: str, language: Language) -> list[object]:
        index = await self._people.identity_index(person_id)
        if index is None:
            return []
        rows = await Signature.filter(signer_index=index).order_by("id")
        return [self._exported(row) for row in rows]

    async def hand_over(self, person_id: str, to: str) -> None:
        await Signature.filter(owner=person_id).update(owner=to)
        await Signature.filter(person_id=person_id).update(person_id=to)

    async def erase(self, person_id: str) -> None:
        """A signing that is open ends: nobody is left who could ask what came of it."""
        await Signature.filter(owner=person_id).delete()
        mine = Signature.filter(person_id=person_id)
        await mine.filter(state="signing").update(
            state="pending", upstream_id=None, signatory_cipher=None
        )
        await mine.update(person_id=None)

    def _exported(self, row: Signature) -> ExportedSignature:
        signer = self._book.signer_of(row)
        return ExportedSignature(
            row.id,
            row.state,
            signer.company,
            signer.roles,
            {one.code: one.sha256 for one in documents_of(row)},
            in_china(row.opened_at),
            in_china(row.signed_at) if row.signed_at is not None else None,
        )
