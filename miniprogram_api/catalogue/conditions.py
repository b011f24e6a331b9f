"""Conditions as data: small expressions over answers, evaluated by one function."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

Answers = Mapping[str, object]
Scalar = str | bool | int | float


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that differs from city to city; put in when a plan is compiled for a region."""

    parameter: str


_RENAMED = {"all_": "all", "any_": "any", "not_": "not", "in_": "in"}
_TESTS = ("equals", "in_", "contains", "at_least", "greater", "answered", "any_row")
_JOINS = ("all_", "any_", "not_")


class Condition(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename=_RENAMED
):
    """Either one test of one ``field``, or a join of other conditions."""

    field: str | None = None
    equals: Scalar | Parameter | None = None
    in_: tuple[Scalar, ...] | None = None
    contains: str | None = None
    at_least: int | float | Parameter | None = None
    greater: int | float | Parameter | None = None
    answered: bool | None = None
    any_row: "Condition | None" = None
    all_: "tuple[Condition, ...] | None" = None
    any_: "tuple[Condition, ...] | None" = None
    not_: "Condition | None" = None

    def __post_init__(self) -> None:
        tests = [name for name in _TESTS if getattr(self, name) is not None]
        joins = [name for name in _JOINS if getattr(self, name) is not None]
        if len(tests) + len(joins) != 1:
            raise ValueError("a condition needs exactly one test or join")
        if bool(tests) != (self.field is not None):
            raise ValueError("a condition needs `field` with a test, and none with a join")

    def parts(self) -> "tuple[Condition, ...]":
        """The conditions that a join joins."""
        if self.not_ is not None:
            return (self.not_,)
        return self.all_ or self.any_ or ()

    def fields(self) -> Iterator[str]:
        """The codes of the answers that decide; columns inside ``any_row`` are not among them."""
        if self.field is not None:
            yield self.field
        for part in self.parts():
            yield from part.fields()

    def parameters(self) -> Iterator[str]:
        for constant in (self.equals, self.at_least, self.greater):
            if isinstance(constant, Parameter):
                yield constant.parameter
        for part in self.parts():
            yield from part.parameters()


def is_blank(value: object) -> bool:
    """Nothing was answered: forms send empty text and empty lists for what was left alone."""
    return not value and not isinstance(value, bool | int | float)


def holds(condition: Condition, answers: Answers) -> bool | None:
    """True, False, or None while the answers that would decide are missing (Kleene's logic)."""
    if condition.all_ is not None:
        return _every(holds(part, answers) for part in condition.all_)
    if condition.any_ is not None:
        return _negated(_every(_negated(holds(part, answers)) for part in condition.any_))
    if condition.not_ is not None:
        return _negated(holds(condition.not_, answers))
    value = answers.get(condition.field or "")
    if condition.answered is not None:
        return condition.answered is not is_blank(value)
    return None if is_blank(value) else _passes(condition, value)


def _passes(condition: Condition, value: object) -> bool:
    if condition.equals is not None:
        return _same(value, condition.equals)
    if condition.in_ is not None:
        return any(_same(value, constant) for constant in condition.in_)
    if condition.contains is not None or condition.any_row is not None:
        return isinstance(value, list) and _any_entry(condition, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(condition.at_least, int | float):
        return value >= condition.at_least
    return isinstance(condition.greater, int | float) and value > condition.greater


def _any_entry(condition: Condition, entries: list[object]) -> bool:
    row = condition.any_row
    if row is None:
        return condition.contains in entries
    return any(isinstance(entry, dict) and holds(row, entry) is True for entry in entries)


def _same(value: object, constant: object) -> bool:
    """Equal, without Python's True == 1."""
    return isinstance(value, bool) is isinstance(constant, bool) and value == constant


def _every(results: Iterator[bool | None]) -> bool | None:
    undecided = False
    for result in results:
        if result is False:
            return False
        undecided = undecided or result is None
    return None if undecided else True


def _negated(result: bool | None) -> bool | None:
    return None if result is None else not result


def deciding(condition: Condition, before: Answers, after: Answers) -> tuple[str, ...]:
    """The codes of the answers through which the condition's result became another one; none if it
    did not. Parts that changed but did not matter are left out."""
    result = holds(condition, after)
    if result == holds(condition, before):
        return ()
    if condition.field is not None:
        return (condition.field,)
    turned = [part for part in condition.parts() if holds(part, after) != holds(part, before)]
    # One part is enough to make `any` true and `all` false: then only those that did so count.
    enough = True if condition.any_ is not None else (False if condition.all_ is not None else None)
    if enough is not None and result is enough:
        turned = [part for part in turned if holds(part, after) is enough]
    codes = (code for part in turned for code in deciding(part, before, after))
    return tuple(dict.fromkeys(codes))


def with_parameters(condition: Condition, values: Mapping[str, int | float]) -> Condition:
    """The same condition with the figures of one region in place of their names."""

    def figure(constant: object) -> object:
        return values[constant.parameter] if isinstance(constant, Parameter) else constant

    def all_of(parts: tuple[Condition, ...] | None) -> tuple[Condition, ...] | None:
        return None if parts is None else tuple(with_parameters(part, values) for part in parts)

    if not any(True for _ in condition.parameters()):
        return condition
    return msgspec.structs.replace(
        condition,
        equals=figure(condition.equals),
        at_least=figure(condition.at_least),
        greater=figure(condition.greater),
        all_=all_of(condition.all_),
        any_=all_of(condition.any_),
        not_=None if condition.not_ is None else with_parameters(condition.not_, values),
    )


def any_of(conditions: Iterable[Condition | None]) -> dict[str, object]:
    """As front ends get it: one of these conditions holds."""
    distinct: list[object] = []
    for condition in conditions:
        written = msgspec.to_builtins(condition)
        if written not in distinct:
            distinct.append(written)
    alone = distinct[0]
    return alone if len(distinct) == 1 and isinstance(alone, dict) else {"any": distinct}
