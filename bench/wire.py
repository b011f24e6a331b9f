"""A load generator that costs little: ready-made request bytes over kept-alive connections.

It speaks just enough HTTP/1.1 for the two servers it measures. A general client would take as much
of the two cores as the servers do.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Visitor(Protocol):
    """One connection's user: says what to ask next and looks at every answer."""

    def ask(self) -> bytes:
        """The next request, whole."""
        ...

    def take(self, status: int, head: bytes, body: bytes) -> None:
        """The answer to the last request; raises :class:`Surprise` when it is not the right one."""
        ...


class Surprise(Exception):
    """An answer that the benchmark does not expect; the figures would mean nothing."""


@dataclass(slots=True)
class Load:
    """What one round did."""

    requests: int = 0
    seconds: float = 0.0
    waits_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, visitor: Visitor, load: Load, ended: "asyncio.Future[None]") -> None:
        self._visitor = visitor
        self._load = load
        self._ended = ended
        self._received = bytearray()
        self._asked_at = 0.0
        self._deadline = 0.0
        # uvloop's transports are asyncio's by their methods only.
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def begin(self, deadline: float) -> None:
        self._deadline = deadline
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        now = time.perf_counter()
        try:
            answer = _whole_answer(self._received)
            if answer is None:
                return
            self._visitor.take(*answer)
        except Surprise as surprise:
            self._end(surprise)
            return
        self._received.clear()
        self._load.requests += 1
        self._load.waits_s.append(now - self._asked_at)
        if now < self._deadline:
            self._ask()
        else:
            self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or Surprise("the server closed the connection"))

    def _ask(self) -> None:
        request = self._visitor.ask()
        self._asked_at = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if not self._ended.done():
            if error is None:
                self._ended.set_result(None)
            else:
                self._ended.set_exception(error)
        if self._transport is not None:
            self._transport.close()


def _whole_answer(received: bytearray) -> tuple[int, bytes, bytes] | None:
    """Status, head in lower case, body; None while something is still on its way."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    start = end + len(_HEAD_END)
    status = int(head[9:12])
    place = head.find(_LENGTH)
    # A 304 and a 204 have no body, whatever length they name.
    length = 0
    if status not in {204, 304}:
        if place < 0:
            raise Surprise("an answer without a length")
        place += len(_LENGTH)
        line_end = head.find(b"\r\n", place)
        length = int(head[place : line_end if line_end >= 0 else None])
    if len(received) < start + length:
        return None
    return status, head, bytes(received[start : start + length])


async def drive(port: int, visitors: Sequence[Visitor], seconds: float) -> Load:
    """Each visitor asks again as soon as it has its answer, for so long."""
    loop = asyncio.get_running_loop()
    load = Load()
    connections: list[_Connection] = []
    endings: list[asyncio.Future[None]] = []
    for visitor in visitors:
        ended: asyncio.Future[None] = loop.create_future()
        connection = _Connection(visitor, load, ended)
        await loop.create_connection(lambda made=connection: made, "127.0.0.1", port)  # type: ignore[misc]
        connections.append(connection)
        endings.append(ended)
    started = time.perf_counter()
    for connection in connections:
        connection.begin(started + seconds)
    await asyncio.gather(*endings)
    load.seconds = time.perf_counter() - started
    return load


def request_head(
    method: str,
    path: str,
    token: str | None = None,
    etag: str | None = None,
    address: str = "10.2.0.1",
    device: str = "bench-device-0001",
) -> bytes:
    """The headers that a mini-program sends and the proxy adds, but for the body's length."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/5.0 MicroMessenger/8.0.50 miniProgram",
        "Accept: */*",
        "Accept-Language: zh-CN",
        "Content-Type: application/json",
        "X-Client-Platform: wechat",
        "X-Client-Version: 1.4.0",
        f"X-Device-Id: {device}",
        f"X-Forwarded-For: {address}",
    ]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if etag is not None:
        lines.append(f"If-None-Match: {etag}")
    return "\r\n".join(lines).encode()


def request(head: bytes, body: bytes = b"") -> bytes:
    if head.startswith(b"GET "):
        # Even an empty body would be one, which nobody reads.
        return head + _HEAD_END
    return b"%b\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


@dataclass(slots=True)
class Rotation:
    """Asks the same few things in turn; each answer has its status and about its size."""

    asking: Sequence[bytes]
    status: int
    size: int
    turn: int = 0

    def ask(self) -> bytes:
        self.turn += 1
        return self.asking[self.turn % len(self.asking)]

    def take(self, status: int, head: bytes, body: bytes) -> None:
        if status != self.status or not self.size * 0.9 <= len(body) <= self.size * 1.1:
            raise Surprise(f"{status} with {len(body)} bytes: {body[:300]!r}")


async def fetch(port: int, asking: bytes) -> tuple[int, bytes, bytes]:
    """One request on a connection of its own: status, head in lower case, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    try:
        writer.write(asking)
        received = bytearray()
        while (answer := _whole_answer(received)) is None:
            data = await reader.read(2**20)
            if not data:
                raise Surprise("the server closed the connection")
            received += data
    finally:
        writer.close()
    return answer
