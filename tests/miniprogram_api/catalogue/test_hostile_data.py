"""Data and requests that are meant to do harm, or were harmed, cost little and are refused."""

import io
import zipfile
from contextlib import suppress
from random import Random

import pytest

from kit.problems import InvalidRequest
from miniprogram_api.catalogue import versions
from miniprogram_api.catalogue.catalogue import DATA_FOLDER, Catalogue
from miniprogram_api.catalogue.edition import SERVING, Edition
from miniprogram_api.catalogue.files import UNPACKED_BYTES_MAX, Archive, Folder
from miniprogram_api.catalogue.reading import CatalogueFaulty, FolderReader
from miniprogram_api.catalogue.service import CatalogueService, Selection
from tests.builders.catalogues import loaded, shipped
from tests.miniprogram_api.catalogue.conftest import StoppedClock

NO_SUCH_VALUES = (
    "valid_from: 2026-06-31", "bytes_max: !!int ten", "bytes_max: !!float ten", "name: !!bool ten",
)  # fmt: skip


@pytest.mark.parametrize("member", NO_SUCH_VALUES)
def test_a_value_that_cannot_be_is_a_fault_with_its_line(folder, member) -> None:
    file = folder / "materials.yaml"
    text = file.read_text("utf-8")
    file.write_text(f"{text}\nanother: {{{member}}}\n", "utf-8")
    with pytest.raises(CatalogueFaulty) as faulty:
        loaded(folder)
    (fault,) = faulty.value.faults
    assert (fault.file, fault.rule) == ("materials.yaml", "no such value")
    assert fault.line == text.count("\n") + 2


@pytest.mark.parametrize("release", ["2026.13", "2026.00", "0000.01"])
def test_a_release_is_a_month(folder, release) -> None:
    (folder / "catalogue.yaml").write_text(f"release: '{release}'\n", "utf-8")
    with pytest.raises(CatalogueFaulty):
        loaded(folder)


def archive_of(**contents: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_damaged_archive_is_refused_wherever_the_damage_is() -> None:
    reader = FolderReader(Folder(DATA_FOLDER), shipped().parsed)
    version = versions.kept(reader, Catalogue.read(reader))
    chance = Random(1)
    for _ in range(60):
        damaged = bytearray(version.archive)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
        with pytest.raises(CatalogueFaulty):
            versions.unpacked("another", bytes(damaged))


def test_an_archive_may_not_name_files_outside_its_folder() -> None:
    for name in ("items/../../evil.yaml", "../evil.yaml"):
        with pytest.raises(OSError, match="outside"):
            Archive(archive_of(**{name: b"-"}))


def test_an_archive_that_would_fill_the_memory_is_not_unpacked() -> None:
    bomb = archive_of(**{"items/bomb.yaml": bytes(UNPACKED_BYTES_MAX + 1)})
    assert len(bomb) < UNPACKED_BYTES_MAX // 500
    with pytest.raises(OSError, match="too much"):
        Archive(bomb)


def test_large_selections_do_not_fill_the_memory() -> None:
    edition = Edition(shipped(), StoppedClock())
    items = shipped().items
    offered = [code for code, item in items.items() if "open" in item.operations]
    chance = Random(2)
    for _ in range(60):
        chosen = tuple(chance.sample(offered, 60))
        # Some items exclude each other.
        with suppress(InvalidRequest):
            edition.compile(
                Selection(operation="open", region="370102", theme="restaurant", items=chosen)
            )
    for cache in (edition._plans, edition._forms):
        assert 0 < sum(kept.size for kept in cache.values()) <= SERVING.bytes


def test_all_cities_of_one_theme_stay_ready() -> None:
    service = CatalogueService(shipped(), StoppedClock())
    cities = list(service.catalogue.served)
    wanted = [Selection(operation="open", region=it, theme="restaurant") for it in cities]
    ready = [service.compile(it) for it in wanted]
    assert all(service.compile(it) is one for it, one in zip(wanted, ready, strict=True))


ODD = [
    [], {}, [[]], [{}], [{"a": [{}]}], "", 0, -1, 1e308, True, "x", [1, "a", None], [[["x"]]],
    {"id_type": ["01"]}, [{"id_type": [["01"]], "id_number": {"a": 1}, "_id": [1]}],
    {"from": "2026-02-30", "to": [1]}, {"region": [1]}, "0001-01-01", "9999-12-31",
    [{"subscribed_wan": 1e308, "percent": -0.0}],
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_no_answer_of_any_kind_breaks_a_check_or_a_plan(everything, service, value) -> None:
    steps = {key: dict.fromkeys(codes, value) for key, codes in everything.codes_by_step().items()}
    everything.check_all(steps, set())
    for key, answers in steps.items():
        everything.check_step(key, answers, {})
    flat = {code: it for answers in steps.values() for code, it in answers.items()}
    assert service.plan_json(everything.selection, flat, None, "elder")
