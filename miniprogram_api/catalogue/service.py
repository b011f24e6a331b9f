"""What can be applied for: look it up, and make a selection into a plan."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec

from kit.answers import encode_json
from kit.clock import Clock
from kit.problems import NotFound
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.checking import StepCheck, StepState
from miniprogram_api.catalogue.clocks import Promise, clock_view
from miniprogram_api.catalogue.compiled import Check, CheckError, CompiledPlan
from miniprogram_api.catalogue.conditions import Answers
from miniprogram_api.catalogue.facts import (
    Field,
    Item,
    Material,
    Operation,
    Region,
    Theme,
    Use,
)
from miniprogram_api.catalogue.form import AnswersByStep, Form
from miniprogram_api.catalogue.plan import condition_json
from miniprogram_api.catalogue.problems import (
    SELECTION_PROBLEMS,
    OperationNotOffered,
    RegionNotServed,
    UnknownItem,
    UnknownLookup,
    UnknownRegion,
    UnknownStep,
    UnknownTheme,
)
from miniprogram_api.catalogue.reading import CatalogueFaulty
from miniprogram_api.catalogue.samples import SamplePerson, sample_answers, sample_materials
from miniprogram_api.catalogue.schemas import (
    AskedView,
    ItemDetail,
    ItemView,
    LookupView,
    PlanView,
    RegionView,
    SituationView,
    ThemeView,
)
from miniprogram_api.catalogue.selection import Choice, Selection, choose
from miniprogram_api.catalogue.sharing import Sharing, sharing_text
from miniprogram_api.catalogue.step_errors import StepError

__all__ = [
    "SELECTION_PROBLEMS",
    "Answers",
    "AnswersByStep",
    "Catalogue",
    "CatalogueFaulty",
    "CatalogueService",
    "Check",
    "CheckError",
    "CompiledPlan",
    "OperationNotOffered",
    "PlanView",
    "Promise",
    "RegionNotServed",
    "SamplePerson",
    "Selection",
    "Sharing",
    "StepCheck",
    "StepError",
    "StepState",
    "UnknownItem",
    "UnknownRegion",
    "UnknownStep",
    "UnknownTheme",
    "sample_answers",
    "sample_materials",
    "sharing_text",
]  # fmt: skip

# A form of twelve items takes about 1.6 MB and is shared by all counties, a plan on top of it
# 0.15 MB: together at most 35 MB, and the 27 regions served fit with two selections each.
FORMS_MAX = 16
PLANS_MAX = 64
# Lists as they are sent. The longest, all counties, has 25 KB.
ANSWERS_MAX = 64

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Encoded(NamedTuple):
    """An answer as it is sent; the ETag changes with every byte of it."""

    body: bytes
    etag: str


class CatalogueService:
    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self.catalogue = catalogue
        self._clock = clock
        self._forms: OrderedDict[tuple[str, Operation, tuple[str, ...]], Form] = OrderedDict()
        self._plans: OrderedDict[Selection, CompiledPlan] = OrderedDict()
        self._answers: OrderedDict[tuple[object, ...], Encoded] = OrderedDict()

    @property
    def version(self) -> str:
        return self.catalogue.version

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
            and (wanted in f"{item.code} {item.name} {item.department}".lower())
        )

    def item(self, code: str, operation: Operation = "open") -> ItemDetail:
        item = self.catalogue.items.get(code)
        if item is None or operation not in item.operations:
            raise NotFound
        return self._detail(item, operation)

    def lookup(self, name: str, q: str = "", limit: int = 50) -> tuple[LookupView, ...]:
        """Entries whose code, name or details contain ``q``."""
        entries = self.catalogue.lookups.get(name)
        if entries is None:
            raise UnknownLookup
        wanted = q.strip().lower()
        found = (
            LookupView(entry.code, entry.name, entry.details)
            for entry in entries.values()
            if wanted in " ".join((entry.code, entry.name, *entry.details.values())).lower()
        )
        return tuple(view for view, _ in zip(found, range(limit), strict=False))

    def encoded(self, key: tuple[object, ...], make: Callable[[], msgspec.Struct]) -> Encoded:
        """What ``make`` gives, kept under ``key``: it only changes with the catalogue."""
        answer = self._answers.get(key)
        if answer is None:
            body = encode_json(make())
            answer = Encoded(body, hashlib.sha256(body).hexdigest()[:20])
        _keep(self._answers, key, answer, ANSWERS_MAX)
        return answer

    def compile(
        self,
        selection: Selection,
        version: str | None = None,
    ) -> CompiledPlan:
        """The plan and checks of a selection; raises the problem that says what is wrong with it.

        Only the loaded catalogue can be compiled: a draft of another ``version`` gets this one.
        """
        compiled = self._plans.get(selection)
        if compiled is not None:
            self._plans.move_to_end(selection)
            return compiled
        choice = choose(self.catalogue, selection, {})
        compiled = CompiledPlan(self.catalogue, choice, self._form(choice), self._clock)
        _keep(self._plans, selection, compiled, PLANS_MAX)
        return compiled

    def _form(self, choice: Choice) -> Form:
        selection = choice.selection
        key = (selection.theme, selection.operation, choice.items)
        form = self._forms.get(key)
        if form is None:
            form = Form(
                self.catalogue, selection.theme, selection.operation, choice.items, self._clock
            )
        _keep(self._forms, key, form, FORMS_MAX)
        return form

    def plan(self, selection: Selection, answers: Answers) -> PlanView:
        """What-if: which items, materials, clocks and inspections these answers lead to.

        Answers are given by field code or by step. With no items chosen, the theme's conditional
        items come and go with the answers; chosen items stay, and ``decisions`` tells about them.
        """
        flat: dict[str, object] = {}
        for key, value in answers.items():
            if key in self.catalogue.steps and isinstance(value, dict):
                flat.update(value)
            else:
                flat[key] = value
        choice = choose(self.catalogue, selection, flat)
        chosen = msgspec.structs.replace(selection, items=choice.items)
        return self.compile(chosen).view(flat)

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


def _keep(cache: OrderedDict[Key, Kept], key: Key, value: Kept, entries_max: int) -> None:
    """Put in as the most recently used; the least recently used makes room."""
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > entries_max:
        cache.popitem(last=False)


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


def _item(item: Item, operation: Operation | None) -> ItemView:
    """The clock is that of the operation asked about, else of the first that is offered."""
    offered = next(iter(item.operations)) if operation is None else operation
    facts = item.operations[offered]
    return ItemView(
        code=item.code,
        name=item.name,
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
