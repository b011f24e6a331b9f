"""Two replicas and two workers over one MariaDB and one Redis act as one, and outlive each part."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from bff.mock.personas import PERSONAS
from kit.ids import new_id
from tests.builders.applications import a_draft, submission
from tests.builders.catalogues import a_copy, loaded
from tests.log_guard import LogGuard
from tests.processes import ProductProcess, ServingProcess
from tests.replicas import ReplicaPhone, Replicas, eventually, running_replicas

SAVERS = 20
OUTAGE_ANSWER_S = 10
SIGNS_OF_A_FAULT = ("Traceback", "never retrieved", "was never awaited", "was destroyed", "leaked")


@pytest.fixture(scope="module")
async def replicas(
    server_programs: None, sensitive_values: set[str], log_guard: LogGuard
) -> AsyncIterator[Replicas]:
    """Started once; who ends a part of it starts it again."""
    async with running_replicas() as running:
        for person in PERSONAS.values():
            sensitive_values |= {
                person.name.reveal(), person.id_number.reveal(), person.phone.reveal(),
                running.world.wechat.open_id_of(person.key),
            }  # fmt: skip
        yield running
        for process in running.processes:
            said = process.log.read_text()
            log_guard.examine(said, process.log.name)
            assert not [sign for sign in SIGNS_OF_A_FAULT if sign in said], process.said()


@pytest.fixture(scope="class")
async def phone(replicas: Replicas, request: pytest.FixtureRequest) -> AsyncIterator[ReplicaPhone]:
    """Each class has a person of its own, who may submit only so often."""
    async with a_phone(replicas, request.cls.persona) as opened:
        yield opened


@contextlib.asynccontextmanager
async def a_phone(replicas: Replicas, persona: str) -> AsyncIterator[ReplicaPhone]:
    """Signed in, and proved to be who it is."""
    async with ReplicaPhone(replicas, persona) as phone:
        assert (await phone.login()).status_code == 200
        assert (await phone.verify()).json()["state"] == "passed"
        yield phone


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    took_s = time.monotonic() - started
    assert took_s < seconds, f"took {took_s:.1f} s"


class TestRacing:
    persona = "zhangsan"

    @pytest.mark.parametrize("head_start_s", [0, 0.01, 0.03])
    async def test_one_key_sent_to_both_replicas_makes_one_application_and_one_answer(
        self, replicas: Replicas, phone: ReplicaPhone, head_start_s: float
    ) -> None:
        draft = await phone.ready_draft()
        key = {"Idempotency-Key": new_id()}

        async def submit(server: ServingProcess, delay_s: float) -> httpx.Response:
            await asyncio.sleep(delay_s)
            url = phone.at(server, "/applications")
            return await phone.post(url, json=submission(draft), headers=key)

        one, other = await asyncio.gather(submit(replicas.a, 0), submit(replicas.b, head_start_s))
        assert (one.status_code, other.status_code) == (202, 202), (one.text, other.text)
        assert one.json() == other.json()
        assert one.headers["etag"] == other.headers["etag"]
        assert ("Idempotent-Replay" in one.headers) != ("Idempotent-Replay" in other.headers)
        found = await replicas.rows("SELECT id FROM application WHERE draft_id = %s", draft["id"])
        assert [row["id"] for row in found] == [one.json()["id"]]

    async def test_two_keys_for_one_draft_make_one_application_and_one_conflict(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        draft = await phone.ready_draft()
        answers = await asyncio.gather(
            *(
                phone.once("POST", phone.at(server, "/applications"), json=submission(draft))
                for server in (replicas.a, replicas.b)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [202, 409]
        (refused,) = (answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "draft_submitted"
        found = await replicas.rows("SELECT id FROM application WHERE draft_id = %s", draft["id"])
        assert len(found) == 1

    async def test_savers_who_alternate_between_the_replicas_all_keep_their_answers(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        draft = await a_draft(phone)

        async def save(number: int) -> int:
            server = (replicas.a, replicas.b)[number % 2]
            url = phone.at(server, f"/drafts/{draft['id']}/steps/company")
            body = {"base_revision": 1, "answers": {f"field_{number}": str(number)}}
            return (await phone.put(url, json=body)).status_code

        assert set(await asyncio.gather(*map(save, range(SAVERS)))) == {200}
        for server in (replicas.a, replicas.b):
            now = (await phone.get(phone.at(server, f"/drafts/{draft['id']}"))).json()
            (company,) = (step for step in now["steps"] if step["key"] == "company")
            assert company["answers"] == {f"field_{n}": str(n) for n in range(SAVERS)}


class TestTelling:
    persona = "lisi"

    async def test_a_long_poll_on_one_replica_hears_of_what_the_worker_did_within_a_second(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        heard_after_s = await heard_after(replicas, phone)
        assert heard_after_s < 1, f"heard after {heard_after_s:.1f} s"

    async def test_a_session_ended_on_one_replica_is_refused_on_the_other_within_a_second(
        self, replicas: Replicas
    ) -> None:
        async with ReplicaPhone(replicas, self.persona) as leaving:
            assert (await leaving.login()).status_code == 200
            elsewhere = leaving.at(replicas.b, "/me")
            assert (await leaving.get(elsewhere)).status_code == 200
            assert (await leaving.post("/auth/logout")).status_code == 204

            async def is_refused() -> bool:
                return (await leaving.get(elsewhere)).status_code == 401

            await eventually(is_refused, within_s=1)
            assert (await leaving.get(elsewhere)).json()["code"] == "session_ended"

    async def test_one_access_token_of_wechat_is_fetched_by_all_processes_together(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        """Both replicas begin face checks and the workers push, all with a token that has died."""
        wechat, journal = replicas.world.wechat, replicas.world.far_sides["wechat"]
        await subscribe(replicas, phone)
        application = await phone.submit(await phone.ready_draft())
        await phone.until_forwarded(application)
        pushed_before = len(wechat.sent_messages(phone.persona))
        wechat.revoke_token()
        newest = journal.exchanges(1)[0]["id"]
        act(replicas, application, "accept")
        begun = await asyncio.gather(
            *(begin_check_at(replicas, server, phone) for server in (replicas.a, replicas.b) * 3)
        )
        assert [answer.status_code for answer in begun] == [201] * 6

        async def is_pushed() -> bool:
            return len(wechat.sent_messages(phone.persona)) > pushed_before

        await eventually(is_pushed)
        calls = [call["what"] for call in journal.exchanges() if call["id"] > newest]
        assert calls.count("POST /cgi-bin/stable_token") == 1


class TestLosing:
    persona = "zhoulao"

    @pytest.mark.timeout(120)
    async def test_a_worker_killed_while_the_province_answers_is_followed_by_another(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        """The case is there, we were not told, and the claim lives on for its lease of 30 s."""
        unlucky, other = replicas.workers
        draft = await phone.ready_draft()
        replicas.world.far_sides["province"].arm("province.answer_after_timeout", 1, delay_s=5)
        with other.frozen():
            application = await phone.submit(draft)

            async def is_taken() -> bool:
                return bool(replicas.cases_of(application))

            await eventually(is_taken)
            await unlucky.kill()
        current = await phone.until_forwarded(application, within_s=60)
        assert len(replicas.cases_of(application)) == 1
        assert current["content_hash"] == application["content_hash"]
        await unlucky.start()
        await replicas.until_all_listen()

    async def test_without_redis_saving_and_submitting_work_and_with_it_wakes_do_again(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        draft = await phone.ready_draft()
        replicas.redis.kill()
        try:
            for server in (replicas.a, replicas.b):
                ready = await phone.get(f"{server.base}/readyz")
                assert ready.status_code == 200
                assert ready.json()["parts"] == {"database": "ok", "coordination": "degraded"}
                url = phone.at(server, f"/drafts/{draft['id']}/steps/company")
                body = {"base_revision": draft["revision"], "answers": {}}
                with at_most(3):
                    assert (await phone.put(url, json=body)).status_code == 200
            with at_most(3):
                application = await phone.submit(draft)
            await phone.until_forwarded(application, within_s=15)
        finally:
            replicas.redis.start()
        await replicas.until_all_listen()
        # Who asked in vain a moment ago asks again two seconds later: the first wakes may be lost.
        tries = [await heard_after(replicas, phone)]
        while tries[-1] >= 1 and len(tries) < 4:
            tries.append(await heard_after(replicas, phone))
        assert tries[-1] < 1, f"heard after {tries} s"
        assert (await phone.get(f"{replicas.a.base}/readyz")).json()["parts"] == {
            "database": "ok", "coordination": "ok",
        }  # fmt: skip

    async def test_without_mariadb_every_answer_is_a_quick_problem_and_with_it_all_goes_on(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        draft = await phone.ready_draft()
        with contextlib.ExitStack() as stack:
            for worker in replicas.workers:
                stack.enter_context(worker.frozen())
            application = await phone.submit(draft)
            replicas.mariadb.kill()
        try:
            for server in (replicas.a, replicas.b):
                assert (await phone.get(f"{server.base}/readyz")).status_code == 503
            answers = await asked_during_the_outage(replicas, phone, draft)
        finally:
            replicas.mariadb.start()
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
        await phone.until_forwarded(application)
        assert len(replicas.cases_of(application)) == 1
        key = f"application:{application['id']}"
        (row,) = await replicas.rows(
            "SELECT outcome FROM outbox WHERE topic = 'application.forward' AND `key` = %s", key
        )
        assert row["outcome"] == "done"
        # More than a pool holds, so that a place lost in the outage would be missed.
        urls = [phone.at(server, "/home") for server in (replicas.a, replicas.b)] * 40
        with at_most(20):
            found = await asyncio.gather(*map(phone.get, urls))
        assert {answer.status_code for answer in found} == {200}


class TestStopping:
    persona = "wangwu"

    async def test_sigterm_ends_an_open_long_poll_at_once_and_the_replica_with_it(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        application = await phone.submit(await phone.ready_draft())
        await phone.until_forwarded(application)
        poll = await an_open_poll(phone, application)
        started = time.monotonic()
        stopping = asyncio.create_task(replicas.a.stop())
        try:
            answer = await poll
            answered_after_s = time.monotonic() - started
            assert await stopping == 0, replicas.a.said()
            stopped_after_s = time.monotonic() - started
        finally:
            await replicas.a.start()
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert answered_after_s < 2
        assert stopped_after_s < 5

    async def test_sigterm_ends_a_worker_and_the_other_goes_on(
        self, replicas: Replicas, phone: ReplicaPhone
    ) -> None:
        leaving = replicas.workers[0]
        try:
            with at_most(5):
                assert await leaving.stop() == 0, leaving.said()
            application = await phone.submit(await phone.ready_draft())
            await phone.until_forwarded(application)
        finally:
            await leaving.start()
            await replicas.until_all_listen()


async def begin_check_at(
    replicas: Replicas, server: ServingProcess, phone: ReplicaPhone
) -> httpx.Response:
    async with ReplicaPhone(replicas, phone.persona, server) as elsewhere:
        elsewhere.headers = phone.headers
        return await elsewhere.begin_check()


async def subscribe(replicas: Replicas, phone: ReplicaPhone) -> None:
    """To whatever is offered when one submits; at the platform and at ours."""
    plan = (await phone.get("/messages/consent-plan?moment=submit")).json()
    accepted = {template["template"]: "accept" for template in plan["templates"]}
    replicas.world.wechat.answer_subscribe_dialog(phone.persona, accepted)
    told = {"platform": "wechat", "answers": accepted}
    assert (await phone.post("/messages/consents", json=told)).status_code == 200


def act(replicas: Replicas, application: dict[str, Any], action: str) -> None:
    """A department acts on the application's first item that nobody has acted on yet."""
    (case,) = replicas.cases_of(application)
    item = next(row["item"] for row in case["items"] if row["state"] == "received")
    replicas.world.province.act(case["upstream_no"], item, action)


async def an_open_poll(
    phone: ReplicaPhone, application: dict[str, Any]
) -> asyncio.Task[httpx.Response]:
    """On ``a``, for what comes after the newest event."""
    path = f"/applications/{application['id']}"
    newest = (await phone.get(f"{path}/timeline")).json()["items"][-1]["seq"]
    waiting = phone.get(f"{path}/wait?after={newest}&timeout_s=25")
    poll = asyncio.create_task(waiting)
    await asyncio.sleep(0.5)
    assert not poll.done()
    return poll


async def heard_after(replicas: Replicas, phone: ReplicaPhone) -> float:
    """Seconds from a worker's taking up of news, at the latest, to the answer of a long poll."""
    application = await phone.submit(await phone.ready_draft())
    await phone.until_forwarded(application)
    poll = await an_open_poll(phone, application)
    act(replicas, application, "accept")
    answer = await poll
    heard_at = datetime.now(UTC)
    (event,) = answer.json()["items"]
    (row,) = await replicas.rows(
        "SELECT received_at FROM application_event WHERE application_id = %s AND seq = %s",
        application["id"],
        event["seq"],
    )
    return (heard_at - row["received_at"].replace(tzinfo=UTC)).total_seconds()


async def asked_during_the_outage(
    replicas: Replicas, phone: ReplicaPhone, draft: dict[str, Any]
) -> list[httpx.Response]:
    """Reads and writes of both replicas, several at once; each within its time."""

    async def ask(method: str, url: str, **how: Any) -> httpx.Response:
        with at_most(OUTAGE_ANSWER_S):
            return await phone.once(method, url, **how)

    asked = []
    for server in (replicas.a, replicas.b) * 5:
        step = phone.at(server, f"/drafts/{draft['id']}/steps/company")
        asked += [
            ask("GET", phone.at(server, f"/drafts/{draft['id']}")),
            ask("PUT", step, json={"base_revision": draft["revision"], "answers": {}}),
            ask("POST", phone.at(server, "/applications"), json=submission(draft)),
        ]
    return await asyncio.gather(*asked)


async def test_an_imported_list_serves_on_all_replicas_and_old_drafts_keep_theirs(
    replicas: Replicas, tmp_path: Path
) -> None:
    """The list here has another release and nothing else, so that other tests do not notice."""
    async with ReplicaPhone(replicas, "zhangsan") as phone:
        await phone.login()
        draft = await a_draft(phone)
        before = draft["plan"]["catalogue_version"]
        folder = a_copy(tmp_path / "next", "2099.01")
        importing = ProductProcess(
            ("catalogue", "import", str(folder)), tmp_path / "import.log", replicas.settings
        )
        await importing.start()
        wanted = {"operation": "open", "region": "370102", "theme": "restaurant"}

        async def is_served(server: ServingProcess) -> bool:
            answer = await phone.post(phone.at(server, "/catalogue/plan"), json=wanted)
            assert answer.status_code == 200
            return bool(answer.json()["catalogue_version"] == loaded(folder).version)

        for server in (replicas.a, replicas.b):
            await eventually(partial(is_served, server), within_s=10)
            now = (await phone.get(phone.at(server, f"/drafts/{draft['id']}"))).json()
            assert (now["plan"]["catalogue_version"], now["rebase"]) == (before, "offered")
        path = phone.at(replicas.b, f"/drafts/{draft['id']}/rebase")
        moved = (await phone.post(path, json={"base_revision": draft["revision"]})).json()
        assert moved["set_aside"] == moved["added"] == moved["removed"] == []
        now = (await phone.get(f"/drafts/{draft['id']}")).json()
        assert now["plan"]["catalogue_version"] == loaded(folder).version
