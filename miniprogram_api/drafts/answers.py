"""What a step may be told at most, before anything is made of it.

A draft accepts whatever parses; these bounds only keep one save from costing what no form needs.
They refuse the save as a whole, so nothing of it is stored, and they repeat nothing of it.
"""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from kit.problems import FieldError, InvalidRequest, MalformedRequest
from kit.text import Text
from miniprogram_api.drafts.problems import StepTooLarge

STEP_BYTES_MAX = 256 * 1024
"""The largest form of the catalogue, filled to its limits, is about a tenth of this."""
DEPTH_MAX = 8
ROWS_MAX = 500
MEMBERS_MAX = 500
"""In one object."""
NAME_LENGTH_MAX = 64
TEXT_LENGTH_MAX = 20_000
NUMBER_MAX = 2**53
"""The largest whole number that every JSON reader keeps exactly."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _within(depth: int) -> Any:
    """The type of a value that keeps the bounds, with at most so many levels in it."""
    plain = (
        bool
        | None
        | Annotated[int, msgspec.Meta(ge=-NUMBER_MAX, le=NUMBER_MAX)]
        | Annotated[float, msgspec.Meta(ge=-NUMBER_MAX, le=NUMBER_MAX)]
        | Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH_MAX)]
    )
    if depth == 1:
        return plain
    inner = _within(depth - 1)
    rows = Annotated[list[inner], msgspec.Meta(max_length=ROWS_MAX)]  # type: ignore[valid-type]
    return plain | rows | _members_within(inner)


def _members_within(inner: Any) -> Any:
    name = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)]
    return Annotated[dict[name, inner], msgspec.Meta(max_length=MEMBERS_MAX)]


def parse_answers(given: msgspec.Raw) -> dict[str, Any]:
    """The answers of one step as sent; a Problem when they are out of bounds."""
    if len(bytes(given)) > STEP_BYTES_MAX:
        raise StepTooLarge
    try:
        return _decode_within(given)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Which bound it is, only those are asked who are beyond one.
        return _looked_at(given)


def _looked_at(given: msgspec.Raw) -> dict[str, Any]:
    try:
        answers = _decode(given)
    except msgspec.ValidationError:
        if bytes(given).lstrip().startswith(b"{"):
            # A number that no reader of JSON keeps.
            raise _refused("out_of_range", _TOO_MUCH) from None
        raise _refused("not_an_object", _NOT_AN_OBJECT) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedRequest from None
    _check(answers)
    return answers


_decode_within: Callable[[msgspec.Raw], dict[str, Any]] = msgspec.json.Decoder(
    _members_within(_within(DEPTH_MAX - 1))
).decode
"""Takes what keeps all bounds, a third of the time that :func:`_check` takes."""


def _check(answers: dict[str, Any]) -> None:
    level: list[Any] = [answers]
    for _ in range(DEPTH_MAX):
        below: list[Any] = []
        for value in level:
            fault = _fault(value)
            if fault is not None:
                raise _refused(fault, _TOO_MUCH)
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise _refused("too_deep", _TOO_MUCH)


def _fault(value: Any) -> str | None:
    """The code of what is wrong with one value, looked at without what is inside it."""
    if isinstance(value, str):
        return "too_long" if len(value) > TEXT_LENGTH_MAX else None
    if isinstance(value, dict):
        too_many = len(value) > MEMBERS_MAX or any(len(name) > NAME_LENGTH_MAX for name in value)
        return "too_many_members" if too_many else None
    if isinstance(value, list):
        return "too_many_rows" if len(value) > ROWS_MAX else None
    if isinstance(value, int | float) and not -NUMBER_MAX <= value <= NUMBER_MAX:
        return "out_of_range"
    return None


_TOO_MUCH = Text("填写的内容超出了允许的范围", "The answers exceed what a form may hold")
_NOT_AN_OBJECT = Text("答案应为对象", "The answers must be an object")


def _refused(code: str, message: Text) -> InvalidRequest:
    # No deeper pointer: it would be made of names that the user typed.
    return InvalidRequest(errors=[FieldError("/answers", code, message)])
