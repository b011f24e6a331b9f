"""ClamAV's daemon, asked in its own protocol (clamd(8), tried against 1.4.6).

Commands are written with a ``z`` before and a zero byte behind. A file is sent as pieces of
``length (4 bytes, big-endian) | bytes`` and ends with a length of zero; the answer is one line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.errors import Misconfigured, Unreachable
from adapters.scanning.conversation import Conversation, call
from adapters.scanning.port import PEER, TooLargeToScan, Verdict
from adapters.scanning.settings import ScannerSettings

PIECE_BYTES = 256 * 1024
NAME_CHARACTERS_MAX = 200
_CLEAN = "stream: OK"
_STREAM = "stream: "
_FOUND = " FOUND"
_TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
_TIMED_OUT = "COMMAND READ TIMED OUT"
_UNKNOWN = "UNKNOWN COMMAND"
_ERROR = " ERROR"


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """Times in seconds. A file has to be through before the outbox gives up its row (60 s)."""

    connect_s: float = 3.0
    total_s: float = 50.0
    concurrency: int = 4
    """clamd scans ten files at a time (MaxThreads), for all processes together."""


class ClamdScanner:
    """Implements :class:`adapters.scanning.port.Scanner`. A connection serves one file: clamd's
    sessions for several (IDSESSION) would hold one of its threads between them."""

    def __init__(self, settings: ScannerSettings, limits: ScanLimits | None = None) -> None:
        self._settings = settings
        self._limits = limits or ScanLimits()
        self._places = asyncio.Semaphore(self._limits.concurrency)

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        async with self._conversation() as conversation:
            await conversation.say(b"zINSTREAM\0")
            size = 0
            async for chunk in chunks:
                size += len(chunk)
                if size > self._settings.bytes_max:
                    raise TooLargeToScan
                if not await _send(conversation, chunk):
                    break
            await conversation.say(bytes(4))
            return _verdict(await conversation.answer())

    async def takes(self, size: int) -> bool:
        """The daemon cannot be asked for its limit, but refuses a piece as soon as its length is
        announced; one that it would take is cut off before its first byte."""
        if size > self._settings.bytes_max:
            return False
        async with self._conversation() as conversation:
            await conversation.say(b"zINSTREAM\0" + size.to_bytes(4, "big"))
            conversation.say_no_more()
            return await conversation.answer() != _TOO_LARGE

    async def version(self) -> str:
        async with self._conversation() as conversation:
            await conversation.say(b"zVERSION\0")
            answer = await conversation.answer()
        if answer is None or not answer.startswith("ClamAV"):
            raise _no_verdict(answer)
        return _printable(answer)

    @asynccontextmanager
    async def _conversation(self) -> AsyncIterator[Conversation]:
        whole = asyncio.timeout(self._limits.total_s)
        try:
            async with whole, self._places:
                conversation = await self._call()
                try:
                    yield conversation
                finally:
                    conversation.hang_up()
        except TimeoutError:
            # The caller's own chunks may time out too: that is not the scanner's fault.
            if whole.expired():
                raise Unreachable(PEER, "timeout") from None
            raise

    async def _call(self) -> Conversation:
        try:
            async with asyncio.timeout(self._limits.connect_s):
                return await call(self._settings)
        except TimeoutError as error:
            raise Unreachable(PEER, "connect_timeout", may_have_acted=False) from error


async def _send(conversation: Conversation, chunk: bytes) -> bool:
    """Whether the scanner wants more. An empty piece would end the stream, so none is sent."""
    for start in range(0, len(chunk), PIECE_BYTES):
        piece = chunk[start : start + PIECE_BYTES]
        if not await conversation.say(len(piece).to_bytes(4, "big") + piece):
            return False
    return True


def _verdict(answer: str | None) -> Verdict:
    if answer == _CLEAN:
        return Verdict(infected=False)
    if answer is not None and answer.startswith(_STREAM) and answer.endswith(_FOUND):
        name = answer.removeprefix(_STREAM).removesuffix(_FOUND)
        return Verdict(infected=True, name=_printable(name))
    if answer == _TOO_LARGE:
        raise TooLargeToScan
    raise _no_verdict(answer)


def _no_verdict(answer: str | None) -> Unreachable | Misconfigured:
    """Only a clear word is a verdict: whatever else is said, nobody knows what is in the file."""
    if answer is None:
        return Unreachable(PEER, "broken_connection")
    if answer == _UNKNOWN:
        return Misconfigured(PEER, "unknown_command")
    if answer == _TIMED_OUT:
        return Unreachable(PEER, "stream_too_slow")
    return Unreachable(PEER, "scanner_error" if answer.endswith(_ERROR) else "broken_answer")


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:NAME_CHARACTERS_MAX]
