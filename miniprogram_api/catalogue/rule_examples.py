"""Examples that prove a rule: answers that keep it and answers that break it, in the data.

The loader runs them, so that a rule which does not do what its examples say is a fault of the data.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from kit.workdays import WorkCalendar
from miniprogram_api.catalogue.conditions import Answers
from miniprogram_api.catalogue.facts import Fact, LookupEntry
from miniprogram_api.catalogue.names import NameBook
from miniprogram_api.catalogue.rule import Rule, RuleContext

EXAMPLE_DAY = date(2026, 11, 23)
EXAMPLE_REGION = "370102"


class RuleExample(Fact, frozen=True, kw_only=True):
    """Only the answers that the rule reads, as on the :data:`EXAMPLE_DAY` in the
    :data:`EXAMPLE_REGION`; ``pointer`` is where the broken rule is shown. A remark keeps
    silent by its condition only: its ``keeps`` are answers that do not meet it."""

    keeps: dict[str, object]
    breaks: dict[str, object]
    pointer: str


class Known(NamedTuple):
    """What rules look up besides the answers."""

    names: NameBook
    lookups: Mapping[str, Mapping[str, LookupEntry]]
    calendar: WorkCalendar


def example_faults(rule: Rule, example: RuleExample, known: Known) -> Iterator[str]:
    wanted = rule.reads()
    for name, answers in (("keeps", example.keeps), ("breaks", example.breaks)):
        for code in answers.keys() - wanted:
            yield f"`{name}` answers `{code}`, which the rule does not read"
    if broken_at(rule, example.keeps, known):
        yield "`keeps` breaks the rule"
    elif rule.decides() and not rule.is_asked(example.keeps):
        yield "`keeps` does not come to the rule: `at` is blank or `when` does not hold"
    if broken_at(rule, example.breaks, known) != [example.pointer]:
        yield "`breaks` does not break the rule at `pointer`"


def broken_at(rule: Rule, answers: Answers, known: Known) -> list[str]:
    return list(rule.broken(RuleContext(answers, EXAMPLE_DAY, EXAMPLE_REGION, *known)))
