"""The in-process stand-in stays small whatever is thrown at it."""

from hypothesis import given
from hypothesis import strategies as st

from kit.coordination.memory import MemoryCache, MemoryRateLimits
from kit.coordination.ports import Quota


class HandMovedTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestCacheBounds:
    async def test_the_value_used_longest_ago_makes_room(self):
        cache = MemoryCache(entries_max=2)
        await cache.put("a", b"1", ttl_s=60)
        await cache.put("b", b"2", ttl_s=60)
        await cache.get("a")
        await cache.put("c", b"3", ttl_s=60)
        assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]

    async def test_bytes_are_bounded(self):
        cache = MemoryCache(bytes_max=10)
        await cache.put("a", b"123456", ttl_s=60)
        await cache.put("b", b"123456", ttl_s=60)
        assert [await cache.get(key) for key in "ab"] == [None, b"123456"]

    async def test_a_value_larger_than_the_cache_is_not_kept_and_drives_nobody_out(self):
        cache = MemoryCache(bytes_max=10)
        await cache.put("a", b"123", ttl_s=60)
        await cache.put("b", b"x" * 11, ttl_s=60)
        assert [await cache.get(key) for key in "ab"] == [b"123", None]

    async def test_replaced_dropped_and_outdated_values_free_their_bytes(self):
        time = HandMovedTime()
        cache = MemoryCache(bytes_max=10, monotonic=time)
        await cache.put("a", b"12345", ttl_s=60)
        await cache.put("a", b"1234567890", ttl_s=60)
        await cache.drop("a")
        await cache.put("b", b"1234567890", ttl_s=1)
        time.now += 1
        assert await cache.get("b") is None
        await cache.put("c", b"12345", ttl_s=60)
        await cache.put("d", b"12345", ttl_s=60)
        assert [await cache.get(key) for key in "cd"] == [b"12345", b"12345"]


class TestRateLimits:
    async def test_many_names_do_not_fill_the_memory(self):
        limits = MemoryRateLimits(names_max=100)
        for number in range(1000):
            await limits.hit(Quota(f"address-{number}", 5, 60))
        assert len(limits._free_at) == 100

    @given(
        limit=st.integers(1, 1000),
        window_s=st.integers(1, 86400),
        waits=st.lists(st.floats(0, 200), max_size=60),
    )
    async def test_one_more_is_let_in_after_the_told_time_and_not_before(
        self, limit: int, window_s: int, waits: list[float]
    ):
        time = HandMovedTime()
        limits = MemoryRateLimits(monotonic=time)
        quota = Quota("name", limit, window_s)
        for wait_s in waits:
            time.now += wait_s
            (verdict,) = await limits.hit(quota)
            a_little_s = window_s / limit * 0.005  # more than the limiter forgives
            for _ in range(verdict.remaining):
                await limits.hit(quota)
            if verdict.more_after_s > a_little_s:
                time.now += verdict.more_after_s - a_little_s
                assert not (await limits.hit(quota))[0].allowed
                time.now += a_little_s
                assert (await limits.hit(quota))[0].allowed

    @given(
        limit=st.integers(1, 50),
        window_s=st.integers(1, 600),
        waits=st.lists(st.floats(0, 100), max_size=200),
    )
    async def test_never_more_than_the_burst_and_the_refill(
        self, limit: int, window_s: int, waits: list[float]
    ):
        time = HandMovedTime()
        limits = MemoryRateLimits(monotonic=time)
        started = time.now
        allowed = 0
        for wait_s in waits:
            time.now += wait_s
            (verdict,) = await limits.hit(Quota("name", limit, window_s))
            allowed += verdict.allowed
            assert allowed <= limit + (time.now - started) * limit / window_s + 0.01
            assert 0 <= verdict.remaining <= limit

    @given(
        sizes=st.lists(st.tuples(st.integers(5, 20), st.integers(1, 600)), min_size=1, max_size=4),
        waits=st.lists(st.floats(0, 60), max_size=60),
        hits=st.integers(1, 5),
    )
    async def test_whoever_waits_as_long_as_the_refusing_ones_say_is_let_in_by_all(
        self, sizes: list[tuple[int, int]], waits: list[float], hits: int
    ):
        time = HandMovedTime()
        limits = MemoryRateLimits(monotonic=time)
        quotas = [
            Quota(str(n), limit, window_s, hits=hits) for n, (limit, window_s) in enumerate(sizes)
        ]
        for wait_s in waits:
            time.now += wait_s
            verdicts = await limits.hit(*quotas)
            refusing = [verdict for verdict in verdicts if not verdict.allowed]
            if refusing:
                time.now += max(verdict.more_after_s for verdict in refusing)
                assert all(verdict.allowed for verdict in await limits.hit(*quotas))
