"""The person who calls, as handlers see them."""

from dataclasses import dataclass, field


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
