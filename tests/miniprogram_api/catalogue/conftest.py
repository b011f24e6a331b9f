"""The shipped catalogue, at a day that does not move, and somebody to fill in its forms."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniprogram_api.catalogue.catalogue import DATA_FOLDER
from miniprogram_api.catalogue.service import (
    Catalogue,
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
)

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOON


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def service(catalogue: Catalogue) -> CatalogueService:
    return CatalogueService(catalogue, StoppedClock())


@pytest.fixture(scope="session")
def person() -> SamplePerson:
    return SamplePerson("张三", "370102199003071238", "13800138000")


@pytest.fixture(scope="session")
def everything(service: CatalogueService) -> CompiledPlan:
    """The joint plan of all shipped items in a county of Jinan."""
    codes = tuple(service.catalogue.items)
    return service.compile(
        Selection(operation="open", region="370102", theme="restaurant", items=codes)
    )


@pytest.fixture
def answers(everything: CompiledPlan, person: SamplePerson) -> dict[str, dict[str, object]]:
    """Right answers for everything; a test may spoil them."""
    return sample_answers(everything, person)["steps"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped data, to be spoiled."""
    return Path(shutil.copytree(DATA_FOLDER, tmp_path / "data"))
