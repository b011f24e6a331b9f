"""The question to the business-licence data service: a token first, then one company."""

from functools import partial

from adapters.access_tokens import FETCH_S_MAX, AccessToken, SharedTokens
from adapters.errors import Misconfigured, Unreachable
from adapters.http import HTTPClients, PeerLimits
from adapters.licences.documents import PEER, TokenRejected, company_in
from adapters.licences.port import RegisteredCompany
from adapters.licences.settings import LicenceSettings
from adapters.licences.tokens import MARGINS, fetch_token
from kit.clock import Clock
from kit.coordination.ports import Cache, Locks

LIMITS = PeerLimits(connect_s=2.0, total_s=FETCH_S_MAX, concurrency=8)
"""Somebody waits for the form that this fills in; it is asked again later all the same."""
PASSING = frozenset({"broken_answer", "no_connection"})
"""Told at once, and mostly right the next time. A slow peer is not asked again: somebody waits."""


class LicenceClient:
    """Implements :class:`adapters.licences.port.LicenceRegister`."""

    def __init__(
        self,
        settings: LicenceSettings,
        http: HTTPClients,
        cache: Cache,
        locks: Locks,
        clock: Clock,
        limits: PeerLimits = LIMITS,
    ) -> None:
        if limits.total_s > FETCH_S_MAX:
            raise ValueError("a call outlives the lock under which a token is fetched")
        self._settings = settings
        self._peer = http.peer(PEER, settings.base_url, limits)
        fetch = partial(fetch_token, settings, self._peer)
        self._tokens = SharedTokens(PEER, settings.client_id, fetch, MARGINS, cache, locks, clock)

    async def licence(self, uscc: str) -> RegisteredCompany:
        token = await self._tokens.current()
        try:
            return await self._ask(uscc, token)
        except TokenRejected:
            token = await self._tokens.instead_of(token)
        try:
            return await self._ask(uscc, token)
        except TokenRejected as error:
            raise Misconfigured(PEER, "token_rejected") from error

    async def _ask(self, uscc: str, token: AccessToken) -> RegisteredCompany:
        """Once more when it costs the waiting person nothing: a question changes nothing."""
        try:
            return await self._asked(uscc, token)
        except Unreachable as failed:
            if failed.code not in PASSING:
                raise
        return await self._asked(uscc, token)

    async def _asked(self, uscc: str, token: AccessToken) -> RegisteredCompany:
        reply = await self._peer.request(
            "POST",
            self._settings.query_path,
            form={"q": uscc},
            headers={"Authorization": f"Bearer {token.value.reveal()}"},
        )
        return company_in((reply.status, reply.body), uscc)
