"""One draft of test_interleavings.py, played on the real services: what is asked of them, and
whether what they answer and write is what the model says."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from bff.mock.world import World
from kit.clock import ShiftableClock
from kit.ids import new_id
from miniprogram_api.catalogue.service import CatalogueService, Selection
from miniprogram_api.drafts.log import Author, DraftLog, row_id
from miniprogram_api.drafts.models import DraftSave
from miniprogram_api.drafts.ports import Grant, NoGrants
from miniprogram_api.drafts.problems import DraftConflict, RevisionGone
from miniprogram_api.drafts.schemas import (
    ChangeSelection,
    DraftView,
    RestoreDraft,
    SaveStep,
    StepSaved,
)
from miniprogram_api.drafts.state import decode_state
from miniprogram_api.drafts.thinning import BEGINS_AND_ENDS, MERGED_FOR
from tests.miniprogram_api.drafts.interleavings import (
    Process,
    State,
    Truth,
    known,
    place_of,
)
from tests.miniprogram_api.drafts.phones import ROWS, STEPS, Answer, Letter

THEMES = ("restaurant", "convenience_store")
OWNERS = ("one", "other")
"""Two phones of the draft's owner; the helper has a third."""
_BEGUN_WITH = Selection(operation="open", region="370102", theme=THEMES[0])
EVENTS = (
    "step_saved", "nothing_new_saved", "merged", "in_conflict", "selected", "restored",
    "not_restored", "thinned_out",
)  # fmt: skip


@dataclass
class Stage:
    """What many plays stand on, one after the other."""

    world: World
    asked: Mapping[str, Mapping[str, frozenset[str]]]
    """The codes of each step by theme."""
    loop: asyncio.AbstractEventLoop
    happened: Counter[str] = field(default_factory=Counter)
    """In all plays, so that a test of nothing is seen."""

    @classmethod
    def of(cls, world: World) -> "Stage":
        catalogue = world.services.provided[CatalogueService]
        asked = {}
        for theme in THEMES:
            wanted = msgspec.structs.replace(_BEGUN_WITH, theme=theme)
            by_step = catalogue.compile(wanted).codes_by_step().items()
            asked[theme] = {key: frozenset(codes) for key, codes in by_step}
        return cls(world, asked, asyncio.get_running_loop())


class LetIn(NoGrants):
    """One helper is let in to everything."""

    def __init__(self, helper: str) -> None:
        self._helper = helper

    async def grant(self, draft_id: str, person_id: str) -> Grant | None:
        return Grant("grant", None, materials=True) if person_id == self._helper else None


class Play:
    """One draft from its beginning, and two processes of the product."""

    id: str
    truth: Truth

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._log = DraftLog(stage.world.services.ring)
        self._owner, self._helper = Author(new_id(), None), Author(new_id(), None)
        self._grants = LetIn(self._helper.person_id)
        self._clock = ShiftableClock(stage.world.clock.offset)
        self._processes = [self._new_process(), self._new_process()]

    def _new_process(self) -> Process:
        return Process(self._stage.world, self._clock, self._grants)

    async def begin(self) -> None:
        view, _ = await self._processes[0].drafts.create(self._owner, _BEGUN_WITH, "zh")
        self.id = view.id
        self.truth = Truth(self._stage.asked, {1: State(THEMES[0], {}, {})})

    def restart(self, process: int) -> None:
        """What it remembered is gone."""
        self._processes[process] = self._new_process()

    # -- saving ----------------------------------------------------------------------------------

    async def save(self, letter: Letter, process: int) -> Answer:
        answer = await self._ask(letter, process)
        self._settle(letter, answer)
        return answer

    async def save_at_once(
        self, letters: tuple[Letter, Letter], processes: tuple[int, int]
    ) -> Sequence[Answer]:
        asked = map(self._ask, letters, processes)
        answers = await asyncio.gather(*asked)
        turns = sorted(zip(letters, answers, strict=True), key=_when)
        if _when(turns[0]) == _when(turns[1]) and not self._is_all_there_after(*letters):
            turns.reverse()
        for letter, answer in turns:
            self._settle(letter, answer)
        return answers

    def _is_all_there_after(self, first: Letter, second: Letter) -> bool:
        """Two were told the same revision: one of them wrote it, and the other found nothing to
        write. Whether it can have been this way round."""
        before = self.truth
        made = before.saved(first.step, first.base, first.patch, by_owner=first.phone in OWNERS)
        after = Truth(
            before.asked,
            {**before.states, before.newest + 1: before.with_step(first.step, made)},
            gone=before.gone,
        )
        there = after.saved(second.step, second.base, second.patch, by_owner=second.phone in OWNERS)
        return not there.contested and after.with_step(second.step, there) == after.now

    async def _ask(self, letter: Letter, process: int) -> Answer:
        body = SaveStep(letter.base, msgspec.Raw(msgspec.json.encode(letter.patch)))
        author = self._owner if letter.phone in OWNERS else self._helper
        drafts = self._processes[process].drafts
        try:
            return (await drafts.save_step(author, self.id, letter.step, body, "zh")).view
        except DraftConflict as conflict:
            return conflict

    def _settle(self, letter: Letter, answer: Answer) -> None:
        """The model does the same; the answer says what it must."""
        truth, step = self.truth, letter.step
        before = truth.now
        made = truth.saved(step, letter.base, letter.patch, by_owner=letter.phone in OWNERS)
        if made.contested:
            self._count("in_conflict")
            assert isinstance(answer, DraftConflict), f"{made.contested} must be a conflict"
            self._named(answer, made.contested)
            assert answer.members["current_revision"] == truth.newest
            return
        assert isinstance(answer, StepSaved), answer.members
        after = truth.with_step(step, made)
        self._count("step_saved" if after != before else "nothing_new_saved")
        if after != before:
            truth.states[truth.newest + 1] = after
            truth.follow(before, after, truth.newest, letter.base, step)
        assert answer.revision == truth.newest
        if letter.phone in OWNERS:
            stale = {key for key in STEPS if key != step and truth.changed_since(key, letter.base)}
            assert set(answer.stale or ()) == stale
        if answer.merged:
            self._count("merged")
            assert known(answer.answers or {}) == made.said
        else:
            # Then the phone shows what it sent.
            assert made.said == letter.local, "others' words are there, and the answer hides them"

    @staticmethod
    def _named(conflict: DraftConflict, contested: set[tuple[str, ...]]) -> None:
        named = {place_of(each, frozenset(ROWS)) for each in conflict.members["conflicts"]}
        assert named == contested

    # -- the draft as a whole --------------------------------------------------------------------

    async def select(self, base: int, theme: str, process: int) -> None:
        """Whoever says again what he saw has nothing to say; of two themes nothing is contested,
        if it is known what he saw."""
        truth = self.truth
        drafts, now = self._processes[process].drafts, truth.now.theme
        change = ChangeSelection(base, theme=theme)
        if base in truth.gone and truth.selected_since(base) and theme != now:
            with pytest.raises(DraftConflict) as refused:
                await drafts.select(self._owner, self.id, change, "zh")
            assert refused.value.members["current_revision"] == truth.newest
            return
        if theme not in {now, truth.states[base].theme}:
            self._count("selected")
            truth.states[truth.newest + 1] = truth.parted(truth.now.everything, theme, {})
        for _ in ("once", "again"):
            view = (await drafts.select(self._owner, self.id, change, "zh")).view
            assert view.revision == truth.newest

    async def restore(self, base: int, back: int, process: int) -> None:
        """So many revisions back."""
        truth = self.truth
        revision = max(1, truth.newest - back)
        asked = self._processes[process].restoring.restore(
            self._owner, self.id, RestoreDraft(base, revision), "zh"
        )
        if revision in truth.gone:
            with pytest.raises(RevisionGone):
                await asked
            return
        made, contested = truth.restored(base, revision)
        if contested:
            self._count("not_restored")
            with pytest.raises(DraftConflict) as refused:
                await asked
            self._named(refused.value, contested)
            return
        if made != truth.now.everything:
            self._count("restored")
            after = truth.parted(made, truth.now.theme, truth.now.steps)
            truth.states[truth.newest + 1] = after
        assert (await asked).view.revision == truth.newest

    async def thin_out(self, back: int, *, alone: bool) -> None:
        """Harsher than housekeeping: nearly any row, as soon as any may go."""
        upto = row_id(self.id, self.truth.newest - 1 - back) if back < self.truth.newest - 1 else ""
        rows = await DraftSave.filter(draft_id=self.id, id__lte=upto).order_by("-id")
        may_go = [row for row in rows if row.kind not in BEGINS_AND_ENDS]
        self._clock.advance(MERGED_FOR)
        for row in may_go[: 1 if alone else None]:
            self._count("thinned_out")
            self._check(row)
            await row.delete()
            self.truth.gone.add(row.revision)

    # -- what is really there --------------------------------------------------------------------

    async def compare(self) -> None:
        """Every row that was written, and the draft as it is shown."""
        rows = await DraftSave.filter(draft_id=self.id).order_by("id")
        kept = self.truth.states.keys() - self.truth.gone
        assert [row.revision for row in rows] == sorted(kept)
        for row in rows:
            self._check(row)
        view = await self._shown(self._new_process())
        shown = {step.key: known(msgspec.json.decode(step.answers)) for step in view.steps}
        assert {key: said for key, said in shown.items() if said} == self.truth.now.steps
        if self.truth.newest % 4 == 0:
            # Dear, so not each time: what a process remembers changes nothing of what it shows.
            assert await self._shown(self._processes[0]) == view

    def _check(self, row: DraftSave) -> None:
        plain = self._log._plain(self.id, row.revision, row.answers_cipher)
        assert State.of(decode_state(plain)) == self.truth.states[row.revision]

    async def _shown(self, process: Process) -> DraftView:
        return (await process.drafts.answer(self._owner.person_id, self.id, "zh")).view

    def _count(self, what: str) -> None:
        self._stage.happened[what] += 1


def _when(turn: tuple[Letter, Answer]) -> tuple[int, bool]:
    """Who was refused came after the revision that he is told."""
    answer = turn[1]
    if isinstance(answer, DraftConflict):
        return answer.members["current_revision"], True
    return answer.revision, False
