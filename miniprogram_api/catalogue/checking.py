"""Checks the answers of one step: its schema, what the schema cannot say, and the rules over
several answers. All errors at once; nothing raises, whatever was typed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Literal, NamedTuple

from kit.answers import encode_json
from miniprogram_api.catalogue import step_errors
from miniprogram_api.catalogue.columns import columns_of
from miniprogram_api.catalogue.conditions import Answers, holds, is_blank
from miniprogram_api.catalogue.facts import Field, Shape, Use
from miniprogram_api.catalogue.numbers import is_document_number
from miniprogram_api.catalogue.rule import RuleContext, StepError, rows_of
from miniprogram_api.catalogue.rules import AnyRule
from miniprogram_api.catalogue.shapes import Schema
from miniprogram_api.catalogue.step_schemas import StepSchema

# More than anybody reads; what is beyond shows once these are mended.
ERRORS_MAX = 200
# Values in one step, at whatever depth. Some tables may have 200 rows; with all of its tables full
# the largest step of all themes has 6,013.
LOOKED_AT_MAX = 20_000

_IDENTITY_CARD = "01"
_COMPOUND = frozenset({"table", "group", "person", "address", "date_range"})

StepState = Literal["empty", "partial", "complete"]


class StepCheck(NamedTuple):
    """``empty``: nothing was answered yet and something must be; ``complete``: no errors.
    ``remarks`` are told as well, and keep nothing from being submitted. ``changes_on``: the next
    day on which the same answers may be judged otherwise, as an appointment is that has passed."""

    state: StepState
    errors: tuple[StepError, ...]
    remarks: tuple[StepError, ...] = ()
    changes_on: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a plan with the claims that the chosen items have to it."""

    code: str
    field: Field
    uses: tuple[Use, ...]
    always_asked: bool
    always_required: bool

    @classmethod
    def of(cls, field: Field, uses: Sequence[Use]) -> "Question":
        plain = [use for use in uses if use.when is None]
        return cls(
            uses[0].code, field, tuple(uses), bool(plain), any(use.required for use in plain)
        )

    def reads(self) -> Iterator[str]:
        for use in self.uses:
            if use.when is not None:
                yield from use.when.fields()

    def asked(self, answers: Answers) -> bool:
        return self.always_asked or any(
            use.when is not None and holds(use.when, answers) is True for use in self.uses
        )

    def required(self, answers: Answers) -> bool:
        return self.always_required or any(
            use.required and use.when is not None and holds(use.when, answers) is True
            for use in self.uses
        )


class StepChecker:
    """``unasked``: the step's other fields, which nothing chosen asks."""

    def __init__(
        self,
        key: str,
        questions: Sequence[Question],
        rules: Sequence[AnyRule],
        schema: StepSchema,
        unasked: Collection[str] = (),
    ) -> None:
        self.key = key
        self.questions = tuple(questions)
        self._unasked = frozenset(unasked)
        of_the_step = [rule for rule in rules if not rule.of_the_form]
        self._rules = tuple(rule for rule in of_the_step if rule.severity == "block")
        self._remarks = tuple(rule for rule in of_the_step if rule.severity != "block")
        self._of_the_form = tuple(rule for rule in rules if rule.of_the_form)
        self._of_the_day = tuple(rule for rule in self._rules if rule.of_the_day)
        self._fields = {question.code: question.field for question in questions}
        self._conditional = tuple(q for q in questions if not q.always_asked)
        self._maybe_required = tuple(
            q for q in questions if not q.always_required and any(use.required for use in q.uses)
        )
        self._compound = tuple(
            q.code for q in questions if q.field.type in _COMPOUND or q.field.type == "id_number"
        )
        self._schema = schema

    @property
    def schema(self) -> Schema:
        return self._schema.schema

    def reads(self) -> frozenset[str]:
        """The answers, of this step or others, that decide what it asks and which rules apply."""
        codes = {code for rule in (*self._rules, *self._remarks) for code in rule.reads()}
        for question in self.questions:
            codes.update(question.reads())
            if question.field.id_type_field is not None:
                codes.add(question.field.id_type_field)
        return frozenset(codes)

    def check(self, answers: Answers, context: RuleContext) -> StepCheck:
        """``context.answers`` hold at least the visible ones of what this step reads."""
        given = tidy(answers)
        if not self._unasked.isdisjoint(given):
            # Typed on a page of before the selection was changed: kept, and no page shows it now.
            given = {code: said for code, said in given.items() if code not in self._unasked}
        for question in self._conditional:
            if question.code in given and not question.asked(context.answers):
                del given[question.code]
        errors = tuple(islice(self._errors(given, context), ERRORS_MAX))
        remarks = tuple(islice(_told(self._remarks, context), ERRORS_MAX))
        changes_on = self._changes_on(errors, context) if self._of_the_day else None
        if not errors:
            return StepCheck("complete", (), remarks, changes_on)
        return StepCheck("partial" if given else "empty", errors, remarks, changes_on)

    def compare(self, context: RuleContext) -> tuple[StepError, ...]:
        """What is wrong here beside the other steps, in a form that is checked as a whole."""
        return tuple(islice(_told(self._of_the_form, context), ERRORS_MAX))

    def _changes_on(self, errors: Sequence[StepError], context: RuleContext) -> date | None:
        broken = {error.code for error in errors}
        rules = [r for r in self._of_the_day if not r.only_mends or r.code in broken]
        days = [day for rule in rules if (day := rule.changes_on(context)) is not None]
        return min(days, default=None)

    def _errors(self, given: Answers, context: RuleContext) -> Iterator[StepError]:
        yield from self._schema_errors(given)
        for question in self._maybe_required:
            if question.code not in given and question.required(context.answers):
                yield step_errors.missing(question.field, [question.code])
        for code in self._compound:
            if code in given:
                yield from _inner_errors(code, self._fields[code], given, context)
        yield from _told(self._rules, context)

    def _schema_errors(self, given: Answers) -> Iterator[StepError]:
        try:
            if self._schema.validator.is_valid(given):
                return
            # Deep nesting is refused here, before anything of ours walks the answers.
            moderate, bulky = _parted_by_size(given)
            findings = list(islice(self._schema.validator.iter_errors(moderate), ERRORS_MAX))
        except (ValueError, RecursionError):
            yield step_errors.TOO_DEEP
            return
        # A wrong type also breaks other bounds; one error says enough for one place.
        told: set[str] = set()
        for code in bulky:
            error = step_errors.bulky(self._fields.get(code), code)
            yield error
            told.add(error.pointer)
        for finding in findings:
            for error in step_errors.from_finding(finding, self._fields):
                if error.pointer not in told or error.code == "unknown_field":
                    yield error
                told.add(error.pointer)


def _parted_by_size(given: Answers) -> tuple[Answers, list[str]]:
    """What the validator is to look at, and the codes of what is more than any form needs. All that
    it is given it copies into each of its findings, so the work would grow with both."""
    if _values_in(given) <= LOOKED_AT_MAX:
        return given, []
    room, moderate, bulky = LOOKED_AT_MAX, dict[str, object](), list[str]()
    for size, code in sorted((_values_in(said), code) for code, said in given.items()):
        room -= size
        if room >= 0:
            moderate[code] = given[code]
        else:
            bulky.append(code)
    return moderate, bulky


def _values_in(answers: object) -> int:
    """Exact where there are many; else no less than there are."""
    encoded = encode_json(answers)
    roughly = 1 + encoded.count(b",") + encoded.count(b"[") + encoded.count(b"{")
    if roughly <= LOOKED_AT_MAX:
        return roughly
    count, level = 0, [answers]
    while level:
        count += len(level)
        held = [value for value in level if isinstance(value, dict | list)]
        level = [
            it for value in held for it in (value.values() if isinstance(value, dict) else value)
        ]
    return count


def _told(rules: Sequence[AnyRule], context: RuleContext) -> Iterator[StepError]:
    for rule in rules:
        yield from rule.told(context)


def tidy(answers: Answers) -> dict[str, object]:
    """Without what was left blank, also inside persons, addresses and rows (no deeper)."""
    return {code: _tidy_inner(value) for code, value in answers.items() if not is_blank(value)}


def _tidy_inner(value: object) -> object:
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if not is_blank(part)}
    if isinstance(value, list):
        return [_tidy_inner(row) if isinstance(row, dict) else row for row in value]
    return value


def _inner_errors(
    code: str, field: Field, given: Answers, context: RuleContext
) -> Iterator[StepError]:
    """What a schema cannot say of one answer: which document a number belongs to, the order of two
    dates, and that rows have different ids."""
    if field.type == "id_number":
        yield from _document_errors([code], field, given[code], context, context.answers)
        return
    seen: set[object] = set()
    is_table = field.type == "table"
    columns = columns_of(field)
    for index, row in rows_of(given, code):
        path: list[str | int] = [code, index] if is_table else [code]
        row_id = row.get("_id")
        if is_table and isinstance(row_id, str) and row_id in seen:
            yield step_errors.repeated_row(field, [*path, "_id"])
        seen.add(row_id if isinstance(row_id, str) else None)
        for name, column in columns.items():
            if column.type == "id_number" and name in row:
                yield from _document_errors([*path, name], column, row[name], context, row)
        start, end = row.get("from"), row.get("to")
        is_range = field.type == "date_range" and isinstance(start, str) and isinstance(end, str)
        if is_range and str(end) < str(start):
            yield step_errors.dates_reversed(field, [*path, "to"])


def _document_errors(
    path: Sequence[str | int],
    shape: Shape,
    value: object,
    context: RuleContext,
    siblings: Answers,
) -> Iterator[StepError]:
    """A number whose kind is not told is taken for an identity card's."""
    if shape.id_type_field is None or not isinstance(value, str) or not 5 <= len(value) <= 32:
        return
    kind = siblings.get(shape.id_type_field)
    id_type = kind if isinstance(kind, str) else _IDENTITY_CARD
    if not is_document_number(id_type, value, context.today):
        yield step_errors.wrong_document(shape, path)
