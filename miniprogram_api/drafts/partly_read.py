"""A draft's state of which only what is asked for is read.

Saving one step looks at that step and at those that its questions and rules read. Everything else
goes into the next row as the bytes that it is, whatever it is.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import msgspec

from miniprogram_api.catalogue.service import Selection
from miniprogram_api.drafts.register_note import RegisterNote
from miniprogram_api.drafts.state import encode

SELECTIONS_KEPT = 256

Members = dict[str, msgspec.Raw]
"""The members of an object, unread."""

_members_of = msgspec.json.Decoder(Members).decode
_read_answers = msgspec.json.Decoder(dict[str, Any]).decode
_read_aside = msgspec.json.Decoder(dict[str, dict[str, Any]]).decode
_read_note = msgspec.json.Decoder(RegisterNote | None).decode
# Many drafts are of the same few selections.
_read_selection = lru_cache(SELECTIONS_KEPT)(msgspec.json.Decoder(Selection).decode)


class PartlyReadState:
    """Immutable. ``plain`` is a state as it is kept."""

    def __init__(self, plain: bytes) -> None:
        self._members = _members_of(plain)
        self._steps = _members_of(self._members["steps"])
        self._read: dict[str, dict[str, Any]] = {}

    @property
    def selection(self) -> Selection:
        return _read_selection(bytes(self._members["selection"]))

    @property
    def register(self) -> RegisterNote | None:
        kept = self._members.get("register")
        return None if kept is None else _read_note(kept)

    def step(self, key: str) -> dict[str, Any]:
        """The answers of one step; none of a step that nobody has saved."""
        answers = self._read.get(key)
        if answers is None:
            kept = self._steps.get(key)
            answers = self._read[key] = {} if kept is None else _read_answers(kept)
        return answers

    def aside(self, key: str) -> dict[str, Any]:
        """What was answered in one step, and is not asked now."""
        return _read_aside(self._members["aside"]).get(key, {})

    def answers(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Of these steps, as far as they are answered."""
        return {key: self.step(key) for key in keys if key in self._steps}

    def all_answers(self) -> dict[str, dict[str, Any]]:
        return self.answers(self._steps)

    def without_aside(self, key: str, codes: Collection[str]) -> Members:
        """The state without these answers, which lay aside of one step."""
        if not codes:
            return self._members
        left = {code: said for code, said in self.aside(key).items() if code not in codes}
        aside = {**_read_aside(self._members["aside"]), key: left}
        kept = {step: answers for step, answers in aside.items() if answers}
        return {**self._members, "aside": msgspec.Raw(encode(kept))}

    def with_step(
        self, key: str, answers: dict[str, Any], not_aside: Collection[str] = ()
    ) -> Members:
        """The state with other answers to one step, of which some lie aside no more."""
        steps = {**self._steps, key: msgspec.Raw(encode(answers))}
        return {**self.without_aside(key, not_aside), "steps": msgspec.Raw(encode(steps))}
