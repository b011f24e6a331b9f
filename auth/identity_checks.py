"""Identity checks: begun with the person's separate consent, carried out on the phone, believed
only when the provider tells us, and forgotten but for their result."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from auth.access_log import AccessLogService
from auth.check_method import (
    EXPIRED,
    NO_FAILURES,
    BegunCheck,
    CheckedUser,
    CheckMethod,
    OpenCheck,
    Outcome,
)
from auth.citizen import Citizen
from auth.claimed_identity import ClaimedIdentity, read_claim
from auth.consents import ConsentService
from auth.joining import AccountJoining, IdentityConflict, Proven
from auth.models import IdentityCheck, Person
from auth.problems import IdentityAttemptsExhausted, MethodNotAvailable
from auth.schemas import StartIdentityCheck
from auth.service import PeopleService
from auth.sessions import SessionService
from kit.clock import Clock
from kit.database.unit import unit_of_work, until_committed
from kit.ids import new_id
from kit.problems import NotFound
from kit.secrets import IdNumber, KeyRing, PersonName

log = structlog.get_logger("auth")

FAILURES_MAX = 5
FAILURES_OF_ONE_NUMBER_MAX = 10
"""Over all accounts: whoever guesses at the name that belongs to a number needs more than this."""
FAILURES_WINDOW = timedelta(days=1)
NUMBERS_MAX = 5
"""Different ID numbers that one person who has not shown himself may try in a day: enough for every
mistake in one's own, too few for checking a list of other people's. Our own figure."""
_DAY_S = int(FAILURES_WINDOW.total_seconds())
NOBODY = ""
"""Whose the failures of a deleted person are."""
ASK_EVERY = timedelta(seconds=1)
SLACK_S = 0.005
"""Timers and clocks differ by a hair; waking a hair too early would cost the turn."""
KEPT = timedelta(days=180)
"""How long the result of a check is kept: the customary half year of security records."""


@dataclass(frozen=True, slots=True)
class StartedCheck:
    """A check that the provider knows and our database does not yet."""

    id: str
    method: str
    claim: ClaimedIdentity | None
    begun: BegunCheck


class IdentityCheckService:
    def __init__(
        self,
        methods: Mapping[str, CheckMethod],
        people: PeopleService,
        joining: AccountJoining,
        sessions: SessionService,
        consents: ConsentService,
        access_log: AccessLogService,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._methods = methods
        self._people = people
        self._joining = joining
        self._sessions = sessions
        self._consents = consents
        self._access_log = access_log
        self._ring = ring
        self._clock = clock

    async def begin(
        self, caller: Citizen, wish: StartIdentityCheck, request_id: str
    ) -> StartedCheck:
        """Ask the provider to begin. Equal ``request_id`` and content begin one check, not two."""
        method = self._methods.get(wish.method)
        if method is None or method.platform not in {None, caller.platform}:
            raise MethodNotAvailable
        for purpose in method.purposes:
            version = wish.consent.text_version
            self._consents.check_version(purpose, version, "/consent/text_version")
        claim = None
        if method.needs_claim:
            claim = read_claim(wish.name, wish.id_number, self._clock.now())
        index = self._people.index_of(claim.id_number) if claim else None
        await self._refuse_after_failures(caller.person_id, index)
        parts = (claim.name.reveal(), claim.id_number.reveal()) if claim else ()
        seed = self._ring.derive("identity_check.sequence", request_id, *parts).hex()[:32]
        user = await self._user(caller, caller.open_id)
        begun = await method.begin(seed, user, claim)
        return StartedCheck(new_id(), wish.method, claim, begun)

    async def keep(self, caller: Citizen, started: StartedCheck) -> IdentityCheck:
        """Write the check and the consent it stands on, in the caller's unit. A check that was
        still open is given up: one at a time."""
        method = self._methods[started.method]
        # Or of several that are kept at one moment none would give up another.
        await Person.filter(id=caller.person_id).select_for_update().first()
        await self._consents.grant(caller.person_id, method.purposes, caller.platform)
        await self._give_up(IdentityCheck.filter(person_id=caller.person_id), "superseded")
        await self._access_log.record(
            caller.person_id, method.provider, "name_and_id_number", "identity_check"
        )
        now, claim, check_id = self._clock.now(), started.claim, started.id
        check = IdentityCheck(
            id=check_id,
            person_id=caller.person_id,
            method=started.method,
            state="pending",
            open_id=caller.open_id,
            sequence_no=started.begun.sequence_no,
            upstream_id=started.begun.upstream_id,
            created_at=now,
            expires_at=now + timedelta(seconds=started.begun.expires_in_s),
        )
        if claim is not None:
            check.name_cipher = self._sealed(check_id, "name_cipher", claim.name.reveal())
            number = claim.id_number
            check.id_number_cipher = self._sealed(check_id, "id_number_cipher", number.reveal())
            check.id_number_index = self._people.index_of(number)
        await check.save(force_create=True)
        return check

    async def find_out(self, caller: Citizen, check_id: str) -> IdentityCheck:
        """The check as it is now; while it is pending the provider is asked, once a second at most.
        NotFound for another person's, IdentityAttemptsExhausted when so many tries that were begun
        before this one have failed, or may fail, that it comes too late."""
        check = await self._own(caller.person_id, check_id)
        method = self._methods.get(check.method)
        if check.state != "pending" or method is None:
            return check
        if method.platform not in {None, caller.platform}:
            # The same person on another phone, for whom this platform has no answer.
            return check
        if not await self._may_ask(check):
            return await self._own(caller.person_id, check_id)
        person_id, claim = check.person_id, self._claim(check)
        await self._refuse_after_failures(person_id, check.id_number_index, begun_before=check.id)
        user = await self._user(caller, check.open_id)
        outcome = await method.outcome(OpenCheck(check.upstream_id, check.sequence_no, user, claim))
        if outcome.verdict == "pending" and check.expires_at <= self._clock.now():
            outcome = Outcome("expired", outcome.code, EXPIRED)
        if outcome.verdict == "passed":
            person_id = await self._pass(check, outcome)
        elif outcome.verdict != "pending":
            await self._finish(check, outcome.verdict, outcome.reason, outcome.code)
        check = await self._own(person_id, check_id)
        log.info("identity_check_asked", check_id=check_id, state=check.state, reason=check.reason)
        return check

    async def upstream(self, check_id: str) -> tuple[str, str]:
        """Method and the provider's name of anybody's check: what the phone's dialog is opened
        with, for those who play the phone. Raises NotFound."""
        check = await IdentityCheck.get_or_none(id=check_id)
        if check is None:
            raise NotFound
        return check.method, check.upstream_id

    async def purge(self) -> int:
        """Give up what nobody asked about before it expired, erase what is old; how many rows."""
        now = self._clock.now()
        await IdentityCheck.filter(person_id=NOBODY, finished_at__lt=now - FAILURES_WINDOW).delete()
        overdue = IdentityCheck.filter(expires_at__lt=now - timedelta(minutes=10))
        given_up = await self._give_up(overdue, EXPIRED)
        return given_up + await IdentityCheck.filter(created_at__lt=now - KEPT).delete()

    async def _refuse_after_failures(
        self, person_id: str, index: str | None, begun_before: str | None = None
    ) -> None:
        """Looked at twice: before a check is begun, and, of those ``begun_before`` it, before its
        provider is asked; or whoever begins fifty at one moment would have fifty tries.

        Whoever has shown to be the one with this number guesses at nothing, and is not kept out by
        those who do.
        """
        now, checks, asking = self._clock.now(), IdentityCheck.all(), begun_before is not None
        if begun_before is not None:
            checks = checks.filter(id__lt=begun_before)
        own = checks.filter(person_id=person_id)
        await self._refuse_more_than(FAILURES_MAX, own.filter(_failed(now)))
        if index is None or await Person.exists(id=person_id, id_number_index=index):
            return
        others = own.filter(created_at__gt=now - FAILURES_WINDOW).exclude(id_number_index=index)
        numbers = await others.distinct().values_list("id_number_index", flat=True)
        if len(set(numbers) - {None}) >= NUMBERS_MAX:
            raise IdentityAttemptsExhausted(headers={"Retry-After": str(_DAY_S)})
        # What is pending may yet fail.
        tries = Q(_failed(now), Q(state="pending", expires_at__gt=now), join_type="OR")
        of_one_number = checks.filter(tries if asking else _failed(now), id_number_index=index)
        await self._refuse_more_than(FAILURES_OF_ONE_NUMBER_MAX, of_one_number)

    async def _refuse_more_than(self, tries_max: int, tries: QuerySet[IdentityCheck]) -> None:
        newest = await tries.order_by("-finished_at").limit(tries_max)
        if len(newest) == tries_max:
            oldest = newest[-1]
            ended = oldest.finished_at
            over_at = ended + FAILURES_WINDOW if ended is not None else oldest.expires_at
            wait_s = max(1, int((over_at - self._clock.now()).total_seconds()))
            raise IdentityAttemptsExhausted(headers={"Retry-After": str(wait_s)})

    async def _user(self, caller: Citizen, open_id: str) -> CheckedUser:
        token = await self._people.platform_token(caller.person_id, caller.platform)
        signed_in_at = await self._sessions.opened_at(caller.session_id)
        return CheckedUser(open_id, token, signed_in_at)

    async def _may_ask(self, check: IdentityCheck) -> bool:
        """Waits for its turn, so that a client gets news and not yesterday's answer; False when
        another request is asking this very moment."""
        if check.asked_at is not None:
            wait = check.asked_at + ASK_EVERY - self._clock.now()
            await asyncio.sleep(min(max(wait, timedelta(0)), ASK_EVERY).total_seconds() + SLACK_S)
        now = self._clock.now()
        turn = Q(asked_at__isnull=True) | Q(asked_at__lte=now - ASK_EVERY)
        pending = IdentityCheck.filter(turn, id=check.id, state="pending")
        return await pending.update(asked_at=now) == 1

    async def _pass(self, check: IdentityCheck, outcome: Outcome) -> str:
        """Whose the check is from now on: the same person's, or the one's whom the account joins.
        Two checks that prove somebody new at one moment meet at the unique number; the later one,
        repeated, joins the earlier."""
        identity = outcome.identity or self._claim(check)
        assert identity is not None  # noqa: S101 - the provider's or the client's

        async def unit() -> Proven:
            async with unit_of_work():
                if not await self._finish(check, "passed", None, outcome.code):
                    return Proven(check.person_id, [])
                return await self._joining.prove(
                    check.person_id, identity, in_person=outcome.in_person
                )

        try:
            proven = await until_committed(unit)
        except IdentityConflict as conflict:
            # The unit above was rolled back: the check is still pending.
            async with unit_of_work():
                if await self._finish(check, "failed", conflict.reason, outcome.code):
                    await self._joining.refused(check.person_id, check.id)
            return check.person_id
        await self._sessions.forget(proven.moved_sessions)
        return proven.person_id

    async def _finish(
        self, check: IdentityCheck, state: str, reason: str | None, code: str
    ) -> bool:
        """False when another request finished it first."""
        finished = await IdentityCheck.filter(id=check.id, state="pending").update(
            state=state,
            reason=reason,
            result_code=code,
            name_cipher=None,
            id_number_cipher=None,
            finished_at=self._clock.now(),
        )
        return finished == 1

    async def _give_up(self, checks: QuerySet[IdentityCheck], reason: str) -> int:
        return await checks.filter(state="pending").update(
            state="expired",
            reason=reason,
            name_cipher=None,
            id_number_cipher=None,
            finished_at=self._clock.now(),
        )

    async def _own(self, person_id: str, check_id: str) -> IdentityCheck:
        """Also for somebody who asks by who he was before the check's own passing joined him."""
        check = await IdentityCheck.get_or_none(id=check_id)
        if check is None or not await self._people.is_same(check.person_id, person_id):
            raise NotFound
        return check

    def _claim(self, check: IdentityCheck) -> ClaimedIdentity | None:
        if check.name_cipher is None:
            return None
        return ClaimedIdentity(
            PersonName(self._opened(check, "name_cipher", check.name_cipher)),
            IdNumber(self._opened(check, "id_number_cipher", check.id_number_cipher)),
        )

    def _sealed(self, check_id: str, column: str, plain: str) -> bytes:
        return self._ring.seal(plain.encode(), f"identity_check.{column}|{check_id}")

    def _opened(self, check: IdentityCheck, column: str, sealed: bytes | None) -> str:
        return self._ring.open(sealed or b"", f"identity_check.{column}|{check.id}").decode()


async def erase_checks(person_id: str, now: datetime) -> None:
    """In the caller's unit. Of a failure stays for its day what the limit on one number counts, and
    nothing of whose it was: or whoever guesses would delete his account after every few tries."""
    checks = IdentityCheck.filter(person_id=person_id)
    await checks.filter(_failed(now), id_number_index__isnull=False).update(
        person_id=NOBODY, open_id="", sequence_no="", upstream_id="", result_code=None
    )
    await checks.delete()


def _failed(now: datetime) -> Q:
    return Q(state="failed", finished_at__gt=now - FAILURES_WINDOW) & ~Q(reason__in=NO_FAILURES)
