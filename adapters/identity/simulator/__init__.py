"""The far side of the wire: the province's registers behind their gateway, as one application meets
them. What the gateway does is known, what the registers answer is made up (see
:mod:`adapters.identity.documents`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.far_service import (
    ServiceEndpoint,
    ServiceSide,
    ServiceSimulator,
    UnknownPerson,
    gateway_keys,
)
from adapters.far_side import FarSide
from adapters.identity.simulator.register import Register
from adapters.identity.simulator.scenarios import PREFIX, SCENARIOS

__all__ = [
    "SCENARIOS",
    "IdentityRegisterSide",
    "IdentityRegisterSimulator",
    "UnknownPerson",
    "development_keys",
]


@dataclass(frozen=True, slots=True)
class IdentityRegisterSide(ServiceSide):
    calls_a_day_max: int | None = 100_000
    match_interface: str = "realNameMatch"
    companies_interface: str = "findCorporationsByPerson"


class IdentityRegisterSimulator(ServiceSimulator):
    name = "identity_register"

    def __init__(self, far_side: FarSide, side: IdentityRegisterSide) -> None:
        self._register = Register(far_side)
        interfaces = {"match": side.match_interface, "companies": side.companies_interface}
        endpoint = ServiceEndpoint(far_side, side, interfaces, PREFIX, self._register.answer)
        super().__init__(endpoint)

    def register_person(self, key: str, name: str, id_number: str) -> None:
        """A second time changes them."""
        self._register.register_person(key, name, id_number)

    def register_company(self, uscc: str, name: str, roles: Mapping[str, str]) -> None:
        """``roles``: a person's key to 0 agent, 1 administrator, 2 legal person. A second time
        changes it. :class:`UnknownPerson`."""
        self._register.register_company(uscc, name, roles)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    return gateway_keys("IDENTITY_REGISTER")
