"""One connection to clamd: what is said and what is heard, bounded by the caller's time.

clamd may answer and hang up while a stream is still being sent ("size limit exceeded"). asyncio's
transports drop what was not read yet as soon as a write fails, so this is the bare socket.
"""

import asyncio
import socket
from contextlib import suppress

from adapters.errors import Misconfigured, Unreachable
from adapters.scanning.port import PEER
from adapters.scanning.settings import ScannerSettings

ANSWER_BYTES_MAX = 4096
READ_BYTES = 1024


class Conversation:
    """Close it, whatever happened. Raises nothing of the network but by :func:`call`."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire

    async def say(self, message: bytes) -> bool:
        """Whether somebody still listens; when not, there may be an answer all the same."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._wire, message)
        except OSError:
            return False
        return True

    async def answer(self) -> str | None:
        """Without its end, which is that of the question or, for a time-out, a new line. None when
        nothing whole came."""
        heard = b""
        while len(heard) <= ANSWER_BYTES_MAX:
            try:
                read = await asyncio.get_running_loop().sock_recv(self._wire, READ_BYTES)
            except OSError:
                return None
            heard += read.replace(b"\n", b"\0")
            if b"\0" in read or b"\n" in read:
                return heard.partition(b"\0")[0].decode("utf-8", "replace")
            if not read:
                return None
        return None

    def say_no_more(self) -> None:
        """What is still to be heard can be."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_WR)

    def hang_up(self) -> None:
        self._wire.close()


async def call(settings: ScannerSettings) -> Conversation:
    """Unreachable, Misconfigured."""
    try:
        if settings.socket_path:
            wire = await _connected(socket.AF_UNIX, settings.socket_path)
        else:
            wire = await _reached(settings.host, settings.port)
    except PermissionError as error:
        raise Misconfigured(PEER, "socket_forbidden") from error
    except OSError as error:
        raise Unreachable(PEER, "no_connection", may_have_acted=False) from error
    return Conversation(wire)


async def _reached(host: str, port: int) -> socket.socket:
    """The first of the host's addresses that answers."""
    loop = asyncio.get_running_loop()
    refused = OSError("the name has no address")
    for family, _, _, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return await _connected(family, address)
        except OSError as error:
            refused = error
    raise refused


async def _connected(family: int, address: str | tuple[object, ...]) -> socket.socket:
    wire = socket.socket(family, socket.SOCK_STREAM)
    try:
        wire.setblocking(False)
        await asyncio.get_running_loop().sock_connect(wire, address)
    except BaseException:
        wire.close()
        raise
    return wire
