"""Changing a company that exists. The shipped forms ask a lot, so the catalogue here has one that
asks for the name only; everything else is the product's own."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from auth.citizen import Citizen
from auth.companies import ActingFor, CompanyService
from auth.models import CompanyRole
from bff.mock.world import World
from kit.answers import Shown
from kit.idempotency import IdempotencyStore, Once
from kit.ids import new_id
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.log import ApplicationLog
from miniprogram_api.applications.schemas import SubmitApplication
from miniprogram_api.applications.service import ApplicationService
from miniprogram_api.applications.submitting import SubmissionService
from miniprogram_api.catalogue.catalogue import DATA_FOLDER
from miniprogram_api.catalogue.service import Catalogue, CatalogueService, Selection
from miniprogram_api.drafts.schemas import SaveStep
from miniprogram_api.drafts.service import Author, DraftDesk, DraftReview, DraftService
from miniprogram_api.materials.service import GeneratedDocuments
from tests.builders.catalogues import loaded

Operation = Literal["change", "cancel"]
USCC = "91370102MA3QAAA01U"
OTHER_USCC = "91370102MA3QAAA02Y"

_OPERATION = """
  {operation}:
    who: 已设立的企业
    result: 变更后的营业执照
    inspection: false
    depends_on: []
    licence_first: false
    clock: {{stage: licence}}
    fields: {{required: [entity_name], optional: [credit_code]}}
    materials: {{}}
"""


def a_catalogue(folder: Path, operation: str) -> Catalogue:
    data = Path(shutil.copytree(DATA_FOLDER, folder / "data"))
    item = data / "items" / "setup" / "business_licence.yaml"
    opening = item.read_text("utf-8").partition("\n  change:\n")[0]
    item.write_text(opening + _OPERATION.format(operation=operation), "utf-8")
    # What would be made of answers that are not asked here; so nobody has to sign either.
    for name in ("company", "others"):
        (data / "documents" / f"{name}.yaml").write_text("{}\n")
    return loaded(data)


class Companies:
    """The product's own, and what happens right after it has answered."""

    def __init__(self, companies: CompanyService) -> None:
        self._companies = companies
        self.then: Callable[[], Awaitable[None]] | None = None

    async def confirm_role(self, caller: Citizen, operation: str, uscc: str) -> ActingFor:
        acting = await self._companies.confirm_role(caller, operation, uscc)
        if self.then is not None:
            await self.then()
        return acting


class Counter:
    """Where one person changes companies."""

    def __init__(self, world: World, folder: Path, operation: Operation, person_id: str) -> None:
        services = world.services
        clock, ring, outbox = services.clock, services.ring, services.outbox
        catalogue = CatalogueService(a_catalogue(folder, operation), clock)
        provided: ApplicationService = services.provided[ApplicationService]
        casebook = Casebook(
            ApplicationLog(ring), outbox, world.calendar, provided._waiters, ring, clock
        )
        desk = DraftDesk(catalogue, ring, clock)
        self.drafts = DraftService(desk, catalogue, outbox)
        self.companies = Companies(services.provided[CompanyService])
        self.submissions = SubmissionService(
            DraftReview(desk, services.people),
            services.provided[GeneratedDocuments],
            services.people,
            self.companies,  # type: ignore[arg-type]  # all that is asked of it
            casebook,
            outbox,
            provided._views,
            ring,
            clock,
        )
        self.operation = operation
        self.person_id = person_id
        self._author = Author(person_id, None)
        self._store = IdempotencyStore(ring, clock)
        self._now = clock.now

    async def has_role(self, role: str, uscc: str = USCC, **columns: Any) -> None:
        await CompanyRole.create(
            **{
                "id": new_id(),
                "person_id": self.person_id,
                "uscc": uscc,
                "company_name": "济南某某有限公司",
                "role": role,
                "source": "register",
                "verified_at": self._now(),
                **columns,
            }
        )

    async def a_draft(self, uscc: str | None = USCC) -> tuple[str, int]:
        """Its id and revision."""
        selection = Selection(
            operation=self.operation,
            region="370102",
            theme="restaurant",
            items=("business_licence",),
        )
        view = (await self.drafts.create(self._author, selection, "zh")).view
        answers = {"entity_name": "济南某某有限公司"} | ({"credit_code": uscc} if uscc else {})
        return view.id, await self.save(view.id, view.revision, **answers)

    async def save(self, draft_id: str, base: int, **answers: Any) -> int:
        body = SaveStep(base, msgspec.Raw(msgspec.json.encode(answers)))
        saved = await self.drafts.save_step(self._author, draft_id, "company", body, "zh")
        return saved.view.revision

    async def submit(self, draft_id: str, revision: int, acting_for: str | None = USCC) -> Shown:
        caller = Citizen(self.person_id, new_id(), new_id(), "wechat", "app", "open-id", acting_for)
        body = msgspec.convert(
            {
                "draft_id": draft_id,
                "revision": revision,
                "declaration": True,
                "delivery": {"method": "window"},
            },
            SubmitApplication,
        )
        once = Once(self._store, self.person_id, new_id(), "POST", "/applications", b"")
        return await self.submissions.submit(caller, self._author, body, once, "zh")
