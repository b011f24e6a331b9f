"""Rows that a test needs to be there, without the way that leads to them."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from kit.ids import new_id, new_reference_no
from miniprogram_api.applications.models import Application


async def an_application_of(person_id: str, **columns: Any) -> Application:
    """Submitted, without matters and without content."""
    now, application_id = datetime.now(UTC), columns.pop("id", None) or new_id()
    content_hash = sha256(application_id.encode()).hexdigest()
    return await Application.create(
        **{
            "id": application_id,
            "reference_no": new_reference_no(now),
            "person_id": person_id,
            "draft_id": new_id(),
            "revision": 1,
            "operation": "open",
            "region": "370102",
            "theme": "restaurant",
            "catalogue_version": "test",
            "delivery_method": "window",
            "frozen_cipher": b"",
            "content_hash": content_hash,
            "state": "submitted",
            "submitted_at": now,
            "last_seq": 0,
            "last_hash": content_hash,
            **columns,
        }
    )
