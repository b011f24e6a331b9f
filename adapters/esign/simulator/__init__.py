"""The far side of the wire: the province's e-signature service behind its gateway, as one
application meets it. What the gateway does is known, what the service answers is made up (see
:mod:`adapters.esign.documents`)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.esign.simulator.authority import Authority
from adapters.esign.simulator.bureau import Bureau, UnknownFlow
from adapters.esign.simulator.scenarios import PREFIX, SCENARIOS
from adapters.far_service import ServiceEndpoint, ServiceSide, ServiceSimulator, gateway_keys
from adapters.far_side import FarSide
from kit.secrets import Secret

__all__ = [
    "SCENARIOS",
    "Authority",
    "ESignatureSide",
    "ESignatureSimulator",
    "UnknownFlow",
    "development_keys",
]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ESignatureSide(ServiceSide):
    authority_private_key: Secret
    """SM2, for the certificates of those who sign."""
    page_url: str
    """Where a person would sign."""
    begin_interface: str = "beginSignature"
    find_interface: str = "findSignature"


class ESignatureSimulator(ServiceSimulator):
    name = "e_signature"

    def __init__(self, far_side: FarSide, side: ESignatureSide) -> None:
        self._bureau = Bureau(far_side, Authority(side.authority_private_key), side.page_url)
        interfaces = {"begin": side.begin_interface, "find": side.find_interface}
        endpoint = ServiceEndpoint(far_side, side, interfaces, PREFIX, self._bureau.serve)
        super().__init__(endpoint)

    def register_person(self, key: str, name: str, id_number: str) -> None:
        """A second time changes them."""
        self._bureau.register_person(key, name, id_number)

    def answer(self, flow_id: str, key: str, outcome: str) -> None:
        """What the person does on the service's page: ``sign`` or ``refuse``.
        :class:`UnknownFlow`."""
        self._bureau.answer(flow_id, key, outcome)


def development_keys() -> dict[str, str]:
    """Fresh environment values for a mock of its own, those of the far side among them."""
    authority = Authority.new()
    return {
        **gateway_keys("ESIGN"),
        "ESIGN_AUTHORITY_PRIVATE_KEY": authority.private_key.reveal(),
        "ESIGN_AUTHORITIES": authority.own_certificate(LONG_AGO),
    }
