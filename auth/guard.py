"""Who may call a route: the access rules that ``@describe`` takes."""

from typing import ClassVar

from sanic import Request

from auth.admission import Admission
from auth.citizen import Citizen, Filler
from auth.handed_over import TOKEN_MARK, HandedOver
from auth.problems import (
    AccessTokenExpired,
    AccessTokenInvalid,
    IdentityCheckRequired,
    LoginRequired,
    SessionEnded,
    TerminalNotAuthentic,
)
from auth.service import PeopleService
from auth.terminals import CallingTerminal, Terminals
from kit.describe import AccessRule, Caller, provided
from kit.problems import Problem


class Stranger:
    """Somebody who did not say who he is; counted by address, which is looked up only if needed."""

    __slots__ = ("_kind", "_request")

    def __init__(self, kind: str, request: Request) -> None:
        self._kind = kind
        self._request = request

    @property
    def key(self) -> str:
        return f"{self._kind}:{self._request.client_ip}"

    @property
    def sender(self) -> str:
        return self.key


class _Public(AccessRule):
    """Anybody."""

    name = "public"

    async def admit(self, request: Request) -> Stranger:
        return Stranger("address", request)


class _Peers(AccessRule):
    """Outside systems. They prove who they are in their own way, to the route's handler."""

    name = "peers"

    async def admit(self, request: Request) -> Stranger:
        return Stranger("peer", request)


class _Citizens(AccessRule):
    """Whoever signed in."""

    name = "citizens"
    needs_token = True
    problems: ClassVar[tuple[type[Problem], ...]] = (
        LoginRequired,
        AccessTokenInvalid,
        AccessTokenExpired,
        SessionEnded,
    )

    async def admit(self, request: Request) -> Citizen:
        return await provided(request, Admission).admit(_token(request))


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise LoginRequired
    return token


class _Fillers(AccessRule):
    """Whoever signed in, and whoever sits at a terminal where a person handed a draft over. Which
    drafts are open to them the handler asks."""

    name = "fillers"
    needs_token = True
    problems = _Citizens.problems

    async def admit(self, request: Request) -> Filler:
        token = _token(request)
        if token.startswith(TOKEN_MARK):
            handed_over = provided(request, HandedOver)  # type: ignore[type-abstract]
            return await handed_over.admit(token)
        return await provided(request, Admission).admit(token)


class _Terminals(AccessRule):
    """Configured counters and kiosks, which prove each request (auth/terminals.py)."""

    name = "terminals"
    problems: ClassVar[tuple[type[Problem], ...]] = (TerminalNotAuthentic,)

    async def admit(self, request: Request) -> CallingTerminal:
        query = request.query_string
        target = f"{request.path}?{query}" if query else request.path
        terminals = provided(request, Terminals)
        return await terminals.admit(request.method, target, request.headers, request.body)


class _VerifiedCitizens(_Citizens):
    """Whoever signed in and proved a moment ago to be who he is; read anew at each call. Whoever
    only lost the answer to what he did hears it again without proving it once more."""

    name = "verified_citizens"
    problems: ClassVar[tuple[type[Problem], ...]] = (*_Citizens.problems, IdentityCheckRequired)

    async def confirm(self, request: Request, caller: Caller) -> None:
        if not await provided(request, PeopleService).was_checked_just_now(caller.key):
            raise IdentityCheckRequired


class _NamedCitizens(_Citizens):
    """Whoever signed in and at some time said who he is; whether by showing himself or by a name
    that belongs to the number."""

    name = "named_citizens"
    problems: ClassVar[tuple[type[Problem], ...]] = (*_Citizens.problems, IdentityCheckRequired)

    async def confirm(self, request: Request, caller: Caller) -> None:
        profile = await provided(request, PeopleService).profile(caller.key)
        if profile.assurance not in {"real_name", "real_person"}:
            raise IdentityCheckRequired


class _CitizensCheckedIfProven(_VerifiedCitizens):
    """Whoever signed in; and who once proved who he is has to have done so a moment ago, because
    what he asks for shows all that is known of him. A stranger has nothing to prove it with."""

    name = "citizens_checked_if_proven"

    async def confirm(self, request: Request, caller: Caller) -> None:
        profile = await provided(request, PeopleService).profile(caller.key)
        if profile.assurance == "real_person":
            await super().confirm(request, caller)


PUBLIC = _Public()
CITIZENS = _Citizens()
FILLERS = _Fillers()
TERMINALS = _Terminals()
VERIFIED_CITIZENS = _VerifiedCitizens()
NAMED_CITIZENS = _NamedCitizens()
CITIZENS_CHECKED_IF_PROVEN = _CitizensCheckedIfProven()
PEERS = _Peers()
