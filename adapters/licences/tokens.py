"""The service's access token: one refresher for all callers of all processes.

It lives two hours (``expires_in`` 7194 was seen). Processes share it through the cache; one of them
fetches it (lock), and in each process one caller does. Whether the service keeps an old token alive
when a new one is given out is not known: a token that is rejected is replaced once, by whatever
another process has fetched meanwhile or else by a fresh one.
"""

import asyncio
import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from adapters.errors import AdapterError, Unreachable
from adapters.http import Peer
from adapters.licences.documents import PEER, token_in
from adapters.licences.settings import LicenceSettings
from kit.clock import Clock
from kit.coordination.ports import Cache, Locks
from kit.ids import new_id
from kit.secrets import Secret

log = structlog.get_logger("adapters.licences")

MARGIN_S = 60
"""It is given up this long before its end, so that no question is on its way when it dies."""
JITTER_S = 60
"""Processes whose copies are equally old do not come for a new one in the same second."""
FETCH_S_MAX = 4.0
LOCK_TTL_S = 5.0
LOCK_WAIT_S = LOCK_TTL_S + FETCH_S_MAX + 1.0
"""A holder that died, and then somebody's whole fetch."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: Secret
    good_until: datetime

    def packed(self) -> bytes:
        return f"{int(self.good_until.timestamp())} {self.value.reveal()}".encode()

    @classmethod
    def unpacked(cls, packed: bytes) -> "AccessToken | None":
        until, _, value = packed.decode("ascii", "replace").partition(" ")
        if not until.isdigit() or not value:
            return None
        return cls(Secret(value), datetime.fromtimestamp(int(until), UTC))


class AccessTokens:
    """Raises the three adapter errors; an :class:`Unreachable` from here never reached the question
    itself, so ``may_have_acted`` is false."""

    def __init__(
        self, settings: LicenceSettings, peer: Peer, cache: Cache, locks: Locks, clock: Clock
    ) -> None:
        self._settings = settings
        self._peer = peer
        self._cache = cache
        self._locks = locks
        self._clock = clock
        self._name = f"licences:token:{settings.client_id}"
        self._held: AccessToken | None = None
        self._one_at_a_time = asyncio.Lock()
        self._fruitless = 0

    async def current(self) -> AccessToken:
        return self._own(None) or await self._renewed(None)

    async def instead_of(self, rejected: AccessToken) -> AccessToken:
        """Another token than the rejected one, if there is another to be had."""
        return self._own(rejected) or await self._renewed(rejected)

    def _own(self, rejected: AccessToken | None) -> AccessToken | None:
        return self._held if self._is_good(self._held, rejected) else None

    async def _usable(self, rejected: AccessToken | None) -> AccessToken | None:
        """The process's own copy first: the shared one would cost each call a round trip."""
        if own := self._own(rejected):
            return own
        packed = await self._cache.get(self._name)
        shared = AccessToken.unpacked(packed) if packed else None
        if not self._is_good(shared, rejected):
            return None
        self._held = shared
        return shared

    def _is_good(self, token: AccessToken | None, rejected: AccessToken | None) -> bool:
        if token is None or token.good_until <= self._clock.now():
            return False
        return rejected is None or token.value != rejected.value

    async def _renewed(self, rejected: AccessToken | None) -> AccessToken:
        fruitless_before = self._fruitless
        async with self._one_at_a_time:
            if usable := await self._usable(rejected):
                return usable
            if self._fruitless != fruitless_before:
                # A wrong secret or a silent peer is not tried again by each one who was waiting.
                raise Unreachable(PEER, "token_unavailable", may_have_acted=False)
            async with self._locks.hold(self._name, LOCK_TTL_S, LOCK_WAIT_S):
                # Held or not: whoever had it may have left a token; if not, a lock only saves work.
                return await self._usable(rejected) or await self._fetched()

    async def _fetched(self) -> AccessToken:
        try:
            value, life_s = token_in(await self._ask())
        except AdapterError as error:
            self._fruitless += 1
            if isinstance(error, Unreachable):
                error.may_have_acted = False
            raise
        kept_s = max(life_s - MARGIN_S - secrets.randbelow(JITTER_S), min(30, life_s // 2))
        token = AccessToken(Secret(value), self._clock.now() + timedelta(seconds=kept_s))
        self._held = token
        await self._cache.put(self._name, token.packed(), float(kept_s))
        log.info("licences_token_renewed", good_until=token.good_until.isoformat())
        return token

    async def _ask(self) -> tuple[int, bytes]:
        own = f"{self._settings.client_id}:{self._settings.client_secret.reveal()}"
        reply = await self._peer.request(
            "GET",
            self._settings.token_path,
            headers={
                "Apikey": self._settings.api_key.reveal(),
                "Authorization": f"Basic {base64.b64encode(own.encode()).decode()}",
                "X-BizId": new_id(),
            },
        )
        return reply.status, reply.body
