"""An answer that was lost on a bad line can be heard again, however much later."""

from datetime import timedelta

from kit.ids import new_id
from tests.builders.applications import a_ready_draft, submission


async def test_a_lost_202_is_heard_again_after_the_identity_check_went_stale(
    verified, world
) -> None:
    phone = await verified()
    draft = await a_ready_draft(phone)
    headers = {"Idempotency-Key": new_id()}
    first = await phone.post("/applications", json=submission(draft), headers=headers)
    await world.driver.advance_to(world.clock.now() + timedelta(minutes=11))
    again = await phone.post("/applications", json=submission(draft), headers=headers)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replay"] == "true"


async def test_a_new_key_needs_a_fresh_check(verified, world) -> None:
    phone = await verified()
    draft = await a_ready_draft(phone)
    await world.driver.advance_to(world.clock.now() + timedelta(minutes=11))
    answer = await phone.once("POST", "/applications", json=submission(draft))
    assert (answer.status_code, answer.json()["code"]) == (403, "identity_check_required")
    assert answer.json()["next"] == "verify_identity"
