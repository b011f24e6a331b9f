"""Spoils a copy of the shipped data and says what the loader found."""

from pathlib import Path

import pytest

from miniprogram_api.catalogue.reading import Fault
from miniprogram_api.catalogue.service import CatalogueFaulty
from tests.builders.catalogues import loaded


def replace(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")


def faults(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(CatalogueFaulty) as refused:
        loaded(folder)
    return refused.value.faults
