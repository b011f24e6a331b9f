"""What the workshop's children are told to do in tests. They import it: nothing heavy in here."""

import os
import resource
import signal
import sys
import threading
import time
from dataclasses import dataclass

from kit.workbench import WorkRefused


class Declined(WorkRefused):
    """A refusal of the work's own."""


@dataclass(frozen=True)
class Sums:
    total: int
    words: tuple[str, ...]


def add(first: int, second: int, *words: str) -> Sums:
    return Sums(first + second, words)


def decline(code: str) -> None:
    raise Declined(code)


def stumble(secret: str) -> None:
    raise KeyError(f"no such thing: {secret}")


def lie() -> int:
    answer: int = "not a number"  # type: ignore[assignment]
    return answer


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), number)


def work_for_ever() -> None:
    while True:
        pass


def wait_for_ever() -> None:
    signal.pause()


def swallow(megabytes: int) -> int:
    return len(b"\1" * (megabytes * 1024 * 1024))


def process_id() -> int:
    return os.getpid()


def chatter() -> int:
    sys.stdout.write("nobody hears this")
    sys.stdout.flush()
    sys.stderr.write("nor this")
    os.write(1, b"nor this")
    return 1


def environment() -> tuple[str, ...]:
    return tuple(sorted(os.environ))


def modules() -> tuple[str, ...]:
    return tuple(sorted(sys.modules))


def reverse(content: bytes, times: int) -> tuple[Sums, bytes]:
    return Sums(len(content), ()), content[::-1] * times


def write_a_file(path: str) -> None:
    with open(path, "wb") as file:
        file.write(b"1")


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def threads() -> int:
    time.sleep(0)
    return threading.active_count()
