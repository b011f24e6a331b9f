"""The far side of the wire: the business-licence data service as one application meets it.

The two calls and the shape of the answers are those of a real integrator's traffic, the failing
codes are made up (see :mod:`adapters.licences.documents`)."""

import secrets
from datetime import datetime

from aiohttp import web

from adapters.far_side import FarSide
from adapters.licences.simulator.register import EnteredCompany, EnteredPerson, Register
from adapters.licences.simulator.scenarios import SCENARIOS
from adapters.licences.simulator.wire import Endpoint, LicencesSide

__all__ = [
    "QUERY_PATH",
    "SCENARIOS",
    "TOKEN_PATH",
    "EnteredCompany",
    "EnteredPerson",
    "LicencesSide",
    "LicencesSimulator",
    "development_keys",
]

TOKEN_PATH = "/gateway/oauth/token"  # noqa: S105 - an address.
QUERY_PATH = "/gateway/licence/query"


class LicencesSimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log.
    """

    name = "licences"

    def __init__(self, far_side: FarSide, side: LicencesSide) -> None:
        self._side = side
        self.register = Register(far_side)
        self._endpoint = Endpoint(far_side, side, self.register)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=64 * 1024)
        application.router.add_get(self._side.token_path, self._endpoint.token)
        application.router.add_post(self._side.query_path, self._endpoint.query)
        return application

    # What the far side does by itself: nothing, it waits to be asked.

    def next_due(self) -> datetime | None:
        return None

    async def run_due(self) -> int:
        return 0

    # What has been entered over there.

    def register_company(self, company: EnteredCompany) -> None:
        """A second time changes it."""
        self.register.enter(company)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own."""
    return {
        "LICENCES_API_KEY": secrets.token_hex(16),
        "LICENCES_CLIENT_ID": f"sd{secrets.token_hex(6)}",
        "LICENCES_CLIENT_SECRET": secrets.token_urlsafe(24),
    }
