"""The far side of the wire: the province's registers behind their gateway, as one application meets
them. What the gateway does is known, what the registers answer is made up (see
:mod:`adapters.identity.documents`)."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from adapters.far_side import FarSide
from adapters.gm import new_key_pair
from adapters.identity.simulator.register import Register, UnknownPerson
from adapters.identity.simulator.scenarios import SCENARIOS
from adapters.identity.simulator.wire import Endpoint, IdentityRegisterSide
from adapters.jpaas import GATEWAY_PATH

__all__ = [
    "SCENARIOS",
    "IdentityRegisterSide",
    "IdentityRegisterSimulator",
    "UnknownPerson",
    "development_keys",
]


class IdentityRegisterSimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log.
    """

    name = "identity_register"

    def __init__(self, far_side: FarSide, side: IdentityRegisterSide) -> None:
        self._register = Register(far_side, side.calls_a_minute_max, side.calls_a_day_max)
        self._endpoint = Endpoint(far_side, side, self._register)

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

    # What has been entered over there.

    def register_person(self, key: str, name: str, id_number: str) -> None:
        """A second time changes them."""
        self._register.register_person(key, name, id_number)

    def register_company(self, uscc: str, name: str, roles: Mapping[str, str]) -> None:
        """``roles``: a person's key to 0 agent, 1 administrator, 2 legal person. A second time
        changes it. :class:`UnknownPerson`."""
        self._register.register_company(uscc, name, roles)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    app_private_key, _ = new_key_pair()
    platform_private_key, platform_public_key = new_key_pair()
    return {
        "IDENTITY_REGISTER_APP_ID": f"sd{secrets.token_hex(6)}",
        "IDENTITY_REGISTER_PRIVATE_KEY": app_private_key.reveal(),
        "IDENTITY_REGISTER_PLATFORM_PUBLIC_KEY": platform_public_key,
        "IDENTITY_REGISTER_PLATFORM_PRIVATE_KEY": platform_private_key.reveal(),
    }
