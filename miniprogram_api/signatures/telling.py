"""What is told of signatures, by ``person.tell``: without any name, and once for each happening."""

from datetime import datetime
from typing import Literal

from adapters.outbox.put import Outbox
from miniprogram_api.signatures.models import Signature
from push.put import put_notice

SignerKind = Literal["signature_requested", "signature_reminder", "sign_again"]
OwnerKind = Literal["signature_refused", "signed_all"]


class Teller:
    """Rows in the caller's unit."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def tell_signer(
        self,
        row: Signature,
        person_id: str | None,
        kind: SignerKind,
        at: datetime,
        number: int = 0,
    ) -> None:
        """Nobody is told who has no account here."""
        if person_id is not None:
            subject = {"signature_id": row.id}
            happening = f"{row.id}|{number}"
            await put_notice(self._outbox, kind, happening, person_id, at, subject)

    async def tell_owner(
        self, row: Signature, kind: OwnerKind, at: datetime, happening: str
    ) -> None:
        subject = {"draft_id": row.draft_id}
        await put_notice(self._outbox, kind, happening, row.owner, at, subject)
