"""Background tasks are named, loud when they fail, and stopped in reverse order."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from kit.retry import RetrySchedule
from kit.tasks import TaskCrew, guarded

AT_ONCE = RetrySchedule(first_s=0.001, cap_s=0.001, attempts_max=None)

Logs = list[MutableMapping[str, Any]]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as captured:
        yield captured


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)


async def fail(words: str = "") -> None:
    await asyncio.sleep(0)
    raise LookupError(words)


class TestGuarded:
    async def test_it_is_named_and_gives_its_result(self, logs: Logs):
        async def answer() -> int:
            return 42

        task = guarded(answer(), "the-answer")
        assert task.get_name() == "the-answer"
        assert await task == 42
        assert logs == []

    async def test_a_failure_is_logged_when_it_happens_and_without_the_words(self, logs: Logs):
        task = guarded(fail("a name that somebody typed"), "doomed")
        await until(task.done)
        assert len(logs) == 1
        assert (logs[0]["event"], logs[0]["log_level"]) == ("task_failed", "error")
        assert (logs[0]["task"], logs[0]["error"]) == ("doomed", "LookupError")
        assert "in fail" in logs[0]["trace"]
        assert "somebody typed" not in str(logs)

    async def test_who_awaits_it_still_gets_the_failure(self, logs: Logs):
        with pytest.raises(LookupError):
            await guarded(fail(), "doomed")
        assert len(logs) == 1

    async def test_a_failure_nobody_collects_is_not_complained_about_twice(self, logs: Logs):
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: complaints.append(context)
        )
        task = guarded(fail(), "doomed")
        await until(task.done)
        del task
        gc.collect()
        asyncio.get_running_loop().set_exception_handler(None)
        assert complaints == []
        assert len(logs) == 1

    async def test_cancelled_before_it_began_it_leaves_nothing_behind(self, logs: Logs):
        task = guarded(fail(), "stillborn")
        task.cancel()
        await asyncio.wait({task})
        del task
        gc.collect()  # "never awaited" would be an error of this test
        assert logs == []

    async def test_cancelling_it_is_no_failure(self, logs: Logs):
        task = guarded(asyncio.sleep(60), "long")
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert logs == []


class TestCrewRestarts:
    async def test_what_crashes_is_logged_and_started_again(self, logs: Logs):
        runs = 0
        typed = "a name that somebody typed"

        async def crash() -> None:
            nonlocal runs
            runs += 1
            await fail(typed)

        crew = TaskCrew(AT_ONCE)
        crew.start("crashing", crash)
        await until(lambda: runs >= 3)
        await crew.stop(deadline_s=5)
        assert {(entry["event"], entry["task"]) for entry in logs} == {("task_failed", "crashing")}
        assert "somebody typed" not in str(logs)

    async def test_what_returns_unexpectedly_is_logged_and_started_again(self, logs: Logs):
        runs = 0

        async def give_up() -> None:
            nonlocal runs
            runs += 1

        crew = TaskCrew(AT_ONCE)
        crew.start("lazy", give_up)
        await until(lambda: runs >= 3)
        await crew.stop(deadline_s=5)
        assert {(entry["event"], entry["task"]) for entry in logs} == {("task_exited", "lazy")}

    async def test_a_cancellation_from_within_does_not_end_it_silently(self, logs: Logs):
        runs = 0

        async def wait_for_a_cancelled_task() -> None:
            nonlocal runs
            runs += 1
            inner = asyncio.create_task(asyncio.sleep(60))
            inner.cancel()
            await inner

        crew = TaskCrew(AT_ONCE)
        crew.start("misled", wait_for_a_cancelled_task)
        await until(lambda: runs >= 3)
        await crew.stop(deadline_s=5)
        assert {entry["event"] for entry in logs} == {"task_cancelled_from_within"}

    async def test_waits_grow_and_start_over_after_a_healthy_run(self, logs: Logs):
        asked: list[int] = []

        class Remembering(RetrySchedule):
            __slots__ = ()

            def delay(self, attempt: int, random: object) -> float:
                del random
                asked.append(attempt)
                return 0.001

        async def run() -> None:
            await asyncio.sleep(0.2 if len(asked) == 2 else 0)
            raise LookupError

        crew = TaskCrew(Remembering(), healthy_after_s=0.15)
        crew.start("moody", run)
        await until(lambda: len(asked) >= 4)
        await crew.stop(deadline_s=5)
        assert asked[:4] == [1, 2, 1, 2]
        assert len(logs) >= 4

    async def test_the_process_ending_the_loop_ends_it(self, logs: Logs):
        crew = TaskCrew(AT_ONCE)
        crew.start("eternal", lambda: asyncio.sleep(60))
        task = next(task for task in asyncio.all_tasks() if task.get_name() == "eternal")
        await asyncio.sleep(0)
        task.cancel()  # as asyncio.run does with whatever is left
        await asyncio.wait({task}, timeout=5)
        assert task.cancelled()
        assert logs == []


class TestCrewStops:
    async def test_the_newest_ends_before_the_one_before_it_is_cancelled(self, logs: Logs):
        order: list[str] = []

        def eternal(name: str) -> Callable[[], Any]:
            async def run() -> None:
                try:
                    await asyncio.sleep(60)
                finally:
                    order.append(f"{name} cancelled")
                    await asyncio.sleep(0.01)
                    order.append(f"{name} ended")

            return run

        crew = TaskCrew()
        for name in ("database", "relay", "timers"):
            crew.start(name, eternal(name))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await crew.stop(deadline_s=5)
        assert order == [
            f"{name} {what}"
            for name in ("timers", "relay", "database")
            for what in ("cancelled", "ended")
        ]
        assert logs == []

    async def test_what_outlives_the_deadline_is_named_and_left(self, logs: Logs):
        released = asyncio.Event()

        async def stubborn() -> None:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue

        crew = TaskCrew()
        crew.start("polite", lambda: asyncio.sleep(60))
        crew.start("stubborn", stubborn)
        polite = next(task for task in asyncio.all_tasks() if task.get_name() == "polite")
        await asyncio.sleep(0.01)
        started = time.monotonic()
        await crew.stop(deadline_s=0.1)
        assert time.monotonic() - started < 5
        released.set()
        await until(polite.done)
        assert [(entry["event"], entry["task"]) for entry in logs] == [
            ("task_outlived_deadline", "stubborn")
        ]

    async def test_a_crash_while_stopping_is_not_restarted(self, logs: Logs):
        runs = 0

        async def crash_when_cancelled() -> None:
            nonlocal runs
            runs += 1
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise LookupError from None

        crew = TaskCrew(AT_ONCE)
        crew.start("fragile", crash_when_cancelled)
        await until(lambda: runs == 1)
        await crew.stop(deadline_s=5)
        assert runs == 1
        assert [entry["event"] for entry in logs] == ["task_failed"]

    async def test_a_waiting_restart_is_stopped_too(self, logs: Logs):
        crew = TaskCrew(RetrySchedule(first_s=600, cap_s=600))
        crew.start("resting", fail)
        await until(lambda: len(logs) == 1)
        started = time.monotonic()
        await crew.stop(deadline_s=60)
        assert time.monotonic() - started < 10

    async def test_after_the_stop_nothing_starts(self):
        crew = TaskCrew()
        await crew.stop(deadline_s=1)
        with pytest.raises(RuntimeError):
            crew.start("late", lambda: asyncio.sleep(60))

    async def test_a_name_is_used_once(self):
        crew = TaskCrew()
        crew.start("relay", lambda: asyncio.sleep(60))
        with pytest.raises(ValueError, match="relay"):
            crew.start("relay", lambda: asyncio.sleep(60))
        await crew.stop(deadline_s=5)
