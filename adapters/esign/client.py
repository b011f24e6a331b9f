"""Having things signed at the province's service, through the jpaas gateway."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from adapters.errors import Unreachable
from adapters.esign.documents import (
    PEER,
    beginning,
    data_of,
    evidence_of,
    flow_of,
    question,
    state_of,
)
from adapters.esign.evidence import Unproven, verified
from adapters.esign.port import (
    FlowOutcome,
    OpenFlow,
    Signatory,
    SignedDocument,
    SigningFlow,
)
from adapters.esign.settings import ESignatureSettings
from adapters.http import HTTPClients, PeerLimits
from adapters.jpaas import Gateway
from kit.clock import Clock

log = structlog.get_logger("adapters.esign")

PASSING = frozenset({"broken_answer", "undecipherable", "no_connection", "gateway_error"})
"""Told at once, and mostly right the next time. A slow peer is not asked again: somebody waits."""


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
        self._gateway = Gateway(gateway, http.peer(PEER, gateway.base_url, limits), clock)

    async def begin(
        self, reference: str, signatory: Signatory, documents: Sequence[SignedDocument]
    ) -> SigningFlow:
        # May be repeated like a question: the same reference finds the same flow.
        told = beginning(reference, signatory, documents)
        return flow_of(await self._ask(self._settings.begin_interface, told))

    async def outcome(self, flow: OpenFlow) -> FlowOutcome:
        asked = {"flowNo": flow.flow_id, "applyNo": flow.reference}
        data = await self._ask(self._settings.find_interface, asked)
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

    async def _ask(self, interface_id: str, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        document = question(self._settings.gateway.app_id, **parameters)
        try:
            return data_of(await self._gateway.call(interface_id, document))
        except Unreachable as failed:
            if failed.code not in PASSING:
                raise
        return data_of(await self._gateway.call(interface_id, document))
