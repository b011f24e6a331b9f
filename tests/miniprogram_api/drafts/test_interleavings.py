"""Thousands of short histories of one draft: two devices, two processes, lost replies, restarts.

Over the real services and database. Each answer is compared with the model, at the end every row
that was written on the way, and the draft as a fresh process shows it.
"""

import asyncio
import copy
import random
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from bff.mock.world import World
from kit.clock import ShiftableClock
from kit.ids import new_id
from miniprogram_api.catalogue.service import CatalogueService, Selection
from miniprogram_api.drafts.log import Author, DraftLog, row_id
from miniprogram_api.drafts.models import DraftSave
from miniprogram_api.drafts.problems import DraftConflict, RevisionGone
from miniprogram_api.drafts.schemas import (
    ChangeSelection,
    DraftView,
    RestoreDraft,
    SaveStep,
    StepSaved,
)
from miniprogram_api.drafts.thinning import HOURLY_FROM, KEPT_KINDS
from tests.miniprogram_api.drafts.interleavings import (
    Device,
    Doc,
    Process,
    Request,
    State,
    Truth,
    applied,
    differences,
    known,
    outcome,
    place_of,
)

SHARDS, EACH = 4, 500
THEMES = ("restaurant", "convenience_store")
KINDS = {
    "premises": {
        "premises_area_m2": "scalar", "postal_code": "scalar", "host_building_floors": "scalar",
        "land_area_m2": "scalar", "domicile": "object",
    },
    "officers": {"supervision_mode": "scalar", "finance_officer": "object", "directors": "rows"},
}  # fmt: skip
STEPS = list(KINDS)
GROUPS = frozenset({"directors"})


class History:
    """One draft from its beginning."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.chance = random.Random(seed)
        self.log = DraftLog(world.services.ring)
        self.author = Author(new_id(), None)
        self.clock = ShiftableClock(world.clock.offset)
        self.processes = [Process(world, self.clock), Process(world, self.clock)]
        self.done: list[str] = []

    async def play(self) -> None:
        await self._begin()
        for _ in range(self.chance.randint(6, 12)):
            action = self.chance.choices(list(ACTIONS), list(ACTIONS.values()))[0]
            self.done.append(action.__name__)
            await action(self)
        await self._compare()

    async def _begin(self) -> None:
        wanted = Selection(operation="open", region="370102", theme=THEMES[0])
        catalogue = self.world.services.provided[CatalogueService]
        asked = {
            theme: {
                key: frozenset(codes)
                for key, codes in catalogue.compile(
                    msgspec.structs.replace(wanted, theme=theme)
                ).codes_by_step().items()
            }
            for theme in THEMES
        }  # fmt: skip
        view, _ = await self.process.drafts.create(self.author, wanted, "zh")
        self.id = view.id
        self.truth = Truth(asked, {1: State(THEMES[0], {}, {})})
        self.devices = [
            Device.new(name, self.chance, self.truth, STEPS) for name in ("one", "other")
        ]

    @property
    def process(self) -> Process:
        return self.chance.choice(self.processes)

    @property
    def device(self) -> Device:
        return self.chance.choice(self.devices)

    async def ask(self, request: Request) -> StepSaved | DraftConflict:
        body = SaveStep(request.base, msgspec.Raw(msgspec.json.encode(request.patch)))
        try:
            answer = await self.process.drafts.save_step(
                self.author, self.id, request.step, body, "zh"
            )
        except DraftConflict as conflict:
            return conflict
        return answer.view

    # -- what must have come of it ------------------------------------------------------------

    def settle(self, request: Request, answer: StepSaved | DraftConflict) -> None:
        """The model does the same; the answer says what it must."""
        truth, step = self.truth, request.step
        before = truth.now
        now = before.steps.get(step, {})
        if request.base in truth.gone and self._changed_since(step, request.base):
            local = applied(now, request.patch)
            merged, contested = local, differences(local, now)
        else:
            view = self._seen(step, request.base)
            local = applied(view, request.patch)
            merged, contested = outcome(view, local, now)
        if contested:
            assert isinstance(answer, DraftConflict), f"{contested} must be a conflict"
            named = {place_of(each, GROUPS) for each in answer.members["conflicts"]}
            assert named == contested
            assert answer.members["current_revision"] == truth.newest
            return
        assert isinstance(answer, StepSaved), answer.members
        after = State(before.theme, {**before.steps, step: merged}, before.aside)
        after.steps = {key: said for key, said in after.steps.items() if said}
        truth.add(after)
        if truth.now is after:
            truth.follow(before, after, truth.newest, request.base, step)
        assert answer.revision == truth.newest
        others = {other for other in STEPS if other != step}
        stale = set() if answer.stale is msgspec.UNSET else set(answer.stale)
        assert stale == {other for other in others if self._changed_since(other, request.base)}
        if answer.merged:
            assert known(answer.answers) == merged  # type: ignore[arg-type]

    def makes(self, request: Request, now: Doc) -> Doc:
        """Of what is there now; without regard to conflicts."""
        if request.base in self.truth.gone:
            return applied(now, request.patch)
        view = self._seen(request.step, request.base)
        made: Doc = outcome(view, applied(view, request.patch), now)[0]
        return made

    def _seen(self, step: str, base: int) -> Doc:
        if self._changed_since(step, base):
            return self.truth.states[base].steps.get(step, {})
        return self.truth.now.steps.get(step, {})

    def _changed_since(self, step: str, base: int) -> bool:
        states = self.truth.states
        return any(
            states[revision].steps.get(step, {}) != states[revision - 1].steps.get(step, {})
            for revision in range(base + 1, self.truth.newest + 1)
        )

    def told(self, device: Device, request: Request, answer: StepSaved | DraftConflict) -> bool:
        if isinstance(answer, DraftConflict):
            device.choose(request.step, self.truth)
            return False
        answers = known(answer.answers) if answer.merged else request.local  # type: ignore[arg-type]
        device.learn(request.step, answer.revision, copy.deepcopy(answers), request)
        return True

    # -- what is really there -----------------------------------------------------------------

    async def _compare(self) -> None:
        rows = await DraftSave.filter(draft_id=self.id).order_by("id")
        kept = self.truth.states.keys() - self.truth.gone
        assert [row.revision for row in rows] == sorted(kept)
        for revision in kept:
            past = await self.log.past(self.id, revision)
            assert past is not None
            assert State.of(past.state) == self.truth.states[revision]
        view = await self._shown(Process(self.world, self.clock))
        shown = {step.key: known(msgspec.json.decode(step.answers)) for step in view.steps}
        assert {key: said for key, said in shown.items() if said} == self.truth.now.steps
        # What a process remembers of its own saves changes nothing of what it shows.
        if self.seed % 8 == 0:
            assert await self._shown(self.process) == view

    async def _shown(self, process: Process) -> DraftView:
        return (await process.drafts.answer(self.author.person_id, self.id, "zh")).view


# -- actions --------------------------------------------------------------------------------------


async def types(history: History) -> None:
    """Nothing is sent yet."""
    step = history.chance.choice(STEPS)
    for device in history.devices:
        device.type_in(step, KINDS[step])


async def saves(history: History) -> None:
    device, step = history.device, history.chance.choice(STEPS)
    device.type_in(step, KINDS[step])
    await _save(history, device, step)


async def _save(history: History, device: Device, step: str) -> None:
    request = device.request(step)
    answer = await history.ask(request)
    history.settle(request, answer)
    if not history.told(device, request, answer):
        # What was chosen is saved on top of what is there.
        chosen = device.request(step)
        answer = await history.ask(chosen)
        history.settle(chosen, answer)
        assert isinstance(answer, StepSaved)
        assert history.told(device, chosen, answer)


async def saves_and_hears_nothing(history: History) -> None:
    device, step = history.device, history.chance.choice(STEPS)
    device.type_in(step, KINDS[step])
    request = device.request(step)
    history.settle(request, await history.ask(request))
    if history.chance.random() < 0.5:
        # Typed on meanwhile: the next save has more than the one that was lost.
        device.type_in(step, KINDS[step])


async def repeats(history: History) -> None:
    """The very same bytes once more, whether or not they were answered."""
    device = history.device
    if device.last is not None:
        request = device.last
        before = history.truth.newest
        at_once = not history._changed_since(request.step, request.base + 1)
        answer = await history.ask(request)
        history.settle(request, answer)
        if at_once and isinstance(answer, StepSaved):
            assert history.truth.newest <= before + 1


async def both_save_at_once(history: History) -> None:
    step = history.chance.choice(STEPS)
    requests = []
    for device in history.devices:
        device.type_in(step, KINDS[step])
        requests.append(device.request(step))
    answers = await asyncio.gather(*(history.ask(request) for request in requests))
    turns = sorted(zip(history.devices, requests, answers, strict=True), key=_when)
    if _when(turns[0]) == _when(turns[1]):
        # Told the same revision: one of them wrote it, and the other found nothing to write.
        wrote = history.makes(requests[0], history.truth.now.steps.get(step, {}))
        turns = list(zip(history.devices, requests, answers, strict=True))
        if history.makes(requests[1], wrote) != wrote:
            turns.reverse()
    for _, request, answer in turns:
        history.settle(request, answer)
    for device, request, answer in turns:
        if isinstance(answer, StepSaved):
            history.told(device, request, answer)
        else:
            device.choose(step, history.truth)


def _when(turn: tuple[Device, Request, StepSaved | DraftConflict]) -> tuple[int, bool]:
    """Who was refused came after the revision that he is told."""
    answer = turn[2]
    if isinstance(answer, StepSaved):
        return answer.revision, False
    return answer.members["current_revision"], True


async def resumes(history: History) -> None:
    device = history.device
    if device.is_clean():
        device.load(history.truth, STEPS)


async def selects(history: History) -> None:
    """Whoever changes the selection has the newest draft on the screen."""
    truth = history.truth
    theme = history.chance.choice(THEMES)
    change = ChangeSelection(truth.newest, theme=theme)
    await history.process.drafts.select(history.author, history.id, change, "zh")
    if theme != truth.now.theme:
        after = truth.parted(truth.now.everything, theme, {})
        truth.states[truth.newest + 1] = after
        head = await history.log.head(history.id)
        assert head is not None
        assert head.kind == "selection"
        again = await history.process.drafts.select(history.author, history.id, change, "zh")
        assert again.view.revision == truth.newest


async def restores(history: History) -> None:
    device, truth = history.device, history.truth
    revision = history.chance.randint(1, truth.newest)
    body = RestoreDraft(device.seen_all, revision)
    if revision in truth.gone:
        with pytest.raises(RevisionGone):
            await history.process.restoring.restore(history.author, history.id, body, "zh")
        return
    now, old = truth.now.everything, truth.states[revision].everything
    if device.seen_all in truth.gone:
        merged, contested = old, differences(old, now)
    else:
        merged, contested = outcome(truth.states[device.seen_all].everything, old, now)
    restoring = history.process.restoring
    if contested:
        with pytest.raises(DraftConflict) as refused:
            await restoring.restore(history.author, history.id, body, "zh")
        named = {place_of(each, GROUPS) for each in refused.value.members["conflicts"]}
        assert named == contested
        return
    answer = await restoring.restore(history.author, history.id, body, "zh")
    if merged != now:
        after = truth.parted(merged, truth.now.theme, truth.now.steps)
        truth.states[truth.newest + 1] = after
    assert answer.view.revision == truth.newest
    if device.is_clean():
        device.load(truth, STEPS)


async def a_process_dies(history: History) -> None:
    history.processes[history.chance.randrange(2)] = Process(history.world, history.clock)


async def a_row_is_thinned_out(history: History) -> None:
    truth = history.truth
    rows = await DraftSave.filter(draft_id=history.id, revision__lt=truth.newest).order_by("id")
    may_go = [row.revision for row in rows if row.kind not in KEPT_KINDS]
    if may_go:
        # Nothing younger ever goes.
        history.clock.advance(HOURLY_FROM)
        revision = history.chance.choice(may_go)
        await DraftSave.filter(id=row_id(history.id, revision)).delete()
        truth.gone.add(revision)


ACTIONS: dict[Callable[[History], Awaitable[None]], int] = {
    types: 3, saves: 8, saves_and_hears_nothing: 4, repeats: 3, both_save_at_once: 4, resumes: 2,
    selects: 2, restores: 2, a_process_dies: 2, a_row_is_thinned_out: 1,
}  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_no_interleaving_loses_a_word(world: World, shard: int) -> None:
    for seed in range(shard * EACH, (shard + 1) * EACH):
        history = History(world, seed)
        try:
            await history.play()
        except Exception as error:
            error.add_note(f"seed {seed}: {', '.join(history.done)}")
            raise
