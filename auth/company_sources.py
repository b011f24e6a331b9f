"""The registers that know who is what in which company.

Both are asked only about somebody who showed himself (``real_person``): a name and a number that
were merely typed are anybody's, and whose companies they are is nobody else's business.
"""

from collections.abc import Mapping

import structlog

from adapters.aishandong.port import (
    AiShandong,
    AiShandongCompany,
    AiShandongPerson,
    AiShandongToken,
    CompanyRole,
)
from adapters.errors import Misconfigured
from adapters.identity.port import IdentityRegister
from auth.access_log import Who
from auth.aishandong_login import PLATFORM, read_kept
from auth.company_roles import FoundRole, Role
from auth.service import PeopleService
from kit.secrets import Secret

log = structlog.get_logger("auth")

_ROLES: Mapping[CompanyRole, Role] = {
    CompanyRole.AGENT: "agent",
    CompanyRole.ADMINISTRATOR: "administrator",
    CompanyRole.LEGAL_PERSON: "legal_person",
}


class RegisterCompanies:
    """The provincial legal-entity register, asked by verified name and ID number. Implements
    :class:`auth.company_roles.CompanySource`."""

    name = "register"
    who: Who = "identity_register"

    def __init__(self, register: IdentityRegister, people: PeopleService) -> None:
        self._register = register
        self._people = people

    async def can_be_asked(self, person_id: str) -> bool:
        """Name and number go out with the question, which the person may have forbidden since."""
        agreed = await self._people.has_consent(person_id, "identity_check")
        return agreed and await _showed_himself(self._people, person_id)

    async def companies(self, person_id: str) -> list[FoundRole]:
        applicant = await self._people.applicant(person_id)
        found = await self._register.companies(applicant.name, applicant.id_number)
        return [FoundRole(one.uscc, one.company_name, one.role) for one in found]


class AiShandongCompanies:
    """爱山东's list, asked with the token that the person's last sign-in there gave us; used from
    whatever platform the person calls. Implements :class:`auth.company_roles.CompanySource`."""

    name = "aishandong"
    who: Who = "aishandong"

    def __init__(self, aishandong: AiShandong, people: PeopleService) -> None:
        self._aishandong = aishandong
        self._people = people

    async def can_be_asked(self, person_id: str) -> bool:
        return await self._token(person_id) is not None and await _showed_himself(
            self._people, person_id
        )

    async def companies(self, person_id: str) -> list[FoundRole]:
        """Nothing when the account there is not known to be this very person's: somebody may have
        proved who he is on a phone that was signed in by another."""
        kept = await self._token(person_id)
        if kept is None:
            return []
        token = read_kept(kept)
        if token.user_type == "2":
            company = await self._aishandong.corporation(token)
            found = [FoundRole(company.uscc, company.company_name, _ROLES[company.role])]
            return found if await self._is_of(person_id, company.person) else []
        if not await self._is_of(person_id, await self._aishandong.person(token)):
            return []
        listed = await self._listed(token)
        return [FoundRole(one.uscc, one.name, _ROLES[one.role]) for one in listed]

    async def _listed(self, token: AiShandongToken) -> list[AiShandongCompany]:
        try:
            return await self._aishandong.corporations(token)
        except Misconfigured as error:
            # The old interface has no list: nothing to be learnt there, and nothing to be mended.
            if error.code != "not_in_this_dialect":
                raise
            return []

    async def _is_of(self, person_id: str, behind: AiShandongPerson) -> bool:
        applicant = await self._people.applicant(person_id)
        is_of = behind.id_number == applicant.id_number
        if not is_of:
            log.warning("company_source_of_another", source=self.name, person_id=person_id)
        return is_of

    async def _token(self, person_id: str) -> Secret | None:
        return await self._people.platform_token(person_id, PLATFORM)


async def _showed_himself(people: PeopleService, person_id: str) -> bool:
    return (await people.profile(person_id)).assurance == "real_person"
