"""What the product needs of the province's registers: whether a name and an ID number belong
together (实名比对), and what a person is in which companies (the legal-entity base, 法人库).

That such services exist is known, their texts are not public. What is here is what our side needs;
how it goes over the wire is an assumption of ours with LOW CONFIDENCE (see
:mod:`adapters.identity.documents`). Errors are those of :mod:`adapters.errors`.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from kit.secrets import IdNumber, PersonName

Role = Literal["legal_person", "administrator", "agent"]
"""法定代表人, 管理员, 经办人: the strongest first."""


@dataclass(frozen=True, slots=True)
class RegisteredRole:
    """What the person is in one company."""

    uscc: str
    """统一社会信用代码, as the register has it: its check digit may be wrong."""
    company_name: str
    role: Role


class IdentityRegister(Protocol):
    """Questions only: asking again changes nothing over there but the count of the quota.

    Any call: Refused with ``number_invalid`` for what cannot be an ID number, with
    ``too_many_requests`` when our quota of the minute or the day is used up; Misconfigured when the
    gateway or the register does not let our application in; Unreachable when no usable answer came.
    """

    async def matches(self, name: PersonName, id_number: IdNumber) -> bool:
        """Whether they belong together. False for a wrong name and for an unknown number alike:
        nobody can learn from us which numbers exist."""
        ...

    async def companies(self, name: PersonName, id_number: IdNumber) -> list[RegisteredRole]:
        """At most 100, in the register's order, each company once with the strongest role. None for
        a name and number that do not belong together."""
        ...
