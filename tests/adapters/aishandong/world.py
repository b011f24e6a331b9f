"""The provincial identity platform on a real port, and our adapter that talks to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.aishandong.client import AiShandongClient
from adapters.aishandong.port import AiShandongToken, UserType
from adapters.aishandong.settings import AiShandongSettings
from adapters.aishandong.simulator import (
    PATH_A,
    PATH_C,
    PATH_D,
    SIGN_PATH_C,
    AiShandongSide,
    AiShandongSimulator,
)
from adapters.far_side import FarSide
from adapters.gm import new_key_pair
from adapters.http import HTTPClients, PeerLimits
from kit.clock import ShiftableClock
from kit.secrets import Secret

APP_ID = "testmark"
APP_WORD = "testword00000001"
PRIVATE_KEY, PUBLIC_KEY = new_key_pair()
PLATFORM_PRIVATE_KEY, PLATFORM_PUBLIC_KEY = new_key_pair()

# Made up, with valid check digits.
ZHANG = ("testzhang", "测试张三丰", "370102199003070016", "13800001234")
LI = ("testli", "测试李四光", "37020219850101002X", "13900004321")
USCC = "91370102MA3TEST000"
COMPANY = "济南测试餐饮有限公司"
PERSONAL = {APP_WORD, PRIVATE_KEY.reveal(), PLATFORM_PRIVATE_KEY.reveal(), *ZHANG[1:], *LI[1:]}

PATHS = {"A": PATH_A, "C": PATH_C, "D": PATH_D}
SIGN_PATH = SIGN_PATH_C
DIALECTS = tuple(PATHS)


@cache
def rsa_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def rsa_pem() -> Secret:
    pem = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Secret(pem.decode())


def settings(dialect: str = "D", **other: Any) -> AiShandongSettings:
    given: dict[str, Any] = {
        "dialect": dialect,
        "app_id": APP_ID,
        "base_url": "http://127.0.0.1:9",
        "app_word": Secret(APP_WORD),
        "private_key": PRIVATE_KEY,
        "platform_public_key": PLATFORM_PUBLIC_KEY,
        "path": PATHS.get(dialect, ""),
        "sign_path": SIGN_PATH,
    }
    return AiShandongSettings(**{**given, **other})


@dataclass
class World:
    clock: ShiftableClock
    far_side: FarSide
    simulator: AiShandongSimulator
    http: HTTPClients
    base_url: str

    def client(self, dialect: str = "C", total_s: float = 10.0, **other: Any) -> AiShandongClient:
        return AiShandongClient(
            settings(dialect, **{"base_url": self.base_url, **other}),
            self.http,
            self.clock,
            PeerLimits(total_s=total_s, breaker_failures=50),
        )

    async def token(self, client: AiShandongClient, user_type: UserType = "1") -> AiShandongToken:
        ticket = self.simulator.issue_ticket(ZHANG[0], user_type)
        return await client.exchange_ticket(ticket, user_type)

    def companies(self, count: int) -> None:
        """Companies of which Zhang is the administrator and Li the legal person."""
        for number in range(1, count + 1):
            uscc = f"91370102TEST{number:05}X"
            self.simulator.register_company(uscc, f"{COMPANY}{number}", {ZHANG[0]: "1", LI[0]: "2"})

    def calls(self, path: str) -> list[Mapping[str, object]]:
        """What the far side saw of this path, newest first."""
        seen = self.far_side.exchanges(limit=5000)
        return [each for each in seen if str(each["what"]).endswith(" " + path)]

    def refused(self) -> str:
        """Why the far side refused the newest call, in its journal's words."""
        return str(self.far_side.exchanges(limit=1)[0]["refused"])

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def a_side(**other: Any) -> AiShandongSide:
    given: dict[str, Any] = {
        "app_id": APP_ID,
        "app_word": Secret(APP_WORD),
        "app_public_key": PUBLIC_KEY,
        "platform_private_key": PLATFORM_PRIVATE_KEY,
    }
    return AiShandongSide(**{**given, **other})


@asynccontextmanager
async def a_world(folder: Path, **side_other: Any) -> AsyncIterator[World]:
    clock = ShiftableClock()
    far_side = FarSide(folder / "aishandong.sqlite3", "aishandong", clock)
    simulator = AiShandongSimulator(far_side, a_side(**side_other))
    for person in (ZHANG, LI):
        simulator.register_person(*person)
    simulator.register_company(USCC, COMPANY, {ZHANG[0]: "2", LI[0]: "0"})
    async with HTTPClients() as http, serving(simulator.application()) as base_url:
        yield World(clock, far_side, simulator, http, base_url)
    far_side.close()
