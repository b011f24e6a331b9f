"""The phones of test_interleavings.py: what each has on its screen, in its hands and on its way."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from miniprogram_api.drafts.problems import DraftConflict
from miniprogram_api.drafts.schemas import StepSaved
from tests.miniprogram_api.drafts.interleavings import (
    ABSENT,
    Doc,
    Place,
    Rows,
    Truth,
    known,
    outcome,
    sent,
)

Kept = Literal["theirs", "mine", "every_other"]
"""What a person chooses who is shown a conflict."""


class Edit(NamedTuple):
    """One thing that a person does on one page of the form.

    ``say`` a word that nobody else ever says, ``agree`` on one that the others may say, too; of an
    object or a row that is a word of its member ``name``. ``row`` counts from the first."""

    code: str
    does: Literal["say", "agree", "clear", "add_row", "remove_row", "move_row_up"]
    name: str = ""
    row: int = 0

    def __repr__(self) -> str:
        said = [*self[:2], *([self.name] if self.name else []), *([self.row] if self.row else [])]
        return f"Edit({', '.join(map(repr, said))})"

    @property
    def step(self) -> str:
        return STEP_OF[self.code]


STEP_OF = {
    "directors": "officers", "supervision_mode": "officers", "finance_officer": "officers",
    "postal_code": "premises", "domicile": "premises",
    "land_area_m2": "premises",  # not asked of every theme
}  # fmt: skip
STEPS = ("premises", "officers")
OBJECTS, ROWS = ("domicile", "finance_officer"), ("directors",)

_WORDS: tuple[Literal["say", "agree", "clear"], ...] = ("say", "say", "agree", "clear")
EDITS = (
    [Edit(code, does) for does in _WORDS for code in STEP_OF if code not in OBJECTS + ROWS]
    + [Edit(code, does, name) for code in OBJECTS for does in _WORDS for name in ("a", "b")]
    + [Edit("directors", "add_row")] * 5
    + [Edit("directors", does, name, row) for row in (0, 1) for does in _WORDS for name in "ab"]
    + [Edit("directors", "remove_row", row=row) for row in (0, 1, 2)]
    + [Edit("directors", "move_row_up", row=row) for row in (1, 2)]
)

FIRST_WORDS = (
    Edit("directors", "add_row"), Edit("directors", "add_row"), Edit("directors", "say", "b", 1),
    Edit("finance_officer", "say", "a"),
)  # fmt: skip
"""With which every draft begins, so that there is something to change, to move and to take away."""


@dataclass(eq=False)
class Letter:
    """A save as it went out; a repeat is the very same bytes. ``view`` is what the phone had seen
    of the step at ``base``, ``local`` what it made of that."""

    phone: str
    step: str
    base: int
    patch: dict[str, Any]
    view: Doc
    local: Doc


Answer = StepSaved | DraftConflict


@dataclass
class Device:
    """What a phone remembers. It sends with each step the revision at which it last saw that step:
    the answer to a save of one step says nothing of the others."""

    name: str
    kept: Kept
    views: dict[str, Doc] = field(default_factory=lambda: {step: {} for step in STEPS})
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 1))
    seen_all: int = 1
    locals_: dict[str, Doc] = field(default_factory=lambda: {step: {} for step in STEPS})
    queue: list[Letter] = field(default_factory=list)
    """Written without a line, the oldest first."""
    unheard: list[tuple[Letter, Answer]] = field(default_factory=list)
    """Answers that are still on their way here."""
    count: int = 0

    def type_in(self, edit: Edit) -> None:
        """One more edit that is not sent yet."""
        answers = self.locals_[edit.step]
        if edit.code in ROWS:
            self._type_in_rows(answers.setdefault(edit.code, Rows()), edit)
        elif edit.code in OBJECTS:
            self._type_in_word(answers.setdefault(edit.code, {}), edit.name, edit)
        else:
            self._type_in_word(answers, edit.code, edit)

    def _type_in_word(self, answers: Doc, name: str, edit: Edit) -> None:
        if edit.does == "clear":
            answers.pop(name, None)
        else:
            answers[name] = "agreed" if edit.does == "agree" else self._own_word()

    def _own_word(self) -> str:
        self.count += 1
        return f"{self.name}{self.count}"

    def _type_in_rows(self, rows: Rows, edit: Edit) -> None:
        ids = list(rows)
        if edit.does == "add_row" or not ids:
            rows[f"row of {self._own_word()}"] = {"a": self._own_word()}
            return
        at = edit.row % len(ids)
        if edit.does == "remove_row":
            del rows[ids[at]]
        elif edit.does == "move_row_up":
            ids.insert(max(0, at - 1), ids.pop(at))
            moved = {row_id: rows[row_id] for row_id in ids}
            rows.clear()
            rows.update(moved)
        else:
            self._type_in_word(rows[ids[at]], edit.name, edit)

    def letter(self, step: str) -> Letter:
        view, local = self.views[step], self.locals_[step]
        return copy.deepcopy(
            Letter(self.name, step, self.seen[step], sent(view, local), view, local)
        )

    def hear(self, letter: Letter, answer: Answer, truth: Truth) -> None:
        """The answer has come, sooner or later."""
        step = letter.step
        if isinstance(answer, DraftConflict):
            self.look(truth, step)
        elif answer.revision > self.seen[step]:
            there = known(answer.answers) if isinstance(answer.answers, Mapping) else letter.local
            typed_since = self.locals_[step]
            self.views[step], self.seen[step] = copy.deepcopy(there), answer.revision
            self.locals_[step] = _chosen(letter.local, typed_since, there, "mine")

    def look(self, truth: Truth, *steps: str) -> None:
        """``GET /drafts/{id}``, and for each contested place the person chooses; the rest of what
        was typed stays to be sent."""
        for step in steps or STEPS:
            now = truth.now.steps.get(step, {})
            self.locals_[step] = _chosen(self.views[step], self.locals_[step], now, self.kept)
            self.views[step], self.seen[step] = copy.deepcopy(now), truth.newest
        if not steps:
            self.seen_all = truth.newest


def _chosen(view: Doc, local: Doc, now: Doc, kept: Kept) -> Doc:
    """What is typed on after ``now`` was seen."""
    there, contested = outcome(view, local, now)
    merged: Doc = copy.deepcopy(there)
    for number, place in enumerate(sorted(contested)):
        if kept == "mine" or (kept == "every_other" and number % 2 == 0):
            _put(merged, place, _at(local, place))
    return merged


def _at(doc: Any, place: Place) -> Any:
    for name in place:
        doc = doc.get(name) if isinstance(doc, dict) else None
    return copy.deepcopy(doc)


def _put(doc: Any, place: Place, value: Any) -> None:
    for name in place[:-1]:
        doc = doc[name]
    if value is ABSENT:
        doc.pop(place[-1], None)
    else:
        doc[place[-1]] = value
