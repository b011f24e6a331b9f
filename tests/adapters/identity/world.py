"""The province's registers on a real port, and our adapter that asks them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.far_side import FarSide
from adapters.gm import SM2PrivateKey
from adapters.http import HTTPClients, PeerLimits
from adapters.identity.client import IdentityRegisterClient
from adapters.identity.settings import IdentityRegisterSettings
from adapters.identity.simulator import IdentityRegisterSide, IdentityRegisterSimulator
from kit.clock import ShiftableClock
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.gateway import APP_PRIVATE_KEY, FAR_SIDE, gateway_settings
from tests.adapters.wechat.world import serving

# Made up, with valid check digits.
QIAN = ("testqian", "测试钱多多", "370102199003071238")
WU = ("testwu", "测试吴不多", "370103197909220014")
NOBODYS_NUMBER = "11010519491231002X"
SHOP = ("91370102MA3QAAA01U", "测试甲餐饮有限公司")
STORE = ("92371500MA3FDEM21A", "测试乙商店")
PERSONAL = {*QIAN[1:], *WU[1:], NOBODYS_NUMBER, APP_PRIVATE_KEY.reveal()}


def settings(base_url: str, **gateway: object) -> IdentityRegisterSettings:
    return IdentityRegisterSettings(gateway_settings(base_url, **gateway))


@dataclass
class World:
    clock: ShiftableClock
    far_side: FarSide
    simulator: IdentityRegisterSimulator
    http: HTTPClients
    base_url: str
    client: IdentityRegisterClient

    def another_client(self, **gateway: object) -> IdentityRegisterClient:
        return a_client(settings(self.base_url, **gateway), self.http, self.clock)

    def calls(self) -> Sequence[Mapping[str, object]]:
        """What the far side saw, newest first."""
        return self.far_side.exchanges(limit=1000)

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))


def name_of(person: tuple[str, str, str]) -> PersonName:
    return PersonName(person[1])


def number_of(person: tuple[str, str, str]) -> IdNumber:
    return IdNumber(person[2])


def a_client(
    settings: IdentityRegisterSettings, http: HTTPClients, clock: ShiftableClock
) -> IdentityRegisterClient:
    return IdentityRegisterClient(
        settings, http, clock, PeerLimits(total_s=2.0, breaker_failures=50)
    )


@asynccontextmanager
async def a_world(folder: Path, **side: object) -> AsyncIterator[World]:
    clock = ShiftableClock()
    far_side = FarSide(folder / "register.sqlite3", "identity_register", clock)
    simulator = IdentityRegisterSimulator(
        far_side,
        IdentityRegisterSide(*FAR_SIDE, **side),  # type: ignore[arg-type]
    )
    for person in (QIAN, WU):
        simulator.register_person(*person)
    async with HTTPClients() as http, serving(simulator.application()) as base_url:
        client = a_client(settings(base_url), http, clock)
        yield World(clock, far_side, simulator, http, base_url, client)
    far_side.close()


def public_key_of(private_key: str) -> str:
    return SM2PrivateKey(Secret(private_key)).public_key()
