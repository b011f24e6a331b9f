"""Consents: shown, given, taken back."""

import pytest

from auth.models import Consent
from auth.service import PeopleService
from kit.ids import new_id

BANK = {"purpose": "share_with_bank", "text_version": "2026-11-01"}


def by_purpose(answer) -> dict[str, dict]:
    return {item["purpose"]: item for item in answer.json()["items"]}


async def test_every_text_is_shown_with_its_version_and_whether_it_was_agreed_to(signed_in):
    shown = by_purpose(await (await signed_in()).get("/consents"))
    assert list(shown) == ["identity_check", "face", "share_with_bank", "share_with_seal_shop"]
    for item in shown.values():
        assert item["text_version"]
        assert item["text"].startswith("（示例文本）")
        assert (item["sample"], item["granted"], item["granted_at"]) == (True, False, None)


async def test_texts_come_in_english_on_request(signed_in):
    shown = by_purpose(await (await signed_in(language="en")).get("/consents"))
    assert shown["face"]["text"].startswith("(Sample wording)")


async def test_a_consent_is_given_once_however_often_it_is_sent(signed_in, world):
    device = await signed_in()
    answer = await device.once("POST", "/consents", json=BANK)
    assert (answer.status_code, answer.json()["granted"]) == (201, True)
    assert (await device.once("POST", "/consents", json=BANK)).status_code == 201
    assert await Consent.all().count() == 1
    assert by_purpose(await device.get("/consents"))["share_with_bank"]["granted"]
    people = world.services.provided[PeopleService]
    person_id = device.session["person"]["id"]
    assert await people.has_consent(person_id, "share_with_bank")
    assert not await people.has_consent(person_id, "share_with_seal_shop")


async def test_a_consent_is_the_persons_own(signed_in):
    await (await signed_in("zhangsan")).once("POST", "/consents", json=BANK)
    shown = by_purpose(await (await signed_in("lisi")).get("/consents"))
    assert not shown["share_with_bank"]["granted"]


async def test_a_withdrawn_consent_is_gone_but_not_forgotten(signed_in, world):
    device = await signed_in()
    await device.once("POST", "/consents", json=BANK)
    for _ in range(2):
        answer = await device.delete("/consents/share_with_bank")
        assert (answer.status_code, answer.content) == (204, b"")
    people = world.services.provided[PeopleService]
    assert not await people.has_consent(device.session["person"]["id"], "share_with_bank")
    record = await Consent.all().first()
    assert record is not None
    assert record.withdrawn_at is not None
    assert (await device.once("POST", "/consents", json=BANK)).json()["granted"]
    assert await Consent.all().count() == 2


async def test_consent_to_older_words_does_not_cover_new_ones(signed_in, world):
    device = await signed_in()
    await device.once("POST", "/consents", json=BANK)
    await Consent.all().update(text_hash="0" * 64)
    assert not by_purpose(await device.get("/consents"))["share_with_bank"]["granted"]


async def test_only_the_current_text_can_be_agreed_to(signed_in):
    device = await signed_in()
    answer = await device.once("POST", "/consents", json={**BANK, "text_version": "1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "consent_text_outdated")
    assert answer.json()["text_version"] == "2026-11-01"
    assert await Consent.all().count() == 0


@pytest.mark.parametrize("purpose", ["marketing", "", "share_with_bank\n"])
async def test_other_purposes_do_not_exist(signed_in, purpose):
    device = await signed_in()
    answer = await device.once("POST", "/consents", json={**BANK, "purpose": purpose})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    if purpose == "marketing":
        assert (await device.delete(f"/consents/{purpose}")).status_code == 404


async def test_a_consent_needs_an_idempotency_key(signed_in):
    answer = await (await signed_in()).post("/consents", json=BANK)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


async def test_the_key_of_one_person_is_no_key_of_another(signed_in):
    key = {"Idempotency-Key": new_id()}
    one, other = await signed_in("zhangsan"), await signed_in("lisi")
    for device in (one, other):
        answer = await device.post("/consents", json=BANK, headers=key)
        assert "Idempotent-Replay" not in answer.headers
    assert await Consent.all().count() == 2
