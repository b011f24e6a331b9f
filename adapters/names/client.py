"""The questions to the province's library of names, through the jpaas gateway."""

from collections.abc import Mapping
from typing import Any

from adapters.errors import Unreachable
from adapters.http import HTTPClients, PeerLimits
from adapters.jpaas import Gateway
from adapters.names.documents import (
    data_of,
    found_reservation,
    parameters_of,
    question,
    reservation_of,
    similar_names,
)
from adapters.names.port import PEER, ProposedName, Reservation, SimilarName
from adapters.names.settings import NameLibrarySettings
from kit.clock import Clock

PASSING = frozenset({"broken_answer", "undecipherable", "no_connection", "gateway_error"})
"""Told at once, and mostly right the next time. A slow peer is not asked again: somebody waits."""
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
        self._app_id = gateway.app_id
        self._interfaces = settings.interfaces
        self._gateway = Gateway(gateway, http.peer(PEER, gateway.base_url, limits), clock)

    async def check(self, name: ProposedName) -> list[SimilarName]:
        return similar_names(await self._ask("check", **parameters_of(name)))

    async def reserve(
        self, name: ProposedName, reference: str, *, needs_approval: bool = False
    ) -> Reservation:
        # Made once: whether it may be repeated is for who knows the reference to find out.
        approval = "1" if needs_approval else "0"
        told = parameters_of(name) | {"applyNo": reference, "preApproval": approval}
        return reservation_of(await self._call("reserve", **told))

    async def reservation(self, reference: str) -> Reservation | None:
        return found_reservation(await self._ask("find", applyNo=reference))

    async def release(self, number: str, reference: str) -> None:
        await self._call("release", reserveNo=number, applyNo=reference)

    async def _ask(self, service: str, **parameters: str) -> Mapping[str, Any]:
        """Once more when it costs the waiting person nothing: a question changes nothing."""
        try:
            return await self._call(service, **parameters)
        except Unreachable as failed:
            if failed.code not in PASSING:
                raise
        return await self._call(service, **parameters)

    async def _call(self, service: str, **parameters: str) -> Mapping[str, Any]:
        document = question(self._app_id, **parameters)
        return data_of(await self._gateway.call(self._interfaces[service], document))
