"""The business-licence data service on a real port, and our adapter that asks it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.far_side import FarSide
from adapters.http import HTTPClients, PeerLimits
from adapters.licences.client import LicenceClient
from adapters.licences.settings import LicenceSettings
from adapters.licences.simulator import (
    QUERY_PATH,
    TOKEN_PATH,
    EnteredCompany,
    EnteredPerson,
    LicencesSide,
    LicencesSimulator,
)
from kit.clock import ShiftableClock
from kit.coordination.memory import memory_coordination
from kit.coordination.ports import Coordination
from kit.secrets import Secret
from tests.adapters.wechat.world import serving

API_KEY, CLIENT_ID, CLIENT_SECRET = "key-of-the-tests-0123", "sdtests", "secret-of-the-tests-0123"

# Made up, with valid check digits.
QIAN = ("测试钱多多", "370102199003071238")
WU = ("测试吴不多", "370103197909220014")
PERSONAL = {*QIAN, *WU, API_KEY, CLIENT_SECRET}

EATERY = EnteredCompany(
    uscc="91370102MA3QAAA01U",
    name="测试甲餐饮有限公司",
    people=(
        EnteredPerson(*QIAN, "执行董事", 60, 10),
        EnteredPerson(*WU, "监事", 40),
    ),
    domicile="山东省济南市历下区测试路1号",
    scope="餐饮服务；餐饮管理",
    established="2019-05-20",
    term_to="2039-05-19",
    authority="济南市历下区市场监督管理局",
    branches=("测试甲餐饮有限公司一分店",),
    investments=("测试丙有限公司",),
)
STALL = EnteredCompany(
    uscc="92371500MA3FDEM21A",
    name="测试乙商店",
    people=(EnteredPerson(*WU),),
    domicile="山东省聊城市东昌府区测试街2号",
    scope="食品销售",
    is_individual=True,
    industry_class="F",
    industry="5229",
    authority_region="371502",
)


def settings(url: str = "https://licences.example", **other: object) -> LicenceSettings:
    given: dict[str, object] = {
        "base_url": url,
        "token_path": TOKEN_PATH,
        "query_path": QUERY_PATH,
        "api_key": Secret(API_KEY),
        "client_id": CLIENT_ID,
        "client_secret": Secret(CLIENT_SECRET),
    }
    return LicenceSettings(**{**given, **other})  # type: ignore[arg-type]


@dataclass
class World:
    clock: ShiftableClock
    far_side: FarSide
    simulator: LicencesSimulator
    http: HTTPClients
    base_url: str
    coordination: Coordination
    client: LicenceClient

    def another_client(
        self, coordination: Coordination | None = None, **other: object
    ) -> LicenceClient:
        """As in another process; with ``coordination`` of its own it shares nothing."""
        shared = coordination or self.coordination
        return LicenceClient(
            settings(self.base_url, **other),
            self.http,
            shared.cache,
            shared.locks,
            self.clock,
            PeerLimits(total_s=1.5, breaker_failures=50),
        )

    def calls(self, path: str | None = None) -> list[Mapping[str, object]]:
        """What the far side saw, newest first; of one path."""
        seen = self.far_side.exchanges(limit=1000)
        return [one for one in seen if path is None or str(one["what"]).endswith(path)]

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))


@asynccontextmanager
async def a_world(folder: Path) -> AsyncIterator[World]:
    clock = ShiftableClock()
    far_side = FarSide(folder / "licences.sqlite3", "licences", clock)
    simulator = LicencesSimulator(
        far_side,
        LicencesSide(TOKEN_PATH, QUERY_PATH, Secret(API_KEY), CLIENT_ID, Secret(CLIENT_SECRET)),
    )
    simulator.register_company(EATERY)
    simulator.register_company(STALL)
    async with HTTPClients() as http, serving(simulator.application()) as base_url:
        coordination = memory_coordination()
        client = LicenceClient(
            settings(base_url),
            http,
            coordination.cache,
            coordination.locks,
            clock,
            PeerLimits(total_s=1.5, breaker_failures=50),
        )
        yield World(clock, far_side, simulator, http, base_url, coordination, client)
    far_side.close()
