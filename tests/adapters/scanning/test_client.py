"""The client against the simulated daemon. The same was tried by hand against ClamAV 1.4.6."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from adapters.errors import Misconfigured, Unreachable
from adapters.scanning.client import ClamdScanner, ScanLimits
from adapters.scanning.conversation import ANSWER_BYTES_MAX
from adapters.scanning.port import TooLargeToScan, Verdict
from adapters.scanning.settings import BYTES_MAX, ScannerSettings
from adapters.scanning.simulator import EICAR, FOUND_NAME, scenarios
from tests.adapters.scanning.conftest import FAR_LIMIT, Station

CLEAN = Verdict(infected=False)
FOUND = Verdict(infected=True, name=FOUND_NAME)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


class TestVerdicts:
    @pytest.mark.parametrize(
        "parts", [(), (b"",), (b"hello",), (b"a", b"", b"b"), (b"x" * FAR_LIMIT,)]
    )
    async def test_what_is_harmless_is_clean(self, station: Station, parts: tuple[bytes, ...]):
        assert await station.scanner.scan(pieces(*parts)) == CLEAN
        assert station.last()["bytes"] == sum(map(len, parts))

    @pytest.mark.parametrize("before", [0, 1, 65_500, 65_536, 300_000])
    @pytest.mark.parametrize("after", [0, 300_000])
    async def test_the_test_string_is_found_wherever_it_is(
        self, station: Station, before: int, after: int
    ):
        file = b"x" * before + EICAR + b"y" * after
        assert await station.scanner.scan(pieces(file)) == FOUND

    async def test_the_test_string_is_found_over_any_cut(self, station: Station):
        for cut in range(1, len(EICAR), 13):
            verdict = await station.scanner.scan(pieces(b"x" + EICAR[:cut], EICAR[cut:] + b"y"))
            assert verdict == FOUND
        assert await station.scanner.scan(pieces(*(bytes([byte]) for byte in EICAR))) == FOUND

    async def test_half_of_the_test_string_is_harmless(self, station: Station):
        assert await station.scanner.scan(pieces(EICAR[:40], b"-", EICAR[40:])) == CLEAN

    async def test_many_files_at_once_get_each_their_own_verdict(self, station: Station):
        files = [EICAR if number % 3 == 0 else b"harmless" for number in range(60)]
        verdicts = await asyncio.gather(*(station.scanner.scan(pieces(file)) for file in files))
        assert [verdict.infected for verdict in verdicts] == [file == EICAR for file in files]

    async def test_a_name_that_the_scanner_gives_is_cut_and_printable(self, station: Station):
        station.far_side.arm(scenarios.FINDS, 1, name="Bad\x1b[31m" + "n" * 300)
        verdict = await station.scanner.scan(pieces(b"x"))
        assert verdict.infected
        assert verdict.name.isprintable()
        assert len(verdict.name) == 200

    async def test_it_tells_its_version(self, station: Station):
        assert (await station.scanner.version()).startswith("ClamAV ")


class TestSizes:
    async def test_what_is_above_our_limit_is_not_sent(self, station: Station):
        asked = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal asked
            while True:
                asked += 1
                yield b"x" * 100

        with pytest.raises(TooLargeToScan):
            await station.with_settings(1000).scan(endless())
        assert asked == 11

    @pytest.mark.parametrize("step", [65_536, FAR_LIMIT + 1])
    async def test_what_the_scanner_takes_for_too_large_is_too_large(
        self, station: Station, step: int
    ):
        """It answers and hangs up while more is being sent."""
        parts = [b"x" * step] * (2 * FAR_LIMIT // step)
        with pytest.raises(TooLargeToScan):
            await station.scanner.scan(pieces(*parts))

    async def test_a_size_limit_of_the_scanner_alone_is_told(self, station: Station):
        station.far_side.arm(scenarios.SIZE_LIMIT, 1)
        with pytest.raises(TooLargeToScan):
            await station.scanner.scan(pieces(b"x"))


class TestFailures:
    @pytest.mark.parametrize(
        ("scenario", "code"),
        [
            (scenarios.DOWN, "broken_connection"),
            (scenarios.CUT_OFF, "broken_connection"),
            (scenarios.GARBLED, "broken_answer"),
            (scenarios.ERROR, "scanner_error"),
        ],
    )
    async def test_nothing_but_a_clear_word_is_a_verdict(
        self, station: Station, scenario: str, code: str
    ):
        station.far_side.arm(scenario, 1)
        with pytest.raises(Unreachable) as failed:
            await station.scanner.scan(pieces(b"x"))
        assert failed.value.code == code
        assert await station.scanner.scan(pieces(b"x")) == CLEAN

    async def test_one_that_takes_too_long_is_unreachable(self, station: Station):
        station.far_side.arm(scenarios.SLOW, 1, seconds=60)
        with pytest.raises(Unreachable) as failed:
            await station.impatient().scan(pieces(b"x"))
        assert failed.value.code == "timeout"

    @pytest.mark.parametrize("error", [ConnectionResetError, TimeoutError, FileNotFoundError])
    async def test_what_the_source_raises_is_not_blamed_on_the_scanner(
        self, station: Station, error: type[Exception]
    ):
        async def breaking() -> AsyncIterator[bytes]:
            yield b"x"
            raise error

        with pytest.raises(error):
            await station.scanner.scan(breaking())

    async def test_a_cancelled_scan_gives_its_place_back(self, station: Station):
        async def stalling() -> AsyncIterator[bytes]:
            yield b"x"
            begun.set()
            await asyncio.Event().wait()

        scanner = station.with_settings(FAR_LIMIT, ScanLimits(concurrency=1))
        begun = asyncio.Event()
        scan = asyncio.create_task(scanner.scan(stalling()))
        await begun.wait()
        scan.cancel()
        with suppress(asyncio.CancelledError):
            await scan
        assert await scanner.scan(pieces(b"x")) == CLEAN


class TestOtherServers:
    @staticmethod
    async def asked_of(answer: bytes) -> Verdict:
        """Of something that says this to whoever calls, and hangs up."""

        async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            with suppress(ConnectionError):
                await reader.read(20)
            writer.close()

        server = await asyncio.start_server(called, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await ClamdScanner(ScannerSettings(f"clamd://127.0.0.1:{port}")).scan(
                pieces(b"x")
            )

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "broken_answer"),
            (b"COMMAND READ TIMED OUT\n", "stream_too_slow"),
            (b"stream: OK", "broken_connection"),
            (b"OK\0", "broken_answer"),
            (b" FOUND\0", "broken_answer"),
            (b"\xff\xfe\0", "broken_answer"),
            (b"x" * (2 * ANSWER_BYTES_MAX), "broken_connection"),
            (b"", "broken_connection"),
        ],
    )
    async def test_what_is_not_the_protocol_is_no_verdict(self, answer: bytes, code: str):
        with pytest.raises(Unreachable) as failed:
            await self.asked_of(answer)
        assert failed.value.code == code

    async def test_one_that_does_not_know_the_command_is_misconfigured(self):
        with pytest.raises(Misconfigured):
            await self.asked_of(b"UNKNOWN COMMAND\0")

    @pytest.mark.parametrize("url", ["clamd://127.0.0.1:9", "clamd:///nowhere/clamd.ctl"])
    async def test_where_nobody_listens_nothing_was_done(self, url: str):
        with pytest.raises(Unreachable) as failed:
            await ClamdScanner(ScannerSettings(url)).scan(pieces(b"x"))
        assert (failed.value.code, failed.value.may_have_acted) == ("no_connection", False)


class TestSettings:
    def test_a_host_may_leave_out_the_port(self):
        settings = ScannerSettings("clamd://scanner")
        assert (settings.host, settings.port, settings.socket_path) == ("scanner", 3310, "")
        assert settings.bytes_max == BYTES_MAX

    def test_three_slashes_name_a_socket(self):
        settings = ScannerSettings("clamd:///run/clamav/clamd.ctl")
        assert (settings.host, settings.socket_path) == ("", "/run/clamav/clamd.ctl")

    @pytest.mark.parametrize(
        "url",
        ["", "clamd://", "clamd:///", "http://host", "clamd://host/path", "clamd://u:p@host",
         "clamd://host:0", "clamd://host:99999", "clamd://host:x", "clamd://host?a=b"],
    )  # fmt: skip
    def test_what_cannot_be_an_address_is_refused(self, url: str):
        with pytest.raises(ValueError, match=r".+"):
            ScannerSettings(url)

    def test_a_scanner_takes_something(self):
        with pytest.raises(ValueError, match="take something"):
            ScannerSettings("clamd://host", 0)


async def test_what_the_scanner_would_take_is_found_out_without_sending_it(station):
    scanner = station.scanner
    assert await scanner.takes(FAR_LIMIT)
    assert not await scanner.takes(FAR_LIMIT + 1)
    # More than may be sent to it at all.
    assert not await scanner.takes(2 * FAR_LIMIT + 1)
