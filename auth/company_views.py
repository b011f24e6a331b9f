"""Companies and authorisations, in the form in which clients see them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from auth.authorisations import Authorisation
from auth.citizen import Citizen
from auth.companies import Companies, Company
from auth.company_roles import Role
from auth.company_schemas import (
    AuthorisationsView,
    AuthorisationView,
    CompaniesHint,
    CompaniesView,
    CompanyView,
)
from kit.clock import in_china
from kit.text import Language, Text

_ROLES: Mapping[Role, Text] = {
    "legal_person": Text("法人", "Legal person"),
    "administrator": Text("管理员", "Administrator"),
    "agent": Text("经办人", "Agent"),
}
_NOT_PROVEN = Text(
    "完成人脸核验后可查看您名下的企业", "Prove who you are to see the companies you act for"
)


def companies_view(companies: Companies, caller: Citizen, language: Language) -> CompaniesView:
    hint = (
        None
        if companies.is_proven
        else CompaniesHint("verify_identity", _NOT_PROVEN.in_language(language))
    )
    items = [_company_view(company, caller, language) for company in companies.items]
    return CompaniesView(items, None, companies.stale, hint)


def authorisation_view(authorisation: Authorisation) -> AuthorisationView:
    return AuthorisationView(
        id=authorisation.id,
        uscc=authorisation.uscc,
        company_name=authorisation.company_name,
        agent_name=authorisation.agent_name.masked(),
        operations=list(authorisation.operations),
        created_at=in_china(authorisation.created_at),
        expires_at=in_china(authorisation.expires_at),
        revoked_at=_time(authorisation.revoked_at),
    )


def authorisations_view(authorisations: Iterable[Authorisation]) -> AuthorisationsView:
    return AuthorisationsView([authorisation_view(one) for one in authorisations], None)


def _company_view(company: Company, caller: Citizen, language: Language) -> CompanyView:
    return CompanyView(
        uscc=company.uscc,
        name=company.name,
        role=company.role,
        role_text=_ROLES[company.role].in_language(language),
        operations=list(company.operations),
        verified_at=_time(company.verified_at),
        stale=company.stale,
        authorised_until=_time(company.authorised_until),
        acting=company.uscc == caller.acting_for,
    )


def _time(instant: datetime | None) -> str | None:
    return in_china(instant) if instant is not None else None
