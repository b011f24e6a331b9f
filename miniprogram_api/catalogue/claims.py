"""The claims of items to questions and materials, and whether answers let them stand."""

from collections.abc import Iterable
from typing import NamedTuple

from miniprogram_api.catalogue.conditions import Answers, holds
from miniprogram_api.catalogue.facts import Item, Material, Use


def givers(items: Iterable[Item]) -> dict[str, str]:
    """By the item whose result is wanted, the one of these that gives it: itself, or one that
    stands for it."""
    found: dict[str, str] = {}
    for item in items:
        found[item.code] = item.code
        if item.stands_for is not None:
            found.setdefault(item.stands_for, item.code)
    return found


class AskedMaterial(NamedTuple):
    """A material with the claims of the chosen items. ``follows`` is the chosen item whose result
    takes its place, so that nobody is asked for it."""

    code: str
    material: Material
    uses: tuple[Use, ...]
    follows: str | None


def asked_state(uses: Iterable[Use], answers: Answers) -> bool | None:
    """Whether any of the claims stands: None while that depends on missing answers."""
    states = [True if use.when is None else holds(use.when, answers) for use in uses]
    return True if True in states else (None if None in states else False)


def may_stand(use: Use, answers: Answers) -> bool:
    """Whether the claim stands or still may, given the answers so far."""
    return use.when is None or holds(use.when, answers) is not False
