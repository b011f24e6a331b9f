"""One async HTTP client for all adapters.

Each peer gets its own time-outs, a bound on concurrent calls and a circuit breaker; all share one
connection pool. What leaves here in logs is the peer's name, the path and the outcome: queries and
bodies carry secrets and personal data and are never logged.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from structlog.contextvars import get_contextvars

from adapters.errors import Unreachable

log = structlog.get_logger("adapters.http")


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """How much of us one peer may hold. Times in seconds."""

    connect_s: float = 3.0
    total_s: float = 10.0
    concurrency: int = 32
    gate_s: float = 1.0
    """How long a call waits for a place before it is told to come back."""
    answer_bytes_max: int = 4 * 1024 * 1024
    breaker_failures: int = 5
    breaker_pause_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A peer's answer: whole, in bytes, so that signatures are checked over what was sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON; ``msgspec.DecodeError`` if it is not."""
        return msgspec.json.decode(self.body)


class Peer:
    """One outside system as seen by its adapter. Raises only :class:`Unreachable`."""

    def __init__(
        self,
        http: "HTTPClients",
        name: str,
        base_url: str,
        limits: PeerLimits,
    ) -> None:
        self.name = name
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._limits = limits
        self._gate = asyncio.Semaphore(limits.concurrency)
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=limits.breaker_failures,
            default_ttl=limits.breaker_pause_s,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Carry one call and return the answer whatever its status below 500.

        A 5xx, a broken or late answer raise :class:`Unreachable` with ``may_have_acted=True``; a
        refused connection, an open breaker or a full gate raise it with ``may_have_acted=False``.
        """
        sent_headers = {"X-Request-ID": str(get_contextvars().get("request_id", "-"))}
        sent_headers.update(headers or {})
        if json is not None:
            data = msgspec.json.encode(json)
            sent_headers.setdefault("Content-Type", "application/json")
        started = time.perf_counter()
        outcome = "ok"
        try:
            async with self._place(), await self._breakers.get_breaker(self.name):
                reply = await self._carry(method, path, query, form, data, sent_headers)
            outcome = str(reply.status)
            return reply
        except OpenedState as opened:
            outcome = "breaker_open"
            raise Unreachable(
                self.name,
                "breaker_open",
                may_have_acted=False,
                retry_after_s=self._limits.breaker_pause_s,
            ) from opened
        except Unreachable as failure:
            outcome = failure.code
            raise
        finally:
            log.info(
                "peer_called",
                peer=self.name,
                method=method,
                path=path,
                outcome=outcome,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the concurrent calls to this peer; refused when none is free soon."""
        if not self._gate.locked():
            await self._gate.acquire()
        else:
            await self._wait_for_a_place()
        try:
            yield
        finally:
            self._gate.release()

    async def _wait_for_a_place(self) -> None:
        try:
            async with asyncio.timeout(self._limits.gate_s):
                await self._gate.acquire()
        except TimeoutError as error:
            raise Unreachable(
                self.name, "gate_full", may_have_acted=False, retry_after_s=self._limits.gate_s
            ) from error

    async def _carry(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply:
        body: Any = aiohttp.FormData(dict(form)) if form is not None else data
        try:
            async with self._http.session.request(
                method,
                self._base_url + path,
                params=query,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=self._limits.total_s, connect=self._limits.connect_s
                ),
            ) as answer:
                content = await self._read(answer)
                reply = Reply(answer.status, content, dict(answer.headers))
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable(self.name, "connect_timeout", may_have_acted=False) from error
        except TimeoutError as error:
            raise Unreachable(self.name, "timeout") from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(self.name, "no_connection", may_have_acted=False) from error
        except aiohttp.ClientError as error:
            raise Unreachable(self.name, "broken_answer") from error
        if reply.status >= 500:
            raise Unreachable(self.name, f"status_{reply.status}")
        return reply

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in answer.content.iter_chunked(64 * 1024):
            content += chunk
            if len(content) > self._limits.answer_bytes_max:
                raise Unreachable(self.name, "answer_too_large")
        return bytes(content)


class HTTPClients:
    """The process's connection pool; opened once, closed last."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=200, limit_per_host=64, keepalive_timeout=30, ttl_dns_cache=60
                ),
                trust_env=False,
                auto_decompress=True,
            )
            # aiohttp repeats a GET by itself when a kept connection turns out to be broken; a login
            # code sent twice is a used code. There is no public switch.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def peer(self, name: str, base_url: str, limits: PeerLimits | None = None) -> Peer:
        """A client bound to one outside system; may be made before a loop runs."""
        return Peer(self, name, base_url, limits or PeerLimits())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
