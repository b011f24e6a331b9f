"""What one row of a draft's log holds: the whole draft after that change, sealed, and a summary."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from miniprogram_api.catalogue.service import Selection, StepState

Kind = Literal["created", "step", "selection", "material", "submitted", "erased"]

Answers = TypeVar("Answers", dict[str, Any], msgspec.Raw)


class FileRef(msgspec.Struct, frozen=True):
    """One uploaded file of a material; the bytes are the materials feature's."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    at: datetime


class DraftState(msgspec.Struct, Generic[Answers]):
    """``aside`` keeps answers that the present selection does not ask for."""

    selection: Selection
    steps: dict[str, Answers]
    aside: dict[str, dict[str, Any]]
    materials: dict[str, tuple[FileRef, ...]]


class StepMark(msgspec.Struct, array_like=True, frozen=True):
    """How one step stands; ``revision`` is the newest that changed its answers, 0 for none, and
    ``at`` when that was, as it is shown: written once, read at every resumption."""

    revision: int
    state: StepState
    at: str | None


class Summary(msgspec.Struct, array_like=True, frozen=True):
    """Readable without a key, so nothing personal: what lists, conflicts and ETags need.

    ``words`` is the newest revision that changed an answer or the selection; files that came later
    do not make what a person has read outdated.
    """

    words: int
    selection: int
    complete: int
    total: int
    files: int
    steps: dict[str, StepMark]


DecodedState = DraftState[dict[str, Any]]
RawState = DraftState[msgspec.Raw]

encode = msgspec.json.Encoder().encode
decode_state = msgspec.json.Decoder(DraftState[dict[str, Any]]).decode
decode_raw_state = msgspec.json.Decoder(DraftState[msgspec.Raw]).decode
decode_summary = msgspec.json.Decoder(Summary).decode
