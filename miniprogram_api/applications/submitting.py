"""Submitting: a draft becomes an application, once, and cannot be changed any more."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from adapters.outbox.put import Outbox
from auth.citizen import Citizen
from auth.companies import ActingFor, CompanyService
from auth.company_problems import CompanyRoleRequired
from auth.service import PeopleService
from kit.answers import Shown
from kit.clock import Clock
from kit.idempotency import Once
from kit.ids import new_id, new_reference_no
from kit.problems import TemporarilyUnavailable
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.applications.case import Case
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.clocks import Promise
from miniprogram_api.applications.deliveries import agreed_delivery
from miniprogram_api.applications.forwarding import FORWARD_TOPIC, application_key
from miniprogram_api.applications.frozen import (
    FrozenApplicant,
    FrozenContent,
    FrozenEvidence,
    FrozenFile,
    FrozenItem,
    FrozenMaterial,
    FrozenRole,
    FrozenSignature,
    canonical,
    filed_materials,
    hash_of_content,
    sealed,
)
from miniprogram_api.applications.models import Application, ApplicationDocument, Matter
from miniprogram_api.applications.problems import DeclarationRequired
from miniprogram_api.applications.schemas import SubmitApplication
from miniprogram_api.applications.states import ApplicationState, MatterState, holder_of
from miniprogram_api.applications.views import ApplicationViews, etag_of
from miniprogram_api.drafts.service import (
    Author,
    DraftReview,
    FileRef,
    FrozenDraft,
    NamedCompany,
    RevisionOutdated,
    Signed,
)
from miniprogram_api.materials.service import GeneratedDocuments, NotDrawn

NEEDING_A_ROLE = frozenset({"change", "cancel"})
"""Operations on a company that exists: only who may act for it submits them. Source: the forms of
change and cancellation are signed by the legal person or somebody whom the company authorised;
who counts as that is said in auth/companies.py. Confidence medium."""

TRIES = 2
"""The second one with the documents that the first one found not drawn."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who submits, as what, and what he agreed to, at that moment."""

    applicant: FrozenApplicant
    acting_for: FrozenRole | None
    consents: dict[str, bool]


class SubmissionService:
    def __init__(
        self,
        review: DraftReview,
        documents: GeneratedDocuments,
        people: PeopleService,
        companies: CompanyService,
        casebook: Casebook,
        outbox: Outbox,
        views: ApplicationViews,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._review = review
        self._documents = documents
        self._people = people
        self._companies = companies
        self._casebook = casebook
        self._outbox = outbox
        self._views = views
        self._ring = ring
        self._clock = clock

    async def submit(
        self,
        caller: Citizen,
        author: Author,
        body: SubmitApplication,
        once: Once,
        language: Language,
    ) -> Shown:
        """Freeze the draft, open the application and its matters, and put the forwarding into the
        outbox: all of it, with the remembered answer, or nothing.

        Raises DeclarationRequired, CompanyRoleRequired for a change or cancellation of a company
        that the caller may not act for, what freezing a draft raises, and TemporarilyUnavailable
        when a document cannot be drawn or was changed while it was. Two submissions of one draft
        make one application: freezing closes the draft, which works once.
        """
        if not body.declaration:
            raise DeclarationRequired
        company, role = await self._role(caller, body.draft_id)
        for _ in range(TRIES):
            try:
                return await self._submitted(caller, author, body, once, language, company, role)
            except NotDrawn as undrawn:
                await self._documents.ensure(caller.person_id, body.draft_id, undrawn.specs)
        raise TemporarilyUnavailable

    async def _submitted(
        self,
        caller: Citizen,
        author: Author,
        body: SubmitApplication,
        once: Once,
        language: Language,
        company: NamedCompany,
        role: ActingFor | None,
    ) -> Shown:
        async with once.unit():
            frozen = await self._review.freeze(author, body.draft_id, body.revision)
            if frozen.company != company:
                raise RevisionOutdated(current_revision=frozen.revision)
            if role is None and company.operation in NEEDING_A_ROLE:
                raise CompanyRoleRequired
            generated = await self._documents.of_frozen(frozen)
            standing = await self._standing(caller, frozen, role)
            content = content_of(frozen, generated, body, standing)
            application = self._application(caller.person_id, content)
            await application.save(force_create=True)
            matters = _matters(application, frozen, content)
            for matter in matters:
                await matter.save(force_create=True)
            await self._name_documents(application, content)
            case = await self._casebook.open(application, matters)
            await self._forward(case)
            view = self._views.of(application, matters, language)
            return await once.remember(Shown(view, status=202, etag=etag_of(view, language)))

    async def _role(self, caller: Citizen, draft_id: str) -> tuple[NamedCompany, ActingFor | None]:
        """Before the unit, because a register may have to be asked: the company that the draft
        names now, and what the caller is in it where the operation needs that. A draft that names
        none yet is not ready, which freezing will say."""
        company = await self._review.company_of(caller.person_id, draft_id)
        if company.operation not in NEEDING_A_ROLE or company.uscc is None:
            return company, None
        return company, await self._companies.confirm_role(caller, company.operation, company.uscc)

    async def _standing(
        self, caller: Citizen, frozen: FrozenDraft, role: ActingFor | None
    ) -> Standing:
        applicant = await self._people.applicant(caller.person_id)
        return Standing(
            applicant=FrozenApplicant(
                applicant.name.reveal(),
                applicant.id_number.reveal(),
                applicant.phone.reveal() if applicant.phone else None,
            ),
            acting_for=FrozenRole(role.uscc, role.role) if role else None,
            consents={
                sharing.purpose: await self._people.has_consent(caller.person_id, sharing.purpose)
                for sharing in frozen.compiled.sharings()
            },
        )

    def _application(self, person_id: str, content: FrozenContent) -> Application:
        application_id, now, text = new_id(), self._clock.now(), canonical(content)
        return Application(
            id=application_id,
            reference_no=new_reference_no(now),
            person_id=person_id,
            draft_id=content.draft_id,
            revision=content.revision,
            operation=content.operation,
            region=content.region,
            theme=content.theme,
            catalogue_version=content.catalogue_version,
            delivery_method=content.delivery["method"],
            frozen_cipher=sealed(self._ring, application_id, text),
            content_hash=hash_of_content(text),
            state=ApplicationState.SUBMITTED,
            submitted_at=now,
            last_seq=0,
            last_hash=hash_of_content(text),
        )

    async def _name_documents(self, application: Application, content: FrozenContent) -> None:
        """The province fetches files by id; only those that were filed are given out."""
        for material in filed_materials(content):
            for file in material.files:
                document = ApplicationDocument(
                    id=new_id(), application_id=application.id, file_id=file.id
                )
                await document.save(force_create=True)

    async def _forward(self, case: Case) -> None:
        application_id = case.application.id
        body = {"application_id": application_id}
        await self._outbox.put(FORWARD_TOPIC, application_key(application_id), body)


def content_of(
    frozen: FrozenDraft,
    generated: Sequence[tuple[str, FileRef]],
    body: SubmitApplication,
    standing: Standing,
) -> FrozenContent:
    """Everything that the applicant stands for from now on; ``generated``: the documents that were
    signed, by the code of the material."""
    consent_of = {
        item: sharing.purpose for sharing in frozen.compiled.sharings() for item, _ in sharing.items
    }
    plan, selection, answers = frozen.compiled.plan, frozen.selection, frozen.answers_by_step
    described = {material.code: material for material in plan.materials}
    flat = frozen.compiled.flat(answers)
    places = frozen.compiled.catalogue.lookups.get("collection_places", {})
    return FrozenContent(
        draft_id=frozen.draft_id,
        revision=frozen.revision,
        catalogue_version=plan.catalogue_version,
        operation=selection.operation,
        region=selection.region,
        theme=selection.theme,
        mode=selection.mode,
        industry_code=frozen.compiled.industry_code,
        industry_name=frozen.compiled.industry_name,
        items=[
            FrozenItem(
                item.code,
                item.name,
                item.department,
                list(frozen.compiled.answers_of_item(item.code, answers)),
                consent_of.get(item.code),
            )
            for item in plan.items
        ],
        answers=flat,
        materials=[
            FrozenMaterial(
                code,
                described[code].name,
                list(described[code].serves),
                [
                    FrozenFile(file.id, file.name, file.media_type, file.size, file.sha256, file.at)
                    for file in files
                ],
            )
            for code, files in (*frozen.materials, *((code, [file]) for code, file in generated))
            if code in described
        ],
        delivery=agreed_delivery(body.delivery, flat, places),
        declaration=body.declaration,
        applicant=standing.applicant,
        acting_for=standing.acting_for,
        consents=standing.consents,
        signatures=[_signature(signed) for signed in frozen.signatures],
    )


def _signature(signed: Signed) -> FrozenSignature:
    signer, task = signed.signer, signed.task
    if task.evidence is None or task.signed_at is None:
        raise LookupError(task.id)
    return FrozenSignature(
        name=signer.name.reveal(),
        id_number=signer.id_number.reveal() if signer.id_number else None,
        uscc=signer.uscc,
        roles=list(signer.roles),
        documents={code: task.hashes[code] for code in signed.documents},
        signed_at=task.signed_at,
        evidence=msgspec.convert(task.evidence, FrozenEvidence),
    )


def _matters(application: Application, frozen: FrozenDraft, content: FrozenContent) -> list[Matter]:
    return [
        Matter(
            id=new_id(),
            application_id=application.id,
            position=position,
            item_code=item.code,
            name=item.name,
            department=item.department,
            state=MatterState.SUBMITTED,
            holder=holder_of(MatterState.SUBMITTED),
            promise=msgspec.json.encode(_promise(frozen, item.code)).decode(),
            clock_used_s=0,
            consent=item.consent,
            consent_granted=content.shares(item),
        )
        for position, item in enumerate(content.items)
    ]


def _promise(frozen: FrozenDraft, item_code: str) -> Promise:
    """What is only the law's limit, or a guess, is not shown as a promise."""
    promise = frozen.compiled.promise_of(item_code, frozen.answers_by_step)
    return Promise(promise.amount if promise.shown else None, promise.unit, promise.after)
