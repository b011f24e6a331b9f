"""One WeChat token for everybody: several processes, one Redis, one far side, and a kill -9."""

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.access_tokens import FETCH_S_MAX, LOCK_TTL_S, LOCK_WAIT_S
from kit.coordination.redis import redis_coordination
from tests.adapters.wechat.world import PERSONAL, SEND, STABLE_TOKEN, World, a_world
from tests.log_guard import LogGuard
from tests.processes import ROOT
from tests.servers import RedisServer, dying_with_us

PATIENCE_S = 30.0
OWN_DATABASE = 9
"""Of the session's Redis: others empty theirs between tests."""


class Caller:
    """One process of :mod:`tests.faults.token_caller`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            said = await self.process.stdout.readline()
        assert said, self.log.read_text()[-3000:]
        return said.decode().strip()

    def start(self, calls: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{calls}\n".encode())

    async def outcomes(self) -> Counter[str]:
        return Counter(json.loads(await self.line()))


Callers = Callable[[int], Awaitable[list[Caller]]]


@pytest.fixture
async def far_side(tmp_path: Path, sensitive_values: set[str]) -> AsyncIterator[World]:
    sensitive_values |= PERSONAL
    async with a_world(tmp_path) as world:
        world.consent("progress")
        sensitive_values.add(world.open_id())
        yield world
        sensitive_values |= {token for token, _ in world.far_side.all("token")}


@asynccontextmanager
async def callers_over(
    redis_url: str, world: World, tmp_path: Path, log_guard: LogGuard
) -> AsyncIterator[Callers]:
    started: list[Caller] = []

    async def start(count: int) -> list[Caller]:
        for number in range(count):
            log = tmp_path / f"caller-{number}.log"
            with log.open("ab") as errors:
                process = await asyncio.create_subprocess_exec(
                    *dying_with_us(), sys.executable, "-m", "tests.faults.token_caller",
                    world.base_url, world.open_id(), redis_url,
                    cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                    stderr=errors,
                )  # fmt: skip
            started.append(Caller(process, log))
        assert [await caller.line() for caller in started] == ["ready"] * count
        return started

    yield start
    for caller in started:
        if caller.process.returncode is None:
            caller.process.kill()
        await caller.process.wait()
        log_guard.examine(caller.log.read_text(), caller.log.name)


@pytest.fixture
async def callers(
    redis_server: RedisServer, far_side: World, tmp_path: Path, log_guard: LogGuard
) -> AsyncIterator[Callers]:
    """Processes that share a Redis in which nothing is known."""
    url = redis_server.url(OWN_DATABASE)
    coordination = redis_coordination(url)
    await coordination.cache.drop(f"wechat:token:{far_side.side.app_id}")
    await coordination.close()
    async with callers_over(url, far_side, tmp_path, log_guard) as start:
        yield start


async def test_a_thousand_cold_calls_of_four_processes_fetch_one_token(
    callers: Callers, far_side: World
) -> None:
    started = await callers(4)
    for caller in started:
        caller.start(250)
    outcomes = [await caller.outcomes() for caller in started]
    assert outcomes == [Counter(sent=250)] * 4
    assert len(far_side.calls(STABLE_TOKEN)) == 1


async def test_a_thousand_cold_calls_of_the_one_process_that_has_no_redis_fetch_one_token(
    far_side: World, tmp_path: Path, log_guard: LogGuard
) -> None:
    async with callers_over("-", far_side, tmp_path, log_guard) as start:
        (caller,) = await start(1)
        caller.start(1000)
        assert await caller.outcomes() == Counter(sent=1000)
    assert len(far_side.calls(STABLE_TOKEN)) == 1


async def test_a_lock_holder_killed_in_the_middle_of_its_fetch_costs_the_others_one_fetch(
    callers: Callers, far_side: World
) -> None:
    first, *others = await callers(4)
    # So late that the holder never gets it, killed or not.
    far_side.far_side.arm("wechat.slow", 1, path=STABLE_TOKEN, seconds=FETCH_S_MAX + 2)
    first.start(50)
    async with asyncio.timeout(PATIENCE_S):
        while not far_side.calls(STABLE_TOKEN):
            await asyncio.sleep(0.01)
    for caller in others:
        caller.start(50)
    # They are waiting for the lock by now, and the holder is still inside its call.
    await asyncio.sleep(0.5)
    assert len(far_side.calls(STABLE_TOKEN)) == 1
    first.process.send_signal(signal.SIGKILL)
    assert await first.process.wait() == -signal.SIGKILL
    killed_at = time.monotonic()
    # Long enough that all the others would come for a token of their own meanwhile.
    far_side.far_side.arm("wechat.slow", 1, path=STABLE_TOKEN, seconds=1.0)
    assert [await caller.outcomes() for caller in others] == [Counter(sent=50)] * 3
    assert time.monotonic() - killed_at < LOCK_WAIT_S
    assert len(far_side.calls(STABLE_TOKEN)) == 2


async def test_a_peer_that_rejects_every_token_costs_each_call_of_each_process_two(
    callers: Callers, far_side: World
) -> None:
    started = await callers(3)
    far_side.far_side.arm("wechat.token_invalid", 1_000_000)
    for caller in started:
        caller.start(1)
    assert [await caller.outcomes() for caller in started] == [Counter(token_rejected=1)] * 3
    assert len(far_side.calls(SEND)) == 2 * 3
    tokens = len(far_side.calls(STABLE_TOKEN))
    assert tokens <= 1 + 3
    for caller in started:
        caller.start(30)
    outcomes = sum([await caller.outcomes() for caller in started], Counter())
    assert outcomes.keys() <= {"token_rejected", "token_unavailable"}
    assert outcomes.total() == 90
    assert len(far_side.calls(SEND)) <= 2 * 3 + 2 * 90


def test_a_fetch_ends_before_its_lock_and_the_lock_before_those_who_wait_give_up() -> None:
    assert FETCH_S_MAX < LOCK_TTL_S < LOCK_WAIT_S - FETCH_S_MAX
