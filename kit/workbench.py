"""The child of the workshop (kit/workshop.py): does one job after the other, with bounds, and ends
when its parent does. Imports next to nothing, because every child pays for it.
"""

import gc
import os
import pickle
import queue
import resource
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import msgspec

JOB: Final = struct.Struct("!QdB")
"""What comes first to the child: the call's length, its seconds, whether content follows."""
PIECE: Final = struct.Struct("!I")
"""Before each piece of content; a length of 0 ends it."""
REPLY: Final = struct.Struct("!cQQ")
"""What comes first from the child: how it ended, the answer's length, the content's."""

DONE: Final = b"="
REFUSED: Final = b"-"
FAILED: Final = b"!"
OUT_OF_MEMORY: Final = b"M"

EXIT_OUT_OF_MEMORY: Final = 70
_FILES_OPEN_MAX = 64
_NICENESS = 5
"""Whoever is waiting for a page goes before whoever has sent a picture."""


class WorkRefused(Exception):
    """The base of what work may raise to its caller: a code, never a word of the content.

    The parent knows a subclass by its name, so no two may have the same."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Fault(msgspec.Struct):
    """An exception that nobody foresaw: its kind and its frames, without its words."""

    kind: str
    frames: str


@dataclass(frozen=True, slots=True)
class _Job:
    call: bytes
    seconds: float
    content: bytes | None


def main(memory_bytes_max: int) -> None:
    """Until the parent closes its end."""
    incoming, outgoing = _channels()
    _bound(memory_bytes_max)
    jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
    # A thread of its own, so that the parent's end is seen while work is going on.
    threading.Thread(target=_receive, args=(incoming, jobs), daemon=True).start()
    while True:
        _reply(outgoing, *_do(jobs.get()))
        # What a reader made of a document points at itself in circles, and is large.
        gc.collect()


def _channels() -> tuple[BinaryIO, BinaryIO]:
    """Away from the standard numbers, so that a library's print cannot get into a reply."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return os.fdopen(incoming, "rb", PIECE.size), os.fdopen(outgoing, "wb", 0)


def _bound(memory_bytes_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES_OPEN_MAX, _FILES_OPEN_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(_NICENESS)


def _receive(incoming: BinaryIO, jobs: "queue.SimpleQueue[_Job]") -> None:
    try:
        while True:
            length, seconds, has_content = JOB.unpack(_exactly(incoming, JOB.size))
            call = _exactly(incoming, length)
            jobs.put(_Job(call, seconds, _content(incoming) if has_content else None))
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    except (EOFError, OSError):
        os._exit(0)


def _exactly(incoming: BinaryIO, length: int) -> bytes:
    read = incoming.read(length)
    if len(read) < length:
        raise EOFError
    return read


def _content(incoming: BinaryIO) -> bytes:
    pieces = []
    while length := PIECE.unpack(_exactly(incoming, PIECE.size))[0]:
        pieces.append(_exactly(incoming, length))
    return b"".join(pieces)


def _do(job: _Job) -> tuple[bytes, bytes, bytes]:
    """How it ended, the answer, the content."""
    _bound_time(job.seconds)
    try:
        work: Callable[..., Any]
        work, args, kwargs = pickle.loads(job.call)  # noqa: S301 - from our own parent
        if job.content is None:
            return DONE, msgspec.msgpack.encode(work(*args, **kwargs)), b""
        value, content = work(job.content, *args, **kwargs)
        return DONE, msgspec.msgpack.encode(value), content
    except WorkRefused as refusal:
        return REFUSED, msgspec.msgpack.encode((type(refusal).__qualname__, refusal.code)), b""
    except MemoryError:
        return OUT_OF_MEMORY, b"", b""
    except Exception as error:  # noqa: BLE001 - told to the parent, which logs it
        frames = "".join(traceback.format_tb(error.__traceback__))
        return FAILED, msgspec.msgpack.encode(Fault(type(error).__qualname__, frames)), b""


def _bound_time(seconds: float) -> None:
    """The parent ends whoever takes too long; this is for a parent that cannot any more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    at_most = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (at_most, hard))


def _reply(outgoing: BinaryIO, status: bytes, answer: bytes, content: bytes) -> None:
    try:
        for part in (REPLY.pack(status, len(answer), len(content)), answer, content):
            view = memoryview(part)
            while view:
                view = view[outgoing.write(view) :]
    except OSError:
        sys.exit(0)
