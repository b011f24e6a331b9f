"""What the first screen reminds of: pure rules over what it shows anyway."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from kit.text import Language, Text
from miniprogram_api.applications.service import ApplicationView
from miniprogram_api.drafts.service import DraftItem
from miniprogram_api.home.schemas import NoticeView

DRAFT_ENDS_WITHIN = timedelta(days=3)

_ACTION = Text("{name}{said}，请查看并处理", "{name}: {said}. Please see to it")
_DRAFT = Text(
    "您有一份草稿将于{day}过期，请尽快提交", "A draft of yours expires on {day}; please submit it"
)


def notices_of(
    applications: Sequence[ApplicationView],
    drafts: Sequence[DraftItem],
    now: datetime,
    language: Language,
) -> list[NoticeView]:
    return [*_to_do(applications, language), *_running_out(drafts, now, language)]


def _to_do(applications: Sequence[ApplicationView], language: Language) -> Iterator[NoticeView]:
    for application in applications:
        for matter in application.matters:
            if matter.holder == "applicant":
                text = _ACTION.in_language(language)
                yield NoticeView(
                    code=matter.state,
                    text=text.format(name=matter.name, said=matter.state_text),
                    link=f"/pages/application/detail?id={application.id}",
                )


def _running_out(
    drafts: Sequence[DraftItem], now: datetime, language: Language
) -> Iterator[NoticeView]:
    for draft in drafts:
        if draft.expires_at and datetime.fromisoformat(draft.expires_at) - now < DRAFT_ENDS_WITHIN:
            text = _DRAFT.in_language(language)
            yield NoticeView(
                code="draft_expiring",
                text=text.format(day=draft.expires_at[:10]),
                link=f"/pages/draft/edit?id={draft.id}",
            )
