"""Long polls: who waits for news of an application, and what wakes him.

The notifier wakes a wait after the commit of an event, in this process or in another one. Its
messages may be lost, so a wait also looks by itself every few seconds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from kit.coordination.ports import Notifier
from kit.problems import TooManyRequests
from kit.tasks import guarded

PER_PERSON_MAX = 4
"""One for each device that a person may have open at once."""
ALL_MAX = 2000
"""Each holds a connection and one subscription."""
LOOK_AGAIN_S = 5.0

News = TypeVar("News")


class Waiters:
    """One for the process."""

    def __init__(self, notifier: Notifier, look_again_s: float = LOOK_AGAIN_S) -> None:
        self._notifier = notifier
        self._look_again_s = look_again_s
        self._places: Counter[str] = Counter()
        self._publishing: set[asyncio.Task[None]] = set()

    async def wait(
        self,
        application_id: str,
        person_id: str,
        timeout_s: float,
        closing: asyncio.Event,
        look: Callable[[], Awaitable[Sequence[News]]],
    ) -> Sequence[News]:
        """What ``look`` finds as soon as it finds anything; nothing after ``timeout_s`` seconds or
        when the server is ``closing``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        with self._place(person_id):
            async with self._notifier.subscribe(_channel(application_id)) as messages:
                with _bell(messages, closing) as rung:
                    while True:
                        rung.clear()
                        news = await look()
                        left_s = until - loop.time()
                        if news or left_s <= 0 or closing.is_set():
                            return news
                        await _set_within(rung, min(left_s, self._look_again_s))

    def ring(self, application_id: str) -> None:
        """There is news; to be called after the commit."""
        task = guarded(self._publish(application_id), "publish application news")
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    async def _publish(self, application_id: str) -> None:
        await self._notifier.publish(_channel(application_id), application_id)

    @contextmanager
    def _place(self, person_id: str) -> Iterator[None]:
        if self._places[person_id] >= PER_PERSON_MAX or self._places.total() >= ALL_MAX:
            raise TooManyRequests(headers={"Retry-After": "5"})
        self._places[person_id] += 1
        try:
            yield
        finally:
            self._places[person_id] -= 1
            if not self._places[person_id]:
                del self._places[person_id]


def _channel(application_id: str) -> str:
    return f"application:{application_id}"


@contextmanager
def _bell(messages: AsyncIterator[str], closing: asyncio.Event) -> Iterator[asyncio.Event]:
    """An event that is set by every message and by the server's end."""
    rung = asyncio.Event()

    async def listen() -> None:
        async for _ in messages:
            rung.set()

    async def watch() -> None:
        await closing.wait()
        rung.set()

    tasks = [guarded(listen(), "application news"), guarded(watch(), "closing")]
    try:
        yield rung
    finally:
        for task in tasks:
            task.cancel()


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
