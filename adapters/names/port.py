"""What the product needs of the province's library of company names (企业名称数据库): which names
are in a proposed one's way, and keeping a name for somebody until the company is registered.

企业名称登记管理规定 article 2 has each province keep such a library and open it to the public; how
it is asked is not published. What is here is what our side needs; how it goes over the wire is an
assumption of ours with LOW CONFIDENCE (see :mod:`adapters.names.documents`). Errors are those of
:mod:`adapters.errors`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

PEER = "name_library"

Kind = Literal["same", "similar"]
Why = Literal["whole_name", "trade_word", "sound", "contained", "one_character", "other"]
"""What is alike: the whole name, the trade word (字号) in the same industry, how the trade word
sounds, one trade word inside the other, all but one character, or what the library does not say."""


@dataclass(frozen=True, slots=True)
class ProposedName:
    """A name in its parts, as article 6 has them. Empty text for a part that it does not have."""

    full: str
    region: str
    """As it is written in the name."""
    region_code: str
    """Six digits; where the company will be, whatever the name says."""
    trade: str
    industry: str
    industry_code: str
    """GB/T 4754, four digits, or empty."""
    form: str


@dataclass(frozen=True, slots=True)
class SimilarName:
    """``same`` is not registered (article 17); ``similar`` may be, at the applicant's own risk
    (article 16)."""

    name: str
    kind: Kind
    why: Why


@dataclass(frozen=True, slots=True)
class Reservation:
    number: str
    until: date
    """The last day, in China, on which the company can be registered under this name: two months
    after it was kept, a year where an approval has to come first (article 18)."""


class NameLibrary(Protocol):
    """Any call: Refused with ``too_many_requests`` when our quota is used up; Misconfigured when
    the gateway or the library does not let our application in; Unreachable when no usable answer
    came.

    ``reference`` is ours: of one applicant's one name, at most 64 letters, digits, ``-``. Who asks
    again with the same one gets the same reservation.
    """

    async def check(self, name: ProposedName) -> list[SimilarName]:
        """At most 20, the same before the similar. None is in the way of a name without any."""
        ...

    async def reserve(
        self, name: ProposedName, reference: str, *, needs_approval: bool = False
    ) -> Reservation:
        """Keep the name; ``needs_approval`` says that the company or its trade has to be approved
        before it can be registered. Refused with ``name_taken`` or ``name_not_allowed``. After an
        Unreachable that may have acted ask :meth:`reservation` first."""
        ...

    async def reservation(self, reference: str) -> Reservation | None:
        """What is kept under it; None when nothing is, or not any more."""
        ...

    async def release(self, number: str, reference: str) -> None:
        """Give the name up. Refused with ``reservation_unknown`` when it is not kept, or not by
        this reference."""
        ...
