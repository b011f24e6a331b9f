"""The mock's data folder: one process, keys made once, the clock kept over restarts."""

from datetime import timedelta
from pathlib import Path

import pytest

from bff.mock.folder import DataFolder, FolderInUse


def test_keys_are_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    first = DataFolder(tmp_path).development_keys()
    assert DataFolder(tmp_path).development_keys() == first
    mode = (tmp_path / "development-keys.json").stat().st_mode & 0o777
    assert mode == 0o600


def test_two_processes_cannot_serve_one_folder(tmp_path: Path) -> None:
    one = DataFolder(tmp_path)
    one.lock()
    with pytest.raises(FolderInUse):
        DataFolder(tmp_path).lock()
    one.unlock()
    next_one = DataFolder(tmp_path)
    next_one.lock()
    next_one.unlock()


def test_the_clock_is_as_far_ahead_as_it_was_left(tmp_path: Path) -> None:
    DataFolder(tmp_path).clock().advance(timedelta(days=3))
    assert DataFolder(tmp_path).clock().offset == timedelta(days=3)


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="forward"):
        DataFolder(tmp_path).clock().advance(timedelta(seconds=-1))
