"""The plan of a selection as it is shown, for nothing answered yet or for some answers."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.checking import Question, StepChecker
from miniprogram_api.catalogue.claims import AskedMaterial, asked_state, givers
from miniprogram_api.catalogue.clocks import clock_view
from miniprogram_api.catalogue.conditions import Answers, Condition, Scalar, any_of
from miniprogram_api.catalogue.facts import Clock, Item, ItemOperation, Step
from miniprogram_api.catalogue.notice import notice_of
from miniprogram_api.catalogue.plan_schemas import DecisionView, Json
from miniprogram_api.catalogue.provenance import (
    claims_of,
    departments_of,
    handed_in_text,
    savings_of,
    served_text,
)
from miniprogram_api.catalogue.questions import Asking, open_questions
from miniprogram_api.catalogue.schemas import PlanItem, PlanMaterial, PlanStep, PlanView
from miniprogram_api.catalogue.selection import Choice
from miniprogram_api.catalogue.shapes import ui_of


class PlanMaker:
    """Makes views of one selection; the steps do not depend on answers and are the form's own."""

    def __init__(
        self,
        catalogue: Catalogue,
        choice: Choice,
        steps: list[PlanStep],
        materials: Sequence[AskedMaterial],
        homes: Mapping[str, str],
    ) -> None:
        self._catalogue = catalogue
        self._choice = choice
        chosen = [catalogue.items[code] for code in choice.items]
        operation = choice.selection.operation
        self._items = [(item, item.operations[operation]) for item in chosen]
        self._givers = givers(chosen)
        self._claims = claims_of(self._items)
        self._steps = steps
        self._materials = materials
        self._homes = homes

    def view(self, answers: Answers, hidden: Collection[str] = frozenset()) -> PlanView:
        """``hidden``: the questions that the answers rule out; nobody asks them."""
        selection = self._choice.selection
        shown = (self._material(asked, answers) for asked in self._materials)
        materials = [material for material in shown if material is not None]
        return PlanView(
            catalogue_version=self._catalogue.version,
            operation=selection.operation,
            region=selection.region,
            theme=selection.theme,
            mode=selection.mode,
            items=[self._item(item, operation, answers) for item, operation in self._items],
            steps=self._steps,
            materials=materials,
            notice=notice_of(self._items, materials, answers),
            savings=savings_of(self._claims, self._catalogue.materials, answers),
            decisions=self._decisions(answers),
            questions=open_questions(
                Asking(self._catalogue, self._choice, self._items, self._materials, self._homes),
                answers,
                hidden,
            ),
            changes=None,
        )

    def _item(self, item: Item, operation: ItemOperation, answers: Answers) -> PlanItem:
        return PlanItem(
            code=item.code,
            name=operation.name or item.name,
            department=item.department,
            kind=item.kind,
            clock=clock_view(self._clock(operation.clock), answers),
            depends_on=[
                self._givers[code] for code in operation.depends_on if code in self._givers
            ],
            licence_first=operation.licence_first,
            inspection=operation.inspection,
            source=item.source,
            confidence=item.confidence,
        )

    def _clock(self, clock: Clock) -> Clock:
        giver = self._givers.get(clock.after or "", clock.after)
        return clock if giver == clock.after else msgspec.structs.replace(clock, after=giver)

    def _material(self, asked: AskedMaterial, answers: Answers) -> PlanMaterial | None:
        material = asked.material
        if asked_state(asked.uses, answers) is False:
            return None
        needed = [use for use in asked.uses if use.required]
        conditional = all(use.when is not None for use in asked.uses)
        is_upload = material.obtain == "upload"
        claiming = {use.item for use in asked.uses}
        served = [item for item, _ in self._items if item.code in claiming]
        departments = departments_of(served)
        text = handed_in_text(len(departments), len(served))
        return PlanMaterial(
            code=asked.code,
            name=material.name,
            required=asked_state(needed, answers) is True,
            serves=[item.code for item in served],
            departments=departments,
            serves_text=None if text is None else text.zh,
            serves_text_en=None if text is None else text.en,
            obtain=material.obtain,
            formats=list(material.formats) if is_upload else [],
            bytes_max=material.bytes_max if is_upload else 0,
            watermark=is_upload and material.watermark,
            hint=material.hint,
            when=any_of(use.when for use in asked.uses) if conditional else None,
            follows=asked.follows,
            confidence=material.confidence,
        )

    def _decisions(self, answers: Answers) -> list[DecisionView]:
        return [
            DecisionView(
                item=decision.item,
                name=self._catalogue.items[decision.item].name_in(self._choice.selection.operation),
                why=decision.why,
                applies=decision.applies,
                selected=decision.selected,
                confidence=decision.confidence,
                decided_by=list(decision.decided_by),
            )
            for decision in self._choice.decisions(answers)
        ]


def step_view(
    step: StepChecker, facts: Step, items: Sequence[Item], presets: Mapping[str, Scalar]
) -> PlanStep:
    """``items`` are all that were chosen, in their order."""
    served = {use.item for question in step.questions for use in question.uses}
    return PlanStep(
        key=step.key,
        title=facts.title,
        schema=step.schema,
        ui={
            "title_en": facts.en,
            "order": [question.code for question in step.questions],
            "fields": {
                question.code: _ui(question, items, presets.get(question.code))
                for question in step.questions
            },
        },
        serves=[item.code for item in items if item.code in served],
    )


def _ui(question: Question, items: Sequence[Item], preset: Scalar | None) -> Json:
    field = question.field
    claiming = {use.item for use in question.uses}
    served = [item for item in items if item.code in claiming]
    departments = departments_of(served)
    text = served_text(len(departments), len(served))
    ui = ui_of(field)
    if preset is not None:
        ui["default"] = preset
    ui["serves"] = [item.code for item in served]
    ui["departments"] = departments
    if text is not None:
        ui["serves_text"], ui["serves_text_en"] = text.zh, text.en
    ui["confidence"] = field.confidence
    if field.personal or field.type == "person":
        ui["personal"] = True
    if not question.always_asked:
        ui["when"] = any_of(use.when for use in question.uses)
    needed = [use.when for use in question.uses if use.required]
    if needed and not question.always_required:
        ui["required_when"] = any_of(needed)
    return ui


def condition_json(condition: Condition | None) -> Json | None:
    return None if condition is None else msgspec.convert(msgspec.to_builtins(condition), Json)
