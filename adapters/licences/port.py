"""What the product needs of the register of market entities: what is registered about one company.

The shape follows one real integrator's traffic with a city's business-licence data service
(confidence high for the members, low for what is said in :mod:`adapters.licences.documents`).
Errors are those of :mod:`adapters.errors`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from kit.secrets import IdNumber, PersonName

Kind = Literal["company", "individual"]
"""A company or another enterprise, or an individual business (个体工商户)."""
State = Literal["active", "revoked", "cancelled", "other"]
"""在营, 吊销(未注销), 注销; ``other`` is what was told in words that mean none of these to us."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody with a post in the company."""

    name: PersonName
    position: str
    """In the register's words: 执行董事, 监事, 经理 ..."""
    is_resident: bool
    """Whether ``id_number`` is an identity card's; other documents have numbers of other forms."""
    id_number: IdNumber | None = None
    """None when it was left out or made unreadable over there."""


@dataclass(frozen=True, slots=True)
class Shareholder:
    """Somebody who put money in, or promised to. Amounts in 万元."""

    name: PersonName
    """Of a person or of an organisation: the register tells them apart by the document only."""
    document: str
    """The kind of document in the register's words; empty when it does not say."""
    id_number: IdNumber | None = None
    subscribed_wan: Decimal | None = None
    paid_wan: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RegisteredCompany:
    """As registered on the day of asking. What the register left out, or what could not be
    understood, is None or empty; nothing is guessed."""

    uscc: str
    name: str
    kind: Kind
    state: State
    state_text: str
    legal_representative: PersonName
    """Of an individual business: the operator (经营者)."""
    legal_representative_id: IdNumber | None = None
    type_text: str = ""
    """The kind of company in the register's words: 有限责任公司(自然人独资) ..."""
    domicile: str = field(default="", repr=False)
    """In one line."""
    scope: str = ""
    """The business scope as it is printed on the licence."""
    capital_wan: Decimal | None = None
    currency: str = ""
    """In words; empty when it was not told."""
    term_from: date | None = None
    term_to: date | None = None
    """None for a long term (长期) and for one that was not told."""
    industry_class: str = ""
    """GB/T 4754: the letter of the section."""
    industry: str = ""
    """GB/T 4754: four digits."""
    employees: int | None = None
    officers: Sequence[Officer] = ()
    shareholders: Sequence[Shareholder] = ()
    branches: int = 0
    """Entered with it and not known to be closed."""
    investments: int = 0
    """In other companies."""


class LicenceRegister(Protocol):
    """A question only: asking again changes nothing over there."""

    async def licence(self, uscc: str) -> RegisteredCompany:
        """What is registered under a credit code (upper case, 18 characters).

        Refused with ``not_found`` when nothing is; Misconfigured when the service does not let us
        in; Unreachable when no usable answer came, our quota being used up included.
        """
        ...
