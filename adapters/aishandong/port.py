"""What the product needs of 爱山东: who signed in there, and for which companies they may act.

The app gives our page a ticket; we change it for a token, and the token for the person or the
company. Facts: domain notes on the provincial single sign-on. Errors are those of
:mod:`adapters.errors`; the far side's own failure codes are not published, so what a refusal means
follows from what was asked.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from kit.secrets import IdNumber, PersonName, PhoneNumber, Secret

UserType = Literal["1", "2"]
"""1 a natural person (个人), 2 a company (法人). Given with the ticket, kept with the token."""
PERSON: UserType = "1"
CORPORATION: UserType = "2"


class CompanyRole(Enum):
    """What a person is to a company, by the platform's ``corUserRole`` and ``corrole``."""

    AGENT = "0"
    """经办人: acts only with an authorisation. Also what an unknown value counts as."""
    ADMINISTRATOR = "1"
    """管理员"""
    LEGAL_PERSON = "2"
    """法人, the company's legal representative."""


@dataclass(frozen=True, slots=True)
class AiShandongToken:
    """Long-lived, unlike its ticket. Never leaves the server."""

    token: Secret
    user_type: UserType


@dataclass(frozen=True, slots=True)
class AiShandongPerson:
    user_id: str
    """The platform's ``uuid``, stable for the person."""
    name: PersonName
    id_number: IdNumber | None
    phone: PhoneNumber | None
    level: str
    """``authLevel`` as it came, empty without one; ``AiShandongSettings.assurance_of`` reads it."""


@dataclass(frozen=True, slots=True)
class AiShandongCorporation:
    """A company's sign-in: the person at the phone, and the company they act for."""

    person: AiShandongPerson
    uscc: str
    """统一社会信用代码, as the platform has it; not checked."""
    company_name: str
    role: CompanyRole


@dataclass(frozen=True, slots=True)
class AiShandongCompany:
    """One line of the list of a person's companies."""

    uscc: str
    name: str
    role: CompanyRole


class AiShandong(Protocol):
    """Calls to the provincial identity platform for one application.

    Any call: Misconfigured when the platform does not let our application in (``gateway_refused``),
    Unreachable when no usable answer came.
    """

    async def exchange_ticket(self, ticket: str, user_type: UserType) -> AiShandongToken:
        """Refused with ``ticket_invalid`` for a wrong, used or expired ticket, with
        ``user_type_differs`` when it is a ticket of the other kind of user.

        A ticket is good once. It is sent once: after Unreachable with ``may_have_acted`` it has to
        be taken as used, and the page asks the app for another.
        """
        ...

    async def person(self, token: AiShandongToken) -> AiShandongPerson:
        """Refused with ``token_invalid``, and with ``user_type_differs`` for a company's token."""
        ...

    async def corporation(self, token: AiShandongToken) -> AiShandongCorporation:
        """Refused with ``token_invalid``, and with ``user_type_differs`` for a person's token."""
        ...

    async def corporations(self, token: AiShandongToken) -> list[AiShandongCompany]:
        """All companies of the person, at most 100, in the platform's order. Refused with
        ``token_invalid``; Misconfigured (``not_in_this_dialect``) where the old interface is
        spoken, which has no such call."""
        ...
