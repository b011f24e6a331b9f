"""WeChat's far side on a real port, and our adapter that talks to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from aiohttp import web

from adapters.far_side import FarSide
from adapters.http import HTTPClients, PeerLimits
from adapters.wechat.callbacks import WeChatMessagePush
from adapters.wechat.client import WeChatClient
from adapters.wechat.port import NotAuthentic, SubscribeAnswer, SubscribeMessage
from adapters.wechat.settings import WeChatSettings
from adapters.wechat.simulator import WeChatSide, WeChatSimulator
from adapters.wechat.templates import registered_templates
from kit.clock import ShiftableClock
from kit.coordination.memory import memory_coordination
from kit.coordination.ports import Cache, Locks
from kit.secrets import IdNumber, PersonName, Secret

APP_ID = "wx5d0f1e2a3b4c6d7e"
APP_SECRET = "c0ffee00c0ffee00c0ffee00c0ffee01"
MESSAGE_TOKEN = "PushTokenOfTheTests"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL_ID = "gh_0123456789ab"
TEMPLATES = {"progress": "TPLPROGRESS", "correction": "TPLCORRECTION", "completion": "TPLDONE"}

# Made up, with valid check digits.
ZHANG = ("testzhang", "测试张三丰", "370102199003070016", "13800001234")
LI = ("testli", "测试李四光", "37020219850101002X", "+852 61230000")
PERSONAL = {APP_SECRET, MESSAGE_TOKEN, AES_KEY, *ZHANG[1:], *LI[1:], "61230000"}

STABLE_TOKEN = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/subscribe/send"
PHONE = "/wxa/business/getuserphonenumber"


def settings(base_url: str = "http://127.0.0.1:9", **other: object) -> WeChatSettings:
    given: dict[str, object] = {
        "app_id": APP_ID,
        "app_secret": Secret(APP_SECRET),
        "original_id": ORIGINAL_ID,
        "message_token": Secret(MESSAGE_TOKEN),
        "message_aes_key": Secret(AES_KEY),
        "templates": TEMPLATES,
        "base_url": base_url,
    }
    return WeChatSettings(**{**given, **other})  # type: ignore[arg-type]


def message(
    open_id: str, *, template: str = "progress", page: str = "pages/case?id=1", **data: str
) -> SubscribeMessage:
    """A progress message that is right; ``data`` changes single keywords."""
    filled: dict[str, str] = {
        "phrase1": "已受理",
        "thing2": "食品经营许可",
        "character_string3": "SD20261122ABCDEFGH",
        "time4": "2026年11月22日 15:01",
        "thing5": "承诺一个工作日内办结",
    }
    return SubscribeMessage(open_id, TEMPLATES[template], page, {**filled, **data})


@dataclass
class Receiver:
    """Our side of the push: proves it, keeps the events, answers as told."""

    push: WeChatMessagePush
    events: list[SubscribeAnswer] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """What to answer next; ``success`` when it is empty."""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        try:
            self.events += self.push.read_events(dict(request.query), body)
        except NotAuthentic as error:
            self.refused.append(str(error.args[0]))
            return web.Response(status=403)
        return web.Response(text=self.answers.pop(0) if self.answers else "success")


@dataclass
class World:
    clock: ShiftableClock
    far_side: FarSide
    side: WeChatSide
    simulator: WeChatSimulator
    receiver: Receiver
    http: HTTPClients
    base_url: str
    cache: Cache
    locks: Locks

    @cached_property
    def client(self) -> WeChatClient:
        return self.another_client()

    def another_client(
        self, *, cache: Cache | None = None, locks: Locks | None = None, **other: object
    ) -> WeChatClient:
        return WeChatClient(
            settings(**{"base_url": self.base_url, **other}),  # type: ignore[arg-type]
            self.http,
            cache or self.cache,
            locks or self.locks,
            self.clock,
            # Patient at the gate: the machines that run this are shared, and shedding load is not
            # what is tried here.
            PeerLimits(total_s=2.0, gate_s=30.0, breaker_failures=50),
        )

    def open_id(self, person: tuple[str, str, str, str] = ZHANG) -> str:
        return self.simulator.open_id_of(person[0])

    def consent(self, *templates: str, person: tuple[str, str, str, str] = ZHANG) -> None:
        accepted = {TEMPLATES[template]: "accept" for template in templates}
        self.simulator.answer_subscribe_dialog(person[0], accepted)

    def calls(self, path: str) -> list[Mapping[str, object]]:
        """What the far side saw of this path, newest first."""
        seen = self.far_side.exchanges(limit=5000)
        return [each for each in seen if str(each["what"]).endswith(" " + path)]

    def advance(self, **step: float) -> None:
        self.clock.advance(timedelta(**step))


def name_of(person: tuple[str, str, str, str]) -> PersonName:
    return PersonName(person[1])


def number_of(person: tuple[str, str, str, str]) -> IdNumber:
    return IdNumber(person[2])


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


def a_side(callback_url: str, **other: object) -> WeChatSide:
    given: dict[str, object] = {
        "app_id": APP_ID,
        "app_secret": Secret(APP_SECRET),
        "original_id": ORIGINAL_ID,
        "message_token": Secret(MESSAGE_TOKEN),
        "message_aes_key": Secret(AES_KEY),
        "callback_url": callback_url,
        "templates": registered_templates(TEMPLATES),
    }
    return WeChatSide(**{**given, **other})  # type: ignore[arg-type]


@asynccontextmanager
async def a_world(folder: Path, **side_other: object) -> AsyncIterator[World]:
    clock = ShiftableClock()
    far_side = FarSide(folder / "wechat.sqlite3", "wechat", clock)
    key = side_other.get("message_aes_key", Secret(AES_KEY))
    receiver = Receiver(WeChatMessagePush(settings(message_aes_key=key), clock))
    ours = web.Application()
    ours.router.add_post("/callbacks/wechat", receiver.take)
    async with serving(ours) as our_url, HTTPClients() as http:
        side = a_side(f"{our_url}/callbacks/wechat", **side_other)
        simulator = WeChatSimulator(far_side, side)
        for person in (ZHANG, LI):
            simulator.register_person(*person)
        async with serving(simulator.application()) as base_url:
            shared = memory_coordination()
            yield World(
                clock=clock,
                far_side=far_side,
                side=side,
                simulator=simulator,
                receiver=receiver,
                http=http,
                base_url=base_url,
                cache=shared.cache,
                locks=shared.locks,
            )
    far_side.close()
