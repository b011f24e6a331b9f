"""Thousands of short histories of one draft: two phones of its owner and a helper's, two processes
of the product, no line, lost and late answers, repeats, restarts.

A state machine of hypothesis over the real services and the real database. ``interleavings.py`` is
the model, ``phones.py`` what phones do, ``playing.py`` compares answers and rows with the model.
The seeds are fixed, so that a run finds what the last one found. To look for more::

    BFF_TEST_INTERLEAVINGS=5000 make test-fast ARGS="-k interleaving"

plays so many in each shard from fresh seeds. A history that fails is printed as a program, the
shortest that still fails.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bff.mock.world import World
from miniprogram_api.drafts.problems import DraftConflict
from tests.miniprogram_api.drafts.phones import EDITS, FIRST_WORDS, Device, Edit, Kept, Letter
from tests.miniprogram_api.drafts.playing import EVENTS, OWNERS, THEMES, Play, Stage

SHARDS, EACH = 4, 500
FRESH = int(os.environ.get("BFF_TEST_INTERLEAVINGS", "0"))

SETTINGS = settings(
    max_examples=FRESH or EACH,
    stateful_step_count=10,
    database=None,
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink],
    # A history asks a database some thirty times.
    suppress_health_check=[HealthCheck.too_slow],
)

T = TypeVar("T")

HABITS: dict[str, Kept] = {"one": "mine", "other": "theirs", "helper": "every_other"}
"""What each person chooses in a conflict; two of the phones are the owner's."""
PHONES = st.sampled_from(list(HABITS))
OWN_PHONES = st.sampled_from(OWNERS)
PROCESSES = st.sampled_from([0, 1])
EDITED = st.sampled_from(EDITS)
BACK = st.sampled_from(range(6))


class Interleavings(RuleBasedStateMachine):
    """Each rule is what one person does, or what befalls him. The services run on the session's
    loop; a rule waits for them in the thread of its own that hypothesis has."""

    stage: ClassVar[Stage]

    letters = Bundle("letters")

    def __init__(self) -> None:
        super().__init__()
        self.phones = {name: Device(name, kept) for name, kept in HABITS.items()}
        self.play = Play(self.stage)
        self.run(self.begun())
        self.stage.happened["begun"] += 1

    # -- typing and saving -----------------------------------------------------------------------

    @rule(phone=PHONES, edit=EDITED)
    def types(self, phone: str, edit: Edit) -> None:
        """Nothing is sent yet."""
        self.phones[phone].type_in(edit)

    @rule(target=letters, phone=PHONES, edit=EDITED, process=PROCESSES)
    def saves(self, phone: str, edit: Edit, process: int) -> Letter:
        letter = self.written(phone, edit)
        self.run(self.sent(letter, process))
        return letter

    @rule(target=letters, phone=PHONES, edit=EDITED, process=PROCESSES)
    def saves_and_hears_nothing(self, phone: str, edit: Edit, process: int) -> Letter:
        """The answer is lost, or comes late."""
        letter = self.written(phone, edit)
        self.run(self.arrives(letter, process))
        return letter

    @rule(target=letters, phone=PHONES, edit=EDITED)
    def saves_without_a_line(self, phone: str, edit: Edit) -> Letter:
        """The save is kept on the phone. Or it hangs in the air, and arrives some time."""
        letter = self.written(phone, edit)
        self.phones[phone].queue.append(letter)
        return letter

    @rule(letter=letters, process=PROCESSES)
    def arrives_late_or_again(self, letter: Letter, process: int) -> None:
        """The very same bytes, whether or not they were there before or were answered."""
        self.run(self.arrives(letter, process))

    @precondition(lambda self: any(phone.unheard for phone in self.phones.values()))
    @rule(phone=PHONES)
    def hears_late(self, phone: str) -> None:
        """The oldest answer that has not come yet, whatever was heard or typed since."""
        device = self.phones[phone]
        if device.unheard:
            device.hear(*device.unheard.pop(0), self.play.truth)

    @precondition(lambda self: any(phone.queue for phone in self.phones.values()))
    @rule(process=PROCESSES, newest_only=st.booleans())
    def has_a_line_again(self, process: int, newest_only: bool) -> None:
        """All that waits is sent in its order, or of each step only what was typed last."""
        phone = next(phone for phone in self.phones.values() if phone.queue)
        waiting = list(phone.queue)
        if newest_only:
            waiting = list({letter.step: letter for letter in waiting}.values())
        phone.queue.clear()
        settled = set()
        for letter in waiting:
            if letter.step not in settled and self.run(self.sent(letter, process)):
                # All that was typed there is saved with what was chosen.
                settled.add(letter.step)

    @rule(
        edits=st.tuples(EDITED, EDITED),
        processes=st.tuples(PROCESSES, PROCESSES),
        with_the_helper=st.booleans(),
    )
    def two_save_at_once(
        self,
        edits: tuple[Edit, Edit],
        processes: tuple[int, int],
        with_the_helper: bool,
    ) -> None:
        pair = ("one", "helper" if with_the_helper else "other")
        one, other = map(self.written, pair, edits)
        answers = self.run(self.play.save_at_once((one, other), processes))
        for letter, answer in zip((one, other), answers, strict=True):
            self.phones[letter.phone].hear(letter, answer, self.play.truth)

    # -- the draft as a whole --------------------------------------------------------------------

    @rule(phone=PHONES)
    def opens_the_draft(self, phone: str) -> None:
        """What is typed and not sent stays."""
        self.phones[phone].look(self.play.truth)

    @rule(phone=OWN_PHONES, theme=st.sampled_from(THEMES), process=PROCESSES)
    def selects(self, phone: str, theme: str, process: int) -> None:
        """By what was on the screen when the draft was last opened."""
        device = self.phones[phone]
        self.run(self.play.select(device.seen_all, theme, process))
        device.look(self.play.truth)

    @rule(phone=OWN_PHONES, back=BACK, process=PROCESSES)
    def restores(self, phone: str, back: int, process: int) -> None:
        device = self.phones[phone]
        self.run(self.play.restore(device.seen_all, back, process))
        device.look(self.play.truth)

    # -- what nobody does ------------------------------------------------------------------------

    @rule(process=PROCESSES)
    def a_process_dies(self, process: int) -> None:
        self.play.restart(process)

    @rule(back=st.sampled_from(range(3)), alone=st.booleans())
    def rows_are_thinned_out(self, back: int, alone: bool) -> None:
        """The row that is so many before the newest; or that and all older ones."""
        self.run(self.play.thin_out(back, alone=alone))

    # -- what is always so -----------------------------------------------------------------------

    @invariant()
    def phones_show_what_was_there(self) -> None:
        """Each step as it really was at the revision that the phone will name as its base."""
        for phone in self.phones.values():
            for step, view in phone.views.items():
                there = self.play.truth.states[phone.seen[step]].steps.get(step, {})
                assert view == there, f"{phone.name} shows what never was"

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.run(self.play.compare())

    # -- how a save goes -------------------------------------------------------------------------

    async def begun(self) -> None:
        await self.play.begin()
        one = self.phones["one"]
        for edit in FIRST_WORDS:
            one.type_in(edit)
        await self.sent(one.letter(FIRST_WORDS[0].step), 0)
        for phone in self.phones.values():
            phone.look(self.play.truth)

    def run(self, asked: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asked, self.stage.loop).result()

    def written(self, phone: str, edit: Edit) -> Letter:
        device = self.phones[phone]
        device.type_in(edit)
        return device.letter(edit.step)

    async def arrives(self, letter: Letter, process: int) -> None:
        answer = await self.play.save(letter, process)
        self.phones[letter.phone].unheard.append((letter, answer))

    async def sent(self, letter: Letter, process: int) -> bool:
        """Whether it came to a choice; what was chosen is saved on top of what is there."""
        phone = self.phones[letter.phone]
        answer = await self.play.save(letter, process)
        phone.hear(letter, answer, self.play.truth)
        if not isinstance(answer, DraftConflict):
            return False
        chosen = phone.letter(letter.step)
        answer = await self.play.save(chosen, process)
        assert not isinstance(answer, DraftConflict)
        phone.hear(chosen, answer, self.play.truth)
        return True


@pytest.mark.timeout(max(900, FRESH))  # shrinking a failure takes longest
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_no_interleaving_loses_a_word(world: World, shard: int) -> None:
    @seed(secrets.randbits(64) if FRESH else shard)
    class Shard(Interleavings):
        stage = Stage.of(world)

    await asyncio.to_thread(run_state_machine_as_test, Shard, settings=SETTINGS)
    happened = Shard.stage.happened
    assert happened["begun"] >= SETTINGS.max_examples
    assert FRESH or all(happened[what] for what in EVENTS), happened
