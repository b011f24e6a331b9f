"""A selection made ready for use: its plan, and the checks of its steps, compiled once."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

from kit.answers import encode_json
from kit.clock import CHINA, Clock
from kit.text import Text
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.checking import StepCheck
from miniprogram_api.catalogue.claims import AskedMaterial, asked_state, givers
from miniprogram_api.catalogue.clocks import Promise, promise_of
from miniprogram_api.catalogue.conditions import Answers, holds
from miniprogram_api.catalogue.form import AnswersByStep, Form
from miniprogram_api.catalogue.plan import PlanMaker
from miniprogram_api.catalogue.plan_schemas import ElderPage
from miniprogram_api.catalogue.rule import RuleContext, StepError
from miniprogram_api.catalogue.schemas import PlanView, Ui
from miniprogram_api.catalogue.selection import Choice
from miniprogram_api.catalogue.sharing import Sharing, sharings_of
from miniprogram_api.catalogue.whatif import Seen

_NO_STEPS = b'"steps":[]'


class Encoded(NamedTuple):
    """An answer as it is sent; the ETag changes with every byte of it."""

    body: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.body)


class CheckError(NamedTuple):
    step: str
    pointer: str
    code: str
    message: Text


class Check(NamedTuple):
    """``ready``: nothing is wrong and no required upload is missing."""

    ready: bool
    errors: tuple[CheckError, ...]
    missing_materials: tuple[str, ...]
    remarks: tuple[CheckError, ...] = ()


class CompiledPlan:
    """Immutable. Answers are given by step, as drafts keep them; nothing of them is remembered."""

    def __init__(self, catalogue: Catalogue, choice: Choice, form: Form, clock: Clock) -> None:
        self.catalogue = catalogue
        self.selection = choice.selection
        self.version = catalogue.version
        self.items = choice.items
        self.industry_code = choice.theme.industry_code
        self.industry_name = choice.theme.industry_name
        self._choice = choice
        self._givers = givers(catalogue.items[code] for code in choice.items)
        self._clock = clock
        self._form = form
        self._maker = PlanMaker(catalogue, choice, form.step_views, form.materials, form.homes)
        self.plan: PlanView = self._maker.view({})
        self.plan_json = self.encoded(self.plan)
        self.etag = hashlib.sha256(self.plan_json).hexdigest()[:20]

    def encoded(self, view: PlanView) -> bytes:
        """A view of this plan as it is sent. Its steps, most of it, do not depend on answers and go
        through as the bytes that the form keeps."""
        rest = encode_json(msgspec.structs.replace(view, steps=[], pages=msgspec.UNSET))
        before, _, after = rest.partition(_NO_STEPS)
        body = b'%s"steps":%s%s' % (before, self._form.steps_json, after)
        return body if view.pages is msgspec.UNSET else self._with_pages(body)

    def _with_pages(self, body: bytes) -> bytes:
        return b'%s,"pages":%s}' % (body[:-1], self._form.elder_pages_json)

    def shown(self, ui: Ui = "standard") -> Encoded:
        """The plan as it is sent; for elder people with its pages, which all regions share."""
        if ui == "standard":
            return Encoded(self.plan_json, self.etag)
        return Encoded(self._with_pages(self.plan_json), f"{self.etag}-{ui}")

    @property
    def size(self) -> int:
        return len(self.plan_json)

    @property
    def step_keys(self) -> tuple[str, ...]:
        return tuple(self._form.steps)

    def codes_by_step(self) -> dict[str, tuple[str, ...]]:
        """The fields that each step may ask."""
        return {
            key: tuple(question.code for question in step.questions)
            for key, step in self._form.steps.items()
        }

    def sharings(self) -> list[Sharing]:
        """Whom outside the administration the chosen items would be shared with."""
        return sharings_of(self.catalogue.items[code] for code in self.items)

    def today(self) -> date:
        return self._clock.now().astimezone(CHINA).date()

    def check_step(
        self, key: str, answers: Answers, all_answers_by_step: AnswersByStep
    ) -> StepCheck:
        """All errors of one step; the other steps' answers decide what it asks."""
        step = self._form.step(key)
        if all_answers_by_step.get(key) is not answers:
            all_answers_by_step = {**all_answers_by_step, key: answers}
        visible = self._form.visible_to(key, all_answers_by_step)
        return step.check(answers, self._context(visible))

    def steps_read_by(self, key: str) -> frozenset[str]:
        """The steps, itself among them, whose answers its check looks at."""
        return self._form.read_by(key)

    def steps_reading(self, key: str, changed: Collection[str]) -> tuple[str, ...]:
        """The other steps whose check may change when these answers of this step do: after saving a
        step, only they need another look."""
        return self._form.readers_of(key, changed)

    def check_all(
        self, answers_by_step: AnswersByStep, materials_present: Collection[str]
    ) -> Check:
        context = self._context(self._form.visible(answers_by_step))
        errors: list[CheckError] = []
        remarks: list[CheckError] = []
        for key, step in self._form.steps.items():
            check = step.check(answers_by_step.get(key, {}), context)
            errors += _placed(key, (*check.errors, *step.compare(context)))
            remarks += _placed(key, check.remarks)
        missing = tuple(
            code
            for code in self._required_materials(context.answers)
            if code not in materials_present
        )
        return Check(not errors and not missing, tuple(errors), missing, tuple(remarks))

    def required_materials(self, answers_by_step: AnswersByStep) -> tuple[str, ...]:
        """The codes of the files that must be uploaded, given these answers."""
        return tuple(self._required_materials(self._form.visible(answers_by_step)))

    def flat(self, answers_by_step: AnswersByStep) -> dict[str, object]:
        """All answers by field code, of questions that these answers still ask."""
        return self._form.visible(answers_by_step)

    def answers_of_item(self, item: str, answers_by_step: AnswersByStep) -> dict[str, object]:
        """The answers that one item needs; KeyError for an item that is not part of the plan."""
        if item not in self.items:
            raise KeyError(item)
        visible = self._form.visible(answers_by_step)
        operation = self.catalogue.items[item].operations[self.selection.operation]
        return {
            use.code: visible[use.code]
            for use in operation.fields.of(item)
            if use.code in visible and (use.when is None or holds(use.when, visible) is True)
        }

    def promise_of(self, item: str, answers_by_step: AnswersByStep | None = None) -> Promise:
        """The clock of one item; ``after`` only if that item is part of this plan."""
        answers = self._form.visible(answers_by_step or {})
        clock = self.catalogue.items[item].operations[self.selection.operation].clock
        giver = self._givers.get(clock.after or "")
        return promise_of(msgspec.structs.replace(clock, after=giver), answers)

    def seen(self, answers: Answers) -> Seen:
        """The plan as these answers (by field code) would have it. Those of questions that they
        hide count no more than in a draft."""
        if not answers:
            return Seen(self._choice, self.plan, answers)
        hidden = self._form.hidden(answers)
        told = {code: value for code, value in answers.items() if code not in hidden}
        return Seen(self._choice, self._maker.view(told, hidden), told)

    def elder_pages(self) -> list[ElderPage]:
        return self._form.elder_pages

    def _context(self, visible: dict[str, object]) -> RuleContext:
        known = self.catalogue.known()
        return RuleContext(visible, self.today(), self.selection.region, *known)

    def _required_materials(self, answers: Answers) -> Iterator[str]:
        for asked in self._form.materials:
            needed = [use for use in asked.uses if use.required]
            if asked.material.obtain == "upload" and asked_state(needed, answers) is True:
                yield asked.code

    def documents_asked(self, answers: Answers) -> Iterator[tuple[AskedMaterial, bool]]:
        """The materials that we make of these answers (by field code), and whether each must be
        there."""
        for asked in self._form.materials:
            if asked.material.obtain == "generated" and asked_state(asked.uses, answers) is True:
                needed = [use for use in asked.uses if use.required]
                yield asked, asked_state(needed, answers) is True


def _placed(key: str, errors: Iterable[StepError]) -> Iterator[CheckError]:
    for error in errors:
        yield CheckError(key, error.pointer, error.code, error.message)
