"""The far side of the wire: the province's e-signature service behind its gateway, as one
application meets it. What the gateway does is known, what the service answers is made up (see
:mod:`adapters.esign.documents`)."""

import secrets
from datetime import UTC, datetime

from aiohttp import web

from adapters.esign.simulator.authority import Authority
from adapters.esign.simulator.bureau import Bureau, UnknownFlow
from adapters.esign.simulator.scenarios import SCENARIOS
from adapters.esign.simulator.wire import Endpoint, ESignatureSide
from adapters.far_side import FarSide
from adapters.gm import new_key_pair
from adapters.jpaas import GATEWAY_PATH

__all__ = [
    "SCENARIOS",
    "Authority",
    "ESignatureSide",
    "ESignatureSimulator",
    "UnknownFlow",
    "development_keys",
]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class ESignatureSimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log.
    """

    name = "e_signature"

    def __init__(self, far_side: FarSide, side: ESignatureSide) -> None:
        self._bureau = Bureau(far_side, Authority(side.authority_private_key), side.page_url)
        self._endpoint = Endpoint(far_side, side, self._bureau)

    def application(self) -> web.Application:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._endpoint.handle(request)

        application = web.Application(client_max_size=1024 * 1024)
        application.router.add_post(GATEWAY_PATH, handle)
        return application

    # What the far side does by itself: nothing, it waits to be asked.

    def next_due(self) -> datetime | None:
        return None

    async def run_due(self) -> int:
        return 0

    # What happens over there.

    def register_person(self, key: str, name: str, id_number: str) -> None:
        """A second time changes them."""
        self._bureau.register_person(key, name, id_number)

    def answer(self, flow_id: str, key: str, outcome: str) -> None:
        """What the person does on the service's page: ``sign`` or ``refuse``.
        :class:`UnknownFlow`."""
        self._bureau.answer(flow_id, key, outcome)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    app_private_key, _ = new_key_pair()
    platform_private_key, platform_public_key = new_key_pair()
    authority = Authority.new()
    return {
        "ESIGN_APP_ID": f"sd{secrets.token_hex(6)}",
        "ESIGN_PRIVATE_KEY": app_private_key.reveal(),
        "ESIGN_PLATFORM_PUBLIC_KEY": platform_public_key,
        "ESIGN_PLATFORM_PRIVATE_KEY": platform_private_key.reveal(),
        "ESIGN_AUTHORITY_PRIVATE_KEY": authority.private_key.reveal(),
        "ESIGN_AUTHORITIES": authority.own_certificate(LONG_AGO),
    }
