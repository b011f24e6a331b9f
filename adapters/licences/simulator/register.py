"""What the register knows, in the form in which its feed tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapters.far_side import FarSide

IDENTITY_CARD = "10"


@dataclass(frozen=True, slots=True)
class EnteredPerson:
    """Somebody in a company. ``position`` is empty for whoever only holds a share; amounts in 万元,
    0 for whoever holds none."""

    name: str
    id_number: str
    position: str = ""
    subscribed_wan: float = 0
    paid_wan: float = 0


@dataclass(frozen=True, slots=True)
class EnteredCompany:
    """One entry. The head is the first of the ``people``: legal representative, or operator of an
    individual business (which has nobody else, no capital and no term)."""

    uscc: str
    name: str
    people: Sequence[EnteredPerson]
    domicile: str
    scope: str
    is_individual: bool = False
    type_text: str = "有限责任公司(自然人投资或控股)"
    capital_wan: float = 100
    established: str = "2019-05-20"
    term_to: str = ""
    """Empty for a long term."""
    industry_class: str = "H"
    industry: str = "6210"
    authority_region: str = "370102"
    authority: str = ""
    town: str = ""
    employees: int = 10
    branches: Sequence[str] = ()
    investments: Sequence[str] = ()


def feed_of(company: EnteredCompany) -> dict[str, Any]:
    """The entry as ``data.data.data`` has it."""
    head = company.people[0]
    base: dict[str, Any] = {
        "uniscid": company.uscc,
        "regno": f"{company.authority_region}200{company.uscc[-6:]}"[:15],
        "opscope": company.scope,
        "estdate": company.established,
        "apprdate": company.established,
        "industryphy": company.industry_class,
        "industryco": company.industry,
        "regorg": company.authority_region,
        "regorgCn": company.authority,
        "regstateCn": "在营（开业）企业",
        "empnum": str(company.employees),
        "town": company.town,
        "pripid": f"pri{company.uscc.lower()}",
    }
    if company.is_individual:
        base |= {
            "traname": company.name,
            "compformCn": "个人经营",
            "name": head.name,
            "oploc": company.domicile,
        }
        return {"baseinfo": base, "operator": {"name": head.name, "cerno": head.id_number}}
    base |= {
        "entname": company.name,
        "enttypeCn": company.type_text,
        "lerep": head.name,
        "dom": company.domicile,
        "regcap": f"{company.capital_wan:.6f}",
        "regcapcurCn": "人民币",
        "opfrom": company.established,
        "opto": company.term_to,
    }
    return {"baseinfo": base, **_people(company), **_around(company)}


def _people(company: EnteredCompany) -> dict[str, Any]:
    people = list(enumerate(company.people, 1))
    return {
        "invPerson": [
            {
                "invid": f"i{number}",
                "inv": person.name,
                "certypeCn": "中华人民共和国居民身份证",
                "cerno": person.id_number,
                "lisubconam": f"{person.subscribed_wan:.6f}",
                "liacconam": f"{person.paid_wan:.6f}",
            }
            for number, person in people
            if person.subscribed_wan
        ],
        "priPerson": [
            {
                "personid": f"p{number}",
                "name": person.name,
                "certype": IDENTITY_CARD,
                "cerno": person.id_number,
                "positionCn": person.position,
            }
            for number, person in people
            if person.position
        ],
    }


def _around(company: EnteredCompany) -> dict[str, Any]:
    return {
        "investment": [{"entname": name} for name in company.investments],
        "contact": {},
        "brchinfo": [{"brname": name, "regstateCn": "在营"} for name in company.branches],
        "alterRecoder": [],
        "cancel": None,
        "revoke": None,
        "liquidating": None,
    }


class Register:
    """Facts ``company`` (by credit code), as they are told."""

    def __init__(self, far_side: FarSide) -> None:
        self._far = far_side

    def enter(self, company: EnteredCompany) -> None:
        if not company.people:
            raise ValueError("every company has a head")
        self._far.put("company", company.uscc, feed_of(company))

    def company(self, uscc: str) -> dict[str, Any] | None:
        return self._far.get("company", uscc)

    def revoke(self, uscc: str) -> None:
        """吊销: the company still has to be cancelled."""
        self._far.put("company", uscc, revoked(self._entered(uscc)))

    def cancel(self, uscc: str) -> None:
        """注销: the company is no more; its entry is still told."""
        self._far.put("company", uscc, cancelled(self._entered(uscc)))

    def _entered(self, uscc: str) -> dict[str, Any]:
        company = self._far.get("company", uscc)
        if company is None:
            raise LookupError(uscc)
        return company


def revoked(feed: dict[str, Any]) -> dict[str, Any]:
    base = {**feed["baseinfo"], "regstateCn": "吊销，未注销"}
    return {**feed, "baseinfo": base, "revoke": {"revdate": "2026-01-05"}}


def cancelled(feed: dict[str, Any]) -> dict[str, Any]:
    base = {**feed["baseinfo"], "regstateCn": "注销"}
    return {**feed, "baseinfo": base, "cancel": {"candate": "2026-01-05"}}


def masked(feed: dict[str, Any]) -> dict[str, Any]:
    """With stars in all document numbers."""

    def starred(row: dict[str, Any]) -> dict[str, Any]:
        number = str(row["cerno"])
        return {**row, "cerno": f"{number[:6]}********{number[-4:]}"}

    shown = dict(feed)
    for name in ("invPerson", "priPerson"):
        if name in shown:
            shown[name] = [starred(row) for row in shown[name]]
    if "operator" in shown:
        shown["operator"] = starred(shown["operator"])
    return shown
