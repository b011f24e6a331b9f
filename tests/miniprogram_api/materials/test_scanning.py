"""Every file is looked at by the scanner before its draft can be submitted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.errors import Unreachable
from adapters.outbox.delivery import Delivery
from adapters.outbox.models import OutboxEntry
from adapters.scanning.port import Verdict
from adapters.scanning.simulator import EICAR
from adapters.storage.local import LocalStorage
from miniprogram_api.materials.models import File
from miniprogram_api.materials.scanning import ScanHandler
from miniprogram_api.materials.service import MaterialService
from tests.app import Phone
from tests.builders.applications import scanned
from tests.miniprogram_api.drafts.builders import a_draft, resumed, uploaded
from tests.miniprogram_api.materials.builders import a_pdf

PROOF = "premises_use_proof"
INFECTED = a_pdf(filling=b"x" * 70_000 + EICAR)


async def sent(phone: Phone, draft: dict[str, Any], content: bytes) -> dict[str, Any]:
    answer = await uploaded(phone, draft, PROOF, content)
    assert answer.status_code == 201, answer.text
    file: dict[str, Any] = answer.json()
    return file


async def files_in(phone: Phone, draft: dict[str, Any]) -> list[dict[str, Any]]:
    now = await resumed(phone, draft)
    (material,) = [material for material in now["materials"] if material["code"] == PROOF]
    files: list[dict[str, Any]] = material["files"]
    return files


async def scanning_errors(phone: Phone, draft: dict[str, Any]) -> list[dict[str, Any]]:
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    found = [error for error in check["errors"] if error["code"] == "material_scanning"]
    assert not (found and check["ready"])
    return found


@pytest.fixture
def storage(world) -> LocalStorage:
    services = world.services
    return LocalStorage(services.settings.storage_dir, services.ring, services.clock)


async def test_while_the_scanner_is_down_a_file_waits_and_is_passed_afterwards(signed_in, world):
    """Its owner sees it; a link, which anybody may hold, does not open it."""
    phone, stranger = await signed_in(), await signed_in("lisi")
    draft = await a_draft(phone)
    scanner = world.far_sides["scanner"]
    scanner.arm("scanner_down", 1000)
    file = await sent(phone, draft, a_pdf())
    assert file["scan"] == "waiting"
    assert [file["scan"] for file in await files_in(phone, draft)] == ["waiting"]
    (error,) = await scanning_errors(phone, draft)
    assert (error["step"], error["pointer"]) == ("materials", f"/{PROOF}")
    link = await stranger.get(f"{phone.base}{file['url']}")
    assert (link.status_code, link.json()["code"]) == (409, "file_being_scanned")
    assert (await stranger.get(f"/files/{file['id']}")).status_code == 404
    assert (await phone.get(f"/files/{file['id']}")).content == a_pdf()
    for _ in range(10):
        world.clock.advance(timedelta(minutes=40))
        await world.driver.settle()
    await phone.renew()
    assert await scanning_errors(phone, draft)
    # Nothing is wrong with the file, so its owner is not asked for another one.
    assert await OutboxEntry.filter(topic="person.tell").count() == 0
    scanner.clear()
    # Twelve tries and more have failed by now; it is asked again for as long as the file waits.
    for _ in range(4):
        world.clock.advance(timedelta(minutes=40))
        await world.driver.settle()
    await phone.renew()
    assert [file["scan"] for file in await files_in(phone, draft)] == ["clean"]
    assert await scanning_errors(phone, draft) == []
    assert (await stranger.get(f"{phone.base}{file['url']}")).status_code in {200, 403}


async def test_an_infected_file_is_taken_out_erased_and_told(signed_in, world, storage):
    phone = await signed_in()
    draft = await a_draft(phone)
    clean = await sent(phone, draft, a_pdf())
    await scanned(phone, draft)
    infected = await sent(phone, draft, INFECTED)
    key = (await File.get(id=infected["id"])).storage_key
    await scanned(phone, draft)
    await world.driver.settle()
    assert [file["id"] for file in await files_in(phone, draft)] == [clean["id"]]
    assert (await phone.get(f"/files/{infected['id']}")).status_code == 404
    assert not await storage.exists(key)
    history = (await phone.get(f"/drafts/{draft['id']}/history")).json()["items"]
    assert [row["kind"] for row in history][:2] == ["refused", "material"]
    assert history[0]["step"] == PROOF
    (told,) = await OutboxEntry.filter(topic="person.tell")
    assert '"kind":"material_refused"' in told.body
    messages = (await phone.get("/messages")).json()["items"]
    assert len(messages) == 1
    # The same bytes are not known: they would have to be sent, and are refused again.
    again = await sent(phone, draft, INFECTED)
    await scanned(phone, draft)
    assert again["id"] not in {file["id"] for file in await files_in(phone, draft)}


async def unscanned_errors(phone: Phone, draft: dict[str, Any]) -> list[dict[str, Any]]:
    check = (await phone.post(f"/drafts/{draft['id']}/check")).json()
    assert not check["ready"]
    return [error for error in check["errors"] if error["code"] == "material_unscanned"]


async def test_a_file_too_large_for_the_scanner_is_told_at_once_and_may_be_replaced(
    signed_in, world
):
    phone, stranger = await signed_in(), await signed_in("lisi")
    draft = await a_draft(phone)
    world.far_sides["scanner"].arm("scanner_size_limit", 1000)
    file = await sent(phone, draft, a_pdf())
    await scanned(phone, draft)
    assert [one["scan"] for one in await files_in(phone, draft)] == ["failed"]
    (error,) = await unscanned_errors(phone, draft)
    assert (error["step"], error["pointer"]) == ("materials", f"/{PROOF}")
    assert "移除" in error["message"]
    history = (await phone.get(f"/drafts/{draft['id']}/history")).json()["items"]
    assert (history[0]["kind"], history[0]["step"]) == ("unscanned", PROOF)
    assert (await stranger.get(f"{phone.base}{file['url']}")).status_code == 409
    assert (await phone.get(f"/files/{file['id']}")).content == a_pdf()
    for _ in range(3):
        world.clock.advance(timedelta(hours=7))
        await world.driver.settle()
    # Told once, however often it was asked since.
    (told,) = await OutboxEntry.filter(topic="person.tell")
    assert '"kind":"material_unscanned"' in told.body
    outcomes = world.services.relay.counts
    assert outcomes["file.scan", "unscanned"] >= 4
    await phone.login()
    removed = await phone.delete(f"/drafts/{draft['id']}/materials/{PROOF}/{file['id']}")
    assert removed.status_code == 204
    assert await unscanned_errors(phone, draft) == []
    world.clock.advance(timedelta(hours=7))
    await world.driver.settle()
    assert await OutboxEntry.filter(topic="file.scan", settled_at__isnull=True).count() == 0


async def test_a_file_that_could_not_be_checked_passes_once_the_operator_has_mended_it(
    signed_in, world
):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["scanner"].arm("scanner_size_limit", 1000)
    await sent(phone, draft, a_pdf())
    await scanned(phone, draft)
    world.far_sides["scanner"].clear()
    world.clock.advance(timedelta(hours=7))
    await world.driver.settle()
    await phone.login()
    assert [one["scan"] for one in await files_in(phone, draft)] == ["clean"]
    assert await unscanned_errors(phone, draft) == []


async def test_a_file_over_which_the_scanner_always_stumbles_is_told_within_hours(signed_in, world):
    """The scanner is there and knows its version, so it is this file's own matter."""
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["scanner"].arm("scanner_error", 1000)
    await sent(phone, draft, a_pdf())
    for _ in range(9):
        world.clock.advance(timedelta(minutes=20))
        await world.driver.settle()
    await phone.login()
    assert [one["scan"] for one in await files_in(phone, draft)] == ["failed"]
    assert len(await unscanned_errors(phone, draft)) == 1


async def test_a_file_that_is_gone_where_it_lay_is_told_and_not_known_any_more(
    signed_in, world, storage
):
    phone = await signed_in()
    draft, other = await a_draft(phone), await a_draft(phone)
    scanner = world.far_sides["scanner"]
    scanner.arm("scanner_down", 1000)
    file = await sent(phone, draft, a_pdf())
    await storage.delete((await File.get(id=file["id"])).storage_key)
    scanner.clear()
    world.clock.advance(timedelta(minutes=10))
    await world.driver.settle()
    await phone.login()
    assert len(await unscanned_errors(phone, draft)) == 1
    again = await sent(phone, other, a_pdf())
    await scanned(phone, other)
    assert (await phone.get(f"/files/{again['id']}")).content == a_pdf()


class Nobody:
    """No scanner listens where one should be."""

    def __init__(self) -> None:
        self.asked = 0

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        self.asked += 1
        raise Unreachable("scanner", "no_connection", may_have_acted=False)

    async def version(self) -> str:
        raise Unreachable("scanner", "no_connection", may_have_acted=False)

    async def takes(self, size: int) -> bool:
        return True


async def put_off_by(handler: ScanHandler, delivery: Delivery) -> float:
    with pytest.raises(Unreachable) as refused:
        await handler.handle(delivery)
    assert not refused.value.may_have_acted
    return refused.value.retry_after_s or 0.0


async def test_a_scanner_that_is_away_is_asked_by_one_file_at_a_time_and_ever_less(
    signed_in, world, storage
):
    """A hundred files that wait do not keep the worker from everything else."""
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["scanner"].arm("scanner_down", 1000)
    file = await sent(phone, draft, a_pdf())
    nobody = Nobody()
    services = world.services
    handler = ScanHandler(
        services.provided[MaterialService]._files, storage, nobody, services.outbox, world.clock
    )
    delivery = Delivery(
        "1", "file.scan", "1", {"file_id": file["id"]}, 1, world.clock.now(), "", world.clock
    )
    pauses = []
    for _ in range(10):
        waits = [await put_off_by(handler, delivery) for _ in range(20)]
        pauses.append(round(max(waits[1:])))
        world.clock.advance(timedelta(seconds=max(waits[1:])))
    assert nobody.asked == 10
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]


async def test_a_file_that_is_removed_while_it_is_scanned_stays_removed(signed_in, world):
    phone = await signed_in()
    draft = await a_draft(phone)
    world.far_sides["scanner"].arm("scanner_slow", 1, seconds=0.3)
    file = await sent(phone, draft, INFECTED)
    path = f"/drafts/{draft['id']}/materials/{PROOF}/{file['id']}"
    assert (await phone.delete(path)).status_code == 204
    await world.driver.settle()
    assert await files_in(phone, draft) == []
    assert await OutboxEntry.filter(topic="person.tell").count() == 0
    assert await File.all().count() == 0


async def test_saves_and_scans_of_one_draft_at_once_are_all_there(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    answers = await asyncio.gather(
        *(uploaded(phone, draft, PROOF, a_pdf(size=n)) for n in range(6)),
        *(
            phone.put(
                f"/drafts/{draft['id']}/steps/company",
                json={"base_revision": 1, "answers": {f"field_{n}": n}},
            )
            for n in range(6)
        ),
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    await scanned(phone, draft)
    assert [file["scan"] for file in await files_in(phone, draft)] == ["clean"] * 6
