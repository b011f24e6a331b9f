"""What can be applied for: look it up, and make a selection into a plan."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import msgspec
import structlog

from kit.clock import Clock
from kit.problems import NotFound
from miniprogram_api.catalogue import versions
from miniprogram_api.catalogue.catalogue import DATA_FOLDER, Catalogue
from miniprogram_api.catalogue.checking import StepCheck, StepState
from miniprogram_api.catalogue.claims import AskedMaterial, asked_state
from miniprogram_api.catalogue.clocks import Promise, clock_view
from miniprogram_api.catalogue.columns import columns_of
from miniprogram_api.catalogue.comparing import Difference, differences
from miniprogram_api.catalogue.compiled import Check, CheckError, CompiledPlan, Encoded
from miniprogram_api.catalogue.conditions import Answers, holds, is_blank
from miniprogram_api.catalogue.edition import OLDER, Edition
from miniprogram_api.catalogue.facts import (
    Column,
    Field,
    Item,
    LookupEntry,
    Material,
    Operation,
    Region,
    Shape,
    Theme,
    Use,
)
from miniprogram_api.catalogue.form import AnswersByStep
from miniprogram_api.catalogue.moving import Move, SetAside
from miniprogram_api.catalogue.name_checks import NameChecks, WantedName
from miniprogram_api.catalogue.name_schemas import (
    NameCheckRequest,
    NameProblemView,
    name_problem_view,
)
from miniprogram_api.catalogue.names import Company, NameProblem
from miniprogram_api.catalogue.plan import condition_json
from miniprogram_api.catalogue.problems import (
    SELECTION_PROBLEMS,
    OperationNotOffered,
    RegionNotServed,
    UnknownItem,
    UnknownRegion,
    UnknownStep,
    UnknownTheme,
)
from miniprogram_api.catalogue.reading import CatalogueFaulty
from miniprogram_api.catalogue.rule import StepError
from miniprogram_api.catalogue.samples import (
    AnswersOfSteps,
    SamplePerson,
    sample_answers,
    sample_materials,
)
from miniprogram_api.catalogue.schemas import (
    AskedView,
    ItemDetail,
    ItemView,
    LookupList,
    LookupView,
    PlanView,
    RegionView,
    SituationView,
    ThemeView,
    Ui,
)
from miniprogram_api.catalogue.selection import Selection, choose
from miniprogram_api.catalogue.sharing import Sharing, sharing_text
from miniprogram_api.catalogue.templates import (
    COUNT,
    Part,
    Party,
    Placeholder,
    Template,
    Title,
    pieces,
)
from miniprogram_api.catalogue.whatif import Compared, Seen, changes_between

__all__ = [
    "COUNT", "SELECTION_PROBLEMS", "Answers", "AnswersByStep", "AnswersOfSteps", "AskedMaterial",
    "Catalogue", "CatalogueFaulty", "CatalogueService", "Check", "CheckError", "Column", "Company",
    "CompiledPlan", "Difference", "Edition", "Encoded", "Field", "Item", "LookupEntry", "Material",
    "Move", "NameCheckRequest", "NameChecks", "NameProblem", "NameProblemView",
    "OperationNotOffered", "Part", "Party", "Placeholder", "PlanView", "Promise", "RegionNotServed",
    "SamplePerson", "Selection", "SetAside", "Shape", "Sharing", "StepCheck", "StepError",
    "StepState", "Template", "Title", "Ui", "UnknownItem", "UnknownRegion", "UnknownStep",
    "UnknownTheme", "WantedName", "asked_state", "columns_of", "differences", "holds", "is_blank",
    "name_problem_view", "pieces", "sample_answers", "sample_materials", "sharing_text",
]  # fmt: skip

log = structlog.get_logger("catalogue")

# Each takes what is different in it, and the forms of its own drafts (docs/catalogue-versions.md).
OLDER_MAX = 3


class CatalogueService:
    """One for the process. What it answers at once is of the version that serves just then; whoever
    waits for anything in between takes an :class:`Edition` and stays with it."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._clock = clock
        self._serving = Edition(catalogue, clock)
        self._older: OrderedDict[str, Edition] = OrderedDict()
        self._reading = asyncio.Lock()

    @property
    def serving(self) -> Edition:
        return self._serving

    @property
    def catalogue(self) -> Catalogue:
        """With the rows that hold today."""
        return self._serving.catalogue

    @property
    def version(self) -> str:
        return self._serving.version

    def serve(self, catalogue: Catalogue) -> None:
        """From now on; what serves now is kept for its drafts."""
        before = self._serving
        self._serving = Edition(catalogue, self._clock)
        self._older.pop(catalogue.version, None)
        if before.version != catalogue.version:
            self._keep_older(Edition(before.catalogue, self._clock, OLDER))

    async def edition(self, version: str) -> Edition:
        """Of a draft's version. The one that serves where that is not kept any more."""
        serving = self._serving
        if version in {serving.version, ""}:
            return serving
        known = self._older.get(version)
        if known is None:
            known = await self._read_older(version)
        if known is None:
            log.warning("catalogue_version_missing", version=version, serving=serving.version)
            return serving
        self._keep_older(known)
        return known

    async def read_version(self, version: str) -> Catalogue:
        """As it is kept, or shipped. Raises CatalogueFaulty."""
        archive = await versions.find_archive(version)
        if archive is None:
            # Nothing was ever imported, or not any more.
            parsed = self._serving.catalogue.parsed
            return await asyncio.to_thread(Catalogue.load, DATA_FOLDER, parsed)
        return await self._unpacked(version, archive)

    async def purge(self, in_use: versions.InUse) -> int:
        """Housekeeping: throw away the versions that no draft needs; how many."""
        return await versions.purge(self.version, in_use, self._clock)

    async def _read_older(self, version: str) -> Edition | None:
        # Not under the lock: who asks inside a transaction may have the only connection.
        archive = await versions.find_archive(version)
        if archive is None:
            return None
        try:
            async with self._reading:
                known = self._older.get(version)
                return known or Edition(await self._unpacked(version, archive), self._clock, OLDER)
        except CatalogueFaulty as faulty:
            # Kept by a program that understood it; this one does not.
            log.error("catalogue_refused", version=version, count=len(faulty.faults))
            return None

    async def _unpacked(self, version: str, archive: bytes) -> Catalogue:
        """In a thread, so that requests go on; what both have in common is read once."""
        parsed = self._serving.catalogue.parsed
        return await asyncio.to_thread(versions.unpacked, version, archive, parsed)

    def _keep_older(self, edition: Edition) -> None:
        self._older[edition.version] = edition
        self._older.move_to_end(edition.version)
        if len(self._older) > OLDER_MAX:
            self._older.popitem(last=False)

    def regions(self, parent: str | None = None) -> tuple[RegionView, ...]:
        """The province, its cities and counties; or what lies directly in ``parent``."""
        regions = self.catalogue.regions.values()
        if parent is None:
            return tuple(self._region(region) for region in regions if len(region.code) == 6)
        if parent not in self.catalogue.regions:
            raise UnknownRegion
        return tuple(self._region(region) for region in regions if region.parent == parent)

    def themes(
        self, operation: Operation | None = None, region: str | None = None
    ) -> tuple[ThemeView, ...]:
        if not self._is_served(region):
            return ()
        return tuple(
            _theme(key, theme)
            for key, theme in self.catalogue.themes.items()
            if operation is None or operation in theme.operations
        )

    def items(
        self, operation: Operation | None = None, region: str | None = None, q: str = ""
    ) -> tuple[ItemView, ...]:
        """``q`` is looked for in code, name and department."""
        if not self._is_served(region):
            return ()
        wanted = q.strip().lower()
        return tuple(
            _item(item, operation)
            for item in self.catalogue.items.values()
            if (operation is None or operation in item.operations)
            and (wanted in _searched(item, operation))
        )

    def item(self, code: str, operation: Operation = "open") -> ItemDetail:
        item = self.catalogue.items.get(code)
        if item is None or operation not in item.operations:
            raise NotFound
        return self._detail(item, operation)

    def lookup(
        self, name: str, q: str = "", limit: int = 50, cursor: str | None = None
    ) -> LookupList:
        """Entries whose code, name, first letters or details have ``q``, the best first; from
        ``cursor`` on, which an earlier answer gave."""
        page = self._serving.lookups.find(name, q, int(cursor or 0), limit)
        return LookupList(
            [LookupView(entry.code, entry.name, entry.details) for entry in page.entries],
            None if page.next_place is None else str(page.next_place),
        )

    def encoded(self, key: tuple[object, ...], make: Callable[[], msgspec.Struct]) -> Encoded:
        """What ``make`` gives, kept under ``key``: it only changes with the catalogue."""
        return self._serving.encoded(key, make)

    def compile(self, selection: Selection) -> CompiledPlan:
        """The plan and checks of a selection; raises the problem that says what is wrong in it."""
        return self._serving.compile(selection)

    def plan(
        self,
        selection: Selection,
        answers: Answers,
        previous: Answers | None = None,
        ui: Ui = "standard",
    ) -> PlanView:
        """What-if: which items, materials, clocks and inspections these answers lead to, and what
        they change against the ``previous`` ones (or none).

        Answers are given by field code or by step. With no items chosen, the theme's conditional
        items come and go with the answers; chosen items stay, and ``decisions`` tells about them.
        """
        return self._what_if(selection, answers, previous, ui)[1]

    def plan_json(
        self, selection: Selection, answers: Answers, previous: Answers | None, ui: Ui
    ) -> bytes:
        """:meth:`plan` as it is sent."""
        compiled, view = self._what_if(selection, answers, previous, ui)
        return compiled.encoded(view)

    def _what_if(
        self, selection: Selection, answers: Answers, previous: Answers | None, ui: Ui
    ) -> tuple[CompiledPlan, PlanView]:
        compiled, after = self._seen(selection, answers)
        _, before = self._seen(selection, previous or {})
        compared: Compared = "no_answers" if previous is None else "previous_answers"
        changes = changes_between(compiled.catalogue.items, compared, before, after)
        pages = compiled.elder_pages() if ui == "elder" else msgspec.UNSET
        return compiled, msgspec.structs.replace(after.view, changes=changes, pages=pages)

    def _seen(self, selection: Selection, answers: Answers) -> tuple[CompiledPlan, Seen]:
        flat: dict[str, object] = {}
        steps = self.catalogue.steps
        for key, value in answers.items():
            if key in steps and isinstance(value, dict):
                flat.update(value)
            else:
                flat[key] = value
        choice = choose(self.catalogue, selection, flat)
        chosen = msgspec.structs.replace(selection, items=choice.items)
        compiled = self.compile(chosen)
        return compiled, compiled.seen(flat)

    def _is_served(self, region: str | None) -> bool:
        """Whether anything is offered there; raises for a region that does not exist."""
        if region is None:
            return True
        if region not in self.catalogue.regions:
            raise UnknownRegion
        return self.catalogue.served_city(region) is not None

    def _region(self, region: Region) -> RegionView:
        code = region.code
        level = "town" if len(code) == 9 else _level(code)
        return RegionView(
            code=code,
            name=region.name,
            parent=region.parent,
            level=level,
            zone=code in self.catalogue.zones,
            served=self.catalogue.served_city(code) is not None,
        )

    def _detail(self, item: Item, operation: Operation) -> ItemDetail:
        facts = item.operations[operation]
        view = _item(item, operation)
        fields, materials = self.catalogue.fields, self.catalogue.materials
        return ItemDetail(
            **{name: getattr(view, name) for name in view.__struct_fields__},
            who=facts.who,
            result=facts.result,
            validity_years=facts.validity_years,
            fee=None if facts.fee is None else facts.fee.text,
            inspection=facts.inspection,
            licence_first=facts.licence_first,
            depends_on=list(facts.depends_on),
            bring=list(facts.bring),
            legal_basis=list(item.legal_basis),
            sources=list(item.sources),
            fields=[
                _asked(use, fields[use.code].label, fields[use.code])
                for use in facts.fields.of(item.code)
            ],
            materials=[
                _asked(use, materials[use.code].name, materials[use.code])
                for use in facts.materials.of(item.code)
            ],
        )


def _level(code: str) -> str:
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


def _theme(key: str, theme: Theme) -> ThemeView:
    return ThemeView(
        key=key,
        name=theme.name,
        industry=theme.industry_code,
        industry_name=theme.industry_name,
        items=[entry.code for entry in theme.items],
        defaults=[entry.code for entry in theme.items if entry.always or entry.unless_known],
        situations=[
            SituationView(code, situation.question) for code, situation in theme.situations.items()
        ],
        source=theme.source,
        confidence=theme.confidence,
    )


def _searched(item: Item, operation: Operation | None) -> str:
    name = item.name if operation is None else item.name_in(operation)
    return f"{item.code} {name} {item.department}".lower()


def _item(item: Item, operation: Operation | None) -> ItemView:
    """The clock is that of the operation asked about, else of the first that is offered."""
    offered = next(iter(item.operations)) if operation is None else operation
    facts = item.operations[offered]
    return ItemView(
        code=item.code,
        name=facts.name or item.name,
        department=item.department,
        kind=item.kind,
        operations=list(item.operations),
        clock=clock_view(facts.clock, {}),
        source=item.source,
        confidence=item.confidence,
    )


def _asked(use: Use, name: str, facts: Field | Material) -> AskedView:
    return AskedView(
        code=use.code,
        name=name,
        required=use.required,
        when=condition_json(use.when),
        source=facts.source,
        confidence=facts.confidence,
    )
