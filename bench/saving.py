"""Saving a step: 8 phones, each saving steps of its own drafts on the revision that it knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bench.people import OpenDraft
from bench.rounds import CONNECTIONS, Figure, Pace, Side, compare
from bench.samples import Samples, Step
from bench.stack import Program, Server, Stack
from bench.wire import Surprise, fetch, request, request_head

MARK = 0.75


class SavingPhone:
    """Goes from draft to draft; comes back to each one with the next step. ``behind``: how many
    saves, of other steps, it has not seen."""

    def __init__(self, drafts: Sequence[OpenDraft], steps: Sequence[Step], behind: int = 0) -> None:
        self._behind = behind
        self._drafts = drafts
        self._steps = steps
        self._heads = {
            (draft.id, step.key): request_head(
                "PUT", f"/api/v1/drafts/{draft.id}/steps/{step.key}", draft.token
            )
            for draft in drafts
            for step in steps
        }
        self._turn = -1
        self._draft = drafts[0]
        self.last: dict[tuple[str, str], bytes] = {}
        """What was answered last, by draft and step."""

    def ask(self) -> bytes:
        self._turn += 1
        lap, place = divmod(self._turn, len(self._drafts))
        self._draft = draft = self._drafts[place]
        step = self._steps[lap % len(self._steps)]
        if self._behind and draft.last_step == step.key:
            # What it has not seen must be another step's: the same one's would be a true conflict.
            step = self._steps[(lap + 1) % len(self._steps)]
        draft.last_step = step.key
        draft.shown[step.key] = (draft.shown[step.key] + 1) % len(step.variants)
        answers = step.variants[draft.shown[step.key]]
        self.last[draft.id, step.key] = answers
        body = b'{"base_revision":%d,"answers":%b}' % (draft.revision - self._behind, answers)
        return request(self._heads[draft.id, step.key], body)

    def take(self, status: int, head: bytes, body: bytes) -> None:
        self._draft.revision += 1
        if status != 200 or not body.startswith(b'{"revision":%d' % self._draft.revision):
            raise Surprise(f"{status} {body[:600]!r}, not revision {self._draft.revision}")


@dataclass(slots=True)
class Drafts:
    """The same drafts as the product and as the floor have them."""

    product: list[OpenDraft]
    floor: list[OpenDraft] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.floor = [OpenDraft(one.id, one.token, one.revision) for one in self.product]


async def measure(
    stack: Stack, floor_program: Program, drafts: Drafts, samples: Samples, pace: Pace
) -> list[Figure]:
    everything, name = samples.steps, f"save a step, all {len(samples.steps)} in turn"
    largest, smallest = samples.largest, samples.smallest
    contests = (
        (name, everything, 0, MARK),
        # What a replica must do when another one wrote last: read the draft before it writes.
        ("  another device saved meanwhile", everything, 1, None),
        (f"  only the largest ({largest.size} bytes)", (largest,), 0, None),
        (f"  only the smallest ({smallest.size} bytes)", (smallest,), 0, None),
    )
    figures = []
    for name, steps, behind, mark in contests:
        product = Side(
            Server(stack.product_port, stack.product), phones_saving(drafts.product, steps, behind)
        )
        floor = Side(Server(stack.floor_port, floor_program), phones_saving(drafts.floor, steps))
        figures.append(await compare(name, product, floor, pace, mark))
        await _verify_product(stack, product, drafts.product)
        await _verify_floor(stack, floor, drafts.floor)
    return figures


def phones_saving(
    drafts: Sequence[OpenDraft], steps: Sequence[Step], behind: int = 0
) -> list[SavingPhone]:
    return [SavingPhone(drafts[n::CONNECTIONS], steps, behind) for n in range(CONNECTIONS)]


async def _verify_product(stack: Stack, side: Side, drafts: Sequence[OpenDraft]) -> None:
    """Every acknowledged save is a row, and resuming gives back what was saved last."""
    rows = await stack.query("SELECT draft_id, MAX(revision) FROM draft_save GROUP BY draft_id")
    newest = {row[0]: row[1] for row in rows}
    for draft in drafts:
        if newest[draft.id] != draft.revision:
            raise Surprise(f"the database has revision {newest[draft.id]}, not {draft.revision}")
    for phone in side.visitors:
        assert isinstance(phone, SavingPhone)
        for (draft_id, key), answers in phone.last.items():
            token = next(draft.token for draft in drafts if draft.id == draft_id)
            asking = request(request_head("GET", f"/api/v1/drafts/{draft_id}", token))
            _, _, body = await fetch(stack.product_port, asking)
            steps = {step["key"]: step for step in msgspec.json.decode(body)["steps"]}
            _same(steps[key]["answers"], msgspec.json.decode(answers))


async def _verify_floor(stack: Stack, side: Side, drafts: Sequence[OpenDraft]) -> None:
    revisions = dict(await stack.query("SELECT id, revision FROM bench_draft"))
    for draft in drafts:
        if revisions[draft.id] != draft.revision:
            raise Surprise("the floor lost a save")
    kept = {row[:2]: row[2] for row in await stack.query("SELECT * FROM bench_step")}
    for phone in side.visitors:
        assert isinstance(phone, SavingPhone)
        for place, answers in phone.last.items():
            _same(msgspec.json.decode(kept[place]), msgspec.json.decode(answers))


def _same(found: Any, saved: Any) -> None:
    if found != saved:
        raise Surprise("what was saved is not what is read")
