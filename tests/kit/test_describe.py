"""What every route shares, proved over a socket with a tiny app of its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from sanic import Request, Sanic
from tortoise.exceptions import OperationalError

from adapters.outbox.models import OutboxEntry
from bff.installs import conventions, logging, problems
from bff.mock.world import World
from kit.answers import Shown
from kit.clock import ShiftableClock
from kit.coordination.memory import memory_coordination
from kit.coordination.ports import RateLimits
from kit.describe import AccessRule, describe
from kit.idempotency import Idempotency, IdempotencyStore, Once
from kit.ids import new_id
from kit.limits import Limit
from kit.secrets import KeyRing
from kit.text import Language
from tests.serving import served

pytestmark = pytest.mark.usefixtures("paused_relay")


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=8)]
    rows: list[dict[str, int]] = []


class Page(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=10)] = 5


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


class Counter:
    """What the app's handlers share with the test."""

    def __init__(self) -> None:
        self.calls = 0
        self.failures_left = 0
        self.pause_s = 0.0


@describe("order", "-", access=Anybody(), tag="t", body=Order, query=Page, returns=Order)
async def order(caller: Somebody, body: Order, query: Page, counter: Counter) -> Shown:
    counter.calls += 1
    return Shown({"name": body.name, "who": caller.key, "limit": query.limit}, etag="v1")


@describe("read", "-", access=Anybody(), tag="t", limits=[Limit("read", 6, 60)])
async def read(counter: Counter) -> Shown:
    if counter.failures_left:
        counter.failures_left -= 1
        raise OperationalError(RuntimeError(1213, "Deadlock found"))
    return Shown({"x": 1}, etag="v1")


@describe("put", "-", access=Anybody(), tag="t", body=Order, idempotent=True, status=201)
async def put(body: Order, counter: Counter, once: Once, clock: ShiftableClock) -> Shown:
    counter.calls += 1
    await asyncio.sleep(counter.pause_s)
    async with once.unit():
        now = clock.now()
        await OutboxEntry.create(
            id=new_id(), topic="t", key="k", body="{}", created_at=now, due_at=now
        )
        return await once.remember(Shown({"n": counter.calls}, status=201))


@describe("fail", "-", access=Anybody(), tag="t")
async def fail() -> Shown:
    raise KeyError("370102199003071238")


@describe("thing", "-", access=Anybody(), tag="t")
async def thing(part: str) -> Shown:
    return Shown({"part": part})


@describe("small", "-", access=Anybody(), tag="t", body=Order, body_bytes_max=50)
async def small(body: Order) -> Shown:
    return Shown({"name": body.name})


@describe("speak", "-", access=Anybody(), tag="t")
async def speak(language: Language) -> Shown:
    return Shown({"language": language})


@describe("own", "-", access=Anybody(), tag="t")
async def own(thing_id: str) -> Shown:
    return Shown({"part": thing_id})


@pytest.fixture(scope="module")
def context() -> dict[type, Any]:
    clock = ShiftableClock()
    ring = KeyRing({"a": b"a" * 32}, "a", b"i" * 32)
    return {
        Counter: Counter(),
        ShiftableClock: clock,
        IdempotencyStore: IdempotencyStore(ring, clock),
        RateLimits: memory_coordination().rate_limits,
    }


@pytest.fixture(scope="module")
async def base(context: dict[type, Any], session_world: World) -> AsyncIterator[str]:
    app = Sanic(
        "described",
        router=conventions.HeadAsGet(),
        ctx=SimpleNamespace(provided=context),
        configure_logging=False,
    )
    app.config.REQUEST_MAX_SIZE = 2000
    problems.install(app)
    conventions.install(app, {"wechat": "1.2.0"}, (logging.tell,))
    app.add_route(order, "/order", methods=["POST"])
    app.add_route(read, "/read", methods=["GET"])
    app.add_route(put, "/put", methods=["POST"])
    app.add_route(thing, "/thing/<part:str>", methods=["GET"])
    app.add_route(small, "/small", methods=["POST"])
    app.add_route(speak, "/speak", methods=["GET"])
    app.add_route(own, "/own/<thing_id:str>", methods=["GET"])
    app.add_route(fail, "/fail", methods=["GET"])
    async with served(app) as address:
        yield address


@pytest.fixture
async def client(base: str, context: dict[type, Any]) -> AsyncIterator[httpx.AsyncClient]:
    context[Counter].__init__()
    async with httpx.AsyncClient(base_url=base, headers={"x-who": new_id()}) as client:
        yield client


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return answer.status_code, answer.json()["code"]


class TestBodies:
    async def test_a_good_body_query_and_caller_reach_the_handler(self, client) -> None:
        answer = await client.post("/order?limit=7", json={"name": "a"}, headers={"x-who": "me"})
        assert answer.json() == {"name": "a", "who": "me", "limit": 7}

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"name": "far too long a name"}, "/name", "invalid"),
            ({}, "/name", "required"),
            ({"name": "a", "extra": 1}, "", "unknown_member"),
            ({"name": "a", "rows": [{}, {"x": "secret-word"}]}, "/rows/1", "invalid"),
            ([], "", "invalid"),
            ({"name": "a", "missing required field XZ9": 1}, "", "unknown_member"),
            ({"name": "a", "q - at `$.XZ9": 1}, "", "unknown_member"),
        ],
    )
    async def test_a_wrong_body_is_told_by_place_and_never_repeated(
        self, client, body, pointer, code
    ) -> None:
        answer = await client.post("/order", json=body)
        assert code_of(answer) == (422, "invalid_request")
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
        assert "secret-word" not in answer.text
        assert "far too long" not in answer.text
        assert "XZ9" not in answer.text

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nul"])
    async def test_what_is_not_json_is_malformed(self, client, body) -> None:
        assert code_of(await client.post("/order", content=body)) == (400, "malformed_request")

    async def test_a_query_out_of_bounds_is_refused(self, client) -> None:
        answer = await client.post("/order?limit=99", json={"name": "a"})
        assert code_of(answer) == (422, "invalid_request")

    async def test_a_body_above_its_routes_bound_is_refused_before_it_is_read(self, client) -> None:
        assert code_of(await client.post("/small", content=b"{" * 51)) == (413, "payload_too_large")
        assert code_of(await client.post("/small", content=b"{" * 50)) == (400, "malformed_request")

    @pytest.mark.parametrize("chunked", [False, True])
    async def test_a_client_that_sends_far_too_much_reads_why_it_is_refused(
        self, client, chunked
    ) -> None:
        """More than the sockets hold: the client is still sending when it is refused."""

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(16 * 16):
                yield b" " * 65_536

        content = pieces() if chunked else b" " * (16 * 2**20)
        answer = await client.post("/order", content=content)
        assert code_of(answer) == (413, "payload_too_large")
        assert (await client.get("/thing/a")).status_code == 200


class TestAnswers:
    async def test_an_unchanged_etag_is_answered_304_without_a_body(self, client) -> None:
        answer = await client.get("/read", headers={"if-none-match": 'W/"v1"'})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == '"v1"'

    async def test_an_unexpected_fault_shows_nothing_of_itself(self, client) -> None:
        answer = await client.get("/fail")
        assert code_of(answer) == (500, "internal_error")
        assert "370102" not in answer.text

    async def test_prefer_http_200_hides_the_status_and_keeps_the_document(self, client) -> None:
        answer = await client.get("/nowhere", headers={"prefer": "http-200"})
        assert (answer.status_code, answer.json()["status"]) == (200, 404)
        assert answer.headers["preference-applied"] == "http-200"

    async def test_problems_speak_chinese_and_english_on_request(self, client) -> None:
        chinese = (await client.get("/nowhere")).json()["title"]
        english = (await client.get("/nowhere", headers={"accept-language": "en"})).json()["title"]
        assert (chinese, english) == ("没有找到您要的内容", "Not found")

    @pytest.mark.parametrize(
        ("header", "language"),
        [("", "zh"), ("en-GB,zh;q=0.5", "en"), ("fr, zh-CN;q=0.8, en", "zh"), ("fr", "zh")],
    )
    async def test_the_readers_language_reaches_the_handler(self, client, header, language) -> None:
        answer = await client.get("/speak", headers={"accept-language": header})
        assert answer.json() == {"language": language}

    async def test_other_methods_are_refused(self, client) -> None:
        assert code_of(await client.delete("/read")) == (405, "method_not_allowed")
        assert (await client.head("/order")).status_code == 405

    async def test_head_is_get_without_its_body(self, client) -> None:
        told = ("content-type", "content-length", "etag")
        for path, headers in (("/read", {}), ("/read", {"if-none-match": '"v1"'}), ("/fail", {})):
            got = await client.get(path, headers=headers)
            head = await client.head(path, headers=headers)
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert [head.headers.get(name) for name in told] == [
                got.headers.get(name) for name in told
            ]

    async def test_head_counts_like_get(self, client) -> None:
        answers = [await client.head("/read") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 6 + [429]

    async def test_a_lost_deadlock_is_tried_again(self, client, context) -> None:
        context[Counter].failures_left = 2
        assert (await client.get("/read")).status_code == 200

    async def test_endless_deadlocks_end_as_temporarily_unavailable(self, client, context) -> None:
        context[Counter].failures_left = 3
        assert code_of(await client.get("/read")) == (503, "temporarily_unavailable")


class TestPaths:
    @pytest.mark.parametrize("part", ["%F1%80", "%00", "%E5%BC%A0", "x" * 257])
    async def test_a_path_part_that_cannot_be_an_id_is_absent(self, client, part) -> None:
        assert code_of(await client.get(f"/thing/{part}")) == (404, "not_found")

    @pytest.mark.parametrize("part", ["abc", "A" * 32, "0" * 31, "0" * 33, "g" * 32])
    async def test_what_cannot_be_one_of_our_ids_is_absent(self, client, part) -> None:
        assert code_of(await client.get(f"/own/{part}")) == (404, "not_found")
        assert (await client.get(f"/own/{'0' * 32}")).status_code == 200

    async def test_a_path_part_reaches_the_handler_by_name(self, client) -> None:
        assert (await client.get("/thing/abc-1")).json() == {"part": "abc-1"}


class TestHeaders:
    async def test_a_request_id_is_echoed_and_made_when_absent_or_odd(self, client) -> None:
        given = await client.get("/read", headers={"x-request-id": "abc-1"})
        odd = await client.get("/read", headers={"x-request-id": "a b\x7f"})
        assert given.headers["x-request-id"] == "abc-1"
        assert len(odd.headers["x-request-id"]) == 32

    async def test_a_client_below_the_minimum_version_must_update(self, client) -> None:
        old = {"x-client-platform": "wechat", "x-client-version": "1.1.9"}
        answer = await client.get("/read", headers=old)
        assert code_of(answer) == (426, "client_too_old")
        assert answer.json()["next"] == "update_client"
        new = {**old, "x-client-version": "1.10.0"}
        assert (await client.get("/read", headers=new)).status_code == 200

    async def test_limits_are_told_and_kept_for_each_caller(self, client) -> None:
        answers = [await client.get("/read") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 6 + [429]
        assert answers[0].headers["ratelimit-policy"] == '"read";q=6;w=60'
        assert answers[6].headers["retry-after"] == "10"
        assert (await client.get("/read", headers={"x-who": "other"})).status_code == 200


class TestIdempotency:
    async def test_a_repeat_gets_the_first_answer_and_has_no_second_effect(self, client) -> None:
        headers = {"idempotency-key": new_id()}
        first = await client.post("/put", json={"name": "a"}, headers=headers)
        again = await client.post("/put", json={"name": "a"}, headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert "idempotent-replay" not in first.headers
        assert again.headers["idempotent-replay"] == "true"
        assert await OutboxEntry.all().count() == 1

    @pytest.mark.parametrize("key", [None, "", "x" * 200, "späte-schlüssel"])
    async def test_a_missing_or_odd_key_is_refused(self, client, key) -> None:
        headers = {} if key is None else {"idempotency-key": key.encode()}
        answer = await client.post("/put", json={"name": "a"}, headers=headers)
        assert code_of(answer) == (400, "idempotency_key_required")

    async def test_a_key_used_for_another_body_is_refused(self, client) -> None:
        headers = {"idempotency-key": new_id()}
        await client.post("/put", json={"name": "a"}, headers=headers)
        answer = await client.post("/put", json={"name": "b"}, headers=headers)
        assert code_of(answer) == (422, "idempotency_key_reused")

    async def test_a_repeat_while_the_first_is_running_must_wait(self, client, context) -> None:
        context[Counter].pause_s = 0.3
        headers = {"idempotency-key": new_id()}

        async def call() -> httpx.Response:
            return await client.post("/put", json={"name": "a"}, headers=headers)

        answers = await asyncio.gather(call(), call())
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert await OutboxEntry.all().count() == 1

    async def test_a_repeat_on_another_replica_gets_the_winners_answer(
        self, client, context
    ) -> None:
        """Two replicas share the database but not the memory of what is in flight."""
        context[Counter].pause_s = 0.1
        store = context[IdempotencyStore]
        headers = {"idempotency-key": new_id()}

        async def call() -> httpx.Response:
            return await client.post("/put", json={"name": "a"}, headers=headers)

        first = asyncio.ensure_future(call())
        await asyncio.sleep(0.05)
        store.in_flight.clear()
        answers = await asyncio.gather(first, call())
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert await OutboxEntry.all().count() == 1

    async def test_two_callers_may_use_the_same_key(self, client) -> None:
        key = new_id()
        for who in ("one", "two"):
            headers = {"idempotency-key": key, "x-who": who}
            answer = await client.post("/put", json={"name": "a"}, headers=headers)
            assert "idempotent-replay" not in answer.headers

    async def test_a_key_may_be_used_again_after_72_hours(self, client, context) -> None:
        headers = {"idempotency-key": new_id()}
        await client.post("/put", json={"name": "a"}, headers=headers)
        context[ShiftableClock].advance(timedelta(hours=73))
        answer = await client.post("/put", json={"name": "b"}, headers=headers)
        assert answer.status_code == 201
        assert await OutboxEntry.all().count() == 2

    async def test_old_keys_are_erased(self, client, context) -> None:
        await client.post("/put", json={"name": "a"}, headers={"idempotency-key": new_id()})
        context[ShiftableClock].advance(timedelta(hours=73))
        assert await context[IdempotencyStore].purge() >= 1
        assert await Idempotency.all().count() == 0
