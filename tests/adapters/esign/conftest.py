from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.esign.world import PERSONAL, World, a_world


@pytest.fixture(autouse=True)
def _nobody_shows_personal_values(sensitive_values: set[str]) -> None:
    sensitive_values.update(PERSONAL)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        yield world
