"""Change and cancel begin with what is registered: the licence register is asked when a draft is
made for the session's company, and again later when it gave no answer then.

Who is shown what: only somebody who may submit the operation for the company, as found out anew.
The numbers of people's identity documents go to its legal person and administrators alone; an
agent types them. (Our rule, confidence low: names, posts and shares are public in the national
system, the numbers are not.)
"""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.licences.port import LicenceRegister
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from auth.authorisations import DELEGABLE, GRANTING
from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.company_problems import CompanyRoleRequired
from auth.company_roles import Role
from kit.clock import Clock, in_china
from kit.problems import NotFound, TemporarilyUnavailable
from kit.secrets import KeyRing
from miniprogram_api.catalogue.service import Catalogue, CatalogueService, CompiledPlan, Selection
from miniprogram_api.drafts import steps
from miniprogram_api.drafts.door import Change, DraftDoor
from miniprogram_api.drafts.log import Author, DraftLog, Head
from miniprogram_api.drafts.problems import DraftExpired, DraftSubmitted
from miniprogram_api.drafts.register_answers import answers_of
from miniprogram_api.drafts.register_note import RegisterNote

log = structlog.get_logger("drafts")

TOPIC = "draft.register"
TRIES_IN_A_ROW = 8
"""About ten minutes of answers that were none; after that the register is left alone for longer."""
LATER = timedelta(hours=2)


async def ask_again(outbox: Outbox, draft_id: str, note: RegisterNote | None) -> None:
    """Inside the unit that makes the draft; nothing to do unless its note waits. The deed has a key
    of its own, so that what waits for a register holds up nothing else of the draft."""
    if note is not None and note.state == "waiting":
        await outbox.put(TOPIC, f"draft-register:{draft_id}", {"draft_id": draft_id})


class Prefill:
    """One for the process. ``register`` is None where there is none to be asked."""

    def __init__(
        self,
        register: LicenceRegister | None,
        catalogue: CatalogueService,
        companies: CompanyService,
        clock: Clock,
    ) -> None:
        self._register = register
        self._catalogue = catalogue
        self._companies = companies
        self._clock = clock

    async def note_for(self, caller: Citizen, selection: Selection) -> RegisterNote | None:
        """What a new draft starts from; never inside a unit, because the register is asked. None
        for an opening, for a session of no company, and for somebody who may not submit this for
        the company. The register's silence is a note that waits. Raises what is wrong with the
        selection."""
        uscc = caller.acting_for
        if self._register is None or uscc is None or selection.operation not in DELEGABLE:
            return None
        catalogue = self._catalogue.compile(selection).catalogue
        try:
            acting = await self._companies.confirm_role(caller, selection.operation, uscc)
        except (CompanyRoleRequired, TemporarilyUnavailable):
            return None
        try:
            return await self._asked(self._register, uscc, acting.role, catalogue)
        except AdapterError as error:
            if isinstance(error, Misconfigured):
                log.error("adapter_misconfigured", peer=error.peer, code=error.code)
            return RegisterNote(uscc, "waiting")

    async def asked_again(
        self, person_id: str, uscc: str, catalogue: Catalogue
    ) -> RegisterNote | None:
        """None when there is nobody left to ask, or nobody left who may be told. Raises Unreachable
        and Misconfigured."""
        acting = await self._companies.acting_for(person_id, uscc)
        if self._register is None or acting is None:
            return None
        return await self._asked(self._register, uscc, acting.role, catalogue)

    async def _asked(
        self, register: LicenceRegister, uscc: str, role: Role, catalogue: Catalogue
    ) -> RegisterNote:
        try:
            company = await register.licence(uscc)
        except Refused:
            return RegisterNote(uscc, "unknown", at=in_china(self._clock.now()))
        return RegisterNote(
            uscc=company.uscc,
            state="answered",
            answers=answers_of(company, catalogue, with_numbers=role in GRANTING),
            company=company.state,
            branches=company.branches,
            investments=company.investments,
            at=in_china(self._clock.now()),
        )


class PrefillHandler:
    """The outbox's ``draft.register``: asks for a draft whose note still waits. Steps that nobody
    has saved are filled in; what was typed stays, and is compared whenever the draft is shown."""

    def __init__(
        self,
        prefill: Prefill,
        catalogue: CatalogueService,
        outbox: Outbox,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._prefill = prefill
        self._catalogue = catalogue
        self._outbox = outbox
        self._log = DraftLog(ring)
        self._door = DraftDoor(self._log, clock)
        self._clock = clock

    async def handle(self, delivery: Delivery) -> None:
        head = await self._log.head(delivery.body["draft_id"])
        if head is None or head.submitted or head.expired(self._clock.now()):
            return
        state = self._log.opened(head)
        if state.register is None or state.register.state != "waiting":
            return
        compiled = await self._compiled(head, state.selection)
        try:
            note = await self._prefill.asked_again(
                head.person_id, state.register.uscc, compiled.catalogue
            )
        except Unreachable:
            if delivery.attempt < TRIES_IN_A_ROW:
                raise
            await self._put_off(delivery)
            return
        if note is not None:
            await self._keep(delivery, head, note)

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The draft stays as it was typed, and says so: its note still waits."""

    async def _put_off(self, delivery: Delivery) -> None:
        """A fresh row instead of this one, whose tries would run out: a draft lives for weeks."""
        async with delivery.settling("put_off"):
            later = self._clock.now() + LATER
            await self._outbox.put(TOPIC, delivery.key, delivery.body, due_at=later)

    async def _keep(self, delivery: Delivery, head: Head, note: RegisterNote) -> None:
        async def derive(head: Head, _: datetime) -> Change[None]:
            state = self._log.opened(head)
            if state.register is None or state.register.state != "waiting":
                return Change(None, None)
            compiled = await self._compiled(head, state.selection)
            return Change(steps.after_register(compiled, head, state, note), None)

        author = Author(head.person_id, None)
        async with delivery.settling():
            # Submitted or erased while the register was asked: nobody needs its answer any more.
            with suppress(NotFound, DraftSubmitted, DraftExpired):
                await self._door.append(author, head.draft_id, derive)
        log.info("draft_register_answered", draft_id=head.draft_id, state=note.state)

    async def _compiled(self, head: Head, selection: Selection) -> CompiledPlan:
        """Under the version that the draft was made under."""
        edition = await self._catalogue.edition(head.summary.catalogue)
        return edition.compile_kept(selection)
