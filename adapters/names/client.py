"""The questions to the province's library of names, through the jpaas gateway."""

from adapters.gateway_service import GatewayService
from adapters.http import HTTPClients, PeerLimits
from adapters.names.documents import (
    FAILURES,
    found_reservation,
    parameters_of,
    reservation_of,
    similar_names,
)
from adapters.names.port import PEER, ProposedName, Reservation, SimilarName
from adapters.names.settings import NameLibrarySettings
from kit.clock import Clock

LIMITS = PeerLimits(total_s=4.0, concurrency=16)
"""Somebody is typing: after four seconds the local rules are shown without the library."""


class NameLibraryClient:
    """Implements :class:`adapters.names.port.NameLibrary`."""

    def __init__(
        self,
        settings: NameLibrarySettings,
        http: HTTPClients,
        clock: Clock,
        limits: PeerLimits = LIMITS,
    ) -> None:
        gateway = settings.gateway
        self._interfaces = settings.interfaces
        peer = http.peer(PEER, gateway.base_url, limits)
        self._gateway = GatewayService(gateway, peer, clock, FAILURES)

    async def check(self, name: ProposedName) -> list[SimilarName]:
        return similar_names(
            await self._gateway.ask(self._interfaces["check"], **parameters_of(name))
        )

    async def reserve(
        self, name: ProposedName, reference: str, *, needs_approval: bool = False
    ) -> Reservation:
        # Made once: whether it may be repeated is for who knows the reference to find out.
        approval = "1" if needs_approval else "0"
        told = parameters_of(name) | {"applyNo": reference, "preApproval": approval}
        return reservation_of(await self._gateway.call(self._interfaces["reserve"], **told))

    async def reservation(self, reference: str) -> Reservation | None:
        return found_reservation(
            await self._gateway.ask(self._interfaces["find"], applyNo=reference)
        )

    async def release(self, number: str, reference: str) -> None:
        await self._gateway.call(self._interfaces["release"], reserveNo=number, applyNo=reference)
