"""What persons are in companies: asked of outside registers, kept, and asked again in time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

import msgspec
import structlog

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from auth.access_log import AccessLogService, Who
from auth.models import COMPANY_NAME_LENGTH, CompanyRole
from kit.clock import Clock
from kit.codes import InvalidCode, read_credit_code
from kit.coordination.ports import Cache, Locks
from kit.database.unit import unit_of_work, until_committed
from kit.ids import new_id
from kit.problems import TemporarilyUnavailable

log = structlog.get_logger("auth")

Role = Literal["agent", "administrator", "legal_person"]
"""经办人, 管理员, 法人: the weakest first."""
RANKS: Mapping[str, int] = {role: rank for rank, role in enumerate(get_args(Role))}

FRESH = timedelta(hours=24)
"""After this a look at one's companies asks the registers again."""
HOLDS = timedelta(days=30)
"""How long nobody need say again that somebody holds a role. Our own figure, confidence low: no
rule was found; legal persons change seldom, and a month bounds the harm of a change not seen."""
ASK_EVERY = timedelta(minutes=1)
COMPANIES_MAX = 200
"""Of one person; what a register names beyond that is not kept, the weakest roles first."""
ASKING_S_MAX = 8.0
LOCK_TTL_S = 10.0
LOCK_WAIT_S = 9.0
"""The whole asking of whoever came first."""


@dataclass(frozen=True, slots=True)
class FoundRole:
    """What a source says a person is in a company."""

    uscc: str
    company_name: str
    role: Role


class CompanySource(Protocol):
    """A register outside that knows of which companies somebody is what.

    ``name`` is kept with each role (at most 16 letters), ``who`` is the register's word in the
    access log.
    """

    name: str
    who: Who

    async def can_be_asked(self, person_id: str) -> bool:
        """Whether we have what it takes to ask about this person; asks nobody."""
        ...

    async def companies(self, person_id: str) -> list[FoundRole]:
        """All of the person's roles. Raises the three adapter errors."""
        ...


@dataclass(frozen=True, slots=True)
class KeptRole:
    """``source`` said it at ``verified_at``."""

    uscc: str
    company_name: str
    role: Role
    source: str
    verified_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it was said recently enough to act on it."""
        return now - self.verified_at <= HOLDS


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's roles by credit code. ``silent``: the sources that gave no answer when they were
    last asked, so that what they said before may be out of date, and more may be missing."""

    roles: Mapping[str, KeptRole]
    silent: frozenset[str]


class _Asked(msgspec.Struct, frozen=True):
    at: datetime
    answered: frozenset[str]
    silent: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Outcome:
    source: CompanySource
    found: Sequence[FoundRole] | None
    """None without an answer."""
    refused: bool = False
    arrived: bool = True


class CompanyRoles:
    """One for the process. When somebody's registers were last asked is remembered in the cache: if
    that is lost they are asked once more."""

    def __init__(
        self,
        sources: Sequence[CompanySource],
        access_log: AccessLogService,
        cache: Cache,
        locks: Locks,
        clock: Clock,
        asking_s_max: float = ASKING_S_MAX,
    ) -> None:
        self._asking_s_max = asking_s_max
        self._sources = sources
        self._access_log = access_log
        self._cache = cache
        self._locks = locks
        self._clock = clock

    async def kept(self, person_id: str) -> dict[str, KeptRole]:
        """As they were said last, by credit code; asks nobody."""
        rows = await CompanyRole.filter(person_id=person_id).order_by("uscc")
        return {row.uscc: _kept(row) for row in rows}

    async def current(self, person_id: str, *, refresh: bool = False) -> Standing:
        """Asks the sources when their answers are a day old, one of them gave none, or on
        ``refresh``; at most once a minute. Their silence is no error here."""
        asked = await self._last_asked(person_id)
        if await self._is_due(person_id, asked, refresh=refresh):
            asked = await self._ask_as_one(person_id, asked)
        silent = asked.silent if asked is not None else frozenset[str]()
        return Standing(await self.kept(person_id), silent)

    async def confirmed(self, person_id: str, uscc: str) -> KeptRole | None:
        """The role, said at most 30 days ago. Asks when it is older, or when it is not known and
        asking is due. An agent's may be older, because it allows nothing by itself.
        Raises TemporarilyUnavailable when it is too old and nobody answers."""
        role = (await self.kept(person_id)).get(uscc)
        if role is None:
            role = (await self.current(person_id)).roles.get(uscc)
        elif role.role != "agent" and not role.holds(self._clock.now()):
            role = (await self.current(person_id, refresh=True)).roles.get(uscc)
        if role is None or role.role == "agent" or role.holds(self._clock.now()):
            return role
        raise TemporarilyUnavailable

    async def _is_due(self, person_id: str, asked: _Asked | None, *, refresh: bool) -> bool:
        now = self._clock.now()
        if asked is None:
            kept = (await self.kept(person_id)).values()
            said_today = bool(kept) and all(now - role.verified_at < FRESH for role in kept)
            return refresh or not said_today
        if now - asked.at < ASK_EVERY:
            return False
        if refresh or now - asked.at >= FRESH:
            return True
        # Besides those that gave no answer this finds the register that can be asked only since
        # the person signed in on one more platform.
        return any(s.name not in asked.answered for s in await self._askable(person_id))

    async def _askable(self, person_id: str) -> list[CompanySource]:
        return [source for source in self._sources if await source.can_be_asked(person_id)]

    async def _ask_as_one(self, person_id: str, before: _Asked | None) -> _Asked | None:
        """Parallel requests ask once: who had to wait finds the other's answers."""
        async with self._locks.hold(f"companies:{person_id}", LOCK_TTL_S, LOCK_WAIT_S) as mine:
            latest = await self._last_asked(person_id)
            if not mine or latest != before:
                return latest
            return await self._ask(person_id)

    async def _ask(self, person_id: str) -> _Asked:
        sources = await self._askable(person_id)
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(self._answer(source, person_id)) for source in sources]
        outcomes = [task.result() for task in asking]
        await until_committed(lambda: self._keep(person_id, outcomes))
        asked = _Asked(
            self._clock.now(),
            frozenset(o.source.name for o in outcomes if o.found is not None),
            frozenset(o.source.name for o in outcomes if o.found is None),
        )
        packed = msgspec.json.encode(asked)
        await self._cache.put(_cache_key(person_id), packed, FRESH.total_seconds())
        return asked

    async def _answer(self, source: CompanySource, person_id: str) -> _Outcome:
        try:
            async with asyncio.timeout(self._asking_s_max):
                found = await source.companies(person_id)
        except AdapterError as error:
            _tell(error, source, person_id)
            arrived = not isinstance(error, Unreachable) or error.may_have_acted
            return _Outcome(source, None, refused=isinstance(error, Refused), arrived=arrived)
        except TimeoutError:
            log.warning("company_source_silent", source=source.name, code="too_slow")
            return _Outcome(source, None)
        odd = sum(not _is_credit_code(one.uscc) for one in found)
        log.info(
            "companies_asked",
            source=source.name,
            person_id=person_id,
            count=len(found),
            odd_codes=odd,
        )
        return _Outcome(source, found)

    async def _keep(self, person_id: str, outcomes: Sequence[_Outcome]) -> None:
        now = self._clock.now()
        async with unit_of_work():
            rows = {row.uscc: row for row in await CompanyRole.filter(person_id=person_id)}
            roles = merged(
                [_kept(row) for row in rows.values()],
                {o.source.name: o.found for o in outcomes if o.found is not None},
                {o.source.name for o in outcomes if o.found is None and not o.refused},
                now,
            )
            for uscc, row in rows.items():
                if uscc not in roles:
                    await CompanyRole.filter(id=row.id).delete()
            for uscc, role in roles.items():
                await _write(person_id, rows.get(uscc), role)
            for outcome in outcomes:
                if outcome.arrived:
                    who = outcome.source.who
                    await self._access_log.record(person_id, who, "companies", "acting_for")

    async def _last_asked(self, person_id: str) -> _Asked | None:
        packed = await self._cache.get(_cache_key(person_id))
        return msgspec.json.decode(packed, type=_Asked) if packed else None


def merged(
    kept: Iterable[KeptRole],
    answers: Mapping[str, Sequence[FoundRole]],
    silent: Iterable[str],
    now: datetime,
) -> dict[str, KeptRole]:
    """The roles by credit code after the sources were asked.

    An answer stands for all that its source said before: what it no longer names is gone. What a
    ``silent`` source said before stays until it speaks again; what a source said that refused, or
    can not be asked any more, stays for as long as a role holds. Of several the strongest counts,
    because registers lag: one that does not know of an appointment yet must not undo it. (Our
    rule, confidence medium.)
    """
    waiting = set(silent)
    candidates = [
        KeptRole(one.uscc, one.company_name[:COMPANY_NAME_LENGTH], one.role, source, now)
        for source, found in answers.items()
        for one in found
        if _is_credit_code(one.uscc)
    ]
    candidates += [
        role
        for role in kept
        if role.source not in answers and (role.source in waiting or role.holds(now))
    ]
    candidates.sort(key=lambda role: (role.holds(now), RANKS[role.role], role.verified_at))
    # The strongest are written last, over the weaker ones, and are the last to be cut off.
    best: dict[str, KeptRole] = {}
    for role in candidates:
        best.pop(role.uscc, None)
        best[role.uscc] = role
    return {role.uscc: role for role in list(best.values())[-COMPANIES_MAX:]}


def _tell(error: AdapterError, source: CompanySource, person_id: str) -> None:
    if isinstance(error, Misconfigured):
        log.error("adapter_misconfigured", peer=error.peer, code=error.code)
    else:
        log.warning(
            "company_source_silent", source=source.name, code=error.code, person_id=person_id
        )


async def _write(person_id: str, row: CompanyRole | None, role: KeptRole) -> None:
    if row is None:
        await CompanyRole.create(
            id=new_id(),
            person_id=person_id,
            uscc=role.uscc,
            company_name=role.company_name,
            role=role.role,
            source=role.source,
            verified_at=role.verified_at,
        )
    elif _kept(row) != role:
        await CompanyRole.filter(id=row.id).update(
            company_name=role.company_name,
            role=role.role,
            source=role.source,
            verified_at=role.verified_at,
        )


def _kept(row: CompanyRole) -> KeptRole:
    role: Role = row.role  # type: ignore[assignment]  # only ours are written
    return KeptRole(row.uscc, row.company_name, role, row.source, row.verified_at)


def _is_credit_code(code: str) -> bool:
    """Old registration numbers have another form; nothing can be done with them here."""
    try:
        read_credit_code(code)
    except InvalidCode:
        return False
    return True


def _cache_key(person_id: str) -> str:
    return f"companies:asked:{person_id}"
