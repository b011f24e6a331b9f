"""The running product over the running far side: what tests at the HTTP edge stand on.

One world for the session (Tortoise keeps one context a process), served on a real loopback socket;
after each test every table and every simulator's memory is empty again. The clock is the world's
and only moves forward.
"""

import asyncio
import gc
import os
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import redis.asyncio
from sanic.http import Http
from tortoise import Tortoise
from tortoise.connection import get_connection

from adapters.outbox.relay import Relay
from bff.mock.folder import DataFolder
from bff.mock.personas import PERSONAS
from bff.mock.run import create_mock_app
from bff.mock.world import World, create_world
from kit.ids import new_id
from tests.serving import served

OWN_METHOD = {
    "wechat": "wechat_face",
    "alipay": "alipay_certify",
    "aishandong": "aishandong",
}
NOT_INHERITED = ("HOST", "PORT", "DATA_DIR", "DATABASE_URL", "REDIS_URL")
_TLS = ssl.create_default_context()
"""Nothing here speaks TLS, but each client would read all authorities' certificates: 20 ms."""


HEADER_BYTES_MAX = 8192
"""Sanic's own."""
JITTER_S = int(os.environ.get("BFF_TEST_JITTER_MS", "0")) / 1000
"""What the relay does comes up to so much later. Whatever then fails looks at a deed of the relay
without waiting for it, and is kept green by luck."""


class Phone(httpx.AsyncClient):
    """One device of one person on one platform. Paths are below ``/api/v1``; ``mock()`` reaches
    ``/mock/api``."""

    def __init__(
        self, base: str, persona: str, language: str = "zh", platform: str = "wechat"
    ) -> None:
        headers = {"X-Device-Id": f"device-{new_id()[-12:]}", "Accept-Language": language}
        super().__init__(base_url=f"{base}/api/v1", headers=headers, timeout=40, verify=_TLS)
        self.persona = persona
        self.platform = platform
        self.base = base
        self.session: dict[str, Any] = {}
        self.world: World | None = None
        """That the phone is part of, where it runs in this process."""

    async def mock(self, method: str, path: str, **how: Any) -> httpx.Response:
        return await self.request(method, f"{self.base}/mock/api{path}", **how)

    async def once(self, method: str, path: str, **how: Any) -> httpx.Response:
        """A request with a fresh idempotency key."""
        headers = {"Idempotency-Key": new_id(), **how.pop("headers", {})}
        return await self.request(method, path, headers=headers, **how)

    async def login(self, **how: str) -> httpx.Response:
        wanted = {"platform": self.platform, "persona": self.persona, **how}
        credential = (await self.mock("POST", "/codes", json=wanted)).json()["credential"]
        answer = await self.post(
            "/auth/login", json={"platform": self.platform, "credential": credential}
        )
        if answer.status_code == 200:
            self.session = answer.json()
            self.headers["Authorization"] = f"Bearer {self.session['access_token']}"
        return answer

    async def renew(self) -> None:
        """A new access token, as after a while on a real phone."""
        answer = await self.post(
            "/auth/refresh", json={"refresh_token": self.session["refresh_token"]}
        )
        self.session = answer.json()
        self.headers["Authorization"] = f"Bearer {self.session['access_token']}"

    async def begin_check(
        self, persona: str | None = None, method: str | None = None, **how: Any
    ) -> httpx.Response:
        """Ask for the platform's own check, or another ``method``, on the ID of ``persona`` (the
        phone's own when absent)."""
        person = PERSONAS[persona or self.persona]
        consents = (await self.get("/consents")).json()["items"]
        version = next(c["text_version"] for c in consents if c["purpose"] == "identity_check")
        body = {
            "method": method or OWN_METHOD[self.platform],
            "consent": {"text_version": version},
        }
        if body["method"] != "aishandong":
            body |= {"name": person.name.reveal(), "id_number": person.id_number.reveal()}
        return await self.once("POST", "/auth/identity-checks", json=body, **how)

    async def verify(self) -> httpx.Response:
        """The platform's own check, passed by the phone's own persona."""
        check_id = (await self.begin_check()).json()["id"]
        if self.platform != "aishandong":
            dialog = {"identity_check": check_id, "persona": self.persona, "outcome": "pass"}
            await self.mock("POST", "/face", json=dialog)
        return await self.get(f"/auth/identity-checks/{check_id}")


@pytest.fixture(autouse=True)
def _headers_of_any_size_that_is_served() -> None:
    """Sanic bounds headers for the whole process, by the app that was set up last: after one with
    small bodies a long token was 413 to all others."""
    Http.set_header_max_size(HEADER_BYTES_MAX)


@pytest.fixture(scope="session")
async def session_world(
    database_url: str,
    redis_url: str | None,
    tmp_path_factory: pytest.TempPathFactory,
    sensitive_values: set[str],
) -> AsyncIterator[World]:
    """The world and its server, started once."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    folder = DataFolder(tmp_path_factory.mktemp("world"))
    environ = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environ |= {
        "PORT": str(listening.getsockname()[1]),
        "DATABASE_URL": database_url,
        # Shorter than in production, so that tests of its lateness are not long.
        "PROVINCE_TIMEOUT_S": "4",
    }
    if redis_url is not None:
        environ["REDIS_URL"] = redis_url
    world = create_world(folder, environ)
    for persona in PERSONAS.values():
        sensitive_values |= {
            persona.name.reveal(), persona.id_number.reveal(), persona.phone.reveal(),
            world.wechat.open_id_of(persona.key),
        }  # fmt: skip
    settings = world.services.settings
    sensitive_values |= {
        secret.reveal()
        for secret in (
            settings.wechat.app_secret,
            settings.province.app_key,
            settings.province.encrypt_key,
            settings.province.callback_token,
            settings.province.document_token,
        )
    }
    with pytest.MonkeyPatch.context() as patch:
        # Tests have the house kept when they want it. A sweep by the wall clock would come in the
        # middle of some test and erase what that one wrote on a clock of its own.
        patch.setattr("bff.services.HOUSEKEEPING_S", timedelta(days=1).total_seconds())
        if JITTER_S:
            patch.setattr(Relay, "_deliver", _late(Relay._deliver))
        async with served(create_mock_app(world), listening):
            # The lists, the forms, the models: they stay.
            gc.freeze()
            yield world


@pytest.fixture
async def database(session_world: World) -> AsyncIterator[None]:
    """An open database, empty afterwards."""
    yield
    await session_world.driver.settle()
    await empty_tables()


@pytest.fixture
async def paused_relay(session_world: World, database: None) -> AsyncIterator[None]:
    """For tests that put outbox rows of their own: the world's relay leaves them alone."""
    async with session_world.services.relay._busy:
        yield


@pytest.fixture
async def world(
    session_world: World, database: None, redis_url: str | None
) -> AsyncIterator[World]:
    """The running world; empty on both sides of the wire afterwards."""
    yield session_world
    await session_world.driver.settle()
    for far_side in session_world.far_sides.values():
        far_side.clear()
    session_world.populate()
    await _forget_limits(session_world, redis_url)


@pytest.fixture
async def phone(world: World) -> AsyncIterator[Callable[..., Awaitable[Phone]]]:
    """``await phone("zhangsan")``: a device of that persona, not signed in."""
    opened: list[Phone] = []

    async def open_phone(persona: str = "zhangsan", **how: Any) -> Phone:
        opened.append(Phone(world.services.settings.http.public_url, persona, **how))
        opened[-1].world = world
        return opened[-1]

    yield open_phone
    for one in opened:
        await one.aclose()


@pytest.fixture
async def signed_in(phone: Callable[..., Awaitable[Phone]]) -> Callable[..., Awaitable[Phone]]:
    """``await signed_in("lisi")``: a device whose person is signed in."""

    async def sign_in(
        persona: str = "zhangsan", *, credential: dict[str, str] | None = None, **how: Any
    ) -> Phone:
        device = await phone(persona, **how)
        assert (await device.login(**(credential or {}))).status_code == 200
        return device

    return sign_in


@pytest.fixture
async def verified(signed_in: Callable[..., Awaitable[Phone]]) -> Callable[..., Awaitable[Phone]]:
    """``await verified()``: signed in, and proved a moment ago to be who they are."""

    async def verify(persona: str = "zhangsan", **how: Any) -> Phone:
        device = await signed_in(persona, **how)
        assert (await device.verify()).json()["state"] == "passed"
        return device

    return verify


def _late(deliver: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def deliver_late(*what: Any) -> None:
        await asyncio.sleep(random.uniform(0, JITTER_S))
        await deliver(*what)

    return deliver_late


async def _forget_limits(world: World, redis_url: str | None) -> None:
    """All tests call from one address; what one used up is not the next one's fault."""
    if redis_url is None:
        world.services.coordination.rate_limits._free_at.clear()  # type: ignore[attr-defined]
        return
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        await client.flushdb()


async def empty_tables() -> None:
    """Most have no row, which one question tells of all."""
    models = {model._meta.db_table: model for model in (Tortoise.apps or {})["models"].values()}
    asked = ", ".join(
        f"EXISTS (SELECT 1 FROM `{table}`) AS `{table}`"  # noqa: S608 - our own tables' names.
        for table in models
    )
    (filled,) = await get_connection("default").execute_query_dict(f"SELECT {asked}")
    for table, model in models.items():
        if filled[table]:
            await model.all().delete()
