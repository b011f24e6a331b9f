"""Having things signed at the province's service, through the jpaas gateway."""

import asyncio
from collections.abc import Sequence

import structlog

from adapters.esign.documents import FAILURES, PEER, beginning, evidence_of, flow_of, state_of
from adapters.esign.evidence import Unproven, verified
from adapters.esign.port import FlowOutcome, OpenFlow, Signatory, SignedDocument, SigningFlow
from adapters.esign.settings import ESignatureSettings
from adapters.gateway_service import GatewayService
from adapters.http import HTTPClients, PeerLimits
from kit.clock import Clock

log = structlog.get_logger("adapters.esign")


class ESignatureClient:
    """Implements :class:`adapters.esign.port.ESignature`."""

    def __init__(
        self,
        settings: ESignatureSettings,
        http: HTTPClients,
        clock: Clock,
        limits: PeerLimits | None = None,
    ) -> None:
        gateway = settings.gateway
        self._settings = settings
        self._clock = clock
        peer = http.peer(PEER, gateway.base_url, limits)
        self._gateway = GatewayService(gateway, peer, clock, FAILURES)

    async def begin(
        self, reference: str, signatory: Signatory, documents: Sequence[SignedDocument]
    ) -> SigningFlow:
        # May be repeated like a question: the same reference finds the same flow.
        told = beginning(reference, signatory, documents)
        return flow_of(await self._gateway.ask(self._settings.begin_interface, **told))

    async def outcome(self, flow: OpenFlow) -> FlowOutcome:
        data = await self._gateway.ask(
            self._settings.find_interface, flowNo=flow.flow_id, applyNo=flow.reference
        )
        state = state_of(data)
        if state != "signed":
            return FlowOutcome(state)
        told, now = evidence_of(data), self._clock.now()
        try:
            evidence = await asyncio.to_thread(verified, flow, told, self._settings.trusted, now)
        except Unproven as unproven:
            log.error("e_signature_unproven", reference=flow.reference, fault=unproven.fault)
            return FlowOutcome("invalid", fault=unproven.fault)
        return FlowOutcome("signed", evidence)
