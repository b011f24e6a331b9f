"""The same over Redis, for many replicas; made so that a lost Redis costs next to nothing.

A refused connection fails at once, but a black-holed one (a stopped process, a dropped packet)
would cost every request its time-out. So the first failure opens a short circuit: for a moment
nobody asks, then one caller tries for all. What to answer instead is each port's own matter.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import SystemRandom
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from kit.clock import Moved, not_moved
from kit.coordination.memory import MemoryRateLimits, Subscribers, verdict_of
from kit.coordination.ports import Coordination, Quota, Verdict
from kit.ids import new_token
from kit.retry import RetrySchedule
from kit.tasks import TaskCrew

log = structlog.get_logger("kit.coordination")

T = TypeVar("T")

COMMAND_S = 0.2
PAUSE_S = 2.0
CONNECTIONS_MAX = 64

_WAKE = "bff:wake:"

_COMPARE_AND_DELETE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
"""

# As MemoryRateLimits.hit, in microseconds of the server's clock: replicas' clocks differ. The last
# argument is by how many of them the mock's clock was moved. A key's life is that of its debt if
# the clock is not moved again; when it is, the key only outlives what it says.
_HIT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2]) + tonumber(ARGV[#ARGV])
local allowed, debts, refused = {}, {}, false
for n, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1])
  debts[n] = math.max(0, tonumber(redis.call('GET', key) or now) - now)
  allowed[n] = 1
  if (window - debts[n]) * limit / window + 0.001 < tonumber(ARGV[3 * n]) then
    allowed[n], refused = 0, true
  end
end
local answer = {}
for n, key in ipairs(KEYS) do
  if not refused then
    debts[n] = debts[n] + ARGV[3 * n] * ARGV[3 * n - 1] / ARGV[3 * n - 2]
    local free_at = string.format('%.0f', now + debts[n])
    redis.call('SET', key, free_at, 'PX', math.ceil(debts[n] / 1000))
  end
  answer[2 * n - 1], answer[2 * n] = allowed[n], math.ceil(debts[n])
end
return answer
"""


class RedisLostError(Exception):
    """Redis did not answer, or was not asked because it did not a moment ago."""


class RedisLink:
    """The way to Redis with its short circuit. No command takes longer than ``command_s``."""

    def __init__(
        self, client: Redis, command_s: float = COMMAND_S, pause_s: float = PAUSE_S
    ) -> None:
        self.client = client
        self.command_s = command_s
        self.pause_s = pause_s
        self._lost_since: float | None = None
        self._nobody_asks_until = 0.0
        self._skipped = 0

    async def ask(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        """The command's answer; raises :class:`RedisLostError` and nothing else."""
        now = time.monotonic()
        if now < self._nobody_asks_until:
            self._skipped += 1
            raise RedisLostError
        if self._lost_since is not None:
            self._nobody_asks_until = now + self.pause_s
        try:
            async with asyncio.timeout(self.command_s):
                answer = await command(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            raise RedisLostError from error
        self._found()
        return answer

    def _lost(self, error: Exception) -> None:
        now = time.monotonic()
        self._nobody_asks_until = now + self.pause_s
        self._skipped += 1
        if self._lost_since is None:
            self._lost_since = now
            log.warning("redis_lost", error=type(error).__qualname__)

    def _found(self) -> None:
        if self._lost_since is None:
            return
        log.warning(
            "redis_found_again",
            lost_s=round(time.monotonic() - self._lost_since, 1),
            commands_skipped=self._skipped,
        )
        self._lost_since = None
        self._nobody_asks_until = 0.0
        self._skipped = 0


class RedisCache:
    """Bounded by Redis' own ``maxmemory``. While Redis is lost every value is simply not there."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def get(self, key: str) -> bytes | None:
        try:
            value = await self._link.ask(lambda redis: redis.get(_cache_key(key)))
        except RedisLostError:
            return None
        return value if isinstance(value, bytes) else None

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        milliseconds = _milliseconds(ttl_s)
        try:
            await self._link.ask(lambda redis: redis.set(_cache_key(key), value, px=milliseconds))
        except RedisLostError:
            return

    async def drop(self, key: str) -> None:
        try:
            await self._link.ask(lambda redis: redis.delete(_cache_key(key)))
        except RedisLostError:
            return


class RedisLocks:
    """A random token under the lock's name, removed only by who put it there."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._release = link.client.register_script(_COMPARE_AND_DELETE)
        self._polls = RetrySchedule(first_s=0.01, cap_s=0.25, attempts_max=None)
        self._random = SystemRandom()

    @asynccontextmanager
    async def hold(self, name: str, ttl_s: float, wait_s: float) -> AsyncIterator[bool]:
        key = f"bff:lock:{name}"
        token = new_token(16)
        try:
            held = await self._take(key, token, ttl_s, time.monotonic() + wait_s)
        except RedisLostError:
            held = True
        try:
            yield held
        finally:
            # Also after a loss: the answer may have been lost and not the command.
            if held:
                await self._give_back(key, token)

    async def _take(self, key: str, token: str, ttl_s: float, until: float) -> bool:
        polls = 0
        while True:
            won = await self._link.ask(
                lambda redis: redis.set(key, token, nx=True, px=_milliseconds(ttl_s))
            )
            if won:
                return True
            left_s = until - time.monotonic()
            if left_s <= 0:
                return False
            polls += 1
            await asyncio.sleep(min(left_s, self._polls.delay(polls, self._random)))

    async def _give_back(self, key: str, token: str) -> None:
        try:
            await self._link.ask(lambda _: self._release(keys=[key], args=[token]))
        except RedisLostError:
            return


class RedisRateLimits:
    """One atomic round trip for all quotas of a call; while Redis is lost each process counts for
    itself."""

    def __init__(self, link: RedisLink, moved: Moved = not_moved) -> None:
        self._link = link
        self._hit = link.client.register_script(_HIT)
        self._alone = MemoryRateLimits(moved=moved)
        self._moved = moved
        # Kept apart: whose clock is not moved would take the others' for debts of days.
        self._prefix = "bff:limit:" if moved is not_moved else "bff:limit-moved:"

    async def hit(self, *quotas: Quota) -> tuple[Verdict, ...]:
        if not quotas[0].shared:
            return await self._alone.hit(*quotas)
        keys = [f"{self._prefix}{quota.name}" for quota in quotas]
        sizes = [
            size
            for quota in quotas
            for size in (quota.limit, quota.window_s * 1_000_000, quota.hits)
        ]
        try:
            args = [*sizes, round(self._moved() * 1_000_000)]
            told: list[int] = await self._link.ask(lambda _: self._hit(keys=keys, args=args))
        except RedisLostError:
            return await self._hit_without_redis(quotas)
        return tuple(
            verdict_of(bool(told[2 * place]), told[2 * place + 1] / 1_000_000, quota)
            for place, quota in enumerate(quotas)
        )

    async def _hit_without_redis(self, quotas: tuple[Quota, ...]) -> tuple[Verdict, ...]:
        if all(quota.fail_open for quota in quotas):
            return await self._alone.hit(*quotas)
        return tuple(
            verdict_of(allowed=True, debt_s=0.0, quota=quota)
            if quota.fail_open
            else Verdict(
                allowed=False, limit=quota.limit, remaining=0, more_after_s=self._link.pause_s
            )
            for quota in quotas
        )


class RedisNotifier:
    """One listening connection a process, however many listeners it has inside.

    It takes all wake-ups of all channels (they are a few bytes each) and hands them out, so that
    subscribing costs nothing and cannot fail. What this process publishes reaches its own listeners
    directly, with Redis or without.
    """

    def __init__(self, link: RedisLink, ping_after_s: float = 5.0) -> None:
        """A connection quiet for ``ping_after_s`` seconds is pinged: a dead one is quiet, too."""
        self._link = link
        self._ping_after_s = ping_after_s
        self._subscribers = Subscribers()
        self._origin = new_token(9)
        self._crew: TaskCrew | None = None
        self._listening = asyncio.Event()
        self._gap = False
        self._reconnects = RetrySchedule(first_s=0.1, cap_s=5.0, attempts_max=None)

    async def publish(self, channel: str, message: str) -> None:
        self._subscribers.deliver(channel, message)
        signed = f"{self._origin} {message}"
        try:
            await self._link.ask(lambda redis: redis.publish(_WAKE + channel, signed))
        except RedisLostError:
            return

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        async with self._subscribers.listening(channel) as messages:
            if self._crew is None:
                self._crew = TaskCrew()
                self._crew.start("redis-notifier", self._listen_for_ever)
            if not self._listening.is_set() and not self._gap:
                await self._wait_for_first_connection()
            yield messages

    async def close(self) -> None:
        if self._crew is not None:
            await self._crew.stop(deadline_s=1.0)

    async def _wait_for_first_connection(self) -> None:
        try:
            async with asyncio.timeout(self._link.command_s):
                await self._listening.wait()
        except TimeoutError:
            self._gap = True

    async def _listen_for_ever(self) -> None:
        random = SystemRandom()
        failures = 0
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                if self._listening.is_set() or failures == 0:
                    failures = 0
                    log.warning("notifier_lost", error=type(error).__qualname__)
            finally:
                self._listening.clear()
                self._gap = True
            failures += 1
            await asyncio.sleep(self._reconnects.delay(failures, random))

    async def _listen(self) -> None:
        async with self._link.client.pubsub() as wakes:
            async with asyncio.timeout(self._link.command_s):
                await wakes.psubscribe(_WAKE + "*")
                await wakes.parse_response()
            self._listening.set()
            if self._gap:
                self._gap = False
                self._subscribers.wake_all()
            while True:
                arrived = await _next(wakes, self._ping_after_s)
                if arrived is None:
                    await wakes.ping()
                    arrived = await _next(wakes, self._link.command_s)
                    if arrived is None:
                        raise TimeoutError
                self._hand_out(*arrived)

    def _hand_out(self, channel: str, signed: str) -> None:
        origin, _, message = signed.partition(" ")
        if channel and origin != self._origin:
            self._subscribers.deliver(channel.removeprefix(_WAKE), message)


async def _next(wakes: PubSub, timeout_s: float) -> tuple[str, str] | None:
    """Channel and text of what came, both empty for a sign of life, None for silence."""
    message = await wakes.get_message(timeout=timeout_s)
    if message is None:
        return None
    if message["type"] != "pmessage":
        return "", ""
    return _text(message["channel"]), _text(message["data"])


def redis_coordination(
    redis_url: str,
    command_s: float = COMMAND_S,
    pause_s: float = PAUSE_S,
    moved: Moved = not_moved,
) -> Coordination:
    """Opens nothing yet. A lost Redis costs ``command_s`` once in ``pause_s`` seconds."""
    pool = BlockingConnectionPool.from_url(
        redis_url,
        max_connections=CONNECTIONS_MAX,
        timeout=command_s,
        socket_connect_timeout=command_s,
        socket_timeout=command_s,
        retry=Retry(NoBackoff(), 0),
        # With protocol 3, redis-py listens for maintenance notices and therefore no longer notices
        # that a pooled connection was closed: after a restart each would fail once.
        protocol=2,
    )
    return coordination_over(RedisLink(Redis.from_pool(pool), command_s, pause_s), moved)


def coordination_over(link: RedisLink, moved: Moved = not_moved) -> Coordination:
    """The link is closed with the rest."""
    notifier = RedisNotifier(link)

    async def close() -> None:
        await notifier.close()
        await link.client.aclose()

    async def check() -> bool:
        try:
            return bool(await link.ask(lambda redis: redis.ping()))
        except RedisLostError:
            return False

    return Coordination(
        cache=RedisCache(link),
        locks=RedisLocks(link),
        notifier=notifier,
        rate_limits=RedisRateLimits(link, moved),
        closing=close,
        checking=check,
    )


def _cache_key(key: str) -> str:
    return f"bff:cache:{key}"


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _text(raw: bytes) -> str:
    # Anybody may publish; what is no text is nothing for us, but must not end the listening.
    return raw.decode(errors="replace")
