"""A long poll answers at once when there is news, in the end when there is none, never late."""

import asyncio

import pytest

from kit.coordination.memory import MemoryNotifier
from kit.problems import TooManyRequests
from miniprogram_api.applications.waiting import PER_PERSON_MAX, Waiters

APPLICATION, PERSON = "a" * 32, "p" * 32


class Shelf:
    """Where the news lie that a wait looks for."""

    def __init__(self) -> None:
        self.news: list[int] = []
        self.looked = asyncio.Event()

    async def look(self) -> list[int]:
        self.looked.set()
        return self.news


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def waiters() -> Waiters:
    return Waiters(MemoryNotifier())


async def started(waiters: Waiters, shelf: Shelf, timeout_s: float, closing: asyncio.Event):
    task = asyncio.create_task(waiters.wait(APPLICATION, PERSON, timeout_s, closing, shelf.look))
    await shelf.looked.wait()
    return task


async def test_news_that_are_there_are_given_at_once(waiters: Waiters, shelf: Shelf):
    shelf.news = [1]
    async with asyncio.timeout(1):
        assert await waiters.wait(APPLICATION, PERSON, 25, asyncio.Event(), shelf.look) == [1]


async def test_a_ring_wakes_the_wait(waiters: Waiters, shelf: Shelf):
    task = await started(waiters, shelf, 25, asyncio.Event())
    shelf.news = [1]
    waiters.ring(APPLICATION)
    async with asyncio.timeout(1):
        assert await task == [1]


async def test_nothing_is_an_answer_too(waiters: Waiters, shelf: Shelf):
    async with asyncio.timeout(1):
        assert await waiters.wait(APPLICATION, PERSON, 0.01, asyncio.Event(), shelf.look) == []


async def test_the_servers_end_is_the_end_of_every_wait(waiters: Waiters, shelf: Shelf):
    closing = asyncio.Event()
    task = await started(waiters, shelf, 25, closing)
    closing.set()
    async with asyncio.timeout(1):
        assert await task == []


async def test_a_lost_message_costs_a_few_seconds_and_not_the_news(shelf: Shelf):
    deaf = Waiters(MemoryNotifier(), look_again_s=0.01)
    task = await started(deaf, shelf, 25, asyncio.Event())
    shelf.news = [1]
    async with asyncio.timeout(1):
        assert await task == [1]


async def test_one_person_cannot_take_all_places(waiters: Waiters, shelf: Shelf):
    closing = asyncio.Event()
    tasks = [await started(waiters, Shelf(), 25, closing) for _ in range(PER_PERSON_MAX)]
    with pytest.raises(TooManyRequests):
        await waiters.wait(APPLICATION, PERSON, 25, closing, shelf.look)
    other = await waiters.wait(APPLICATION, "q" * 32, 0, closing, shelf.look)
    closing.set()
    await asyncio.gather(*tasks)
    assert other == []
    assert await waiters.wait(APPLICATION, PERSON, 0, closing, shelf.look) == []
