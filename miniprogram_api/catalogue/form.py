"""The form of some items: all their questions once, cut into steps, with what is asked when.

A form does not know the region applied in, so that all counties share one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

from kit.answers import encode_json
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.checking import Question, StepChecker
from miniprogram_api.catalogue.claims import AskedMaterial, givers, may_stand
from miniprogram_api.catalogue.conditions import Answers, is_blank
from miniprogram_api.catalogue.elder import elder_pages
from miniprogram_api.catalogue.facts import Operation, Use
from miniprogram_api.catalogue.plan import step_view
from miniprogram_api.catalogue.plan_schemas import ElderPage
from miniprogram_api.catalogue.problems import UnknownStep
from miniprogram_api.catalogue.step_schemas import StepSchemas

AnswersByStep = Mapping[str, Answers]
# A step's key and one of its questions.
Placed = tuple[str, Question]


class Form:
    def __init__(
        self,
        catalogue: Catalogue,
        theme: str,
        operation: Operation,
        items: tuple[str, ...],
        schemas: StepSchemas,
    ) -> None:
        self.steps = {step.key: step for step in _steps(catalogue, operation, items, schemas)}
        self.materials = tuple(_materials(catalogue, operation, items))
        presets = catalogue.themes[theme].presets
        chosen = [catalogue.items[code] for code in items]
        self.step_views = [
            step_view(step, catalogue.steps[step.key], chosen, presets)
            for step in self.steps.values()
        ]
        self.steps_json = encode_json(self.step_views)
        placed = [
            (key, question) for key, step in self.steps.items() for question in step.questions
        ]
        # The step in which each question is asked.
        self.homes = {question.code: key for key, question in placed}
        self._all = _Reach(placed)
        self._by_step = {
            key: _Reach(_with_deciding(step.reads(), placed)) for key, step in self.steps.items()
        }

        self._readers = {
            key: tuple(
                (reader, reach.codes)
                for reader, reach in self._by_step.items()
                if reader != key and key in reach.homes
            )
            for key in self.steps
        }

    @cached_property
    def elder_pages(self) -> list[ElderPage]:
        """Made when somebody asks for them."""
        return list(elder_pages(self.steps.values()))

    @cached_property
    def elder_pages_json(self) -> bytes:
        return encode_json(self.elder_pages)

    def readers_of(self, key: str, changed: Collection[str]) -> tuple[str, ...]:
        """The other steps whose checks look at one of these answers of this step."""
        readers = self._readers[self.step(key).key]
        return tuple(reader for reader, codes in readers if not codes.isdisjoint(changed))

    def read_by(self, key: str) -> frozenset[str]:
        """The steps, itself among them, whose answers one step's checks look at."""
        return self._by_step[self.step(key).key].homes | {key}

    @property
    def size(self) -> int:
        return len(self.steps_json)

    def step(self, key: str) -> StepChecker:
        step = self.steps.get(key)
        if step is None:
            raise UnknownStep
        return step

    def visible(self, answers_by_step: AnswersByStep) -> dict[str, object]:
        """Answers by field code, without blanks, unknown fields, and questions that other answers
        hide."""
        return self._all.visible(answers_by_step)

    def hidden(self, answers: Answers) -> frozenset[str]:
        """The questions that answers by field code rule out; those of which they leave it open are
        not among them."""
        return self._all.hidden(answers)

    def visible_to(self, key: str, answers_by_step: AnswersByStep) -> dict[str, object]:
        """As :meth:`visible`, but only what one step's checks look at: saving is a hot path."""
        return self._by_step[key].visible(answers_by_step)


class _Reach:
    """Some questions of a form, in its order, and the way to their answers."""

    def __init__(self, placed: Sequence[Placed]) -> None:
        self._homes = [(question.code, key) for key, question in placed]
        self._conditional = [question for _, question in placed if not question.always_asked]
        self.homes = frozenset(key for key, _ in placed)
        self.codes = frozenset(question.code for _, question in placed)

    def visible(self, answers_by_step: AnswersByStep) -> dict[str, object]:
        visible: dict[str, object] = {}
        nothing: Answers = {}
        for code, key in self._homes:
            value = answers_by_step.get(key, nothing).get(code)
            if not is_blank(value):
                visible[code] = value
        # Questions only depend on earlier ones (the loader sees to it): one pass settles all.
        for question in self._conditional:
            if question.code in visible and not question.asked(visible):
                del visible[question.code]
        return visible

    def hidden(self, answers: Answers) -> frozenset[str]:
        told, hidden = dict(answers), set[str]()
        for question in self._conditional:
            if not any(may_stand(use, told) for use in question.uses):
                hidden.add(question.code)
                told.pop(question.code, None)
        return frozenset(hidden)


def _with_deciding(codes: frozenset[str], placed: Sequence[Placed]) -> list[Placed]:
    """These questions and all that decide whether they are asked."""
    wanted = set(codes)
    for _, question in reversed(placed):
        if question.code in wanted:
            wanted.update(question.reads())
    return [(key, question) for key, question in placed if question.code in wanted]


def _by_code(uses: Iterator[Use]) -> dict[str, list[Use]]:
    grouped: dict[str, list[Use]] = {}
    for use in uses:
        grouped.setdefault(use.code, []).append(use)
    return grouped


def _steps(
    catalogue: Catalogue, operation: Operation, items: tuple[str, ...], schemas: StepSchemas
) -> Iterator[StepChecker]:
    """The steps that ask anything. A rule belongs to the step of the answer it is shown at, and is
    used if the form asks all that it reads."""
    given = givers(catalogue.items[code] for code in items)
    claims = _by_code(
        use
        for item in items
        for use in catalogue.items[item].operations[operation].fields.of(item)
        if use.follows not in given
    )
    rules = [
        rule
        for rule in catalogue.rules
        if rule.reads() <= claims.keys()
        and (not rule.items or not set(items).isdisjoint(rule.items))
        and (not rule.operations or operation in rule.operations)
    ]
    for key, step in catalogue.steps.items():
        questions = [
            Question.of(catalogue.fields[code], claims[code])
            for code in step.fields
            if code in claims
        ]
        if questions:
            own = [rule for rule in rules if rule.at in step.fields]
            unasked = [code for code in step.fields if code not in claims]
            yield StepChecker(key, questions, own, schemas.of(questions), unasked)


def _materials(
    catalogue: Catalogue, operation: Operation, items: tuple[str, ...]
) -> Iterator[AskedMaterial]:
    """Uploads first: they are what the applicant must see to."""
    claims = _by_code(
        use
        for item in items
        for use in catalogue.items[item].operations[operation].materials.of(item)
    )
    giving = givers(catalogue.items[code] for code in items)
    order = {"upload": 0, "generated": 1, "shared_data": 2}
    for code in sorted(claims, key=lambda code: order[catalogue.materials[code].obtain]):
        uses = claims[code]
        wanted = {use.follows for use in uses}
        giver = wanted.pop() if len(wanted) == 1 else None
        follows = None if giver is None else giving.get(giver)
        yield AskedMaterial(code, catalogue.materials[code], tuple(uses), follows)
