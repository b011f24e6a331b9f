"""Drafts as they are shown."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from kit.answers import encode_json
from kit.clock import in_china
from kit.text import Language, Text
from miniprogram_api.catalogue.service import (
    CheckError,
    CompiledPlan,
    SetAside,
    StepError,
    sharing_text,
)
from miniprogram_api.drafts.file_views import file_view
from miniprogram_api.drafts.findings import Errors
from miniprogram_api.drafts.links import FileLinks, Holder
from miniprogram_api.drafts.log import KEPT, Glance, Head
from miniprogram_api.drafts.models import Draft
from miniprogram_api.drafts.rebasing import Changed, Changes
from miniprogram_api.drafts.register_note import Origin, RegisterNote, origins, warnings
from miniprogram_api.drafts.schemas import (
    ChangeView,
    CheckedStep,
    DraftItem,
    DraftStateName,
    DraftView,
    FieldErrorView,
    MaterialView,
    Progress,
    RebasedView,
    RegisterView,
    SetAsideView,
    SharingView,
    StepErrorView,
    StepSaved,
    StepView,
)
from miniprogram_api.drafts.state import DecodedState, RawState, StepMark, Summary
from miniprogram_api.drafts.steps import NEVER_SAVED, SavedStep

_NOTHING = msgspec.Raw(b"{}")


def draft_view(
    head: Head,
    raw: RawState,
    compiled: CompiledPlan,
    known: Errors,
    decoded: DecodedState | None,
    links: FileLinks,
    language: Language,
    now: datetime,
    holder: Holder | None = None,
) -> DraftView:
    """The plan and the answers go through as the bytes they are kept in. ``known`` has all
    :func:`steps_to_check`; ``decoded`` may be None when there is no note of the register's;
    ``holder`` is whoever is shown it without being its owner."""
    selection, note = raw.selection, raw.register
    told = [] if decoded is None else warnings(compiled, note, decoded.steps)
    day = day_of(head, now)
    shown = [
        _step(
            key,
            head.summary.steps.get(key, NEVER_SAVED),
            day,
            raw,
            known.get(key),
            decoded,
            [warning for warning in told if warning.step == key],
            language,
        )
        for key in compiled.step_keys
    ]
    return DraftView(
        id=head.draft_id,
        revision=head.revision,
        operation=selection.operation,
        region=selection.region,
        theme=selection.theme,
        mode=selection.mode,
        state=_state_name(submitted=head.submitted, expired=head.expired(now)),
        expires_at=in_china(head.expires_at),
        plan=msgspec.Raw(compiled.plan_json),
        steps=shown,
        progress=Progress(sum(step.state == "complete" for step in shown), len(shown)),
        materials=[
            MaterialView(
                code,
                [file_view(file, links, language, holder) for file in raw.materials.get(code, ())],
            )
            for code in uploadable(compiled)
        ],
        signatures=[],
        register=RegisterView(note.uscc, note.state, note.at) if note else msgspec.UNSET,
        set_aside=_set_aside(raw.set_aside) or msgspec.UNSET,
    )


def step_saved(
    key: str,
    saved: SavedStep,
    warnings: Iterable[CheckError],
    revision: int,
    language: Language,
    now: datetime,
) -> StepSaved:
    """``warnings``: of all steps."""
    told: list[StepError | CheckError] = [*saved.check.errors]
    told += [warning for warning in warnings if warning.step == key]
    return StepSaved(
        revision=revision,
        step=CheckedStep(
            key,
            saved.check.state,
            field_errors(told, language),
            field_errors(saved.check.remarks, language),
        ),
        progress=progress(saved.summary, china_day(now)),
        merged=saved.merged,
        answers=saved.answers if saved.merged else msgspec.UNSET,
    )


def rebased(changes: Changes, view: DraftView) -> RebasedView:
    return RebasedView(
        draft=view,
        added=_changes(changes.added),
        removed=_changes(changes.removed),
        changed=_changes(changes.changed),
        set_aside=_set_aside(changes.set_aside),
    )


def _changes(changes: Iterable[Changed]) -> list[ChangeView]:
    return [ChangeView(it.kind, it.code, it.name, list(it.details)) for it in changes]


def _set_aside(entries: Iterable[SetAside]) -> list[SetAsideView]:
    return [
        SetAsideView(
            entry.step,
            entry.code,
            entry.label,
            entry.reason,
            entry.version,
            msgspec.Raw(encode_json(entry.value)),
        )
        for entry in entries
    ]


def china_day(instant: datetime) -> str:
    return in_china(instant)[: len("2026-11-22")]


def day_of(head: Head, now: datetime) -> str:
    """The day as of which a draft is shown: what is submitted stays as it was then."""
    return china_day(head.at if head.submitted else now)


def steps_to_check(head: Head, compiled: CompiledPlan, known: Errors, now: datetime) -> list[str]:
    """The steps whose errors are to be told and not known: a complete one has none before its day
    comes, an untouched one is spared."""
    marks, day = head.summary.steps, day_of(head, now)
    return [
        key
        for key in compiled.step_keys
        if key not in known
        and (mark := marks.get(key, NEVER_SAVED)).at is not None
        and mark.state_on(day) != "complete"
    ]


def draft_item(draft: Draft, glance: Glance, now: datetime) -> DraftItem:
    submitted = draft.submitted_at is not None
    expires_at = glance.at + KEPT
    day = china_day(glance.at if submitted else now)
    return DraftItem(
        id=draft.id,
        revision=glance.revision,
        operation=draft.operation,
        region=draft.region,
        theme=draft.theme,
        mode=draft.mode,
        state=_state_name(submitted=submitted, expired=not submitted and now >= expires_at),
        progress=progress(glance.summary, day),
        created_at=in_china(draft.created_at),
        saved_at=in_china(glance.at),
        expires_at=in_china(expires_at),
    )


def progress(summary: Summary, day: str) -> Progress:
    """Without looking into it: a step whose day has come counts again once it was looked at."""
    return Progress(summary.complete_on(day), summary.total)


def field_errors(
    errors: Iterable[StepError | CheckError], language: Language
) -> list[FieldErrorView]:
    return [
        FieldErrorView(error.pointer, error.code, _said(error.message, language))
        for error in errors
    ]


def step_errors(errors: Sequence[CheckError], language: Language) -> list[StepErrorView]:
    return [
        StepErrorView(error.step, error.pointer, error.code, _said(error.message, language))
        for error in errors
    ]


def sharing_view(
    purpose: str,
    items: Sequence[tuple[str, Text]],
    language: Language,
    *,
    granted: bool,
) -> SharingView:
    """``items``: codes and names."""
    text = sharing_text(purpose, [name for _, name in items], granted=granted)
    return SharingView(purpose, granted, [code for code, _ in items], _said(text, language))


def uploadable(compiled: CompiledPlan) -> list[str]:
    """The materials for which a person can send files."""
    return [material.code for material in compiled.plan.materials if material.obtain == "upload"]


def _step(
    key: str,
    mark: StepMark,
    day: str,
    raw: RawState,
    errors: Sequence[StepError] | None,
    decoded: DecodedState | None,
    warnings: Sequence[CheckError],
    language: Language,
) -> StepView:
    """``errors``: None where they were not looked for."""
    told: list[StepError | CheckError] = [*warnings]
    state = mark.state_on(day)
    if mark.at is not None and errors is not None:
        told = [*errors, *warnings]
        # What was wrong may have become right since.
        state = state if errors else "complete"
    return StepView(
        key=key,
        state=state,
        saved_at=mark.at,
        answers=raw.steps.get(key, _NOTHING),
        errors=field_errors(told, language) if told else [],
        origins=_origins(raw.register, key, decoded),
    )


def _origins(
    note: RegisterNote | None, key: str, decoded: DecodedState | None
) -> dict[str, Origin] | msgspec.UnsetType:
    if note is None or decoded is None:
        return msgspec.UNSET
    return origins(note, decoded.steps.get(key, {}))


def _state_name(*, submitted: bool, expired: bool) -> DraftStateName:
    if submitted:
        return "submitted"
    return "expired" if expired else "open"


def _said(message: Text, language: Language) -> str:
    return message.in_language(language)
