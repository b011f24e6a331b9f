"""Alipay's far side on a real port, in both modes, and our adapter that talks to it."""

import base64
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.alipay.callbacks import AlipayNotices
from adapters.alipay.client import AlipayClient
from adapters.alipay.port import NOTICE_TAKEN, AlipayNotice, NotAuthentic
from adapters.alipay.settings import AlipaySettings
from adapters.alipay.simulator import AlipaySide, AlipaySimulator
from adapters.alipay.simulator.authority import key_pem, new_key
from adapters.alipay.simulator.keys import AppCertificates, KeyOffice
from adapters.alipay.trust import alipay_trust
from adapters.far_side import FarSide
from adapters.http import HTTPClients, PeerLimits
from kit.clock import ShiftableClock, SystemClock
from kit.ids import new_id
from kit.secrets import IdNumber, PersonName, Secret

APP_ID = "2021000000000077"
CONTENT_KEY = "AAECAwQFBgcICQoLDA0ODw=="

# Made up, with valid check digits.
ZHANG = ("testzhang", "测试张三丰", "370102199003070016", "13800001234")
LI = ("testli", "测试李四光", "37020219850101002X", "13700004321")
PERSONAL = {CONTENT_KEY, *ZHANG[1:], *LI[1:]}

LOGIN = "alipay.system.oauth.token"
BEGIN = "alipay.user.certify.open.initialize"
QUERY = "alipay.user.certify.open.query"
DOWNLOAD = "alipay.open.app.alipaycert.download"

Mode = Literal["key", "certificate"]


@dataclass(frozen=True)
class Material:
    """Keys take a tenth of a second each, so all worlds share theirs."""

    app_key: rsa.RSAPrivateKey
    stranger: rsa.RSAPrivateKey
    alipay_public_key: str
    certificates: AppCertificates
    facts: tuple[tuple[str, str, dict[str, Any]], ...]


@cache
def material() -> Material:
    far_side = FarSide(":memory:", "alipay", SystemClock())
    keys, app_key = KeyOffice(far_side), new_key()
    certificates = keys.app_certificates(app_key.public_key(), APP_ID)
    public_key = keys.public_key()
    facts = tuple(
        (kind, key, body)
        for kind in ("key", "authority", "certificate", "current")
        for key, body in far_side.all(kind)
    )
    far_side.close()
    return Material(app_key, new_key(), public_key, certificates, facts)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key_pem(key)


def public_pem(key: rsa.RSAPublicKey) -> str:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def settings(
    mode: Mode = "key", gateway_url: str = "http://127.0.0.1:9/gateway.do", **other: object
) -> AlipaySettings:
    made = material()
    given: dict[str, object] = {
        "app_id": APP_ID,
        "private_key": Secret(pem(made.app_key)),
        "content_key": Secret(CONTENT_KEY),
        "gateway_url": gateway_url,
    }
    if mode == "key":
        given["alipay_public_key"] = made.alipay_public_key
    else:
        given |= {
            "app_certificate": made.certificates.app,
            "alipay_certificate": made.certificates.alipay,
            "root_certificates": made.certificates.roots,
        }
    return AlipaySettings(**{**given, **other})  # type: ignore[arg-type]


@cache
def _checked(mode: Mode) -> AlipaySettings:
    return settings(mode)


def settings_at(mode: Mode, gateway_url: str) -> AlipaySettings:
    """The same settings with another address, without checking the key's numbers once more."""
    moved = copy.copy(_checked(mode))
    object.__setattr__(moved, "gateway_url", gateway_url)
    return moved


@dataclass
class Receiver:
    """Our side of the notices: proves them, keeps them, answers as told."""

    notices: AlipayNotices
    taken: list[AlipayNotice] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """What to answer next; ``success`` when it is empty."""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        try:
            self.taken.append(self.notices.read_notify(body))
        except NotAuthentic as error:
            self.refused.append(str(error.args[0]))
            return web.Response(status=403)
        return web.Response(text=self.answers.pop(0) if self.answers else NOTICE_TAKEN)


@dataclass
class World:
    mode: Mode
    clock: ShiftableClock
    far_side: FarSide
    side: AlipaySide
    simulator: AlipaySimulator
    receiver: Receiver
    http: HTTPClients
    gateway_url: str
    settings: AlipaySettings

    @cached_property
    def client(self) -> AlipayClient:
        """Shares what it learns with the receiver of notices."""
        return self._client(self.settings, self.receiver.notices._trust)

    def another_client(self, **other: object) -> AlipayClient:
        """Another process, or the same app set up otherwise."""
        gateway_url = str(other.pop("gateway_url", self.gateway_url))
        own = settings_at(self.mode, gateway_url)
        if other:
            own = settings(self.mode, gateway_url, **other)
        return self._client(own, alipay_trust(own, self.clock))

    def _client(self, own: AlipaySettings, trust: Any) -> AlipayClient:
        limits = PeerLimits(total_s=2.0, breaker_failures=50)
        return AlipayClient(own, self.http, trust, self.clock, limits)

    def open_id(self, person: tuple[str, str, str, str] = ZHANG) -> str:
        return self.simulator.open_id_of(person[0])

    def code(self, person: tuple[str, str, str, str] = ZHANG) -> str:
        return self.simulator.issue_login_code(person[0])

    async def begun(self, person: tuple[str, str, str, str] = ZHANG) -> str:
        """The id of a certification of that person."""
        begun = await self.client.begin_certification(new_id(), name_of(person), number_of(person))
        return begun.certify_id

    def calls(self, method: str) -> list[Mapping[str, object]]:
        """What the far side saw of this call, newest first."""
        seen = self.far_side.exchanges(limit=5000)
        return [each for each in seen if str(each["what"]).endswith(" " + method)]

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))

    async def push_all(self) -> int:
        """Let every notice come to its end."""
        tries = 0
        while (due := self.simulator.next_due()) is not None:
            wait = (due - self.clock.now()).total_seconds()
            self.advance(seconds=max(wait, 0))
            tries += await self.simulator.run_due()
        return tries


def name_of(person: tuple[str, str, str, str]) -> PersonName:
    return PersonName(person[1])


def number_of(person: tuple[str, str, str, str]) -> IdNumber:
    return IdNumber(person[2])


def bare_der(key: rsa.RSAPrivateKey, form: serialization.PrivateFormat) -> str:
    """As Alipay's key tool writes it: no header, lines of 64."""
    der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    text = base64.b64encode(der).decode()
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))


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


@asynccontextmanager
async def a_world(folder: Path, mode: Mode = "key") -> AsyncIterator[World]:
    clock = ShiftableClock()
    far_side = FarSide(folder / f"alipay-{mode}.sqlite3", "alipay", clock)
    for kind, key, body in material().facts:
        far_side.put(kind, key, body)
    own = _checked(mode)
    receiver = Receiver(AlipayNotices(own, alipay_trust(own, clock), clock))
    ours = web.Application()
    ours.router.add_post("/callbacks/alipay", receiver.take)
    async with serving(ours) as our_url, HTTPClients() as http:
        side = AlipaySide.of(own, f"{our_url}/callbacks/alipay")
        simulator = AlipaySimulator(far_side, side)
        for person in (ZHANG, LI):
            simulator.register_person(*person)
        async with serving(simulator.application()) as base_url:
            gateway_url = f"{base_url}/gateway.do"
            yield World(
                mode=mode,
                clock=clock,
                far_side=far_side,
                side=side,
                simulator=simulator,
                receiver=receiver,
                http=http,
                gateway_url=gateway_url,
                settings=settings_at(mode, gateway_url),
            )
    far_side.close()
