"""The client and, over a real socket, the simulated daemon."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.far_side import FarSide
from adapters.scanning.client import ClamdScanner, ScanLimits
from adapters.scanning.settings import ScannerSettings
from adapters.scanning.simulator import ScannerSimulator
from kit.clock import SystemClock

FAR_LIMIT = 1024 * 1024
IMPATIENT = ScanLimits(connect_s=1.0, total_s=0.5)


@dataclass(frozen=True)
class Station:
    scanner: ClamdScanner
    far_side: FarSide
    url: str

    def with_settings(self, bytes_max: int, limits: ScanLimits | None = None) -> ClamdScanner:
        return ClamdScanner(ScannerSettings(self.url, bytes_max), limits)

    def impatient(self) -> ClamdScanner:
        return self.with_settings(FAR_LIMIT, IMPATIENT)

    def last(self) -> dict:
        """The newest line of the far side's journal."""
        return self.far_side.exchanges(1)[0]


@pytest.fixture(params=["tcp", "unix"])
async def station(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Station]:
    if request.param == "tcp":
        listening = socket.create_server(("127.0.0.1", 0))
        url = f"clamd://127.0.0.1:{listening.getsockname()[1]}"
    else:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / "clamd.ctl"))
        url = f"clamd://{tmp_path / 'clamd.ctl'}"
    far_side = FarSide(":memory:", "scanner", SystemClock())
    async with ScannerSimulator(far_side, FAR_LIMIT).serving(listening):
        scanner = ClamdScanner(ScannerSettings(url, 2 * FAR_LIMIT))
        yield Station(scanner, far_side, url)
    far_side.close()
