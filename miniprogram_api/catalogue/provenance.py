"""Whom each question and each material serves, and what the joint form spares the applicant."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kit.text import Text
from miniprogram_api.catalogue.claims import givers, may_stand
from miniprogram_api.catalogue.conditions import Answers
from miniprogram_api.catalogue.facts import Item, ItemOperation, Material, Use
from miniprogram_api.catalogue.plan_schemas import DepartmentSavings, Savings

Chosen = Sequence[tuple[Item, ItemOperation]]


def departments_of(items: Iterable[Item]) -> list[str]:
    """Each once, in the order of the items."""
    return list(dict.fromkeys(item.department for item in items))


def served_text(departments: int, items: int) -> Text | None:
    """Of a question; None for one that only one item asks: there it spares nothing."""
    if items < 2:
        return None
    return Text(
        f"这一项同时用于{departments}个部门的{items}个事项，已为您少填{items - 1}次",
        f"Serves {items} items of {departments} departments: {items - 1} times less to fill in",
    )


def handed_in_text(departments: int, items: int) -> Text | None:
    if items < 2:
        return None
    return Text(
        f"这份材料同时用于{departments}个部门的{items}个事项，已为您少交{items - 1}次",
        f"Serves {items} items of {departments} departments: {items - 1} times less to hand in",
    )


class Claims:
    """What one chosen item asks, alone and beside the others; ``given``: see :func:`givers`. Made
    once for a plan: only the conditional claims are looked at for each set of answers."""

    def __init__(self, item: Item, operation: ItemOperation, given: Mapping[str, str]) -> None:
        self.item = item
        self.operation = operation
        self.fields = _Asking(operation.fields.of(item.code), given)
        self.materials = _Asking(operation.materials.of(item.code), given)


class _Asking:
    def __init__(self, uses: Iterable[Use], given: Mapping[str, str]) -> None:
        uses = tuple(uses)
        self._given = given
        self._alone = frozenset(use.code for use in uses if use.when is None)
        self._joint = frozenset(
            use.code for use in uses if use.when is None and use.follows not in given
        )
        self._conditional = tuple(use for use in uses if use.when is not None)

    def standing(self, answers: Answers) -> "_Asked":
        more = [use for use in self._conditional if may_stand(use, answers)]
        return _Asked(
            self._alone.union(use.code for use in more),
            self._joint.union(use.code for use in more if use.follows not in self._given),
        )


class _Asked(NamedTuple):
    alone: frozenset[str]
    joint: frozenset[str]


def claims_of(chosen: Chosen) -> list[Claims]:
    given = givers(item for item, _ in chosen)
    return [Claims(item, operation, given) for item, operation in chosen]


def savings_of(
    claims: Sequence[Claims], materials: Mapping[str, Material], answers: Answers
) -> Savings:
    """Counted is what may still have to be answered or brought, given the answers so far. What
    the result of another chosen item gives is nobody's to bring."""
    fields = {one.item.code: one.fields.standing(answers) for one in claims}
    papers = {one.item.code: one.materials.standing(answers) for one in claims}
    fields_joint = frozenset().union(*(asked.joint for asked in fields.values()))
    papers_joint = frozenset().union(*(asked.joint for asked in papers.values()))
    fields_apart = sum(len(asked.alone) for asked in fields.values())
    papers_apart = [code for asked in papers.values() for code in asked.alone]

    def uploads(wanted: Iterable[str]) -> int:
        return sum(materials[code].obtain == "upload" for code in wanted)

    departments = _departments([one.item for one in claims], fields, papers)
    text = _sentence(
        (len(claims), len(departments)),
        (len(fields_joint), fields_apart),
        (len(papers_joint), len(papers_apart)),
    )
    return Savings(
        fields_joint=len(fields_joint),
        fields_apart=fields_apart,
        materials_joint=len(papers_joint),
        materials_apart=len(papers_apart),
        uploads_joint=uploads(papers_joint),
        uploads_apart=uploads(papers_apart),
        departments=departments,
        text=text.zh,
        text_en=text.en,
    )


def _departments(
    items: Sequence[Item], fields: Mapping[str, _Asked], papers: Mapping[str, _Asked]
) -> list[DepartmentSavings]:
    own = {
        name: [item.code for item in items if item.department == name]
        for name in departments_of(items)
    }
    fields_of, papers_of = (
        [frozenset().union(*(asked[code].joint for code in codes)) for codes in own.values()]
        for asked in (fields, papers)
    )
    return [
        DepartmentSavings(name, codes, len(one), fields_shared, len(other), papers_shared)
        for (name, codes), one, fields_shared, other, papers_shared in zip(
            own.items(), fields_of, _shared(fields_of), papers_of, _shared(papers_of), strict=True
        )
    ]


def _shared(asked: Sequence[frozenset[str]]) -> list[int]:
    """How much of what each department asks another one asks as well."""
    times = Counter(code for codes in asked for code in codes)
    return [sum(times[code] > 1 for code in codes) for codes in asked]


def _sentence(
    parties: tuple[int, int], fields: tuple[int, int], materials: tuple[int, int]
) -> Text:
    """Of the whole plan; each pair is (items, departments) or (joint, apart)."""
    items, departments = parties
    if items < 2:
        return Text(
            f"本事项需填写{fields[0]}项、准备材料{materials[0]}份",
            f"{fields[0]} answers and {materials[0]} materials for this item",
        )
    return Text(
        f"{departments}个部门的{items}个事项一次填报：分别办理要填{fields[1]}项，"
        f"现在填{fields[0]}项，为您少填{fields[1] - fields[0]}项；"
        f"材料由{materials[1]}份并为{materials[0]}份，少交{materials[1] - materials[0]}份",
        f"{items} items of {departments} departments in one form: {fields[0]} answers instead of "
        f"{fields[1]}, {materials[0]} materials instead of {materials[1]}",
    )
