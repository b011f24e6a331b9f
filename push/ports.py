"""What pushing needs of others: a way to a phone, and who is at the other end of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kit.text import Text
from push.rules import Push


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account in one mini-program."""

    platform: str
    app_id: str
    open_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChannelTemplate:
    """A message template as one platform has it. ``keywords`` stand in the order of the values that
    :mod:`push.rules` gives for the template of this key."""

    key: str
    template_id: str
    name: Text
    long_term: bool
    """One consent for any number of messages; otherwise each consent is good for one."""
    keywords: tuple[str, ...]


class Recipients(Protocol):
    """Who can be reached how. Knows accounts, never names."""

    async def accounts_of(self, person_id: str) -> Sequence[Account]:
        """All accounts of a person, the oldest first."""
        ...

    async def present(self, person_id: str) -> str | None:
        """Who that is by now, after a join; None once the account was deleted. The person neither
        joins another nor goes before the caller's unit ends."""
        ...

    async def person_of(self, platform: str, open_id: str) -> str | None:
        """Whose account that is; None when nobody's."""
        ...


class Addressees(Protocol):
    """Whom a happening concerns by the time it is told."""

    async def addressee_of(self, application_id: str) -> str | None:
        """The person; None when nobody is to be told of the application (any more)."""
        ...


class AccessNotes(Protocol):
    """Where it is put down that somebody outside was given something of a person's."""

    async def message_passed(self, person_id: str, platform: str) -> None:
        """In the caller's unit."""
        ...


class PushChannel(Protocol):
    """One platform's subscribe messages. Errors are those of :mod:`adapters.errors`."""

    @property
    def name(self) -> str:
        """The platform, as accounts name it."""
        ...

    @property
    def templates(self) -> Mapping[str, ChannelTemplate]:
        """By our key, those that this platform has."""
        ...

    async def send(self, account: Account, push: Push, page: str) -> str:
        """The platform's id of the message. Refused with the code ``not_subscribed`` when the
        person does not want it or the consent is used up. The platform knows no idempotency: after
        Unreachable with ``may_have_acted`` nobody can tell whether the phone rang."""
        ...
