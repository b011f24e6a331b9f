"""What one row of a draft's log holds: the whole draft after that change, sealed, and a summary."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from miniprogram_api.catalogue.service import Selection, SetAside, StepState
from miniprogram_api.drafts.register_note import RegisterNote

Kind = Literal[
    "created", "step", "selection", "material", "register", "rebased", "restored", "submitted",
    "erased", "scanned", "refused", "unscanned", "sign_asked", "sign_begun", "sign_failed",
    "signed", "sign_refused",
]  # fmt: skip

Answers = TypeVar("Answers", dict[str, Any], msgspec.Raw)


ScanState = Literal["waiting", "clean", "failed"]
"""``failed``: the scanner answers, but has no verdict on this file. It is asked again, seldom."""


class FileRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """One uploaded file of a material; the bytes are the materials feature's. ``size`` and
    ``sha256`` are of what is kept, ``sent_sha256`` of what was sent (empty: the same)."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    at: datetime
    sent_sha256: str = ""
    warnings: tuple[str, ...] = ()
    """Codes of what may be wrong with a picture: it is kept, and the person is told."""
    scan: ScanState = "clean"

    @property
    def sent(self) -> str:
        return self.sent_sha256 or self.sha256


class DraftState(msgspec.Struct, Generic[Answers], omit_defaults=True):
    """``aside`` keeps answers that the present selection does not ask for, ``set_aside`` those that
    the present version of the catalogue has no place for."""

    selection: Selection
    steps: dict[str, Answers]
    aside: dict[str, dict[str, Any]]
    materials: dict[str, tuple[FileRef, ...]]
    register: RegisterNote | None = None
    """What is registered about the company that the draft was made for, if that was asked."""
    set_aside: tuple[SetAside, ...] = ()
    asked_to_sign: bool = False
    """Whether anybody was ever asked for a signature."""


class StepMark(msgspec.Struct, array_like=True, frozen=True):
    """How one step stands; ``revision`` is the newest that changed its answers, 0 for none, and
    ``at`` when that was, as it is shown: written once, read at every resumption. ``changes_on``:
    the day (China's, as JSON has it) from which time alone may have made another thing of it."""

    revision: int
    state: StepState
    at: str | None
    changes_on: str | None = None

    def state_on(self, day: str) -> StepState:
        """As far as can be said without the answers: what was right until its day is not now."""
        if self.state != "complete" or self.changes_on is None or day < self.changes_on:
            return self.state
        return "partial"


class Summary(msgspec.Struct, array_like=True, frozen=True):
    """Readable without a key, so nothing personal: what lists, conflicts and ETags need.

    ``words`` is the newest revision that changed an answer or the selection; files that came later
    do not make what a person has read outdated. ``catalogue`` is the version under which all of it
    was made.
    """

    words: int
    selection: int
    complete: int
    total: int
    files: int
    steps: dict[str, StepMark]
    catalogue: str = ""
    asked_to_sign: bool = False

    def complete_on(self, day: str) -> int:
        """How many steps are."""
        dated = [mark for mark in self.steps.values() if mark.changes_on is not None]
        return self.complete - sum(mark.state_on(day) != mark.state for mark in dated)


DecodedState = DraftState[dict[str, Any]]
RawState = DraftState[msgspec.Raw]

encode = msgspec.json.Encoder().encode
decode_state = msgspec.json.Decoder(DraftState[dict[str, Any]]).decode
decode_raw_state = msgspec.json.Decoder(DraftState[msgspec.Raw]).decode
decode_summary = msgspec.json.Decoder(Summary).decode
