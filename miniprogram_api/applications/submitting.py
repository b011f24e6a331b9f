"""Submitting: a draft becomes an application, once, and cannot be changed any more."""

from collections.abc import Mapping

import msgspec

from adapters.outbox.put import Outbox
from kit.answers import Shown
from kit.clock import Clock
from kit.idempotency import Once
from kit.ids import new_id, new_reference_no
from kit.secrets import KeyRing
from kit.text import Language
from miniprogram_api.applications.case import Case
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.clocks import Promise
from miniprogram_api.applications.forwarding import FORWARD_TOPIC, application_key
from miniprogram_api.applications.frozen import (
    FrozenContent,
    FrozenFile,
    FrozenItem,
    FrozenMaterial,
    canonical,
    hash_of_content,
    sealed,
)
from miniprogram_api.applications.models import Application, ApplicationDocument, Matter
from miniprogram_api.applications.problems import DeclarationRequired
from miniprogram_api.applications.schemas import SubmitApplication
from miniprogram_api.applications.states import ApplicationState, MatterState, holder_of
from miniprogram_api.applications.views import ApplicationViews, etag_of
from miniprogram_api.drafts.service import Author, DraftService, FrozenDraft


class SubmissionService:
    def __init__(
        self,
        drafts: DraftService,
        casebook: Casebook,
        outbox: Outbox,
        views: ApplicationViews,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._drafts = drafts
        self._casebook = casebook
        self._outbox = outbox
        self._views = views
        self._ring = ring
        self._clock = clock

    async def submit(
        self, author: Author, body: SubmitApplication, once: Once, language: Language
    ) -> Shown:
        """Freeze the draft, open the application and its matters, and put the forwarding into the
        outbox: all of it, with the remembered answer, or nothing.

        Raises DeclarationRequired and what freezing a draft raises. Two submissions of one draft
        make one application: freezing closes the draft, which works once.
        """
        if not body.declaration:
            raise DeclarationRequired
        async with once.unit():
            frozen = await self._drafts.freeze(author, body.draft_id, body.revision)
            content = _content(frozen, body)
            application = self._application(author.person_id, content)
            await application.save(force_create=True)
            matters = _matters(application, frozen, content)
            for matter in matters:
                await matter.save(force_create=True)
            await self._name_documents(application, content)
            case = await self._casebook.open(application, matters)
            await self._forward(case)
            view = self._views.of(application, matters, language)
            return await once.remember(Shown(view, status=202, etag=etag_of(view, language)))

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
        for material in content.materials:
            for file in material.files:
                document = ApplicationDocument(
                    id=new_id(), application_id=application.id, file_id=file.id
                )
                await document.save(force_create=True)

    async def _forward(self, case: Case) -> None:
        application_id = case.application.id
        body = {"application_id": application_id}
        await self._outbox.put(FORWARD_TOPIC, application_key(application_id), body)


def _content(frozen: FrozenDraft, body: SubmitApplication) -> FrozenContent:
    plan, selection, answers = frozen.compiled.plan, frozen.selection, frozen.answers_by_step
    described = {material.code: material for material in plan.materials}
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
            )
            for item in plan.items
        ],
        answers=frozen.compiled.flat(answers),
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
            for code, files in frozen.materials
            if code in described
        ],
        delivery=_delivery(body),
        declaration=body.declaration,
    )


def _delivery(body: SubmitApplication) -> dict[str, str]:
    delivery: Mapping[str, str] = msgspec.to_builtins(body.delivery)
    return dict(delivery)


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
        )
        for position, item in enumerate(content.items)
    ]


def _promise(frozen: FrozenDraft, item_code: str) -> Promise:
    """What is only the law's limit, or a guess, is not shown as a promise."""
    promise = frozen.compiled.promise_of(item_code, frozen.answers_by_step)
    return Promise(promise.amount if promise.shown else None, promise.unit, promise.after)
