"""How others have a person told of a draft or of a signature: a row of the outbox."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from adapters.outbox.put import Outbox
from push.notices import Fact, NoticeKind

TOPIC = "person.tell"


async def put_notice(
    outbox: Outbox,
    kind: NoticeKind,
    happening: str,
    person_id: str,
    at: datetime,
    subject: Mapping[str, str],
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """The row of a :class:`push.notices.Notice`, in the caller's unit. ``happening`` tells one
    of a kind from another; it may be put more than once and is told once."""
    event_id = hashlib.sha256(f"{kind}|{happening}".encode()).hexdigest()[:32]
    body = {
        "event_id": event_id,
        "person_id": person_id,
        "kind": kind,
        "at": at,
        "facts": dict(facts or {}),
        "subject": dict(subject),
    }
    await outbox.put(TOPIC, f"tell:{person_id}", body)
