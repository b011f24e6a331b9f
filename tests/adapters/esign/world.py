"""The e-signature service on a real port, and our adapter that has things signed there."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.esign.client import ESignatureClient
from adapters.esign.port import FlowOutcome, OpenFlow, Signatory, SignedDocument
from adapters.esign.settings import ESignatureSettings
from adapters.esign.simulator import LONG_AGO, Authority, ESignatureSide, ESignatureSimulator
from adapters.far_side import FarSide
from adapters.gm import new_key_pair
from adapters.http import HTTPClients, PeerLimits
from adapters.jpaas import GatewaySettings
from kit.clock import ShiftableClock
from kit.secrets import IdNumber, PersonName
from tests.adapters.wechat.world import serving

APP_ID = "sd0123456789ab"
APP_PRIVATE_KEY, APP_PUBLIC_KEY = new_key_pair()
PLATFORM_PRIVATE_KEY, PLATFORM_PUBLIC_KEY = new_key_pair()
AUTHORITY = Authority.new()
TRUSTED = AUTHORITY.own_certificate(LONG_AGO)

# Made up, with valid check digits.
QIAN = ("testqian", "测试钱多多", "370102199003071238")
WU = ("testwu", "测试吴不多", "370103197909220014")
PERSONAL = {*QIAN[1:], *WU[1:], APP_PRIVATE_KEY.reveal()}
ARTICLES = SignedDocument("articles", "公司章程", "a1" * 32)
APPLICATION = SignedDocument("application", "登记申请书", "b2" * 32)


def person(who: tuple[str, str, str], uscc: str | None = None) -> Signatory:
    return Signatory(PersonName(who[1]), IdNumber(who[2]), uscc)


def settings(base_url: str, **given: object) -> ESignatureSettings:
    gateway: dict[str, object] = {
        "base_url": base_url,
        "app_id": APP_ID,
        "platform_public_key": PLATFORM_PUBLIC_KEY,
        "private_key": APP_PRIVATE_KEY,
        "origin": "3",
    }
    authorities = str(given.pop("authorities", TRUSTED))
    return ESignatureSettings(
        GatewaySettings(**{**gateway, **given}),  # type: ignore[arg-type]
        authorities,
    )


@dataclass
class World:
    clock: ShiftableClock
    far_side: FarSide
    simulator: ESignatureSimulator
    http: HTTPClients
    base_url: str
    client: ESignatureClient

    def another_client(self, **given: object) -> ESignatureClient:
        return a_client(settings(self.base_url, **given), self.http, self.clock)

    def calls(self) -> Sequence[Mapping[str, object]]:
        """What the far side saw, newest first."""
        return self.far_side.exchanges(limit=1000)

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))

    async def begun(
        self,
        reference: str = "task-1",
        who: tuple[str, str, str] = QIAN,
        documents: Sequence[SignedDocument] = (ARTICLES, APPLICATION),
    ) -> OpenFlow:
        flow = await self.client.begin(reference, person(who), documents)
        return OpenFlow(reference, flow.flow_id, person(who), documents)

    async def signed(self, reference: str = "task-1") -> FlowOutcome:
        """Signed on the page, and asked about."""
        flow = await self.begun(reference)
        self.simulator.answer(flow.flow_id, QIAN[0], "sign")
        return await self.client.outcome(flow)


def a_client(
    settings: ESignatureSettings, http: HTTPClients, clock: ShiftableClock
) -> ESignatureClient:
    return ESignatureClient(settings, http, clock, PeerLimits(total_s=2.0, breaker_failures=50))


@asynccontextmanager
async def a_world(folder: Path) -> AsyncIterator[World]:
    clock = ShiftableClock()
    far_side = FarSide(folder / "esign.sqlite3", "e_signature", clock)
    side = ESignatureSide(
        APP_ID,
        APP_PUBLIC_KEY,
        PLATFORM_PRIVATE_KEY,
        authority_private_key=AUTHORITY.private_key,
        page_url="https://sign.example/page",
    )
    simulator = ESignatureSimulator(far_side, side)
    for who in (QIAN, WU):
        simulator.register_person(*who)
    async with HTTPClients() as http, serving(simulator.application()) as base_url:
        client = a_client(settings(base_url), http, clock)
        yield World(clock, far_side, simulator, http, base_url, client)
    far_side.close()
