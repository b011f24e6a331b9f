"""Another version is taken up while requests go on; what is faulty changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bff.mock.world import World
from miniprogram_api.catalogue import versions
from miniprogram_api.catalogue.files import packed
from miniprogram_api.catalogue.following import CatalogueFollower
from miniprogram_api.catalogue.models import CatalogueVersion
from miniprogram_api.catalogue.service import CatalogueService
from tests.builders.catalogues import a_copy, imported, kept, shipped

WANTED = {"operation": "open", "region": "370102", "theme": "restaurant"}


@pytest.fixture
async def follower(world: World) -> AsyncIterator[CatalogueFollower]:
    """The world's own; it serves what is shipped again afterwards."""
    follower: CatalogueFollower = world.services.provided[CatalogueFollower]
    yield follower
    await CatalogueVersion.all().delete()
    await follower.look()
    world.services.provided[CatalogueService]._older.clear()
    follower.refused = None


@pytest.fixture
def service(world: World) -> CatalogueService:
    found: CatalogueService = world.services.provided[CatalogueService]
    return found


async def plan_of(phone: Any) -> dict[str, Any]:
    answer = await phone.post("/catalogue/plan", json=WANTED)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_an_imported_version_serves_without_a_restart(phone, follower, tmp_path) -> None:
    device = await phone()
    before = (await plan_of(device))["catalogue_version"]
    version = await imported(a_copy(tmp_path / "next", "2026.12"))
    await follower.look()
    assert (await plan_of(device))["catalogue_version"] == version != before
    told = (await device.get(f"{device.base}/metrics")).text
    assert f'bff_catalogue_serving{{version="{version}"}} 1.0' in told
    assert "bff_catalogue_refused 0.0" in told


async def test_lists_are_new_for_whoever_has_those_of_the_version_before(
    phone, follower, tmp_path
) -> None:
    device = await phone()
    etag = (await device.get("/catalogue/themes")).headers["ETag"]
    assert (
        await device.get("/catalogue/themes", headers={"If-None-Match": etag})
    ).status_code == 304
    folder = a_copy(tmp_path / "next", "2026.12")
    themes = folder / "themes.yaml"
    themes.write_text(themes.read_text("utf-8").replace("name: ", "name: 新", 1), "utf-8")
    await imported(folder)
    await follower.look()
    answer = await device.get("/catalogue/themes", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag


def marked_version(folder: Path, mark: str, release: str) -> versions.Kept:
    copy = a_copy(folder / mark, release)
    for file in (copy / "items").rglob("*.yaml"):
        text = file.read_text("utf-8")
        file.write_text(text.replace("department: ", f"department: {mark}", 1), "utf-8")
    return kept(copy)


async def test_no_request_fails_and_no_answer_mixes_versions_while_lists_change(
    phone, follower, tmp_path
) -> None:
    """Each version calls its departments otherwise: an answer with two kinds of them is mixed."""
    device = await phone()
    marked = {"甲": "2026.12", "乙": "2027.01"}
    folders = {mark: marked_version(tmp_path, mark, release) for mark, release in marked.items()}
    ended = asyncio.Event()
    seen: set[str] = set()

    async def ask() -> None:
        while not ended.is_set():
            plan = await plan_of(device)
            marks = {item["department"][0] for item in plan["items"]}
            if marks & {"甲", "乙"}:
                assert len(marks) == 1
                assert plan["catalogue_version"] == folders[marks.pop()].version
            seen.add(plan["catalogue_version"])
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(ask())
        for _ in range(2):
            for version in folders.values():
                await versions.import_version(version, follower._clock)
                await follower.look()
                await asyncio.sleep(0.05)
        ended.set()
    assert {version.version for version in folders.values()} <= seen


async def test_a_faulty_version_is_named_and_leaves_the_old_one_serving(
    phone, follower, service, tmp_path, caplog
) -> None:
    device = await phone()
    before = service.version
    folder = a_copy(tmp_path / "broken", "2026.12")
    contents = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*.*")
        if file.is_file()
    }
    contents["steps.yaml"] = contents["steps.yaml"].replace(b"fields:", b"felder:", 1)
    broken = versions.Kept("2026.12-00000000", packed(contents))
    await versions.import_version(broken, follower._clock)
    await follower.look()
    assert service.version == before == (await plan_of(device))["catalogue_version"]
    assert "bff_catalogue_refused 1.0" in (await device.get(f"{device.base}/metrics")).text
    assert (await device.get(f"{device.base}/readyz")).status_code == 200
    # Told once, and not again every few seconds.
    assert follower.refused == broken.version
    version = await imported(a_copy(tmp_path / "right", "2027.01"))
    await follower.look()
    assert (service.version, follower.refused) == (version, None)


@pytest.mark.parametrize("archive", [b"", b"no archive", packed({}), packed({"a.yaml": b"a: 1"})])
async def test_a_damaged_archive_is_refused_like_a_faulty_file(
    follower, service, archive: bytes
) -> None:
    before = service.version
    await versions.import_version(versions.Kept("2026.12-00000000", archive), follower._clock)
    await follower.look()
    assert (service.version, follower.refused) == (before, "2026.12-00000000")


async def test_data_that_are_not_those_of_the_version_are_refused(follower, tmp_path) -> None:
    other = kept(a_copy(tmp_path / "next", "2026.12"))._replace(version="2026.12-00000000")
    await versions.import_version(other, follower._clock)
    await follower.look()
    assert follower.refused == "2026.12-00000000"


async def test_an_older_version_takes_its_turn_again(follower, service, tmp_path) -> None:
    first = await imported(a_copy(tmp_path / "first", "2026.12"))
    await imported(a_copy(tmp_path / "second", "2027.01"))
    await follower.look()
    await imported(tmp_path / "first")
    await follower.look()
    assert service.version == first
    assert await CatalogueVersion.filter(turn__not_isnull=True).count() == 2


async def test_what_versions_have_in_common_is_in_memory_once(follower, service, tmp_path) -> None:
    before = service.catalogue
    await imported(a_copy(tmp_path / "next", "2026.12"))
    await follower.look()
    after = service.catalogue
    assert after is not before
    assert all(after.items[code] is before.items[code] for code in before.items)
    assert all(after.fields[code] is before.fields[code] for code in before.fields)


async def test_older_versions_are_read_again_and_only_some_are_remembered(
    follower, service, tmp_path
) -> None:
    releases = [f"2027.0{month}" for month in range(1, 7)]
    made = [await imported(a_copy(tmp_path / release, release)) for release in releases]
    await follower.look()
    for version in made:
        edition = await service.edition(version)
        assert edition.version == edition.catalogue.version == version
    assert len(service._older) == 3


async def test_a_version_that_is_kept_nowhere_is_the_one_that_serves(follower, service) -> None:
    assert (await service.edition("2020.01-00000000")) is service.serving


async def test_only_versions_that_no_draft_needs_are_thrown_away(
    follower, service, world, tmp_path
) -> None:
    made = [
        await imported(a_copy(tmp_path / release, release))
        for release in ("2027.01", "2027.02", "2027.03")
    ]
    await follower.look()

    async def in_use(version: str) -> bool:
        return version == made[0]

    # The world's clock may be days ahead of the one that the imports were made by.
    await CatalogueVersion.all().update(at=world.clock.now())
    assert await service.purge(in_use) == 0
    await CatalogueVersion.all().update(at=world.clock.now() - timedelta(days=2))
    assert await service.purge(in_use) == 1
    left = {row.version for row in await CatalogueVersion.all()}
    assert left & set(made) == {made[0], made[2]}


def add_year(folder: Path) -> None:
    (folder / "workdays").mkdir(exist_ok=True)
    (folder / "workdays" / "2027.json").write_text(
        '{"year": 2027, "papers": ["https://example.invalid/2027"],'
        ' "days": [{"date": "2027-01-04", "isOffDay": true}]}'
    )


async def test_a_new_year_of_workdays_comes_with_the_list(follower, world, tmp_path) -> None:
    """2027 has no notice yet: the file here is made up."""
    day = date(2027, 1, 4)
    assert world.calendar.is_workday(day)
    assert not world.calendar.is_covered(day)
    folder = a_copy(tmp_path / "next", "2026.12")
    add_year(folder)
    await imported(folder)
    await follower.look()
    assert not world.calendar.is_workday(day)
    assert world.calendar.is_covered(day)
    await imported(a_copy(tmp_path / "without", "2027.01"))
    await follower.look()
    assert world.calendar.is_workday(day)


def test_equal_data_make_equal_archives(tmp_path: Path) -> None:
    one, other = kept(a_copy(tmp_path / "a")), kept(a_copy(tmp_path / "b"))
    assert one == other
    assert versions.unpacked(*one).version == shipped().version
