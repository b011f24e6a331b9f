"""The questions to the province's registers, through the jpaas gateway."""

from adapters.errors import Unreachable
from adapters.http import HTTPClients, PeerLimits
from adapters.identity.documents import (
    PAGE_SIZE,
    PEER,
    company_page,
    data_of,
    each_once,
    is_match,
    question,
)
from adapters.identity.port import RegisteredRole
from adapters.identity.settings import IdentityRegisterSettings
from adapters.jpaas import Gateway
from kit.clock import Clock
from kit.secrets import IdNumber, PersonName

PAGES_MAX = 20
"""A hundred companies; somebody with more has to be helped at a counter."""
PASSING = frozenset({"broken_answer", "undecipherable", "no_connection", "gateway_error"})
"""Told at once, and mostly right the next time. A slow peer is not asked again: somebody waits."""


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
        self._gateway = Gateway(gateway, http.peer(PEER, gateway.base_url, limits), clock)

    async def matches(self, name: PersonName, id_number: IdNumber) -> bool:
        asked = question(self._settings.gateway.app_id, name, id_number)
        return is_match(data_of(await self._ask(self._settings.match_interface, asked)))

    async def companies(self, name: PersonName, id_number: IdNumber) -> list[RegisteredRole]:
        found: list[RegisteredRole] = []
        read = 0
        for number in range(1, PAGES_MAX + 1):
            asked = question(
                self._settings.gateway.app_id,
                name,
                id_number,
                pageindex=str(number),
                pagenum=str(PAGE_SIZE),
            )
            answer = await self._ask(self._settings.companies_interface, asked)
            page = company_page(data_of(answer))
            found += page.roles
            read += page.lines
            if page.lines == 0 or read >= page.count:
                break
        return each_once(found)

    async def _ask(self, interface_id: str, document: dict[str, str]) -> bytes:
        """Once more when it costs the waiting person nothing: a question changes nothing."""
        try:
            return await self._gateway.call(interface_id, document)
        except Unreachable as failed:
            if failed.code not in PASSING:
                raise
        return await self._gateway.call(interface_id, document)
