"""Nobody fills a disk by saving, and nobody who fills in a form notices it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from adapters.outbox.put import Outbox
from kit.clock import ShiftableClock
from kit.problems import TooManyRequests
from miniprogram_api.catalogue.service import CatalogueService
from miniprogram_api.drafts.log import Author
from miniprogram_api.drafts.models import Draft, DraftSave
from miniprogram_api.drafts.restoring import DraftRestoring
from miniprogram_api.drafts.schemas import ChangeSelection, RestoreDraft, SaveStep
from miniprogram_api.drafts.service import DraftDesk, DraftFiles, DraftService, FileRef
from miniprogram_api.drafts.writing import DAY_S, UNIT, WRITTEN_MAX, WritingLimit
from tests.miniprogram_api.drafts.builders import a_draft, answers_of, resumed, saved

MEGABYTE = 1024 * 1024
A_FILE = FileRef(
    "0" * 32, "a.pdf", "application/pdf", 1, "0" * 64, datetime(2026, 11, 22, tzinfo=UTC)
)


async def test_a_whole_form_is_saved_as_often_as_saving_is_allowed():
    limit = WritingLimit()
    for _ in range(3000):
        await limit.spend("a", "step", 40 * UNIT)


async def test_of_large_rows_some_go_and_the_wait_is_told_that_is_needed():
    limit = WritingLimit()
    for _ in range(WRITTEN_MAX * UNIT // MEGABYTE):
        await limit.spend("a", "step", MEGABYTE)
    with pytest.raises(TooManyRequests) as refused:
        await limit.spend("a", "step", MEGABYTE)
    wait_s = int(refused.value.headers["Retry-After"])
    assert wait_s == pytest.approx(DAY_S * MEGABYTE / (WRITTEN_MAX * UNIT), abs=5)
    await limit.spend("b", "step", MEGABYTE)


async def test_a_day_of_the_mocks_clock_is_a_day():
    clock = ShiftableClock()
    limit = WritingLimit(clock.moved_s)
    await limit.spend("a", "step", WRITTEN_MAX * UNIT)
    with pytest.raises(TooManyRequests):
        await limit.spend("a", "step", MEGABYTE)
    clock.advance(timedelta(days=1))
    await limit.spend("a", "step", MEGABYTE)


async def test_what_is_not_written_at_will_is_never_refused():
    limit = WritingLimit()
    await limit.spend("a", "step", WRITTEN_MAX * UNIT)
    for kind in ("signed", "scanned", "register", "material", "created", "submitted"):
        await limit.spend("a", kind, MEGABYTE)


async def test_whoever_wrote_too_much_waits_and_loses_nothing(signed_in, world: Any):
    phone = await signed_in()
    draft = await a_draft(phone)
    await saved(phone, draft, "company", 1, {"employees_count": 1})
    services, owner = world.services, (await Draft.get(id=draft["id"])).person_id
    catalogue, author = services.provided[CatalogueService], Author(owner, None)
    desk = DraftDesk(catalogue, services.ring, services.clock)
    drafts = DraftService(desk, catalogue, Outbox(services.clock))
    await desk.log.writing.spend(owner, "step", WRITTEN_MAX * UNIT)
    typed = SaveStep(2, msgspec.Raw(b'{"employees_count": 2}'))
    with pytest.raises(TooManyRequests):
        await drafts.save_step(author, draft["id"], "company", typed, "zh")
    with pytest.raises(TooManyRequests):
        await drafts.select(author, draft["id"], ChangeSelection(2, region="370103"), "zh")
    restoring = DraftRestoring(desk, catalogue, drafts)
    with pytest.raises(TooManyRequests):
        await restoring.restore(author, draft["id"], RestoreDraft(2, 1), "zh")
    # Repeating what is there writes nothing; a file is another matter.
    again = SaveStep(1, msgspec.Raw(b'{"employees_count": 1}'))
    answer = await drafts.save_step(author, draft["id"], "company", again, "zh")
    assert answer.view.revision == 2
    files = DraftFiles(desk)
    async with files.unit(draft["id"]):
        await files.attach(author, draft["id"], "premises_use_proof", A_FILE)
    assert await DraftSave.filter(draft_id=draft["id"]).count() == 3
    assert (await Draft.get(id=draft["id"])).region == "370102"
    assert answers_of(await resumed(phone, draft), "company") == {"employees_count": 1}
