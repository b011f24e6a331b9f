"""The rules on companies' names, at the question that asks for a new one."""

from collections.abc import Iterator

from kit.text import Text
from miniprogram_api.catalogue.conditions import Answers, Condition, holds
from miniprogram_api.catalogue.facts import Code
from miniprogram_api.catalogue.names import Company, NameProblem
from miniprogram_api.catalogue.rule import Rule, RuleContext, StepError, rows_of

_BY_THE_SCHEMA = frozenset({"characters", "length"})
# As a table's column takes them; taking a name apart takes the square of its length.
_CHARACTERS_MAX = 200


class NameStructure(Rule, frozen=True, kw_only=True, tag="name_structure"):
    """What ``data/names`` finds in a name; nobody but these rules is asked whether it is free.

    With ``severity: block`` it tells what an article forbids, read with high confidence; with any
    other, all the rest. Each thing found is an error of its own, ``name_`` before its code. The
    name is the answer itself, or one ``column`` of those ``rows`` of a table that meet a condition.
    """

    column: str | None = None
    rows: Condition | None = None
    type_field: Code | None = None
    industry_field: Code | None = None

    def told(self, context: RuleContext) -> Iterator[StepError]:
        if not self.is_asked(context.answers):
            return
        for pointer, problem in self._problems(context):
            text = problem.message
            if problem.word is not None:
                text = Text(f"{text.zh}（{problem.word}）", f"{text.en} ({problem.word})")
            yield StepError(pointer, f"name_{problem.code}", text)

    def _others(self) -> tuple[str, ...]:
        return tuple(code for code in (self.type_field, self.industry_field) if code is not None)

    def _broken(self, context: RuleContext) -> Iterator[str]:
        for pointer, _ in self._problems(context):
            yield pointer

    def _problems(self, context: RuleContext) -> Iterator[tuple[str, NameProblem]]:
        company = Company(
            context.region,
            _text(context.answers, self.type_field),
            _text(context.answers, self.industry_field),
        )
        for pointer, name in self._names(context.answers):
            if len(name) > _CHARACTERS_MAX:
                continue
            found = context.names.problems(context.names.parts_of(name, company), company)
            # An answer that its own question refuses is told so there.
            if self.column is None and any(problem.code in _BY_THE_SCHEMA for problem in found):
                continue
            for problem in found:
                if _forbids(problem) is (self.severity == "block"):
                    yield pointer, problem

    def _names(self, answers: Answers) -> Iterator[tuple[str, str]]:
        value = answers[self.at]
        if self.column is None:
            if isinstance(value, str):
                yield f"/{self.at}", value
            return
        for index, row in rows_of(answers, self.at):
            name = row.get(self.column)
            wanted = self.rows is None or holds(self.rows, row) is True
            if wanted and isinstance(name, str) and name.strip():
                yield f"/{self.at}/{index}/{self.column}", name


def _forbids(problem: NameProblem) -> bool:
    return problem.severity == "refused" and problem.confidence == "high"


def _text(answers: Answers, code: str | None) -> str:
    value = answers.get(code or "")
    return value if isinstance(value, str) else ""
