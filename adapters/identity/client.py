"""The questions to the province's registers, through the jpaas gateway."""

from adapters.gateway_service import GatewayService
from adapters.http import HTTPClients, PeerLimits
from adapters.identity.documents import (
    FAILURES,
    PAGE_SIZE,
    PEER,
    company_page,
    each_once,
    is_match,
    parameters_of,
)
from adapters.identity.port import RegisteredRole
from adapters.identity.settings import IdentityRegisterSettings
from kit.clock import Clock
from kit.secrets import IdNumber, PersonName

PAGES_MAX = 20
"""A hundred companies; somebody with more has to be helped at a counter."""


class IdentityRegisterClient:
    """Implements :class:`adapters.identity.port.IdentityRegister`."""

    def __init__(
        self,
        settings: IdentityRegisterSettings,
        http: HTTPClients,
        clock: Clock,
        limits: PeerLimits | None = None,
    ) -> None:
        self._settings = settings
        gateway = settings.gateway
        peer = http.peer(PEER, gateway.base_url, limits)
        self._gateway = GatewayService(gateway, peer, clock, FAILURES)

    async def matches(self, name: PersonName, id_number: IdNumber) -> bool:
        asked = parameters_of(name, id_number)
        return is_match(await self._gateway.ask(self._settings.match_interface, **asked))

    async def companies(self, name: PersonName, id_number: IdNumber) -> list[RegisteredRole]:
        found: list[RegisteredRole] = []
        read = 0
        for number in range(1, PAGES_MAX + 1):
            answer = await self._gateway.ask(
                self._settings.companies_interface,
                **parameters_of(name, id_number),
                pageindex=str(number),
                pagenum=str(PAGE_SIZE),
            )
            page = company_page(answer)
            found += page.roles
            read += page.lines
            if page.lines == 0 or read >= page.count:
                break
        return each_once(found)
