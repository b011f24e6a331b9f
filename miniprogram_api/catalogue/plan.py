"""The plan of a selection as it is shown, for nothing answered yet or for some answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.checking import Question, StepChecker
from miniprogram_api.catalogue.clocks import clock_view
from miniprogram_api.catalogue.conditions import Answers, Condition, Scalar, holds
from miniprogram_api.catalogue.facts import Item, ItemOperation, Material, Step, Use
from miniprogram_api.catalogue.notice import notice_of
from miniprogram_api.catalogue.schemas import (
    DecisionView,
    Json,
    PlanItem,
    PlanMaterial,
    PlanStep,
    PlanView,
    Savings,
)
from miniprogram_api.catalogue.selection import Choice
from miniprogram_api.catalogue.shapes import ui_of


class AskedMaterial(NamedTuple):
    """A material with the claims of the chosen items. ``follows`` is the chosen item whose result
    takes its place, so that nobody is asked for it."""

    code: str
    material: Material
    uses: tuple[Use, ...]
    follows: str | None


def asked_state(uses: Iterable[Use], answers: Answers) -> bool | None:
    """Whether any of the claims stands: None while that depends on missing answers."""
    states = [True if use.when is None else holds(use.when, answers) for use in uses]
    return True if True in states else (None if None in states else False)


class PlanMaker:
    """Makes views of one selection; the steps do not depend on answers and are the form's own."""

    def __init__(
        self,
        catalogue: Catalogue,
        choice: Choice,
        steps: list[PlanStep],
        materials: Sequence[AskedMaterial],
    ) -> None:
        self._catalogue = catalogue
        self._choice = choice
        chosen = [catalogue.items[code] for code in choice.items]
        operation = choice.selection.operation
        self._items = [(item, item.operations[operation]) for item in chosen]
        self._steps = steps
        self._materials = materials

    def view(self, answers: Answers) -> PlanView:
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
            savings=self._savings(answers),
            decisions=self._decisions(answers),
        )

    def _item(self, item: Item, operation: ItemOperation, answers: Answers) -> PlanItem:
        return PlanItem(
            code=item.code,
            name=item.name,
            department=item.department,
            kind=item.kind,
            clock=clock_view(operation.clock, answers),
            depends_on=[code for code in operation.depends_on if code in self._choice.items],
            licence_first=operation.licence_first,
            inspection=operation.inspection,
            source=item.source,
            confidence=item.confidence,
        )

    def _material(self, asked: AskedMaterial, answers: Answers) -> PlanMaterial | None:
        material = asked.material
        if asked_state(asked.uses, answers) is False:
            return None
        needed = [use for use in asked.uses if use.required]
        conditional = all(use.when is not None for use in asked.uses)
        is_upload = material.obtain == "upload"
        return PlanMaterial(
            code=asked.code,
            name=material.name,
            required=asked_state(needed, answers) is True,
            serves=[code for code in self._choice.items if any(u.item == code for u in asked.uses)],
            obtain=material.obtain,
            formats=list(material.formats) if is_upload else [],
            bytes_max=material.bytes_max if is_upload else 0,
            hint=material.hint,
            when=_any_of(use.when for use in asked.uses) if conditional else None,
            follows=asked.follows,
            confidence=material.confidence,
        )

    def _savings(self, answers: Answers) -> Savings:
        """Counted is what may still have to be answered or brought, given the answers so far."""
        joint_fields = {
            use.code
            for item, operation in self._items
            for use in operation.fields.of(item.code)
            if use.follows not in self._choice.items and _may_stand(use, answers)
        }
        joint = [asked for asked in self._materials if asked.follows is None]
        wanted = [asked.code for asked in joint if asked_state(asked.uses, answers) is not False]
        apart = [
            code
            for item, operation in self._items
            for code in _codes_asked(operation.materials.of(item.code), answers)
        ]
        return Savings(
            fields_joint=len(joint_fields),
            fields_apart=sum(
                len(_codes_asked(operation.fields.of(item.code), answers))
                for item, operation in self._items
            ),
            materials_joint=len(wanted),
            materials_apart=len(apart),
            uploads_joint=sum(map(self._is_upload, wanted)),
            uploads_apart=sum(map(self._is_upload, apart)),
        )

    def _is_upload(self, code: str) -> bool:
        return self._catalogue.materials[code].obtain == "upload"

    def _decisions(self, answers: Answers) -> list[DecisionView]:
        return [
            DecisionView(
                item=decision.item,
                name=self._catalogue.items[decision.item].name,
                why=decision.why,
                applies=decision.applies,
                selected=decision.selected,
                confidence=decision.confidence,
            )
            for decision in self._choice.decisions(answers)
        ]


def step_view(
    step: StepChecker, facts: Step, items: Sequence[str], presets: Mapping[str, Scalar]
) -> PlanStep:
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
        serves=[code for code in items if code in served],
    )


def _ui(question: Question, items: Sequence[str], preset: Scalar | None) -> Json:
    field = question.field
    served = {use.item for use in question.uses}
    ui = ui_of(field)
    if preset is not None:
        ui["default"] = preset
    ui["serves"] = [code for code in items if code in served]
    ui["confidence"] = field.confidence
    if field.personal or field.type == "person":
        ui["personal"] = True
    if not question.always_asked:
        ui["when"] = _any_of(use.when for use in question.uses)
    needed = [use.when for use in question.uses if use.required]
    if needed and not question.always_required:
        ui["required_when"] = _any_of(needed)
    return ui


def _codes_asked(uses: Iterator[Use], answers: Answers) -> set[str]:
    """What an item asks when it is applied for alone."""
    return {use.code for use in uses if _may_stand(use, answers)}


def _may_stand(use: Use, answers: Answers) -> bool:
    return use.when is None or holds(use.when, answers) is not False


def condition_json(condition: Condition | None) -> Json | None:
    return None if condition is None else msgspec.convert(msgspec.to_builtins(condition), Json)


def _any_of(conditions: Iterable[Condition | None]) -> Json:
    distinct: list[object] = []
    for condition in conditions:
        written = msgspec.to_builtins(condition)
        if written not in distinct:
            distinct.append(written)
    alone = distinct[0]
    return alone if len(distinct) == 1 and isinstance(alone, dict) else {"any": distinct}
