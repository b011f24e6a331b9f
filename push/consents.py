"""Which templates to ask consent for, and what people answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kit.clock import Clock
from kit.ids import new_id
from push.ledger import Ledger, Source, after_answer, after_refusal, after_sending, together
from push.models import PushConsent
from push.ports import ChannelTemplate, PushChannel

Moment = Literal["submit", "draft"]
"""The taps at which the mini-program may open the platform's dialog."""

ASKED_AT: Mapping[str, tuple[str, ...]] = {
    "submit": ("progress", "correction", "completion"),
    "draft": ("todo",),
}
TEMPLATES_MAX = 3
"""Older base libraries refuse a dialog with more."""


@dataclass(frozen=True, slots=True)
class Consented:
    template: ChannelTemplate
    ledger: Ledger


class PushConsents:
    """The ledger of consents over all platforms."""

    def __init__(self, channels: Sequence[PushChannel], clock: Clock) -> None:
        self._channels = {channel.name: channel for channel in channels}
        self._clock = clock

    def plan(self, platform: str, moment: Moment) -> list[ChannelTemplate]:
        """What to ask at this tap, at most three.

        The platform refuses a dialog that mixes long-term and one-time templates, so the kind of
        which there are more is asked (of two equals, the long-term one).
        """
        known = self._templates(platform)
        wanted = [known[key] for key in ASKED_AT[moment] if key in known]
        long_term = [template for template in wanted if template.long_term]
        one_time = [template for template in wanted if not template.long_term]
        return max(long_term, one_time, key=len)[:TEMPLATES_MAX]

    def template_of(self, platform: str, template_id: str) -> ChannelTemplate | None:
        by_id = {each.template_id: each for each in self._templates(platform).values()}
        return by_id.get(template_id)

    async def record(
        self, person_id: str, platform: str, answers: Mapping[str, str], source: Source
    ) -> list[Consented]:
        """Answers by the platform's template id, inside the caller's unit; unknown templates are
        left out."""
        recorded = []
        for template_id, answer in sorted(answers.items()):
            template = self.template_of(platform, template_id)
            if template is None:
                continue
            row = await self._locked(person_id, platform, template_id)
            before = _ledger(row) if row is not None else None
            ledger = after_answer(before, answer, source, self._clock.now())
            await _write(row, person_id, platform, template_id, ledger)
            recorded.append(Consented(template, ledger))
        return recorded

    async def ledgers(self, person_id: str, platform: str) -> dict[str, Ledger]:
        """By template id."""
        rows = await PushConsent.filter(person_id=person_id, platform=platform)
        return {row.template: _ledger(row) for row in rows}

    async def spend(self, person_id: str, platform: str, template: ChannelTemplate) -> None:
        """One message went out; inside the caller's unit."""
        row = await self._locked(person_id, platform, template.template_id)
        if row is not None:
            after = after_sending(_ledger(row), long_term=template.long_term)
            await _write(row, person_id, platform, template.template_id, after)

    async def exhaust(self, person_id: str, platform: str, template: ChannelTemplate) -> None:
        """The platform says that there is nothing left; inside the caller's unit."""
        row = await self._locked(person_id, platform, template.template_id)
        if row is not None:
            after = after_refusal(_ledger(row))
            await _write(row, person_id, platform, template.template_id, after)

    async def hand_over(self, person_id: str, to: str) -> None:
        """Inside the caller's unit; two ledgers of the same template become one."""
        for row in await PushConsent.filter(person_id=person_id).order_by("id").select_for_update():
            own = await self._locked(to, row.platform, row.template)
            if own is None:
                await PushConsent.filter(id=row.id).update(person_id=to)
            else:
                joined = together(_ledger(own), _ledger(row))
                await _write(own, to, row.platform, row.template, joined)
                await row.delete()

    def _templates(self, platform: str) -> Mapping[str, ChannelTemplate]:
        channel = self._channels.get(platform)
        return channel.templates if channel is not None else {}

    async def _locked(self, person_id: str, platform: str, template: str) -> PushConsent | None:
        return (
            await PushConsent.filter(person_id=person_id, platform=platform, template=template)
            .select_for_update()
            .first()
        )


def _ledger(row: PushConsent) -> Ledger:
    return Ledger(row.answer, row.source, row.earned, row.spent, row.answered_at)


async def _write(
    row: PushConsent | None, person_id: str, platform: str, template: str, ledger: Ledger
) -> None:
    if row is None:
        row = PushConsent(id=new_id(), person_id=person_id, platform=platform, template=template)
    row.answer, row.source, row.answered_at = ledger.answer, ledger.source, ledger.answered_at
    row.earned, row.spent = ledger.earned, ledger.spent
    await row.save()
