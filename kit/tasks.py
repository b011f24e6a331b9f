"""Background tasks: named, loud when they fail, stopped in reverse order.

Sanic cancels what ``app.add_task`` started as soon as it is told to stop, before the requests in
flight are done; so the tasks that those requests rely on belong to a crew of our own.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from random import Random, SystemRandom
from typing import Any, TypeVar

import structlog

from kit.retry import RetrySchedule

log = structlog.get_logger("kit.tasks")

T = TypeVar("T")


def guarded(coroutine: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    """A named task whose failure is logged when it happens, not when somebody collects it.

    Whoever awaits the task still gets the exception. The caller keeps the task: the loop itself
    holds it only weakly.
    """
    task = asyncio.create_task(_telling(coroutine, name), name=name)

    def end(ended: asyncio.Task[T]) -> None:
        # Cancelled before its first step, the task never touched what it was given.
        coroutine.close()
        if not ended.cancelled():
            # It was logged already; asyncio need not complain again at a time of its own.
            ended.exception()

    task.add_done_callback(end)
    return task


async def _telling(coroutine: Coroutine[Any, Any, T], name: str) -> T:
    try:
        return await coroutine
    except Exception as error:
        _log_failure(error, name)
        raise


def _log_failure(error: Exception, name: str) -> None:
    # The frames only, without the exception's words: those may quote what a person typed.
    log.error(
        "task_failed",
        task=name,
        error=type(error).__qualname__,
        trace="".join(traceback.format_tb(error.__traceback__)),
    )


class TaskCrew:
    """Owns eternal tasks: restarts what crashes or returns, stops all in reverse order of start."""

    def __init__(
        self,
        restarts: RetrySchedule = RetrySchedule(first_s=0.5, cap_s=30.0, attempts_max=None),
        *,
        healthy_after_s: float = 60.0,
        random: Random | None = None,
    ) -> None:
        """A task that ran for ``healthy_after_s`` seconds starts over with the shortest wait."""
        self._restarts = restarts
        self._healthy_after_s = healthy_after_s
        self._random = random or SystemRandom()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work()`` for ever under ``name``; needs a running loop."""
        if self._stopping:
            raise RuntimeError("the crew is being stopped")
        if name in self._tasks:
            raise ValueError(f"there is a task {name} already")
        self._tasks[name] = guarded(self._keep_running(name, work), name)

    async def stop(self, deadline_s: float) -> None:
        """Cancel the newest task, wait for its end, then the one before; seconds for all together.

        What still runs at the deadline is cancelled all the same, named in the log and left.
        """
        self._stopping = True
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + deadline_s
        for task in reversed(self._tasks.values()):
            task.cancel()
            await asyncio.wait({task}, timeout=max(0.0, ends_at - loop.time()))
        for name, task in self._tasks.items():
            if not task.done():
                log.error("task_outlived_deadline", task=name)
        self._tasks.clear()

    async def _keep_running(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while not self._stopping:
            started = loop.time()
            try:
                await work()
                if not self._stopping:
                    log.error("task_exited", task=name)
            except asyncio.CancelledError:
                if self._stopping or _being_cancelled():
                    raise
                # Something the work awaited was cancelled by others: no reason to end silently.
                log.error("task_cancelled_from_within", task=name)
            except Exception as error:  # noqa: BLE001 - the last stop before silence
                _log_failure(error, name)
            if self._stopping:
                return
            failures = 1 if loop.time() - started >= self._healthy_after_s else failures + 1
            await asyncio.sleep(self._restarts.delay(failures, self._random))


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
