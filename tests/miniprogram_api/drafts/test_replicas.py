"""Two processes over one database: what one remembers of a draft never wins over what is there."""

import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from adapters.outbox.put import Outbox
from kit.database.unit import unit_of_work
from kit.problems import NotFound
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.log import Author
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.drafts.ports import NoSignatures
from miniprogram_api.drafts.problems import DraftConflict, DraftSubmitted
from miniprogram_api.drafts.schemas import SaveStep, StepSaved
from miniprogram_api.drafts.service import DraftDesk, DraftFiles, DraftReview, DraftService, FileRef
from miniprogram_api.drafts.signable import SignableDrafts
from miniprogram_api.signatures.service import SignatureBook
from tests.builders.signatures import signed_by_all
from tests.miniprogram_api.drafts.builders import a_draft, answers_of, complete, resumed


class Replica:
    """One process's drafts; one person's device talks to it."""

    def __init__(self, world: Any, draft_id: str, person_id: str) -> None:
        services = world.services
        catalogue = services.provided[CatalogueService]
        signatures = services.provided[SignatureBook]
        desk = DraftDesk(catalogue, services.ring, services.clock, signatures=signatures)
        self.drafts = DraftService(desk, catalogue, Outbox(services.clock))
        self.files = DraftFiles(desk)
        self.review = DraftReview(desk, services.people)
        self.draft_id = draft_id
        self.author = Author(person_id, None)

    async def save(self, base: int, step: str = "company", **answers: Any) -> StepSaved:
        body = SaveStep(base, msgspec.Raw(msgspec.json.encode(answers)))
        return (await self.drafts.save_step(self.author, self.draft_id, step, body, "zh")).view


@pytest.fixture
def replicas(world):
    async def open_two(draft: dict[str, Any]) -> tuple[Replica, Replica]:
        person_id = (await Draft.get(id=draft["id"])).person_id
        return Replica(world, draft["id"], person_id), Replica(world, draft["id"], person_id)

    return open_two


async def test_a_row_of_another_process_is_not_overlooked(signed_in, replicas):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    first = await one.save(1, entity_name="a")
    await other.save(first.revision, employees_count=3)
    merged = await one.save(first.revision, licence_copies=2)
    assert merged.merged
    assert answers_of(await resumed(phone, draft), "company") == {
        "entity_name": "a",
        "employees_count": 3,
        "licence_copies": 2,
    }


async def test_a_conflict_shows_what_is_really_there(signed_in, replicas):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    base = (await one.save(1, entity_name="a")).revision
    newest = await other.save(base, entity_name="theirs")
    with pytest.raises(DraftConflict) as refused:
        await one.save(base, entity_name="mine")
    assert refused.value.members["current_revision"] == newest.revision
    (conflict,) = refused.value.members["conflicts"]
    assert (conflict["base"], conflict["mine"], conflict["theirs"]) == ("a", "mine", "theirs")


async def test_a_save_that_changes_nothing_tells_the_newest_revision(signed_in, replicas):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    base = (await one.save(1, entity_name="a")).revision
    newest = await other.save(base, "premises", premises_area_m2=5)
    assert (await one.save(base, entity_name="a")).revision == newest.revision


async def test_an_erased_draft_stays_erased(signed_in, replicas):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    base = (await one.save(1, entity_name="a")).revision
    await other.drafts.erase(other.author.person_id, draft["id"])
    with pytest.raises(NotFound):
        await one.save(base, entity_name="b")


async def test_a_submitted_draft_stays_submitted(signed_in, replicas, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    revision = await complete(phone, draft)
    base = (await one.save(revision, licence_copies=7)).revision
    await signed_by_all(world, draft["id"])
    async with unit_of_work():
        await other.review.freeze(other.author, draft["id"], base)
    with pytest.raises(DraftSubmitted):
        await one.save(base, licence_copies=8)


async def test_a_row_that_was_rolled_back_is_not_remembered(signed_in, replicas, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    base = (await one.save(1, entity_name="a")).revision
    file = FileRef("0" * 32, "a.pdf", "application/pdf", 1, "0" * 64, world.clock.now())

    class Failed(Exception):
        pass

    async def attach_and_fail() -> None:
        async with one.files.unit(draft["id"]):
            await one.files.attach(one.author, draft["id"], "premises_use_proof", file)
            raise Failed

    with pytest.raises(Failed):
        await attach_and_fail()
    # The very revision that was rolled back is now somebody else's.
    theirs = await other.save(base, employees_count=3)
    await one.save(theirs.revision, licence_copies=2)
    now = await resumed(phone, draft)
    assert answers_of(now, "company") == {
        "entity_name": "a",
        "employees_count": 3,
        "licence_copies": 2,
    }
    assert not any(material["files"] for material in now["materials"])


async def test_somebody_elses_draft_is_not_opened_by_what_is_remembered(signed_in, replicas):
    phone = await signed_in()
    draft = await a_draft(phone)
    one, _ = await replicas(draft)
    base = (await one.save(1, entity_name="a")).revision
    one.author = Author("somebody else", None)
    with pytest.raises(NotFound):
        await one.save(base, entity_name="b")


async def test_a_save_never_goes_into_the_gap_that_thinning_left(signed_in, replicas, world):
    """One process still remembers the row before the gap, and a device still stands there."""
    phone = await signed_in()
    draft = await a_draft(phone)
    one, other = await replicas(draft)
    base = (await one.save(1, entity_name="a")).revision
    newest = base
    for count in range(1, 4):
        newest = (await other.save(newest, employees_count=count)).revision
    world.clock.advance(timedelta(days=1))
    await DraftSave.filter(draft_id=draft["id"], revision=base + 1).delete()
    late = await one.save(base, licence_copies=2)
    assert late.revision == newest + 1
    await phone.login()
    assert answers_of(await resumed(phone, draft), "company") == {
        "entity_name": "a",
        "employees_count": 3,
        "licence_copies": 2,
    }


@pytest.mark.parametrize("seed", range(5))
async def test_three_devices_over_two_processes_lose_no_field(signed_in, replicas, seed: int):
    """Each device goes on from what it last saw; replies get lost; requests are repeated."""
    phone = await signed_in()
    draft = await a_draft(phone)
    both = await replicas(draft)
    chance = random.Random(seed)
    seen = [1, 1, 1]
    expected: dict[str, Any] = {}
    for turn in range(60):
        device = chance.randrange(len(seen))
        field = f"field_{device}_{chance.randrange(4)}"
        expected[field] = turn
        reply = await chance.choice(both).save(seen[device], **{field: turn})
        if chance.random() < 0.7:
            seen[device] = reply.revision
        else:
            # The device goes on as it would after a lost reply: it repeats, then knows.
            again = await chance.choice(both).save(seen[device], **{field: turn})
            assert again.revision == reply.revision
            seen[device] = again.revision
    assert answers_of(await resumed(phone, draft), "company") == expected


class Killed(Exception):
    """The process ended here."""


class KilledBook(NoSignatures):
    """Whoever would ask the signers again is killed before it has put that down."""

    async def changed(self, draft_id: str, words: int) -> None:
        raise Killed


async def test_no_change_is_written_of_which_signers_would_never_hear(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    services = world.services
    catalogue = services.provided[CatalogueService]
    person_id = (await Draft.get(id=draft["id"])).person_id
    asking = DraftDesk(catalogue, services.ring, services.clock)
    async with asking.unit(draft["id"]):
        await SignableDrafts(asking).note(person_id, draft["id"], "sign_asked")
    desk = DraftDesk(catalogue, services.ring, services.clock, signatures=KilledBook())
    drafts = DraftService(desk, catalogue, Outbox(services.clock))
    body = SaveStep(2, msgspec.Raw(b'{"entity_name":"a"}'))
    with pytest.raises(Killed):
        await drafts.save_step(Author(person_id, None), draft["id"], "company", body, "zh")
    now = await resumed(phone, draft)
    assert now["revision"] == 2
    assert answers_of(now, "company") == {}
