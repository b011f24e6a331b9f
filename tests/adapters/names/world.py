"""The province's library of names on a real port, and our adapter that asks it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.far_side import FarSide
from adapters.gm import new_key_pair
from adapters.http import HTTPClients, PeerLimits
from adapters.jpaas import GatewaySettings
from adapters.names.client import NameLibraryClient
from adapters.names.port import ProposedName
from adapters.names.settings import NameLibrarySettings
from adapters.names.simulator import NameLibrarySide, NameLibrarySimulator
from kit.secrets import Secret
from tests.adapters.wechat.world import serving

APP_ID = "sd0123456789ab"
APP_PRIVATE_KEY, APP_PUBLIC_KEY = new_key_pair()
PLATFORM_PRIVATE_KEY, PLATFORM_PUBLIC_KEY = new_key_pair()
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
    given: dict[str, object] = {
        "base_url": base_url,
        "app_id": APP_ID,
        "platform_public_key": PLATFORM_PUBLIC_KEY,
        "private_key": APP_PRIVATE_KEY,
        "origin": "3",
    }
    return NameLibrarySettings(GatewaySettings(**{**given, **gateway}))  # type: ignore[arg-type]


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
    given: dict[str, object] = {
        "app_id": APP_ID,
        "app_public_key": APP_PUBLIC_KEY,
        "platform_private_key": PLATFORM_PRIVATE_KEY,
    }
    simulator = NameLibrarySimulator(
        far_side,
        NameLibrarySide(**{**given, **side}),  # type: ignore[arg-type]
    )
    async with HTTPClients() as http, serving(simulator.application()) as base_url:
        client = a_client(settings(base_url), http, clock)
        yield World(clock, far_side, simulator, http, base_url, client)
    far_side.close()


def keys_of_far_side() -> tuple[str, str, Secret]:
    return APP_ID, APP_PUBLIC_KEY, PLATFORM_PRIVATE_KEY
