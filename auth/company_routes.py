"""Acting for a company: one's companies, the session's company, authorisations of agents."""

from sanic import Blueprint

from auth.authorisations import AuthorisationService
from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.company_problems import (
    AuthorisationRequired,
    CompanyRoleRequired,
    TooManyAuthorisations,
)
from auth.company_schemas import (
    ActFor,
    ActingForState,
    AuthorisationsView,
    AuthorisationView,
    CompaniesQuery,
    CompaniesView,
    GrantAuthorisation,
)
from auth.company_views import (
    authorisation_view,
    authorisations_view,
    companies_view,
)
from auth.guard import CITIZENS, VERIFIED_CITIZENS
from auth.problems import IdentityCheckRequired
from auth.views import acting_for_view
from kit.answers import Shown
from kit.describe import describe
from kit.idempotency import Once
from kit.limits import Limit
from kit.problems import InvalidRequest, NotFound, TemporarilyUnavailable
from kit.text import Language

bp = Blueprint("companies")

# A look may cost a question to each register.
COMPANIES_LIMITS = (Limit("companies", 60, 600),)
# Nobody changes company every few seconds; who tries codes gets one answer for all of them anyway.
ACTING_FOR_LIMITS = (
    Limit("acting-for", 60, 600),
    Limit("acting-for-address", 600, 600, by="address"),
)
# Twenty at a time is what a company may have.
AUTHORISATION_LIMITS = (Limit("authorisation", 60, 3600),)


@bp.get("/me/companies")
@describe(
    "listMyCompanies", "我的企业", access=CITIZENS, tag="me", query=CompaniesQuery,
    returns=CompaniesView, limits=COMPANIES_LIMITS,
)  # fmt: skip
async def list_companies(
    caller: Citizen, query: CompaniesQuery, companies: CompanyService, language: Language
) -> Shown:
    found = await companies.companies(caller, refresh=query.refresh)
    return Shown(companies_view(found, caller, language))


@bp.put("/me/acting-for")
@describe(
    "actFor", "切换办理身份（本人或企业）", access=CITIZENS, tag="me", body=ActFor,
    returns=ActingForState, limits=ACTING_FOR_LIMITS,
    problems=[
        AuthorisationRequired, CompanyRoleRequired, IdentityCheckRequired, InvalidRequest,
        TemporarilyUnavailable,
    ],
)  # fmt: skip
async def act_for(caller: Citizen, body: ActFor, companies: CompanyService) -> Shown:
    acting = await companies.act_for(caller, body.uscc)
    return Shown(ActingForState(acting_for_view(acting)))


async def _while_in_that_role(
    caller: Citizen, uscc: str, authorisations: AuthorisationService
) -> None:
    await authorisations.refuse_strangers(caller.person_id, uscc)


@bp.post("/me/companies/<uscc:str>/authorisations")
@describe(
    "grantAuthorisation", "授权经办人", access=VERIFIED_CITIZENS, tag="me",
    body=GrantAuthorisation, returns=AuthorisationView, status=201, idempotent=True,
    recall=_while_in_that_role, limits=AUTHORISATION_LIMITS,
    problems=[CompanyRoleRequired, InvalidRequest, TemporarilyUnavailable, TooManyAuthorisations],
)  # fmt: skip
async def grant_authorisation(
    caller: Citizen,
    uscc: str,
    body: GrantAuthorisation,
    once: Once,
    authorisations: AuthorisationService,
) -> Shown:
    role = await authorisations.granting_role(caller.person_id, uscc)
    wish = authorisations.read(body.name, body.id_number, body.operations, body.expires_on)
    async with once.unit():
        granted = await authorisations.grant(caller, role, wish)
        return await once.remember(Shown(authorisation_view(granted), 201))


@bp.get("/me/companies/<uscc:str>/authorisations")
@describe(
    "listAuthorisations", "企业的授权", access=CITIZENS, tag="me", returns=AuthorisationsView,
    limits=AUTHORISATION_LIMITS, problems=[CompanyRoleRequired, TemporarilyUnavailable],
)  # fmt: skip
async def list_authorisations(
    caller: Citizen, uscc: str, authorisations: AuthorisationService
) -> Shown:
    found = await authorisations.of_company(caller.person_id, uscc)
    return Shown(authorisations_view(found))


# No fresh check here: taking a right away must not wait for a camera.
@bp.delete("/me/companies/<uscc:str>/authorisations/<authorisation_id:str>")
@describe(
    "revokeAuthorisation", "撤销授权", access=CITIZENS, tag="me", status=204,
    limits=AUTHORISATION_LIMITS,
    problems=[NotFound, TemporarilyUnavailable],
)  # fmt: skip
async def revoke_authorisation(
    caller: Citizen, uscc: str, authorisation_id: str, authorisations: AuthorisationService
) -> Shown:
    await authorisations.revoke(caller.person_id, uscc, authorisation_id)
    return Shown(None, 204)
