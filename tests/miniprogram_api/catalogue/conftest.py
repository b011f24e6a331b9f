"""The shipped catalogue, at a day that does not move, and somebody to fill in its forms."""

import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from sanic import Sanic

from bff.installs import conventions, problems
from kit.coordination import open_coordination
from kit.coordination.ports import RateLimits
from kit.ids import new_id
from miniprogram_api.catalogue.catalogue import DATA_FOLDER
from miniprogram_api.catalogue.facts import Operation
from miniprogram_api.catalogue.name_checks import NameChecks
from miniprogram_api.catalogue.routes import bp
from miniprogram_api.catalogue.service import (
    Catalogue,
    CatalogueService,
    CompiledPlan,
    SamplePerson,
    Selection,
    sample_answers,
)
from tests.builders.catalogues import shipped
from tests.serving import served

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOON


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return shipped()


@pytest.fixture(scope="session")
def service(catalogue: Catalogue) -> CatalogueService:
    return CatalogueService(catalogue, StoppedClock())


@pytest.fixture(scope="session")
def person() -> SamplePerson:
    return SamplePerson("张三", "370102199003071238", "13800138000")


def together(catalogue: Catalogue, codes: Sequence[str], operation: Operation) -> tuple[str, ...]:
    """Without the items that exclude another one of them."""
    chosen = set(codes)
    items = {code: catalogue.items[code].operations[operation] for code in codes}
    return tuple(code for code, item in items.items() if chosen.isdisjoint(item.excludes))


@pytest.fixture(scope="session")
def everything(service: CatalogueService) -> CompiledPlan:
    """The joint plan of all that can be opened, in a county of Jinan."""
    items = service.catalogue.items
    opened = [code for code, item in items.items() if "open" in item.operations]
    codes = together(service.catalogue, opened, "open")
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


@pytest.fixture
async def client(service: CatalogueService) -> AsyncIterator[httpx.AsyncClient]:
    """The routes over HTTP, without a library of names."""
    coordination = open_coordination(None)
    provided = {
        CatalogueService: service,
        NameChecks: NameChecks(service, None),
        RateLimits: coordination.rate_limits,
    }
    app = Sanic(
        f"catalogue-{new_id()}", ctx=SimpleNamespace(provided=provided), configure_logging=False
    )
    problems.install(app)
    conventions.install(app, {})
    app.blueprint(bp)
    async with served(app) as address, httpx.AsyncClient(base_url=address) as client:
        yield client
    await coordination.close()
