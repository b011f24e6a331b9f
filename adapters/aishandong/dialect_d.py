"""Dialect D, the generic jpaas gateway: the whole of it is in :mod:`adapters.jpaas`."""

from collections.abc import Mapping

from adapters.aishandong.dialect import Members, Service, read_result, unfolded
from adapters.aishandong.gateway_documents import INTERFACE_IDS, question
from adapters.aishandong.settings import AiShandongSettings
from adapters.http import Peer
from adapters.jpaas import Gateway
from kit.clock import Clock


class DialectD:
    def __init__(self, settings: AiShandongSettings, peer: Peer, clock: Clock) -> None:
        self._app_id = settings.app_id
        self._gateway = Gateway(settings.gateway(), peer, clock)

    async def ask(self, service: Service, parameters: Mapping[str, str]) -> Members:
        result = await self._gateway.call(
            INTERFACE_IDS[service], question(self._app_id, service, parameters)
        )
        return unfolded(read_result(service, result))
