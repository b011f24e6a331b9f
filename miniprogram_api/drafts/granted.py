"""What of a draft somebody sees whom its owner let in. Pure.

Left out before the view is made, and not taken out of it afterwards: what is not there cannot show.
Nobody but the owner sees what is registered, where answers are from, answers that are set aside,
who signs, and who outside would get what. Progress and readiness are of what is shown.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from miniprogram_api.catalogue.service import CompiledPlan
from miniprogram_api.drafts.ports import Grant
from miniprogram_api.drafts.schemas import DraftCheck, DraftView, Progress, StepErrorView
from miniprogram_api.drafts.state import DecodedState, RawState, Summary

OF_FILES = "materials"
"""Stands for the step in errors that are of files."""

State = TypeVar("State", DecodedState, RawState)


def part_of(state: State, grant: Grant) -> State:
    """The answers of the steps that the grant shows, and the files if it is for files."""
    return msgspec.structs.replace(
        state,
        steps={key: answers for key, answers in state.steps.items() if grant.shows(key)},
        aside={},
        materials=state.materials if grant.materials else {},
        register=None,
        set_aside=(),
    )


def part_of_view(view: DraftView, grant: Grant) -> DraftView:
    """Only the steps that the grant shows stand in it, whether answered or not."""
    steps = [step for step in view.steps if grant.shows(step.key)]
    complete = sum(step.state == "complete" for step in steps)
    return msgspec.structs.replace(
        view,
        steps=steps,
        progress=Progress(complete, len(steps)),
        materials=view.materials if grant.materials else [],
        signatures=[],
    )


def etag(tag: str, grant: Grant | None) -> str:
    """Another scope is another view."""
    return tag if grant is None else f"{tag}-{grant.id}"


def progress_of(summary: Summary, compiled: CompiledPlan, grant: Grant, day: str) -> Progress:
    """Of the steps that the grant shows, as of that day."""
    shown = [key for key in compiled.step_keys if grant.shows(key)]
    marks = [summary.steps[key] for key in shown if key in summary.steps]
    return Progress(sum(mark.state_on(day) == "complete" for mark in marks), len(shown))


def part_of_check(check: DraftCheck, grant: Grant) -> DraftCheck:
    """``ready``: nothing of what is shown is wrong or missing. That of the whole draft would tell
    how the rest stands."""
    errors = _shown(check.errors, grant)
    missing = check.missing_materials if grant.materials else []
    return msgspec.structs.replace(
        check,
        ready=not errors and not missing and check.rebase != "required",
        errors=errors,
        missing_materials=missing,
        missing_signatures=[],
        consents=[],
        remarks=_shown(check.remarks, grant),
        warnings=msgspec.UNSET,
    )


def _shown(errors: Sequence[StepErrorView], grant: Grant) -> list[StepErrorView]:
    return [
        error
        for error in errors
        if (grant.materials if error.step == OF_FILES else grant.shows(error.step))
    ]
