"""The person who calls, as handlers see them; or somebody to whom a person handed one draft."""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Citizen:
    """One person, signed in through one platform account."""

    person_id: str
    account_id: str
    session_id: str
    platform: str
    app_id: str
    open_id: str = field(repr=False)
    acting_for: str | None = None
    """The credit code of the company for which the person acts in this session."""

    @property
    def key(self) -> str:
        """Owns limits."""
        return self.person_id

    @property
    def sender(self) -> str:
        """Owns idempotency keys. Not the person: between two tries the account may turn out to be
        somebody who is known already."""
        return self.account_id


@dataclass(frozen=True, slots=True)
class AtTerminal:
    """Somebody at a counter or kiosk to whom a person handed one draft over. Nobody by name: what
    is known is the hand-over, which stands where a person's id would."""

    person_id: str
    """The hand-over's id, which is no person's."""

    @property
    def key(self) -> str:
        return self.person_id

    @property
    def sender(self) -> str:
        return self.person_id


Filler: TypeAlias = Citizen | AtTerminal
"""Whoever may fill in a draft, if it is his or its owner let him in."""
