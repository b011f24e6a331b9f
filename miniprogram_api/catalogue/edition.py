"""One version of the catalogue, and what was made of it so far."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from kit.answers import encode_json
from kit.clock import CHINA, Clock
from kit.problems import Problem
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.compiled import CompiledPlan, Encoded
from miniprogram_api.catalogue.facts import Operation
from miniprogram_api.catalogue.form import Form
from miniprogram_api.catalogue.lookups import Lookups
from miniprogram_api.catalogue.names import NameBook
from miniprogram_api.catalogue.selection import Choice, Selection, choose
from miniprogram_api.catalogue.step_schemas import StepSchemas


class Bounds(NamedTuple):
    """How many forms, plans and answers of one version are kept, and how long all of a kind may be
    as they are sent: sixty items take five times what twelve do, and anybody may choose them."""

    forms: int
    plans: int
    answers: int
    bytes: int


# A form of twelve items takes about 1.6 MB and is shared by all counties, a plan on top of it
# 0.15 MB, which is also how long it is when sent: together at most 50 MB, and the 27 regions served
# fit with two selections each. Of lists as they are sent the longest, all counties, has 25 KB.
SERVING = Bounds(forms=16, plans=64, answers=64, bytes=9_000_000)
# Only drafts ask for older versions, and those that are open get fewer every day.
OLDER = Bounds(forms=4, plans=8, answers=0, bytes=1_500_000)


class Sized(Protocol):
    @property
    def size(self) -> int: ...


Key = TypeVar("Key")
Kept = TypeVar("Kept", bound=Sized)


class Edition:
    """Never becomes another version: whoever holds one through a whole answer mixes nothing."""

    def __init__(self, catalogue: Catalogue, clock: Clock, bounds: Bounds = SERVING) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._bounds = bounds
        self._forms: OrderedDict[tuple[date, str, Operation, tuple[str, ...]], Form] = OrderedDict()
        self._plans: OrderedDict[tuple[date, Selection], CompiledPlan] = OrderedDict()
        # As many as there are spans of days.
        self._schemas: dict[date, StepSchemas] = {}
        self._answers: OrderedDict[tuple[object, ...], Encoded] = OrderedDict()
        self._lookups: Lookups | None = None

    @property
    def version(self) -> str:
        return self._catalogue.version

    @property
    def is_dated(self) -> bool:
        """Whether it holds rows that begin or end on some day."""
        return self._catalogue.is_dated

    @property
    def catalogue(self) -> Catalogue:
        """With the rows that hold today."""
        # Every answer asks for it, and what day it is costs 2 us.
        return self._catalogue.on(self.today) if self.is_dated else self._catalogue

    @property
    def lookups(self) -> Lookups:
        """The long lists, ready to be searched: the same on all days."""
        if self._lookups is None:
            data = self._catalogue
            self._lookups = Lookups(data.lookups, data.regions, data.divisions)
        return self._lookups

    @property
    def names(self) -> NameBook:
        """The rules on companies' names: the same on all days."""
        return self._catalogue.names

    def encoded(self, key: tuple[object, ...], make: Callable[[], msgspec.Struct]) -> Encoded:
        """What ``make`` gives, kept under ``key``: it only changes with the catalogue."""
        kept = (self.catalogue.since, *key)
        answer = self._answers.get(kept)
        if answer is None:
            body = encode_json(make())
            answer = Encoded(body, hashlib.sha256(body).hexdigest()[:20])
        _keep(self._answers, kept, answer, self._bounds.answers, self._bounds.bytes)
        return answer

    def compile(self, selection: Selection) -> CompiledPlan:
        """The plan and checks of a selection; raises the problem that says what is wrong in it."""
        return self._compiled(self.catalogue, selection)

    def compile_kept(self, selection: Selection) -> CompiledPlan:
        """As :meth:`compile`, for somebody who chose earlier: what is not offered any more today is
        as it was on the last day on which it was (see :meth:`is_offered`)."""
        key = (self.catalogue.since, selection)
        kept = self._plans.get(key)
        if kept is not None:
            self._plans.move_to_end(key)
            return kept
        views = self._catalogue.before(self.today)
        for view in views:
            try:
                return self._compiled(view, selection)
            except Problem:
                if view is views[-1]:
                    raise
        raise AssertionError("there is no day without a catalogue")

    def is_offered(self, selection: Selection) -> bool:
        """Whether it could be chosen today."""
        catalogue = self.catalogue
        if (catalogue.since, selection) in self._plans:
            return True
        try:
            choose(catalogue, selection, {})
        except Problem:
            return False
        return True

    @property
    def today(self) -> date:
        return self._clock.now().astimezone(CHINA).date()

    def _compiled(self, catalogue: Catalogue, selection: Selection) -> CompiledPlan:
        key = (catalogue.since, selection)
        compiled = self._plans.get(key)
        if compiled is None:
            choice = choose(catalogue, selection, {})
            compiled = CompiledPlan(catalogue, choice, self._form(catalogue, choice), self._clock)
        _keep(self._plans, key, compiled, self._bounds.plans, self._bounds.bytes)
        return compiled

    def _form(self, catalogue: Catalogue, choice: Choice) -> Form:
        selection = choice.selection
        key = (catalogue.since, selection.theme, selection.operation, choice.items)
        form = self._forms.get(key)
        if form is None:
            schemas = self._schemas_of(catalogue)
            form = Form(catalogue, selection.theme, selection.operation, choice.items, schemas)
        _keep(self._forms, key, form, self._bounds.forms, self._bounds.bytes)
        return form

    def _schemas_of(self, catalogue: Catalogue) -> StepSchemas:
        schemas = self._schemas.get(catalogue.since)
        if schemas is None:
            schemas = StepSchemas(catalogue, self._clock)
            self._schemas[catalogue.since] = schemas
        return schemas


def _keep(
    cache: OrderedDict[Key, Kept], key: Key, value: Kept, entries_max: int, bytes_max: int
) -> None:
    """Put in as the most recently used; the least recently used make room."""
    is_new = key not in cache
    cache[key] = value
    cache.move_to_end(key)
    if not is_new:
        return
    size = sum(kept.size for kept in cache.values())
    while len(cache) > entries_max or size > bytes_max:
        _, gone = cache.popitem(last=False)
        size -= gone.size
