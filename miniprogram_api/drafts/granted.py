"""What of a draft somebody sees whom its owner let in. Pure.

Left out before the view is made, and not taken out of it afterwards: what is not there cannot show.
Nobody but the owner sees what is registered, where answers are from, answers that are set aside,
who signs, and who outside would get what.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from miniprogram_api.drafts.ports import Grant
from miniprogram_api.drafts.schemas import DraftCheck, DraftView, StepErrorView
from miniprogram_api.drafts.state import DecodedState, RawState

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
    return msgspec.structs.replace(
        view,
        steps=[step for step in view.steps if grant.shows(step.key)],
        materials=view.materials if grant.materials else [],
        signatures=[],
    )


def part_of_check(check: DraftCheck, grant: Grant) -> DraftCheck:
    """``ready`` stays what it is: progress tells as much."""
    return msgspec.structs.replace(
        check,
        errors=_shown(check.errors, grant),
        missing_materials=check.missing_materials if grant.materials else [],
        missing_signatures=[],
        consents=[],
        remarks=_shown(check.remarks, grant),
        warnings=msgspec.UNSET,
    )


def _shown(errors: Sequence[StepErrorView], grant: Grant) -> list[StepErrorView]:
    return [error for error in errors if grant.shows(error.step)]
