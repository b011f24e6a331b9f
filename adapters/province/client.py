"""The real client of the provincial one-window system."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from adapters.errors import Misconfigured, Refused, Unreachable
from adapters.http import Peer, Reply
from adapters.province import wire
from adapters.province.port import Filing, Receipt
from adapters.province.settings import ProvinceSettings
from kit.clock import Clock

log = structlog.get_logger("adapters.province")

# The peer's tokens live two hours; ours are given back a little earlier, so that none dies on
# the way there.
TOKEN_USED_FOR = timedelta(hours=1, minutes=55)
NO_SUCH_SERIAL = "0" * 32
WRONGLY_ADDRESSED = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405})


class ProvinceClient:
    """The calls of ``OneWindow`` to the real peer; all but ``submit`` are safe to repeat."""

    def __init__(self, peer: Peer, settings: ProvinceSettings, clock: Clock) -> None:
        self._peer = peer
        self._settings = settings
        self._tokens = _Tokens(peer, settings, clock)

    async def submit(self, filing: Filing) -> Receipt:
        def body(token: str) -> dict[str, Any]:
            return wire.submit_request(token, filing, self._settings)

        answer = await self._ask(wire.SUBMIT_PATH, body)
        if answer.outcome == "package_missing":
            raise Refused(self._peer.name, "package_missing", answer.text)
        if answer.outcome == "refused":
            raise Refused(self._peer.name, "refused", answer.text)
        if answer.outcome != "known":
            raise Unreachable(self._peer.name, "no_case_number")
        return Receipt(answer.upstream_no)

    async def look_up(self, serial_no: str) -> Receipt | None:
        def body(token: str) -> dict[str, Any]:
            return wire.query_request(token, serial_no)

        answer = await self._ask(wire.QUERY_PATH, body)
        if answer.outcome == "known":
            return Receipt(answer.upstream_no)
        if answer.outcome == "absent":
            return None
        raise Refused(self._peer.name, "query_refused", answer.text)

    async def check(self) -> None:
        await self.look_up(NO_SUCH_SERIAL)

    async def _ask(self, path: str, body: Callable[[str], dict[str, Any]]) -> wire.Answer:
        """One call, and one more when the peer no longer knows our token: it did nothing then."""
        token = await self._tokens.current()
        answer = await self._call(path, body(token))
        if answer.outcome != "token_refused":
            return answer
        log.info("province_token_refused", path=path)
        token = await self._tokens.instead_of(token)
        answer = await self._call(path, body(token))
        if answer.outcome == "token_refused":
            raise Misconfigured(self._peer.name, "token_refused_twice")
        return answer

    async def _call(self, path: str, body: dict[str, Any]) -> wire.Answer:
        reply = await self._peer.request("POST", path, json=body)
        _check_status(self._peer, reply)
        try:
            return wire.read_answer(reply.body)
        except wire.NotUnderstoodAnswer as error:
            raise Unreachable(self._peer.name, error.code, error.text) from error


class _Tokens:
    """The token of this process: one fetch at a time, however many calls wait for it."""

    def __init__(self, peer: Peer, settings: ProvinceSettings, clock: Clock) -> None:
        self._peer = peer
        self._settings = settings
        self._clock = clock
        self._one_fetch = asyncio.Lock()
        self._token = ""
        self._used_until: datetime | None = None

    async def current(self) -> str:
        if self._is_fresh():
            return self._token
        async with self._one_fetch:
            if not self._is_fresh():
                await self._fetch()
            return self._token

    async def instead_of(self, refused: str) -> str:
        """A token other than the refused one, which another call may have replaced already."""
        async with self._one_fetch:
            if self._token == refused or not self._is_fresh():
                await self._fetch()
            return self._token

    def _is_fresh(self) -> bool:
        return self._used_until is not None and self._clock.now() < self._used_until

    async def _fetch(self) -> None:
        self._used_until = None
        token = await self._request() or await self._request()
        if token is None:
            raise Misconfigured(self._peer.name, "token_denied")
        self._token = token
        self._used_until = self._clock.now() + TOKEN_USED_FOR

    async def _request(self) -> str | None:
        """Asked twice before it counts as our mistake: the peer says the same for a hiccup."""
        headers = wire.token_headers(
            self._settings.app_key.reveal(), self._clock.now(), secrets.token_hex(5)
        )
        try:
            reply = await self._peer.request("POST", self._settings.token_path, headers=headers)
            _check_status(self._peer, reply)
            return wire.read_token(reply.body)
        except Unreachable as error:
            # Nothing was filed yet, whatever became of the request for a token.
            raise Unreachable(
                error.peer,
                error.code,
                error.reason,
                may_have_acted=False,
                retry_after_s=error.retry_after_s,
            ) from error
        except wire.NotUnderstoodAnswer as error:
            raise Unreachable(self._peer.name, error.code, may_have_acted=False) from error


def _check_status(peer: Peer, reply: Reply) -> None:
    if reply.status == 429:
        raise Unreachable(peer.name, "too_many_calls", may_have_acted=False, retry_after_s=60)
    if reply.status in WRONGLY_ADDRESSED:
        raise Misconfigured(peer.name, f"status_{reply.status}")
