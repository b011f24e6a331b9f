"""Which storage and which scanner a process gets."""

import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from adapters.errors import Unreachable
from adapters.scanning.port import Scanner
from adapters.storage.local import LocalStorage
from adapters.storage.s3 import S3Storage
from bff.mock.folder import _new_keys
from bff.settings import Settings, SettingsIncomplete
from bff.wiring.storing import open_storage, tell_of_scanner
from kit.clock import SystemClock
from kit.secrets import KeyRing
from miniprogram_api.materials.intake import KEPT_BYTES_MAX
from tests.processes import ROOT

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)
STORE = {
    "STORAGE_URL": "s3://files/bff",
    "STORAGE_ENDPOINT": "https://oss.example.cn",
    "STORAGE_ACCESS_KEY": "AK",
    "STORAGE_SECRET_KEY": "very-secret",
}


@pytest.fixture
def environ() -> dict[str, str]:
    return {
        **_new_keys(),
        "PUBLIC_URL": "https://bff.example.org",
        "PROVINCE_BASE_URL": "https://province.example.org",
    }


class Telling:
    """A scanner that is there, or is not."""

    def __init__(self, answer: str | Unreachable, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._answer = answer
        self._bytes_max = bytes_max

    async def takes(self, size: int) -> bool:
        return size <= self._bytes_max

    async def version(self) -> str:
        if isinstance(self._answer, str):
            return self._answer
        raise self._answer

    scan = Scanner.scan


def test_files_lie_in_a_folder_unless_a_store_is_named(environ):
    settings = Settings.from_env(environ)
    assert isinstance(open_storage(settings, RING, SystemClock()), LocalStorage)
    settings = Settings.from_env({**environ, **STORE})
    assert isinstance(open_storage(settings, RING, SystemClock()), S3Storage)
    assert "very-secret" not in repr(settings)


def test_a_store_is_named_whole_or_not_at_all(environ):
    with pytest.raises(SettingsIncomplete) as refused:
        Settings.from_env({**environ, "STORAGE_URL": "s3://files", "SCANNER_URL": "http://x"})
    names = {fault.split(":")[0] for fault in refused.value.faults}
    missing = {"STORAGE_ENDPOINT", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"}
    assert names == {*missing, "SCANNER_*"}


def test_without_a_store_its_client_is_not_loaded():
    check = "import sys, bff.wiring; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False, cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("scanner", "events"),
    [
        (None, ["scanner_absent"]),
        (Telling("ClamAV 1.4.6"), ["scanner_found"]),
        (Telling("ClamAV", KEPT_BYTES_MAX - 1), ["scanner_found", "scanner_limit_too_small"]),
        (Telling(Unreachable("scanner", "no_connection")), ["scanner_unreachable"]),
    ],
)
async def test_at_the_start_the_operator_is_told_of_the_scanner(scanner, events):
    with capture_logs() as lines:
        await tell_of_scanner(scanner)
    assert [line["event"] for line in lines] == events


def test_a_scanner_that_may_not_get_the_largest_file_keeps_from_starting(environ):
    scanner = {"SCANNER_URL": "clamd://scanner:3310"}
    enough = scanner | {"SCANNER_BYTES_MAX": str(KEPT_BYTES_MAX)}
    assert Settings.from_env(environ | enough).scanner is not None
    too_little = scanner | {"SCANNER_BYTES_MAX": str(KEPT_BYTES_MAX - 1)}
    with pytest.raises(SettingsIncomplete, match="SCANNER_BYTES_MAX: at least"):
        Settings.from_env(environ | too_little)
