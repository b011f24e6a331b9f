"""Two hundred savers of one draft, ten taps at "new", fifty drafts in a list."""

import asyncio
from typing import Any

import msgspec

from kit.ids import new_id
from kit.problems import TemporarilyUnavailable
from miniprogram_api.drafts.log import Author
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.schemas import SaveStep
from tests.builders.statements import statements_on
from tests.miniprogram_api.drafts.builders import RESTAURANT, a_draft, answers_of, resumed, saved
from tests.miniprogram_api.drafts.interleavings import Process

SAVERS = 200


async def test_two_hundred_savers_of_one_draft_over_two_processes_are_all_there(signed_in, world):
    """Half of them say something of their own, half add a row to the same list. All last saw the
    empty draft. More than a person may save in a minute, so past the limits."""
    phone = await signed_in()
    draft = await a_draft(phone)
    author = Author((await Draft.get(id=draft["id"])).person_id, None)
    processes = [Process(world), Process(world)]

    async def save(number: int) -> int:
        said: dict[str, Any] = {f"field_{number}": number}
        if number % 2:
            said = {"directors": [{"_id": f"row-{number}", "name": f"{number}"}]}
        body = SaveStep(1, msgspec.Raw(msgspec.json.encode(said)))
        drafts = processes[number // 2 % 2].drafts
        while True:
            try:
                answer = await drafts.save_step(author, draft["id"], "officers", body, "zh")
            except TemporarilyUnavailable:
                continue
            return answer.view.revision

    revisions = await asyncio.gather(*map(save, range(SAVERS)))
    assert sorted(revisions) == list(range(2, SAVERS + 2))
    now = answers_of(await resumed(phone, draft), "officers")
    rows = {row["_id"]: row["name"] for row in now.pop("directors")}
    assert rows == {f"row-{number}": f"{number}" for number in range(1, SAVERS, 2)}
    assert now == {f"field_{number}": number for number in range(0, SAVERS, 2)}


async def test_ten_taps_at_new_make_one_draft(signed_in):
    phone = await signed_in()
    key = {"Idempotency-Key": new_id()}
    taps = [phone.post("/drafts", json=RESTAURANT, headers=key) for _ in range(10)]
    answers = await asyncio.gather(*taps)
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    others = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert others <= {"idempotency_key_in_flight"}
    again = await phone.post("/drafts", json=RESTAURANT, headers=key)
    assert made == {again.json()["id"]}
    assert await Draft.all().count() == 1


async def test_fifty_drafts_are_listed_with_as_many_statements_as_one(signed_in, stack):
    phone = await signed_in()
    first = await a_draft(phone)
    await saved(phone, first, "company", 1, {"employees_count": 1})
    counts = []
    for _ in range(2):
        with statements_on("draft") as statements:
            items = (await phone.get("/drafts?limit=50")).json()["items"]
        counts.append((len(items), len(statements)))
        for _ in range(50 - len(items)):
            await a_draft(phone)
    (one, few), (fifty, as_few) = counts
    assert (one, fifty) == (1, 50)
    assert few == as_few == (2 if stack == "embedded" else 0)
