"""Work on what strangers sent (pictures, PDFs) in child processes: a file can hurt only those.

A child runs ``kit.workbench``, which is nothing of the server's: it has neither its memory nor its
environment (where the keys are), and never writes to its log. Both talk
over a socket pair; content goes through it in pieces, so that a large file lies in the child only.
Towards the child goes pickle; back comes msgpack, decoded into what the work is declared to return:
a child that a file has taken over can answer wrongly, but not run anything here.

When the parent ends, however it ends, its end of the pair closes and the child leaves.
"""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import (
    Concatenate,
    Final,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
    get_args,
    get_type_hints,
)

import msgspec
import structlog

from kit.problems import TemporarilyUnavailable
from kit.workbench import (
    DONE,
    EXIT_OUT_OF_MEMORY,
    JOB,
    OUT_OF_MEMORY,
    PIECE,
    REFUSED,
    REPLY,
    Fault,
    WorkRefused,
)

__all__ = ["Allowance", "Done", "WorkFailed", "WorkRefused", "Workshop"]

log = structlog.get_logger("kit.workshop")

P = ParamSpec("P")
T = TypeVar("T")

Reason = Literal["crashed", "too_long", "too_large"]

PIECE_BYTES: Final = 256 * 1024
_ENDING_S = 1.0
_ANSWER_BYTES_MAX = 256 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[1]
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "PYTHONDONTWRITEBYTECODE")
"""Of the environment. The keys and the database's address are not among it."""


class WorkFailed(Exception):
    """No answer: the child ended, or used up its time or its memory. What it held is gone."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the children may use."""

    children: int = 2
    """More than one, so that a file which takes all its time does not keep everybody waiting."""
    waiting_max: int = 64
    waiting_s: float = 20.0
    seconds_max: float = 25.0
    """From the first byte sent to the answer; as much again for fetching the answer's content. The
    slowest lawful picture takes 2 on an idle machine, and the server waits 60 with its answer."""
    memory_bytes_max: int = 768 * 1024 * 1024
    """Of address space, of which Python and its libraries take about 100 MB before any work."""
    content_bytes_max: int = 64 * 1024 * 1024
    """What is sent; what comes back may be four times as much."""
    jobs_max: int = 200
    """Then the child is replaced: libraries leak, and a file may have left something behind."""
    idle_s: float = 60.0
    """Then the child ends, so that a quiet server holds no memory for it."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The answer; its content is in the child until the block is left."""

    value: T
    size: int
    _pieces: AsyncIterator[bytes]

    def pieces(self) -> AsyncIterator[bytes]:
        """The content, once."""
        return self._pieces


class Workshop:
    """One for the process. Children start when they are needed, also again after ``close``.

    May be used from one event loop after another, not from two at once."""

    def __init__(self, allowance: Allowance | None = None) -> None:
        self._allowance = allowance or Allowance()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._waiting = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(self._allowance.children)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``work(*args)``, a module's function, in a child. For small things: what goes in and
        comes out is held here as well. WorkFailed, its own WorkRefused, TemporarilyUnavailable."""
        call = pickle.dumps((work, args, kwargs))
        async with self._child() as child:
            answer, _ = await child.ask(call, None)
        result: T = _decoded(answer, get_type_hints(work)["return"])
        return result

    @asynccontextmanager
    async def treating(
        self,
        work: Callable[Concatenate[bytes, P], tuple[T, bytes]],
        content: AsyncIterable[bytes],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> AsyncIterator[Done[T]]:
        """``work(content, *args)`` in a child, which gets the content piece by piece and gives back
        its own so: never more than a piece of either is held here.

        The child is occupied from the first piece to the end of the block, so content comes from
        storage and not from a phone. Errors as ``run``; what ``content`` raises goes through."""
        call = pickle.dumps((work, args, kwargs))
        value_type, _ = get_args(get_type_hints(work)["return"])
        async with self._child() as child:
            answer, size = await child.ask(call, content)
            yield Done(_decoded(answer, value_type), size, child.content(size))

    async def close(self) -> None:
        """End all children; whoever waits for one is told that it crashed."""
        for child in self._busy:
            child.kill()
        idle, self._idle = self._idle, []
        for child in idle:
            await child.end()

    @asynccontextmanager
    async def _child(self) -> AsyncIterator["_Child"]:
        """One that nobody else uses. It goes on living only if the conversation came to its end, so
        not after a caller who was cancelled: what the child does at that moment is not known."""
        await self._take_a_place()
        try:
            child = await self._next_child()
            self._busy.add(child)
            try:
                yield child
            finally:
                self._busy.discard(child)
                await self._put_back(child)
        finally:
            self._places.release()

    async def _next_child(self) -> "_Child":
        """One that is there, or a new one: an idle one may have been killed by the system."""
        while self._idle:
            child = self._idle.pop()
            child.stop_idling()
            if child.alive:
                return child
            await child.end()
        return _Child.start(self._allowance)

    async def _put_back(self, child: "_Child") -> None:
        if not child.at_rest or child.jobs >= self._allowance.jobs_max:
            await child.end()
            return
        self._idle.append(child)
        child.idle_for(self._allowance.idle_s, self._retire)

    def _retire(self, child: "_Child") -> None:
        if child in self._idle:
            self._idle.remove(child)
            child.let_go()

    async def _take_a_place(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # A semaphore belongs to the loop on which somebody waited for it.
            self._loop, self._waiting = loop, 0
            self._places = asyncio.Semaphore(self._allowance.children)
        if self._waiting >= self._allowance.waiting_max:
            raise TemporarilyUnavailable
        self._waiting += 1
        try:
            async with asyncio.timeout(self._allowance.waiting_s):
                await self._places.acquire()
        except TimeoutError:
            raise TemporarilyUnavailable from None
        finally:
            self._waiting -= 1


class _Child:
    """One process and our end of its line. ``at_rest``: it waits for the next job."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", line: socket.socket, allowance: Allowance
    ) -> None:
        self._process = process
        self._line = line
        self._allowance = allowance
        self._timer: asyncio.TimerHandle | None = None
        self.at_rest = True
        self.jobs = 0

    @classmethod
    def start(cls, allowance: Allowance) -> "_Child":
        """Without waiting until it is up: its first job waits in the line."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
                # -P: what lies in the working folder is no module of ours.
                [sys.executable, "-P", "-c", _PROGRAM, str(allowance.memory_bytes_max)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        ours.setblocking(False)
        log.info("workshop_child_started", pid=process.pid)
        return cls(process, ours, allowance)

    async def ask(self, call: bytes, content: AsyncIterable[bytes] | None) -> tuple[bytes, int]:
        """The answer, and how much content is to be fetched."""
        self.at_rest = False
        self.jobs += 1
        async with self._watched(self._deadline()):
            header = JOB.pack(len(call), self._allowance.seconds_max, content is not None)
            await self._send(header + call)
            if content is not None:
                await self._send_content(content)
            status, length, size = REPLY.unpack(await self._receive(REPLY.size))
            if max(length, size) > _ANSWER_BYTES_MAX:
                raise WorkFailed("too_large")
            answer = await self._receive(length)
        self.at_rest = size == 0 and status in {DONE, REFUSED}
        _judge(status, answer)
        return answer, size

    async def content(self, size: int) -> AsyncIterator[bytes]:
        """What the answer said there is, in pieces."""
        deadline = self._deadline()
        while size:
            async with self._watched(deadline):
                piece = await self._receive(min(size, PIECE_BYTES))
            size -= len(piece)
            self.at_rest = not size
            yield piece

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """At once; it holds nothing that anybody would miss."""
        self.at_rest = False
        self._process.kill()

    async def end(self) -> int:
        """Killed and buried; its exit code, which says how it ended."""
        self.stop_idling()
        self.kill()
        self._line.close()
        return await asyncio.shield(asyncio.to_thread(self._process.wait))

    def let_go(self) -> None:
        """As ``end``, where nobody can wait for it."""
        self.kill()
        self._line.close()
        asyncio.get_running_loop().run_in_executor(None, self._process.wait)

    def idle_for(self, seconds: float, then: Callable[["_Child"], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, then, self)

    def stop_idling(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _exit_code(self) -> int:
        """Of one whose line broke: it is ending, but perhaps not quite there."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_ENDING_S)
        self._process.kill()
        return self._process.wait()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._allowance.seconds_max

    @asynccontextmanager
    async def _watched(self, deadline: float) -> AsyncIterator[None]:
        """A line that breaks, and a time that runs out, as WorkFailed."""
        timeout = asyncio.timeout_at(deadline)
        try:
            async with timeout:
                yield
        except _LineBroken:
            code = await asyncio.to_thread(self._exit_code)
            reason = _HOW_IT_ENDED.get(code, "crashed")
            log.warning("work_failed", reason=reason, exit_code=code, job=self.jobs)
            raise WorkFailed(reason) from None
        except TimeoutError:
            if not timeout.expired():
                raise
            log.warning("work_failed", reason="too_long", job=self.jobs)
            raise WorkFailed("too_long") from None

    async def _send_content(self, content: AsyncIterable[bytes]) -> None:
        sent = 0
        async for chunk in content:
            sent += len(chunk)
            if sent > self._allowance.content_bytes_max:
                raise WorkFailed("too_large")
            # An empty one would read as the end.
            if chunk:
                await self._send(PIECE.pack(len(chunk)))
                await self._send(chunk)
        await self._send(PIECE.pack(0))

    async def _send(self, data: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._line, data)
        except OSError:
            raise _LineBroken from None

    async def _receive(self, length: int) -> bytes:
        loop = asyncio.get_running_loop()
        data = bytearray(length)
        view = memoryview(data)
        try:
            while view:
                received = await loop.sock_recv_into(self._line, view)
                if not received:
                    raise _LineBroken
                view = view[received:]
        except OSError:
            raise _LineBroken from None
        return bytes(data)


class _LineBroken(Exception):
    """The child has ended, or is about to."""


_HOW_IT_ENDED: Mapping[int, Reason] = {
    EXIT_OUT_OF_MEMORY: "too_large",
    -signal.SIGXCPU: "too_long",
}
_PROGRAM: Final = "import sys; from kit.workbench import main; main(int(sys.argv[1]))"


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, "PYTHONPATH": str(_ROOT)}


def _judge(status: bytes, answer: bytes) -> None:
    """Raise what the work raised."""
    if status == DONE:
        return
    if status == OUT_OF_MEMORY:
        log.warning("work_failed", reason="too_large")
        raise WorkFailed("too_large")
    if status == REFUSED:
        name, code = _decoded(answer, tuple[str, str])
        kinds = {kind.__qualname__: kind for kind in WorkRefused.__subclasses__()}
        raise kinds.get(name, WorkRefused)(code)
    fault = _decoded(answer, Fault)
    log.error("work_failed", reason="crashed", error=fault.kind, trace=fault.frames)
    raise WorkFailed("crashed")


def _decoded(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(answer, type=kind)
    except msgspec.DecodeError:
        log.error("work_answered_nonsense")
        raise WorkFailed("crashed") from None
