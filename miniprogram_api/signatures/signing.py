"""The signer's side: reading what is asked, signing it at the province's service, refusing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from adapters.errors import Refused
from adapters.esign.port import ESignature, Signatory, SignedDocument, SigningFlow
from adapters.outbox.put import Outbox
from auth.access_log import AccessLogService
from auth.citizen import Citizen
from auth.companies import CompanyService
from auth.platform_answers import asked, too_many_requests
from auth.service import PeopleService
from kit.answers import Shown
from kit.clock import Clock, in_china
from kit.idempotency import Once
from kit.problems import NotFound, TemporarilyUnavailable
from kit.text import Language, Text
from miniprogram_api.drafts.service import (
    DraftExpired,
    DraftSubmitted,
    Holder,
    ListedDraft,
    SignableDraft,
    SignableDrafts,
    is_outdated,
    role_views,
)
from miniprogram_api.signatures.book import SignatureBook, documents_of
from miniprogram_api.signatures.models import Signature
from miniprogram_api.signatures.problems import (
    DocumentChanged,
    SignatureClosed,
    SignerDiffers,
    SigningNotPossible,
)
from miniprogram_api.signatures.schemas import (
    ESignPageAction,
    RefuseSignature,
    SignDocuments,
    SigningStarted,
    TaskDocument,
    TaskHint,
    TaskItem,
    TaskList,
    TaskQuery,
    TaskStateName,
    TaskView,
)
from miniprogram_api.signatures.settling import (
    SETTLE_TOPIC,
    SignatureSettling,
    reference_of,
    to_be_signed,
)

FLOWS_MAX = 4
"""Flows of one task that ended at the service without our knowing, looked for in one request."""
FIRST_LOOK = timedelta(minutes=2)
OPEN = ("pending", "signing")
SIGNING_FOR_A_COMPANY = "sign"
"""No operation that can be delegated: a company signs by its legal person or an administrator."""

_UNPROVEN = Text(
    "完成实名或人脸核验后可查看等您签名的文件", "Prove who you are to see what waits for you"
)


class SigningService:
    """One for the process. ``service`` is None where no e-signature service is configured."""

    def __init__(
        self,
        drafts: SignableDrafts,
        service: ESignature | None,
        book: SignatureBook,
        settling: SignatureSettling,
        people: PeopleService,
        companies: CompanyService,
        access_log: AccessLogService,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._service = service
        self._book = book
        self._settling = settling
        self._people = people
        self._companies = companies
        self._access_log = access_log
        self._outbox = outbox
        self._clock = clock

    async def listed(self, caller: Citizen, query: TaskQuery, language: Language) -> TaskList:
        """The caller's own, and those of the company for which the session acts."""
        indexes = await self._indexes(caller)
        if not indexes:
            return TaskList([], None, TaskHint("verify_identity", _UNPROVEN.in_language(language)))
        before = {} if query.cursor is None else {"id__lt": query.cursor}
        mine = Signature.filter(signer_index__in=indexes, **before)
        rows = await mine.order_by("-id").limit(query.limit + 1)
        shown = rows[: query.limit]
        drafts = await self._drafts.listed({row.draft_id for row in shown})
        names = await self._people.display_names({draft.owner for draft in drafts.values()})
        items = [
            self._item(row, drafts[row.draft_id], names, language)
            for row in shown
            if row.draft_id in drafts
        ]
        return TaskList(items, shown[-1].id if len(rows) > query.limit else None, None)

    async def shown(self, caller: Citizen, signature_id: str, language: Language) -> TaskView:
        """While the person signs, the service is asked how it stands, once a second at most."""
        row, draft = await self._open(caller, signature_id)
        if row.state == "signing":
            row = await self._settling.settle(row)
            draft = await self._draft(row)
        item = await self._shown(row, draft, language)
        signer = self._book.signer_of(row)
        return TaskView(
            id=item.id,
            state=item.state,
            matter=item.matter,
            company=item.company,
            roles=item.roles,
            asked_by=item.asked_by,
            asked_at=item.asked_at,
            signed_at=item.signed_at,
            documents=self._documents(row, item.state, caller.person_id, language),
            for_company=signer.uscc,
            reason=row.reason,
        )

    async def sign(
        self, caller: Citizen, signature_id: str, body: SignDocuments, once: Once
    ) -> Shown:
        """Begin signing what the caller has seen. Raises DocumentChanged when that is not what
        would be signed now, SignatureClosed, SignerDiffers, SigningNotPossible."""
        row, draft = await self._open(caller, signature_id)
        if row.state == "signing" and row.person_id != caller.person_id:
            # Somebody else who may sign for the company has the page open, or has signed by now.
            row = await self._settling.settle(row)
        if row.state == "signed":
            return await self._remembered(once, SigningStarted(row.id, "signed", None))
        if row.state not in OPEN or not draft.is_open:
            raise SignatureClosed
        seen = {one.code: one.sha256 for one in body.documents}
        asked_for = {one.code: one.sha256 for one in documents_of(row)}
        task = self._book.task_of(row)
        if seen != asked_for or len(seen) != len(body.documents) or is_outdated(draft.specs, task):
            raise DocumentChanged
        signatory = await self._signatory(caller, row)
        attempt, flow = await self._begun(row, signatory)
        ends_at = self._clock.now() + timedelta(seconds=flow.expires_in_s)
        action = ESignPageAction(flow.url, in_china(ends_at))
        async with once.unit():
            open_ = Signature.filter(id=row.id, state__in=OPEN, attempt__lte=attempt)
            before = await open_.select_for_update().first()
            if before is None:
                raise SignatureClosed
            await open_.update(
                state="signing",
                reason=None,
                person_id=caller.person_id,
                attempt=attempt,
                upstream_id=flow.flow_id,
                signatory_cipher=self._book.seal_signatory(row.id, signatory),
                begun_at=self._clock.now(),
                ends_at=ends_at,
                asked_at=None,
            )
            if before.state == "pending":
                await self._note_begun(row)
            await self._access_log.record(
                caller.person_id, "e_signature", "name_and_id_number", "signing"
            )
            await self._outbox.put(
                SETTLE_TOPIC,
                f"{SETTLE_TOPIC}:{row.id}",
                {"signature_id": row.id, "attempt": attempt},
                self._clock.now() + FIRST_LOOK,
            )
            return await once.remember(Shown(SigningStarted(row.id, "signing", action)))

    async def refuse(
        self,
        caller: Citizen,
        signature_id: str,
        body: RefuseSignature,
        once: Once,
        language: Language,
    ) -> Shown:
        row, draft = await self._open(caller, signature_id)
        if row.state == "signed" or (row.state in OPEN and self._state(row, draft) not in OPEN):
            raise SignatureClosed
        async with once.unit():
            if row.state != "refused":
                await self._settling.refused(row, caller.person_id, body.reason)
            row = await Signature.get(id=row.id)
            return await once.remember(Shown(await self._shown(row, draft, language)))

    async def refuse_strangers(self, caller: Citizen, signature_id: str) -> None:
        """NotFound for whomever it does not concern."""
        await self._open(caller, signature_id)

    async def refuse_former_signers(self, caller: Citizen, signature_id: str) -> None:
        """As :meth:`refuse_strangers`; SignatureClosed for whoever was taken out or refused: the
        service's page, too, shows what is to be signed."""
        row, draft = await self._open(caller, signature_id)
        if not _is_readable(row, self._state(row, draft)):
            raise SignatureClosed

    async def task_of(self, draft_id: str, person_id: str) -> str | None:
        """``invitations.service.SigningTasks``: the one that waits, or else the newest."""
        own = await self._people.identity_index(person_id)
        if own is None:
            return None
        rows = await Signature.filter(draft_id=draft_id, signer_index=own).order_by("id")
        waiting = [row for row in rows if row.state in OPEN]
        return (waiting or rows)[-1].id if rows else None

    async def upstream(self, signature_id: str) -> str | None:
        """The service's name of anybody's signing that is open, for those who play the page."""
        row = await Signature.get_or_none(id=signature_id, state="signing")
        return row.upstream_id if row is not None else None

    async def _note_begun(self, row: Signature) -> None:
        """Else the owner, who asks whether the draft has changed, would be told that it has not."""
        try:
            await self._drafts.note(row.owner, row.draft_id, "sign_begun")
        except (NotFound, DraftExpired, DraftSubmitted):
            raise SignatureClosed from None

    async def _remembered(self, once: Once, started: SigningStarted) -> Shown:
        async with once.unit():
            return await once.remember(Shown(started))

    async def _begun(self, row: Signature, signatory: Signatory) -> tuple[int, SigningFlow]:
        """The reference does not depend on the try: whoever lost the answer, or the process that
        had it, finds the same flow. One that ended over there is followed by the next."""
        if self._service is None:
            raise TemporarilyUnavailable
        documents = to_be_signed(row)
        for attempt in range(row.attempt, row.attempt + FLOWS_MAX):
            flow = await asked(
                _begun(self._service, reference_of(row.id, attempt), signatory, documents),
                {
                    "too_many_requests": too_many_requests(),
                    "signatory_refused": SigningNotPossible(),
                },
                otherwise=TemporarilyUnavailable(),
            )
            if flow is not None:
                return attempt, flow
        raise TemporarilyUnavailable

    async def _signatory(self, caller: Citizen, row: Signature) -> Signatory:
        """As the identity check proved him; every name that the documents have for his number has
        to be his."""
        person, signer = await self._people.applicant(caller.person_id), self._book.signer_of(row)
        if signer.uscc is not None:
            await self._companies.confirm_role(caller, SIGNING_FOR_A_COMPANY, signer.uscc)
        elif any(
            name.strip() != person.name.reveal().strip()
            for name in (signer.name, *signer.other_names)
        ):
            raise SignerDiffers
        return Signatory(person.name, person.id_number, signer.uscc)

    async def _open(self, caller: Citizen, signature_id: str) -> tuple[Signature, SignableDraft]:
        """The caller's own task, or NotFound, whatever else it may be."""
        # First, so that a foreign task takes no longer than one that is not there.
        indexes = await self._indexes(caller)
        row = await Signature.get_or_none(id=signature_id)
        if row is None or row.signer_index not in indexes:
            raise NotFound
        return row, await self._draft(row)

    async def _draft(self, row: Signature) -> SignableDraft:
        draft = await self._drafts.present(row.draft_id)
        if draft is None:
            raise NotFound
        return draft

    async def _indexes(self, caller: Citizen) -> Sequence[str]:
        return await self._book.indexes_of(caller.person_id, caller.acting_for)

    def _state(self, row: Signature, draft: ListedDraft) -> TaskStateName:
        task = self._book.task_of(row)
        ended = task.state in OPEN and not draft.is_open
        return "outdated" if ended or is_outdated(draft.specs, task) else task.state

    def _documents(
        self, row: Signature, state: TaskStateName, person_id: str, language: Language
    ) -> list[TaskDocument]:
        """Their links are for whoever may read them, and only for as long."""
        readable, holder = _is_readable(row, state), Holder(person_id, row.draft_id, row.id)
        return [
            TaskDocument(
                one.code,
                one.title.in_language(language),
                one.pages,
                one.sha256,
                self._drafts.links.url(one.file_id, holder) if readable else None,
            )
            for one in documents_of(row)
        ]

    async def _shown(self, row: Signature, draft: SignableDraft, language: Language) -> TaskItem:
        names = await self._people.display_names([draft.owner])
        return self._item(row, draft, names, language)

    def _item(
        self,
        row: Signature,
        draft: ListedDraft,
        names: Mapping[str, str | None],
        language: Language,
    ) -> TaskItem:
        signer = self._book.signer_of(row)
        return TaskItem(
            id=row.id,
            state=self._state(row, draft),
            matter=draft.matter.in_language(language),
            company=signer.company,
            roles=role_views(signer.roles, draft.compiled, language),
            asked_by=names.get(draft.owner),
            asked_at=in_china(row.opened_at),
            signed_at=_shown_time(row.signed_at),
        )


def _is_readable(row: Signature, state: TaskStateName) -> bool:
    """By whoever may sign it now or has signed it. A number that was typed wrong may be a
    stranger's: correcting it has to shut the stranger out."""
    return state in OPEN or row.state == "signed"


async def _begun(
    service: ESignature,
    reference: str,
    signatory: Signatory,
    documents: Sequence[SignedDocument],
) -> SigningFlow | None:
    """None for one that has ended over there, or is another person's."""
    try:
        return await service.begin(reference, signatory, documents)
    except Refused as refused:
        if refused.code not in {"flow_over", "reference_taken"}:
            raise
        return None


def _shown_time(instant: datetime | None) -> str | None:
    return in_china(instant) if instant is not None else None
