"""The access token: one refresher for all callers of all processes.

``stable_token`` gives everybody the same token until five minutes before its end, then a new one
while the old one still works; so a token is kept for its life less those five minutes. Processes
share it through the cache; one of them fetches it (lock), and in each process one caller does: the
others wait for that one without asking the cache, which a thousand questions at once would choke.

Three times in a row keep it at one fetch when the holder of the lock dies in the middle of it: the
fetch ends before the lock does, and the lock before those who wait for it lose patience.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from adapters.errors import AdapterError, Unreachable
from adapters.http import Peer
from adapters.wechat.answers import TokenAnswer
from adapters.wechat.errors import PEER, failure, rid_of
from adapters.wechat.settings import WeChatSettings
from kit.clock import Clock
from kit.coordination.ports import Cache, Locks
from kit.secrets import Secret

log = structlog.get_logger("adapters.wechat")

OVERLAP_S = 300
"""The old and the new token both work for the last five minutes of the old one."""
JITTER_S = 120
"""Processes whose copies are equally old do not come for a new one in the same second."""
FETCH_S_MAX = 4.0
LOCK_TTL_S = 5.0
"""A fetch, and keeping what it brought."""
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
    """Raises the three adapter errors; an :class:`Unreachable` from here never reached the business
    call, so ``may_have_acted`` is false. No call of ``peer`` may take longer than
    ``FETCH_S_MAX``."""

    def __init__(
        self, settings: WeChatSettings, peer: Peer, cache: Cache, locks: Locks, clock: Clock
    ) -> None:
        self._settings = settings
        self._peer = peer
        self._cache = cache
        self._locks = locks
        self._clock = clock
        self._name = f"wechat:token:{settings.app_id}"
        self._held: AccessToken | None = None
        self._one_at_a_time = asyncio.Lock()
        self._fruitless = 0

    async def current(self) -> AccessToken:
        return self._own(None) or await self._renewed(None)

    async def instead_of(self, rejected: AccessToken) -> AccessToken:
        """Another token than the rejected one: what others fetched meanwhile, else a fresh one."""
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
                return await self._usable(rejected) or await self._fetched(rejected)

    async def _fetched(self, rejected: AccessToken | None) -> AccessToken:
        try:
            answer = await self._ask()
        except AdapterError as error:
            self._fruitless += 1
            if isinstance(error, Unreachable):
                error.may_have_acted = False
            raise
        token = AccessToken(
            Secret(answer.access_token), self._clock.now() + timedelta(seconds=_life_s(answer))
        )
        if rejected is not None and token.value == rejected.value:
            # The peer calls it current and rejects it all the same: asking again cannot help.
            self._fruitless += 1
            return token
        self._held = token
        await self._cache.put(self._name, token.packed(), float(_life_s(answer)))
        log.info("wechat_token_renewed", good_until=token.good_until.isoformat())
        return token

    async def _ask(self) -> TokenAnswer:
        reply = await self._peer.request(
            "POST",
            "/cgi-bin/stable_token",
            json={
                "grant_type": "client_credential",
                "appid": self._settings.app_id,
                "secret": self._settings.app_secret.reveal(),
                "force_refresh": False,
            },
        )
        try:
            answer = msgspec.json.decode(reply.body, type=TokenAnswer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreachable(PEER, "broken_answer") from error
        if not answer.ok:
            log.warning("wechat_token_refused", errcode=answer.errcode, rid=rid_of(answer.errmsg))
            raise failure(answer.errcode or 0, answer.errmsg, self._clock.now())
        if not answer.access_token or answer.expires_in <= 0:
            raise Unreachable(PEER, "broken_answer")
        return answer


def _life_s(answer: TokenAnswer) -> int:
    """How long to keep it. Shorter than the overlap happens just before a change of token: then a
    short life brings the new one soon."""
    kept_s = answer.expires_in - OVERLAP_S - secrets.randbelow(JITTER_S)
    return max(kept_s, min(30, answer.expires_in // 2))
