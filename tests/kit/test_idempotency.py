"""Who hears an answer again, and how often a thing is done; over a socket with a tiny app."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from sanic import Sanic

from adapters.outbox.models import OutboxEntry
from bff.installs import conventions, logging, problems
from bff.mock.world import World
from kit.answers import Shown
from kit.clock import ShiftableClock
from kit.describe import describe
from kit.idempotency import KEPT, Idempotency, IdempotencyStore, Once, Remembered
from kit.ids import new_id
from kit.problems import NotFound
from kit.secrets import KeyRing
from tests.kit.test_describe import Anybody, Order, Somebody, code_of
from tests.serving import served

pytestmark = pytest.mark.usefixtures("paused_relay")

KEY = {"idempotency-key": "one-key"}
ORDER = {"name": "a"}


class House:
    """What the app's handlers share with the test."""

    def __init__(self) -> None:
        self.let_in = True
        self.asked: list[tuple[str, ...]] = []
        self.begun = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()
        self.go_on.set()


async def still_let_in(
    caller: Somebody, thing_id: str, body: Order, remembered: Remembered, house: House
) -> None:
    told = msgspec.json.decode(remembered.body)
    house.asked.append((caller.key, thing_id, body.name, told["for"]))
    if not house.let_in:
        raise NotFound


@describe(
    "put", "-", access=Anybody(), tag="t", body=Order, idempotent=True, status=201,
    recall=still_let_in,
)  # fmt: skip
async def put(
    caller: Somebody, thing_id: str, body: Order, once: Once, clock: ShiftableClock, house: House
) -> Shown:
    house.begun.release()
    await house.go_on.wait()
    if not house.let_in:
        raise NotFound
    async with once.unit():
        now = clock.now()
        await OutboxEntry.create(
            id=new_id(), topic="t", key="k", body="{}", created_at=now, due_at=now
        )
        return await once.remember(Shown({"for": caller.key}, status=201))


@pytest.fixture(scope="module")
def context() -> dict[type, Any]:
    clock, ring = ShiftableClock(), KeyRing({"a": b"a" * 32}, "a", b"i" * 32)
    return {
        House: House(),
        ShiftableClock: clock,
        IdempotencyStore: IdempotencyStore(ring, clock),
    }


@pytest.fixture(scope="module")
async def base(context: dict[type, Any], session_world: World) -> AsyncIterator[str]:
    app = Sanic(
        "remembering",
        router=conventions.HeadAsGet(),
        ctx=SimpleNamespace(provided=context),
        configure_logging=False,
    )
    problems.install(app)
    conventions.install(app, {}, (logging.tell,))
    app.add_route(put, "/put/<thing_id:str>", methods=["POST"])
    async with served(app) as address:
        yield address


@pytest.fixture
async def client(base: str, context: dict[type, Any]) -> AsyncIterator[httpx.AsyncClient]:
    context[House].__init__()
    async with httpx.AsyncClient(base_url=base, headers={"x-who": new_id()}) as client:
        yield client


@pytest.fixture
def house(context: dict[type, Any]) -> House:
    return context[House]


THING = f"/put/{'0' * 32}"


async def test_only_a_repeat_is_asked_whether_it_may_be_heard(client, house):
    who = client.headers["x-who"]
    await client.post(THING, json=ORDER, headers=KEY)
    assert house.asked == []
    again = await client.post(THING, json=ORDER, headers=KEY)
    assert again.headers["idempotent-replay"] == "true"
    assert house.asked == [(who, "0" * 32, "a", who)]


async def test_who_may_not_hear_it_any_more_is_told_nothing_and_it_stays_done(client, house):
    first = await client.post(THING, json=ORDER, headers=KEY)
    house.let_in = False
    again = await client.post(THING, json=ORDER, headers=KEY)
    assert code_of(again) == (404, "not_found")
    assert "idempotent-replay" not in again.headers
    assert client.headers["x-who"] not in again.text
    house.let_in = True
    back = await client.post(THING, json=ORDER, headers=KEY)
    assert back.content == first.content
    assert await OutboxEntry.all().count() == 1


async def test_whoever_finds_it_done_meanwhile_is_asked_as_well(client, house, context):
    house.go_on.clear()
    first = asyncio.ensure_future(client.post(THING, json=ORDER, headers=KEY))
    await house.begun.acquire()
    # Two replicas share the database but not the memory of what is in flight.
    context[IdempotencyStore].in_flight.clear()
    second = asyncio.ensure_future(client.post(THING, json=ORDER, headers=KEY))
    await house.begun.acquire()
    house.go_on.set()
    told = [answer.status_code for answer in await asyncio.gather(first, second)]
    assert (told, len(house.asked)) == ([201, 201], 1)
    assert await OutboxEntry.all().count() == 1


async def test_of_two_replicas_that_find_an_answer_expired_one_does_it_anew(context):
    """The second must not take the first one's new answer for the old one."""
    store, clock = context[IdempotencyStore], context[ShiftableClock]
    tries = [Once(store, "he", "key", "POST", "/put", b"") for _ in range(3)]

    async def does(once: Once) -> None:
        async with once.unit():
            await OutboxEntry.create(
                id=new_id(), topic="t", key="k", body="{}",
                created_at=clock.now(), due_at=clock.now(),
            )  # fmt: skip
            await once.remember(Shown({}))

    await does(tries[0])
    clock.advance(KEPT + timedelta(seconds=1))
    assert [await once.find() for once in tries[1:]] == [None, None]
    await does(tries[1])
    with pytest.raises(Once.Lost):
        await does(tries[2])
    assert await tries[2].find() is not None
    assert (await OutboxEntry.all().count(), await Idempotency.all().count()) == (2, 1)


async def test_a_long_answer_takes_little_room_and_is_heard_as_it_was(context):
    store = context[IdempotencyStore]
    for key, size in (("short", 100), ("long", 200_000)):
        once, said = Once(store, "he", key, "POST", "/put", b""), "答" * size
        async with once.unit():
            await once.remember(Shown({"said": said}, etag="v1"))
        heard = await once.find()
        assert heard is not None
        assert (msgspec.json.decode(heard.body), heard.headers) == (
            {"said": said},
            {"ETag": '"v1"'},
        )
        assert len((await Idempotency.get(id=once.id)).body_cipher) < 6 * 1024


async def test_a_key_says_nothing_about_another_thing_or_another_body(client, house):
    await client.post(THING, json=ORDER, headers=KEY)
    for path, body in ((f"/put/{'1' * 32}", ORDER), (THING, {"name": "b"})):
        answer = await client.post(path, json=body, headers=KEY)
        assert code_of(answer) == (422, "idempotency_key_reused")
    other = await client.post(THING, json=ORDER, headers={**KEY, "x-who": "other"})
    assert (other.status_code, other.json()) == (201, {"for": "other"})
    assert house.asked == []
