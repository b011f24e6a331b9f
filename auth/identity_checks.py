"""Identity checks: begun with the person's separate consent, carried out on the phone, believed
only when the provider tells us, and forgotten but for their result."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from auth.check_method import EXPIRED, NOT_FINISHED, BegunCheck, CheckMethod, Outcome
from auth.citizen import Citizen
from auth.claimed_identity import ClaimedIdentity, read_claim
from auth.consents import FOR_IDENTITY_CHECK, ConsentService
from auth.models import IdentityCheck
from auth.problems import IdentityAttemptsExhausted, MethodNotAvailable
from auth.schemas import StartIdentityCheck
from auth.service import IdentityConflict, PeopleService
from kit.clock import Clock
from kit.database.unit import unit_of_work
from kit.ids import new_id
from kit.problems import NotFound
from kit.secrets import IdNumber, KeyRing, PersonName

log = structlog.get_logger("auth")

FAILURES_MAX = 5
FAILURES_WINDOW = timedelta(days=1)
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
    claim: ClaimedIdentity
    begun: BegunCheck


class IdentityCheckService:
    def __init__(
        self,
        methods: Mapping[str, CheckMethod],
        people: PeopleService,
        consents: ConsentService,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._methods = methods
        self._people = people
        self._consents = consents
        self._ring = ring
        self._clock = clock

    async def begin(
        self, caller: Citizen, wish: StartIdentityCheck, request_id: str
    ) -> StartedCheck:
        """Ask the provider to begin. Equal ``request_id`` and content begin one check, not two."""
        method = self._methods.get(wish.method)
        if method is None:
            raise MethodNotAvailable
        for purpose in FOR_IDENTITY_CHECK:
            version = wish.consent.text_version
            self._consents.check_version(purpose, version, "/consent/text_version")
        claim = read_claim(wish.name, wish.id_number, self._clock.now())
        await self._refuse_after_failures(caller.person_id)
        name, number = claim.name.reveal(), claim.id_number.reveal()
        seed = self._ring.derive("identity_check.sequence", request_id, name, number).hex()[:32]
        begun = await method.begin(seed, caller.open_id, claim)
        return StartedCheck(new_id(), wish.method, claim, begun)

    async def keep(self, caller: Citizen, started: StartedCheck) -> IdentityCheck:
        """Write the check and the consent it stands on, in the caller's unit. A check that was
        still open is given up: one at a time."""
        await self._consents.grant(caller.person_id, FOR_IDENTITY_CHECK, caller.platform)
        await self._give_up(IdentityCheck.filter(person_id=caller.person_id), "superseded")
        now, claim, check_id = self._clock.now(), started.claim, started.id
        return await IdentityCheck.create(
            id=check_id,
            person_id=caller.person_id,
            method=started.method,
            state="pending",
            open_id=caller.open_id,
            sequence_no=started.begun.sequence_no,
            upstream_id=started.begun.upstream_id,
            name_cipher=self._sealed(check_id, "name_cipher", claim.name.reveal()),
            id_number_cipher=self._sealed(check_id, "id_number_cipher", claim.id_number.reveal()),
            created_at=now,
            expires_at=now + timedelta(seconds=started.begun.expires_in_s),
        )

    async def find_out(self, person_id: str, check_id: str) -> IdentityCheck:
        """The check as it is now; while it is pending the provider is asked, once a second at most.
        NotFound for another person's."""
        check = await self._own(person_id, check_id)
        if check.state != "pending" or not await self._may_ask(check):
            return await self._own(person_id, check_id)
        claim = self._claim(check)
        outcome = await self._methods[check.method].outcome(
            check.upstream_id, check.sequence_no, check.open_id, claim
        )
        if outcome.verdict == "pending" and check.expires_at <= self._clock.now():
            outcome = Outcome("expired", outcome.code, EXPIRED)
        if outcome.verdict == "passed":
            await self._pass(check, claim, outcome.code)
        elif outcome.verdict != "pending":
            await self._finish(check, outcome.verdict, outcome.reason, outcome.code)
        check = await self._own(person_id, check_id)
        log.info("identity_check_asked", check_id=check_id, state=check.state, reason=check.reason)
        return check

    async def upstream_id(self, check_id: str) -> str:
        """The provider's name of anybody's check: what the phone's dialog is opened with, for those
        who play the phone. Raises NotFound."""
        check = await IdentityCheck.get_or_none(id=check_id)
        if check is None:
            raise NotFound
        return check.upstream_id

    async def purge(self) -> int:
        """Give up what nobody asked about before it expired, erase what is old; how many rows."""
        now = self._clock.now()
        overdue = IdentityCheck.filter(expires_at__lt=now - timedelta(minutes=10))
        given_up = await self._give_up(overdue, EXPIRED)
        return given_up + await IdentityCheck.filter(created_at__lt=now - KEPT).delete()

    async def _refuse_after_failures(self, person_id: str) -> None:
        now = self._clock.now()
        failures = (
            await IdentityCheck.filter(
                person_id=person_id, state="failed", finished_at__gt=now - FAILURES_WINDOW
            )
            .exclude(reason=NOT_FINISHED)
            .order_by("-finished_at")
            .limit(FAILURES_MAX)
        )
        if len(failures) == FAILURES_MAX:
            oldest = failures[-1].finished_at or now
            wait_s = max(1, int((oldest + FAILURES_WINDOW - now).total_seconds()))
            raise IdentityAttemptsExhausted(headers={"Retry-After": str(wait_s)})

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

    async def _pass(self, check: IdentityCheck, claim: ClaimedIdentity, code: str) -> None:
        try:
            async with unit_of_work():
                if await self._finish(check, "passed", None, code):
                    await self._people.prove(check.person_id, claim.name, claim.id_number)
        except IdentityConflict as conflict:
            # The unit above was rolled back: the check is still pending.
            await self._finish(check, "failed", conflict.reason, code)

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
        check = await IdentityCheck.get_or_none(id=check_id, person_id=person_id)
        if check is None:
            raise NotFound
        return check

    def _claim(self, check: IdentityCheck) -> ClaimedIdentity:
        return ClaimedIdentity(
            PersonName(self._opened(check, "name_cipher", check.name_cipher)),
            IdNumber(self._opened(check, "id_number_cipher", check.id_number_cipher)),
        )

    def _sealed(self, check_id: str, column: str, plain: str) -> bytes:
        return self._ring.seal(plain.encode(), f"identity_check.{column}|{check_id}")

    def _opened(self, check: IdentityCheck, column: str, sealed: bytes | None) -> str:
        return self._ring.open(sealed or b"", f"identity_check.{column}|{check.id}").decode()
