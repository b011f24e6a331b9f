"""Joins pushing to the people it is for: the two do not know each other."""

from collections.abc import Sequence

from auth.access_log import PLATFORMS, AccessLogService
from auth.service import PeopleService
from push.ports import Account


class PeopleAsRecipients:
    """``push.ports.Recipients`` over ``auth``."""

    def __init__(self, people: PeopleService) -> None:
        self._people = people

    async def accounts_of(self, person_id: str) -> Sequence[Account]:
        recipients = await self._people.recipients(person_id)
        return [Account(r.platform, r.app_id, r.open_id) for r in recipients]

    async def present(self, person_id: str) -> str | None:
        person = await self._people.locked(person_id)
        return person.id if person is not None else None

    async def person_of(self, platform: str, open_id: str) -> str | None:
        return await self._people.person_of(platform, open_id)


class PassedMessages:
    """``push.ports.AccessNotes`` over ``auth``."""

    def __init__(self, access_log: AccessLogService) -> None:
        self._access_log = access_log

    async def message_passed(self, person_id: str, platform: str) -> None:
        await self._access_log.record(person_id, PLATFORMS[platform], "message", "progress")
