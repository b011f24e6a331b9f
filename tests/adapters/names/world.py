"""The province's library of names on a real port, and our adapter that asks it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.far_side import FarSide
from adapters.http import HTTPClients, PeerLimits
from adapters.names.client import NameLibraryClient
from adapters.names.port import ProposedName
from adapters.names.settings import NameLibrarySettings
from adapters.names.simulator import NameLibrarySide, NameLibrarySimulator
from tests.adapters.gateway import APP_PRIVATE_KEY, FAR_SIDE, gateway_settings
from tests.adapters.wechat.world import serving

SHOP = ("济南", "试泉香", "餐饮", "有限公司")
PERSONAL = {"济南试泉香餐饮有限公司", "试泉香", APP_PRIVATE_KEY.reveal()}
FIRST_DAY = datetime(2026, 12, 31, 4, tzinfo=UTC)


class MovedClock:
    """Stands still unless it is moved: what is kept runs out on a day, not a moment."""

    def __init__(self) -> None:
        self.instant = FIRST_DAY

    def now(self) -> datetime:
        return self.instant


def name(
    trade: str = "试泉香",
    industry: str = "餐饮",
    region: str = "济南",
    region_code: str = "370102",
    industry_code: str = "6210",
    form: str = "有限公司",
) -> ProposedName:
    full = f"{region}{trade}{industry}{form}"
    return ProposedName(full, region, region_code, trade, industry, industry_code, form)


def settings(base_url: str, **gateway: object) -> NameLibrarySettings:
    return NameLibrarySettings(gateway_settings(base_url, **gateway))


@dataclass
class World:
    clock: MovedClock
    far_side: FarSide
    simulator: NameLibrarySimulator
    http: HTTPClients
    base_url: str
    client: NameLibraryClient

    def calls(self) -> Sequence[Mapping[str, object]]:
        """What the far side saw, newest first."""
        return self.far_side.exchanges(limit=1000)

    def advance(self, **step: float) -> None:
        self.clock.instant += timedelta(**step)


def a_client(
    settings: NameLibrarySettings, http: HTTPClients, clock: MovedClock
) -> NameLibraryClient:
    return NameLibraryClient(settings, http, clock, PeerLimits(total_s=2.0, breaker_failures=50))


@asynccontextmanager
async def a_world(folder: Path, **side: object) -> AsyncIterator[World]:
    clock = MovedClock()
    far_side = FarSide(folder / "names.sqlite3", "name_library", clock)
    simulator = NameLibrarySimulator(
        far_side,
        NameLibrarySide(*FAR_SIDE, **side),  # type: ignore[arg-type]
    )
    async with HTTPClients() as http, serving(simulator.application()) as base_url:
        client = a_client(settings(base_url), http, clock)
        yield World(clock, far_side, simulator, http, base_url, client)
    far_side.close()
