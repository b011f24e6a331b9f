"""What comes of a signing when the service is late, wrong or silent, and when nobody waits."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from adapters.esign.port import Signatory
from bff.mock.personas import PERSONAS
from bff.mock.world import World
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.service import SignatureBook, SigningService
from miniprogram_api.signatures.settling import reference_of, to_be_signed
from tests.app import Phone
from tests.miniprogram_api.signatures.signing import (
    a_draft_of_two,
    answer_page,
    asked,
    begin,
    own_task,
    sign,
)

OpenPhone = Callable[..., Awaitable[Phone]]


Asked = tuple[Phone, dict[str, Any]]


@pytest.fixture
async def asking(verified: OpenPhone) -> Asked:
    """The owner's phone, and the draft of two."""
    owner = await verified("zhangsan")
    draft = await a_draft_of_two(owner)
    await verified("lisi")
    await asked(owner, draft)
    return owner, draft


@pytest.fixture
async def partner(asking: Asked, verified: OpenPhone) -> Phone:
    """Asked to sign."""
    return await verified("lisi")


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("esign_wrong_certificate", "certificate_of_another"),
        ("esign_wrong_key", "signature_wrong"),
    ],
)
async def test_what_proves_nothing_does_not_count_and_may_be_tried_again(
    partner: Phone, world: World, scenario: str, reason: str
) -> None:
    world.far_sides["e_signature"].arm(scenario, 1)
    told = await sign(partner)
    assert (told["state"], told["reason"]) == ("pending", reason)
    assert (await sign(partner))["state"] == "signed"
    row = await Signature.get(id=told["id"])
    assert row.attempt == 2
    assert row.evidence_cipher is not None


async def test_a_silent_service_costs_nothing_but_time(partner: Phone, world: World) -> None:
    far_side, task = world.far_sides["e_signature"], await own_task(partner)
    far_side.arm("esign_down", 1)
    refused = await begin(partner, task)
    assert (refused.status_code, refused.json()["code"]) == (503, "temporarily_unavailable")
    far_side.arm("esign_lost_answer", 2)
    assert (await begin(partner, task)).status_code == 503
    assert (await begin(partner, task)).status_code == 200
    assert len(far_side.all("flow")) == 1
    await answer_page(partner, task)
    far_side.arm("esign_down", 1, service="find")
    path = f"/signatures/{task['id']}"
    assert (await partner.get(path)).json()["state"] == "signing"
    world.clock.advance(timedelta(seconds=2))
    assert (await partner.get(path)).json()["state"] == "signed"


async def test_a_kill_between_the_service_and_our_commit_finds_the_same_flow(
    partner: Phone, world: World
) -> None:
    """What the killed process had begun is begun again by the next one."""
    task = await own_task(partner)
    row, lisi = await Signature.get(id=task["id"]), PERSONAS["lisi"]
    service = world.services.provided[SigningService]._service
    flow = await service.begin(
        reference_of(row.id, row.attempt), Signatory(lisi.name, lisi.id_number), to_be_signed(row)
    )
    begun = (await begin(partner, task)).json()
    assert begun["client_action"]["url"] == flow.url
    assert len(world.far_sides["e_signature"].all("flow")) == 1


async def test_a_flow_that_ended_over_there_is_followed_by_another(
    partner: Phone, world: World
) -> None:
    task = await own_task(partner)
    first = (await begin(partner, task)).json()["client_action"]["url"]
    world.clock.advance(timedelta(minutes=31))
    await partner.renew()
    path = f"/signatures/{task['id']}"
    shown = (await partner.get(path)).json()
    assert (shown["state"], shown["reason"]) == ("pending", "expired")
    assert (await partner.verify()).json()["state"] == "passed"
    second = (await begin(partner, task)).json()["client_action"]["url"]
    assert second != first


async def test_whoever_closes_the_phone_has_signed_all_the_same(
    partner: Phone, world: World
) -> None:
    task = await own_task(partner)
    await begin(partner, task)
    await answer_page(partner, task)
    await world.driver.advance_to(world.clock.now() + timedelta(minutes=3))
    assert (await Signature.get(id=task["id"])).state == "signed"


async def a_companys_task(partner: Phone, world: World, company: str) -> Signature:
    book: SignatureBook = world.services.provided[SignatureBook]
    task = await Signature.get(id=(await own_task(partner))["id"])
    kept = msgspec.structs.replace(
        book.signer_of(task), name="济南示例有限公司", id_number=None, uscc=company
    )
    task.signer_index = book.company_index(company)
    task.signer_cipher = book.seal_signer(task.id, kept)
    await task.save()
    return task


async def test_a_company_signs_by_whoever_may_act_for_it(
    partner: Phone, verified: OpenPhone, world: World
) -> None:
    """Wangwu is legal person of the one and agent of nothing; Lisi is only an agent of it."""
    book: SignatureBook = world.services.provided[SignatureBook]
    company = "91370102MA3QAAA01U"
    task = await a_companys_task(partner, world, company)
    head = await verified("wangwu")
    assert (await head.get("/signatures")).json()["items"] == []
    assert (await partner.get(f"/signatures/{task.id}")).status_code == 404
    await head.put("/me/acting-for", json={"uscc": company})
    assert (await own_task(head))["for_company"] == company
    assert (await sign(head))["state"] == "signed"
    row = await Signature.get(id=task.id)
    assert book.signatory_of(row).uscc == company


@pytest.mark.one_stack
async def test_another_who_acts_for_the_company_need_not_wait_for_the_first(
    partner: Phone, verified: OpenPhone, world: World
) -> None:
    """Wangwu is its administrator, Zhoulao its legal person."""
    company = "91370103MA3QBBB022"
    await a_companys_task(partner, world, company)
    first, second = await verified("wangwu"), await verified("zhoulao")
    for phone in (first, second):
        await phone.put("/me/acting-for", json={"uscc": company})
    task = await own_task(first)
    assert (await begin(first, task)).status_code == 200
    taken_over = await begin(second, task)
    assert taken_over.status_code == 200, taken_over.text
    await answer_page(second, task)
    # A kill here: nobody has asked yet, and the first one comes back.
    again = await begin(first, task)
    assert again.json()["state"] == "signed", again.text
    row = await Signature.get(id=task["id"])
    signatory = world.services.provided[SignatureBook].signatory_of(row)
    assert signatory.name == PERSONAS["zhoulao"].name


@pytest.mark.one_stack
async def test_a_refusal_of_an_earlier_flow_does_not_end_the_one_that_is_open(
    partner: Phone, world: World
) -> None:
    """Whoever asked before the person began anew may write after it."""
    settling = world.services.provided[SigningService]._settling
    task = await own_task(partner)
    await begin(partner, task)
    await answer_page(partner, task, "refuse")
    asked_about = await Signature.get(id=task["id"])
    outcome = await settling.outcome(asked_about)
    assert outcome.state == "refused"
    assert (await begin(partner, task)).status_code == 200
    await settling.write(asked_about, outcome)
    await answer_page(partner, task)
    assert (await partner.get(f"/signatures/{task['id']}")).json()["state"] == "signed"


async def test_a_persons_signatures_are_in_the_copy_of_his_data(
    partner: Phone, world: World
) -> None:
    await sign(partner)
    copy = (await partner.get("/me/export")).json()
    (mine,) = copy["belongings"]["signatures"]
    assert (mine["state"], mine["roles"]) == ("signed", ["shareholders"])
    assert (await partner.request("DELETE", "/me")).status_code == 204
    row = await Signature.get(id=mine["id"])
    assert row.state == "signed"
    assert row.person_id is None
