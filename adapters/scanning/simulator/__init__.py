"""The far side of the wire: a ClamAV daemon that knows one signature, the EICAR test file's.

It speaks clamd's protocol as 1.4.6 was seen to: the answers, their ends, that it hangs up on what
is too large while more is being sent. Beyond the protocol it is no scanner: it looks for the test
string wherever it is in the bytes as they come, and unpacks nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from socket import socket

from adapters.far_side import FarSide
from adapters.scanning.settings import BYTES_MAX
from adapters.scanning.simulator import scenarios
from adapters.scanning.simulator.scenarios import SCENARIOS
from adapters.scanning.simulator.stream import EICAR, FOUND_NAME, TooLarge, searched

__all__ = ["EICAR", "FOUND_NAME", "SCENARIOS", "ScannerSimulator"]

COMMAND_WITHIN_S = 30.0
"""clamd's CommandReadTimeout."""
VERSION = "ClamAV 1.4.6/27000/simulated"


class ScannerSimulator:
    """Implements :class:`adapters.far_side.Simulator`. The journal names sizes and verdicts; what
    was in a file is not written down."""

    name = "scanner"

    def __init__(self, far_side: FarSide, bytes_max: int = BYTES_MAX) -> None:
        self._far = far_side
        self._bytes_max = bytes_max
        self._calls: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self, listening: socket) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._called, sock=listening)
        try:
            yield
        finally:
            server.close()
            for call in self._calls:
                call.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)

    # What the far side does by itself: nothing, it waits to be asked.

    def next_due(self) -> datetime | None:
        return None

    async def run_due(self) -> int:
        return 0

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None  # noqa: S101 - a server's callback runs in a task
        self._calls.add(call)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        except asyncio.CancelledError:
            # The server is being closed; asyncio would tell of a callback that was cancelled.
            return
        finally:
            self._calls.discard(call)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._far.take(scenarios.DOWN):
            self._far.record("inbound", "", 0, f"scenario {scenarios.DOWN}")
            return
        try:
            async with asyncio.timeout(COMMAND_WITHIN_S):
                command = await reader.readuntil(b"\0")
        except (TimeoutError, asyncio.LimitOverrunError):
            writer.write(b"COMMAND READ TIMED OUT\n")
            return
        words = {b"zPING\0": "PONG", b"zVERSION\0": VERSION}
        if command == b"zINSTREAM\0":
            await self._stream(reader, writer)
        elif command in words:
            writer.write(words[command].encode() + b"\0")
        else:
            writer.write(b"UNKNOWN COMMAND\0")

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._far.take(scenarios.SIZE_LIMIT):
            size, answer = 0, _TOO_LARGE
        else:
            size, answer = await self._verdict(reader)
        refused = answer if answer != _CLEAN else ""
        self._far.record("inbound", "INSTREAM", 200, refused, bytes=size)
        if slow := self._far.take(scenarios.SLOW):
            await asyncio.sleep(float(slow.get("seconds", 15)))
        if self._far.take(scenarios.CUT_OFF):
            writer.write(answer[: len(answer) // 2].encode())
            return
        writer.write(answer.encode() + b"\0")

    async def _verdict(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        try:
            size, found = await searched(reader, self._bytes_max)
        except TooLarge as large:
            return large.size, _TOO_LARGE
        if self._far.take(scenarios.GARBLED):
            return size, "stream: PERHAPS"
        if self._far.take(scenarios.ERROR):
            return size, "stream: Can't allocate memory ERROR"
        if finding := self._far.take(scenarios.FINDS):
            return size, f"stream: {finding.get('name', 'Scenario.Test')} FOUND"
        return size, f"stream: {FOUND_NAME} FOUND" if found else _CLEAN


_CLEAN = "stream: OK"
_TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
