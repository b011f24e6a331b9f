"""The person who calls, as handlers see them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Citizen:
    """One person, signed in through one platform account."""

    person_id: str
    session_id: str
    platform: str
    app_id: str
    open_id: str = field(repr=False)

    @property
    def key(self) -> str:
        """Owns idempotency keys and limits."""
        return self.person_id
