"""Limits as a client meets them: over a socket, with a tiny app of its own, on every store."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TypeVar

import fakeredis
import httpx
import msgspec
import pytest
from redis.asyncio import Redis
from sanic import Request, Sanic

from bff.installs import conventions, logging, problems
from kit.answers import Shown
from kit.coordination.memory import MemoryRateLimits
from kit.coordination.ports import RateLimits
from kit.coordination.redis import RedisLink, RedisRateLimits
from kit.describe import AccessRule, describe
from kit.ids import new_id
from kit.limits import Limit, RouteLimits
from tests.servers import RedisServer
from tests.serving import served

T = TypeVar("T")
PATIENT_S = 10.0


class HandMovedTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CountingLink(RedisLink):
    """Knows how often Redis was asked."""

    asked = 0

    async def ask(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        self.asked += 1
        return await super().ask(command)


class Named(msgspec.Struct, frozen=True):
    name: str


@dataclass(frozen=True)
class Somebody:
    key: str

    @property
    def sender(self) -> str:
        return self.key


class Anybody(AccessRule):
    name = "anybody"

    async def admit(self, request: Request) -> Somebody:
        return Somebody(request.headers.get("x-who", "nobody"))


BURST, HOUR = Limit("burst", 2, 120), Limit("hour", 3, 3600)
DEVICE = Limit("device", 2, 60, by="device")
ADDRESS = Limit("address", 3, 60, by="address")


@describe("person", "-", access=Anybody(), tag="t", body=Named, limits=[BURST, HOUR])
async def person(body: Named) -> Shown:
    return Shown({"name": body.name})


@describe("device", "-", access=Anybody(), tag="t", limits=[DEVICE, ADDRESS])
async def device() -> Shown:
    return Shown({})


@describe("short", "-", access=Anybody(), tag="t", limits=[Limit("short", 2, 2)])
async def short() -> Shown:
    return Shown({})


class Client(httpx.AsyncClient):
    """One person who may call from many devices and addresses."""

    async def as_person(self) -> httpx.Response:
        return await self.post("/person", json={"name": "a"})

    async def from_device(self, device_id: str | None, address: str) -> httpx.Response:
        named = {} if device_id is None else {"X-Device-Id": device_id}
        return await self.get("/device", headers={"X-Forwarded-For": address, **named})


@asynccontextmanager
async def serving(store: RateLimits) -> AsyncIterator[Client]:
    app = Sanic("limited", ctx=SimpleNamespace(provided={RateLimits: store}))
    app.config.PROXIES_COUNT = 1
    problems.install(app)
    conventions.install(app, {}, (logging.tell,))
    app.add_route(person, "/person", methods=["POST"])
    app.add_route(device, "/device", methods=["GET"])
    app.add_route(short, "/short", methods=["GET"])
    async with served(app) as address, Client(base_url=address, headers={"X-Who": new_id()}) as one:
        yield one


@pytest.fixture
def time() -> HandMovedTime:
    return HandMovedTime()


@pytest.fixture
async def timed(time: HandMovedTime) -> AsyncIterator[Client]:
    """In memory, by the hand-moved time."""
    async with serving(MemoryRateLimits(monotonic=time)) as client:
        yield client


@pytest.fixture
async def link() -> AsyncIterator[CountingLink]:
    opened = CountingLink(fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()), PATIENT_S)
    yield opened
    await opened.client.aclose()


@pytest.fixture(
    params=["memory", "fakeredis", pytest.param("redis", marks=pytest.mark.needs_servers)]
)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    if request.param == "memory":
        async with serving(MemoryRateLimits()) as client:
            yield client
        return
    redis: Redis
    if request.param == "fakeredis":
        redis = fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer())
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        redis = Redis.from_url(server.url())
    async with serving(RedisRateLimits(RedisLink(redis, PATIENT_S))) as client:
        yield client
    await redis.aclose()


def told(answer: httpx.Response) -> tuple[str, int, int]:
    """Name, calls left, seconds until one more."""
    match = re.fullmatch(r'"([\w-]+)";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert match is not None, answer.headers["ratelimit"]
    return match[1], int(match[2]), int(match[3])


class TestHeaders:
    async def test_all_limits_are_named_and_the_one_nearest_to_its_end_is_told(
        self, client: Client
    ) -> None:
        answers = [await client.as_person() for _ in range(2)]
        for answer in answers:
            assert answer.headers["ratelimit-policy"] == '"burst";q=2;w=120, "hour";q=3;w=3600'
            assert "retry-after" not in answer.headers
        assert [told(answer) for answer in answers] == [("burst", 1, 60), ("burst", 0, 60)]

    async def test_a_refusal_tells_the_refusing_limit_and_its_wait(self, client: Client) -> None:
        for _ in range(2):
            await client.as_person()
        refused = await client.as_person()
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert refused.json()["next"] == "wait"
        assert refused.headers["retry-after"] == "60"
        assert told(refused) == ("burst", 0, 60)
        assert refused.headers["ratelimit-policy"] == '"burst";q=2;w=120, "hour";q=3;w=3600'

    async def test_a_failed_call_is_counted_and_tells_it(self, client: Client) -> None:
        answer = await client.post("/person", json={})
        assert answer.status_code == 422
        assert told(answer)[1] == 1

    async def test_a_call_over_the_limit_is_refused_before_its_body_is_read(
        self, client: Client
    ) -> None:
        for _ in range(2):
            await client.as_person()
        assert (await client.post("/person", content=b"{")).status_code == 429

    async def test_with_two_refusing_the_longer_wait_is_told(
        self, timed: Client, time: HandMovedTime
    ) -> None:
        for _ in range(3):
            assert (await timed.as_person()).status_code == 200
            time.now += 60
        assert (await timed.as_person()).headers["retry-after"] == str(1200 - 180)
        time.now += 900
        assert told(await timed.as_person()) == ("hour", 0, 120)

    async def test_nobody_has_used_up_anothers(self, client: Client) -> None:
        for _ in range(3):
            await client.as_person()
        other = await client.post("/person", json={"name": "a"}, headers={"X-Who": new_id()})
        assert other.status_code == 200


class TestWaiting:
    async def test_waiting_exactly_as_long_as_told_lets_the_next_call_through(
        self, client: Client
    ) -> None:
        answers = [await client.get("/short") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        await asyncio.sleep(int(answers[-1].headers["retry-after"]))
        assert (await client.get("/short")).status_code == 200

    async def test_waiting_for_less_does_not(self, timed: Client, time: HandMovedTime) -> None:
        less_s = 3  # a thousandth of a call is forgiven, here 1.2 s, and seconds are told whole
        for used in range(40):
            time.now += 7.3 * (used % 5)
            answer = await timed.as_person()
            if answer.status_code == 429:
                wait_s = int(answer.headers["retry-after"])
                time.now += wait_s - less_s
                assert (await timed.as_person()).status_code == 429
                time.now += less_s
                assert (await timed.as_person()).status_code == 200

    async def test_a_refused_call_uses_up_none_of_the_limits(
        self, timed: Client, time: HandMovedTime
    ) -> None:
        for _ in range(2):
            await timed.as_person()
        for _ in range(50):
            assert (await timed.as_person()).status_code == 429
        time.now += 60
        assert (await timed.as_person()).status_code == 200
        # Three of the hour's three calls were made, and none of the fifty counted.
        time.now += 60
        assert (await timed.as_person()).headers["retry-after"] == str(1200 - 120)


class TestWho:
    async def test_a_new_device_id_does_not_get_around_the_limit_by_address(
        self, client: Client
    ) -> None:
        address = "203.0.113.7"
        answers = [await client.from_device(f"device-{new_id()}", address) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert told(answers[-1])[0] == "address"

    async def test_a_new_address_does_not_get_around_the_limit_by_device(
        self, client: Client
    ) -> None:
        answers = [await client.from_device("one-device", f"203.0.113.{n}") for n in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert told(answers[-1])[0] == "device"

    @pytest.mark.parametrize("device_id", [None, "", "short", "x" * 65, "a b c d e f g h"])
    async def test_a_client_without_a_device_id_is_counted_by_its_address(
        self, timed: Client, device_id: str | None
    ) -> None:
        answers = [await timed.from_device(device_id, "203.0.113.7") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert told(answers[-1])[0] == "device"
        assert (await timed.from_device(device_id, "203.0.113.8")).status_code == 200

    async def test_a_device_named_like_an_address_takes_no_addresses_place(
        self, timed: Client
    ) -> None:
        for _ in range(2):
            await timed.from_device("203-0-113-7", "203.0.113.9")
        assert (await timed.from_device(None, "203.0.113.7")).status_code == 200

    @pytest.mark.parametrize(
        ("addresses", "one_subscriber"),
        [
            (["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
             True),
            (["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1", "2001:db8:1:5::1"], False),
            (["::ffff:203.0.113.7"] * 2 + ["203.0.113.7"] * 2, True),
            (["fe80::1%eth0", "fe80::1%eth1", "fe80::2", "fe80::3"], True),
        ],
    )  # fmt: skip
    async def test_an_ipv6_subscriber_is_one_whatever_its_lower_half(
        self, timed: Client, addresses: list[str], one_subscriber: bool
    ) -> None:
        answers = [await timed.from_device(f"device-{new_id()}", one) for one in addresses]
        assert answers[-1].status_code == (429 if one_subscriber else 200)

    async def test_what_is_no_address_is_counted_as_one_and_harms_nobody(
        self, timed: Client
    ) -> None:
        answers = [
            await timed.from_device(f"device-{new_id()}", f"2001:{n}:not-one") for n in range(4)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


class TestCost:
    async def test_all_limits_of_a_call_are_one_round_trip(self, link: CountingLink) -> None:
        async with serving(RedisRateLimits(link)) as client:
            await client.as_person()
        assert link.asked == 1

    async def test_a_limit_that_is_not_shared_never_asks_redis(self, link: CountingLink) -> None:
        limits = RouteLimits([Limit("own", 1, 60, shared=False)])
        store = RedisRateLimits(link)
        asking = SimpleNamespace(headers={}, client_ip="203.0.113.7")
        assert (await limits.count(store, asking, "me"))["RateLimit"] == '"own";r=0;t=60'
        assert link.asked == 0


class TestMistakes:
    def test_two_limits_of_one_route_may_not_share_a_name(self) -> None:
        with pytest.raises(ValueError, match="same name"):
            RouteLimits([Limit("a", 1, 60), Limit("a", 9, 3600)])

    def test_a_route_mixes_no_shared_limits_with_others(self) -> None:
        with pytest.raises(ValueError, match="shared"):
            RouteLimits([Limit("a", 1, 60), Limit("b", 9, 3600, shared=False)])
