"""What is told of signatures, by ``person.tell``: without any name, and once for each happening."""

import hashlib
from datetime import datetime
from typing import Literal

from adapters.outbox.put import Outbox
from kit.clock import in_china
from miniprogram_api.signatures.models import Signature

TELL_TOPIC = "person.tell"
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
            await self._put(person_id, kind, at, f"{row.id}|{number}", subject)

    async def tell_owner(
        self, row: Signature, kind: OwnerKind, at: datetime, happening: str
    ) -> None:
        await self._put(row.owner, kind, at, happening, {"draft_id": row.draft_id})

    async def _put(
        self, person_id: str, kind: str, at: datetime, happening: str, subject: dict[str, str]
    ) -> None:
        event_id = hashlib.sha256(f"{kind}|{happening}".encode()).hexdigest()[:32]
        body = {
            "event_id": event_id,
            "person_id": person_id,
            "kind": kind,
            "at": in_china(at),
            "facts": {},
            "subject": subject,
        }
        await self._outbox.put(TELL_TOPIC, f"tell:{person_id}", body)
