"""Submitting, at the HTTP edge: once, whole, frozen; and nothing when anything is wrong."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from bff.mock.world import World
from miniprogram_api.applications.models import Application, Matter
from tests.app import Phone
from tests.builders.applications import a_draft, a_ready_draft, submission

Verified = Callable[..., Awaitable[Phone]]
RECEIVER = {"name": "测试收件人", "phone": "13800000001", "address": "济南市历下区测试路1号"}


async def submit(phone: Phone, body: object) -> httpx.Response:
    return await phone.once("POST", "/applications", json=body)


async def the_code(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


class TestAccepted:
    async def test_the_answer_is_202_with_every_matter(self, verified: Verified):
        phone = await verified()
        draft = await a_ready_draft(phone)
        answer = await submit(phone, submission(draft))
        application = answer.json()
        assert answer.status_code == 202
        assert re.fullmatch(r"SD\d{8}[2-9A-Z]{8}", application["reference_no"])
        assert re.fullmatch(r"[0-9a-f]{64}", application["content_hash"])
        assert application["submitted_at"].endswith("+08:00")
        planned = [item["code"] for item in draft["plan"]["items"]]
        assert [matter["item"] for matter in application["matters"]] == planned
        assert {matter["state"] for matter in application["matters"]} == {"submitted"}
        assert {matter["holder"] for matter in application["matters"]} == {"us"}
        assert application["last_seq"] == 1

    async def test_the_licence_is_promised_and_what_waits_for_it_is_not_yet(
        self, verified: Verified
    ):
        phone = await verified()
        application = (await submit(phone, submission(await a_ready_draft(phone)))).json()
        promised = {matter["item"]: matter["promised_at"] for matter in application["matters"]}
        assert promised["business_licence"] > application["submitted_at"]
        assert promised["seal"] is None

    async def test_the_draft_is_closed(self, verified: Verified):
        phone = await verified()
        draft = await a_ready_draft(phone)
        await submit(phone, submission(draft))
        assert (await phone.get(f"/drafts/{draft['id']}")).json()["state"] == "submitted"

    async def test_a_receiver_is_sealed_with_the_content_and_shown_nowhere(
        self, verified: Verified, sensitive_values: set[str]
    ):
        sensitive_values |= set(RECEIVER.values())
        phone = await verified()
        body = submission(await a_ready_draft(phone), delivery={"method": "courier", **RECEIVER})
        answer = await submit(phone, body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["delivery_method"] == "courier"
        row = await Application.get(id=answer.json()["id"])
        for value in RECEIVER.values():
            assert value not in answer.text
            assert value.encode() not in row.frozen_cipher


class TestOnce:
    async def test_a_repeated_request_gets_the_first_answer(self, verified: Verified):
        phone = await verified()
        body = submission(await a_ready_draft(phone))
        headers = {"Idempotency-Key": "submit-once-0001"}
        first = await phone.post("/applications", json=body, headers=headers)
        again = await phone.post("/applications", json=body, headers=headers)
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.headers["Idempotent-Replay"] == "true"
        assert again.json() == first.json()
        assert await Application.all().count() == 1

    async def test_two_requests_for_one_draft_make_one_application(self, verified: Verified):
        phone = await verified()
        body = submission(await a_ready_draft(phone))
        answers = await asyncio.gather(*(submit(phone, body) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
        refused = {answer.json().get("code") for answer in answers if answer.status_code == 409}
        assert refused == {"draft_submitted"}
        assert await Application.all().count() == 1
        matters = {
            matter["item"]
            for a in answers
            if a.status_code == 202
            for matter in a.json()["matters"]
        }
        assert await Matter.all().count() == len(matters)


class TestRefused:
    async def test_without_a_fresh_identity_check_nothing_is_submitted(self, signed_in: Verified):
        phone = await signed_in()
        draft = await a_draft(phone)
        answer = await submit(phone, submission(draft))
        assert await the_code(answer, 403) == "identity_check_required"
        assert answer.json()["next"] == "verify_identity"

    async def test_an_unfinished_draft_says_what_is_missing_and_stays_open(
        self, verified: Verified
    ):
        phone = await verified()
        draft = await a_draft(phone)
        answer = await submit(phone, submission(draft))
        assert await the_code(answer, 422) == "draft_not_ready"
        assert (await phone.get(f"/drafts/{draft['id']}")).json()["state"] == "open"
        assert not await Application.exists()

    async def test_a_draft_that_has_changed_must_be_read_again(self, verified: Verified):
        phone = await verified()
        draft = await a_ready_draft(phone)
        answer = await submit(phone, submission(draft, revision=1))
        assert await the_code(answer, 409) == "revision_outdated"
        assert answer.json()["current_revision"] == draft["revision"]

    async def test_somebody_elses_draft_is_not_there(self, verified: Verified):
        mine = await a_ready_draft(await verified("lisi"))
        answer = await submit(await verified(), submission(mine))
        assert await the_code(answer, 404) == "not_found"

    async def test_without_the_declaration_nothing_is_submitted(self, verified: Verified):
        phone = await verified()
        draft = await a_ready_draft(phone)
        answer = await submit(phone, submission(draft, declaration=False))
        assert await the_code(answer, 422) == "declaration_required"
        assert not await Application.exists()

    @pytest.mark.parametrize(
        "delivery",
        [
            {},
            {"method": "pigeon"},
            {"method": "courier", **RECEIVER, "region": "990102"},
            {"method": "courier", **RECEIVER, "phone": "call me"},
            {"method": "courier", **RECEIVER, "address": "x" * 201},
            {"method": "window", "name": "测试收件人"},
        ],
    )
    async def test_a_delivery_that_cannot_be_made_is_refused_without_repeating_it(
        self, verified: Verified, delivery: dict[str, str]
    ):
        phone = await verified()
        body = submission({"id": "0" * 32, "revision": 1}, delivery=delivery)
        answer = await submit(phone, body)
        assert await the_code(answer, 422) == "invalid_request"
        for value in delivery.values():
            assert value not in answer.text or value in {"window", "courier"}

    async def test_it_needs_an_idempotency_key(self, verified: Verified, world: World):
        phone = await verified()
        body = submission({"id": "0" * 32, "revision": 1})
        answer = await phone.post("/applications", json=body)
        assert await the_code(answer, 400) == "idempotency_key_required"
