"""The far side of the wire: the provincial identity platform as one application meets it.

It speaks all dialects at once, each on its own path, with real ciphers, over one register of people
and companies; what is a scenario and what a made-up value says so where it stands.
"""

import secrets
import string
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from adapters.aishandong.port import PERSON
from adapters.aishandong.settings import OLD_INTERFACE_PATH
from adapters.aishandong.simulator.dialects import (
    FarDialectA,
    FarDialectC,
    FarDialectD,
    SignEndpoint,
)
from adapters.aishandong.simulator.people import Register, UnknownCompany
from adapters.aishandong.simulator.scenarios import SCENARIOS
from adapters.aishandong.simulator.wire import AiShandongSide, Endpoint
from adapters.far_service import UnknownPerson, gateway_keys
from adapters.far_side import FarSide
from adapters.far_wire import handler
from adapters.jpaas import GATEWAY_PATH

__all__ = [
    "PATH_A",
    "PATH_C",
    "PATH_D",
    "SCENARIOS",
    "SIGN_PATH_C",
    "AiShandongSide",
    "AiShandongSimulator",
    "UnknownCompany",
    "UnknownPerson",
    "development_keys",
]

PATH_A = OLD_INTERFACE_PATH
PATH_C = "/dhrestnew"
SIGN_PATH_C = "/dhsignrest"
PATH_D = GATEWAY_PATH


class AiShandongSimulator:
    """Implements :class:`adapters.far_side.Simulator`. All that it knows is in its far side's file.

    Serve :meth:`application` without an access log.
    """

    name = "aishandong"

    def __init__(self, far_side: FarSide, side: AiShandongSide) -> None:
        self._far = far_side
        self._side = side
        self._register = Register(far_side)

    def application(self) -> web.Application:
        current = FarDialectC(self._side)
        endpoints: tuple[Endpoint | SignEndpoint, ...] = (
            Endpoint(self._far, self._register, PATH_A, FarDialectA(self._side)),
            SignEndpoint(self._far, self._side, SIGN_PATH_C, current),
            Endpoint(self._far, self._register, PATH_C, current),
            Endpoint(self._far, self._register, PATH_D, FarDialectD(self._side)),
        )
        application = web.Application(client_max_size=1024 * 1024)
        for endpoint in endpoints:
            application.router.add_post(endpoint.path, handler(endpoint.handle))
        return application

    # What the far side does by itself: nothing, it waits to be asked.

    def next_due(self) -> datetime | None:
        return None

    async def run_due(self) -> int:
        return 0

    # What people do in the app, and at the platform's counters.

    def register_person(
        self, key: str, name: str, id_number: str, phone: str, level: str = "3"
    ) -> None:
        """A second time changes them."""
        self._register.register_person(key, name, id_number, phone, level)

    def register_company(self, uscc: str, name: str, roles: Mapping[str, str]) -> None:
        """``roles``: a person's key to 0 agent, 1 administrator, 2 legal person. A second time
        changes it. :class:`UnknownPerson`."""
        self._register.register_company(uscc, name, roles)

    def issue_ticket(self, persona: str, user_type: str = PERSON, uscc: str | None = None) -> str:
        """What ``user.getTicket`` gives in the app: once, for five minutes. For a company's sign-in
        without ``uscc`` it is the person's first. :class:`UnknownPerson`, :class:`UnknownCompany`.
        """
        return self._register.issue_ticket(persona, user_type, uscc)

    def user_id_of(self, persona: str) -> str:
        """The person's ``uuid`` on the platform. :class:`UnknownPerson`."""
        return self._register.user_id(persona)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    letters = string.ascii_letters + string.digits
    app_word = "".join(secrets.choice(letters) for _ in range(16))
    return {**gateway_keys("AISHANDONG"), "AISHANDONG_APP_WORD": app_word}
