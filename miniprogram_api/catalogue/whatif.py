"""What-if: what answers change in a plan, and which of them do.

Two plans of one request are compared: as other answers (or none) have it, and as these have it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from kit.text import Text
from miniprogram_api.catalogue.clocks import UNIT_WORDS
from miniprogram_api.catalogue.conditions import Answers, Condition, deciding
from miniprogram_api.catalogue.facts import Item, ItemOperation, Use
from miniprogram_api.catalogue.plan_schemas import (
    Came,
    ClockChange,
    Days,
    InspectionChange,
    ItemChange,
    MaterialChange,
    PlanChanges,
)
from miniprogram_api.catalogue.schemas import ClockView, PlanItem, PlanMaterial, PlanView
from miniprogram_api.catalogue.selection import Choice

Compared = Literal["no_answers", "previous_answers"]
Codes = tuple[str, ...]


class Seen(NamedTuple):
    """A plan and the answers that it was made with."""

    choice: Choice
    view: PlanView
    answers: Answers


class _Both(NamedTuple):
    items: Mapping[str, Item]
    before: Seen
    after: Seen

    def operation(self, code: str) -> ItemOperation:
        return self.items[code].operations[self.after.choice.selection.operation]

    def deciding(self, condition: Condition | None) -> Codes:
        if condition is None:
            return ()
        return deciding(condition, self.before.answers, self.after.answers)

    def came(self) -> dict[str, tuple[Came, Codes]]:
        """The items that came or went, with the answers that decided it."""
        old, new = self.before.choice.items, self.after.choice.items
        moved: list[tuple[str, Came]] = [(code, "added") for code in new if code not in old]
        moved += [(code, "removed") for code in old if code not in new]
        choice = self.after.choice
        return {code: (change, self.deciding(choice.condition_of(code))) for code, change in moved}


def changes_between(
    items: Mapping[str, Item], compared_with: Compared, before: Seen, after: Seen
) -> PlanChanges:
    """``items`` are all of the catalogue; both plans are of one theme, operation and region."""
    both = _Both(items, before, after)
    came = both.came()
    item_changes = list(_items(both, came))
    materials = list(_materials(both, came))
    inspections = [
        InspectionChange(code, items[code].department, change, list(codes))
        for code, (change, codes) in came.items()
        if both.operation(code).inspection
    ]
    clocks = list(_clocks(both, came))
    text = _sentence(item_changes, materials, inspections, clocks)
    return PlanChanges(
        compared_with=compared_with,
        items=item_changes,
        materials=materials,
        inspections=inspections,
        clocks=clocks,
        text=text.zh,
        text_en=text.en,
    )


def _items(both: _Both, came: Mapping[str, tuple[Came, Codes]]) -> Iterator[ItemChange]:
    decisions = {decision.item: decision for decision in both.after.view.decisions}
    for code, (change, codes) in came.items():
        decision = decisions[code]
        name = both.items[code].name
        yield ItemChange(code, name, change, decision.why, list(codes), decision.confidence)


def _materials(both: _Both, came: Mapping[str, tuple[Came, Codes]]) -> Iterator[MaterialChange]:
    old = {material.code: material for material in both.before.view.materials}
    new = {material.code: material for material in both.after.view.materials}
    changed = {code: _material_change(old.get(code), new.get(code)) for code in (*new, *old)}
    claims = _claims(both, changed)
    for code, change in changed.items():
        if change is not None:
            shown = new.get(code) or old[code]
            items, codes = _behind(both, came, claims[code])
            yield MaterialChange(code, shown.name, change, items, codes)


def _material_change(
    old: PlanMaterial | None, new: PlanMaterial | None
) -> Literal["added", "removed", "now_required", "now_optional"] | None:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if old.required is new.required:
        return None
    return "now_required" if new.required else "now_optional"


def _behind(
    both: _Both, came: Mapping[str, tuple[Came, Codes]], claims: Sequence[Use]
) -> tuple[list[str], list[str]]:
    """The items through which a material changed, and the answers that decided it."""
    items: list[str] = []
    codes: list[str] = []
    for use in claims:
        decided = came[use.item][1] if use.item in came else both.deciding(use.when)
        if decided:
            items.append(use.item)
            codes.extend(decided)
    return list(dict.fromkeys(items)), list(dict.fromkeys(codes))


def _claims(both: _Both, changed: Mapping[str, object]) -> dict[str, list[Use]]:
    """All claims of the items of both plans to the materials that changed."""
    claims: dict[str, list[Use]] = {code: [] for code, change in changed.items() if change}
    if claims:
        for item in dict.fromkeys((*both.after.choice.items, *both.before.choice.items)):
            for use in both.operation(item).materials.of(item):
                if use.code in claims:
                    claims[use.code].append(use)
    return claims


def _clocks(both: _Both, came: Mapping[str, tuple[Came, Codes]]) -> Iterator[ClockChange]:
    old = {item.code: item for item in both.before.view.items}
    new = {item.code: item for item in both.after.view.items}
    for code in dict.fromkeys((*new, *old)):
        before, after = _days(old.get(code)), _days(new.get(code))
        if before != after:
            condition = both.operation(code).clock.promise_when
            codes = came[code][1] if code in came else both.deciding(condition)
            yield ClockChange(code, both.items[code].name, before, after, list(codes))


def _days(item: PlanItem | None) -> Days | None:
    return None if item is None else _shown(item.clock)


def _shown(clock: ClockView) -> Days | None:
    if clock.promise is not None and clock.unit is not None:
        return Days(clock.promise, clock.unit, True)
    limit = clock.statutory
    return None if limit is None else Days(limit.amount, limit.unit, False)


def _sentence(
    items: list[ItemChange],
    materials: list[MaterialChange],
    inspections: list[InspectionChange],
    clocks: list[ClockChange],
) -> Text:
    if not (items or materials or clocks):
        return Text("办理事项、材料和时限没有变化", "Items, materials and times stay the same")
    parts = []
    for change, zh, en in (("added", "增加", "added"), ("removed", "减少", "dropped")):
        names = [entry.name for entry in items if entry.change == change]
        counts = (
            (len(names), f"个事项（{'、'.join(names)}）", "items"),
            (sum(entry.change == change for entry in materials), "份材料", "materials"),
            (sum(entry.change == change for entry in inspections), "次现场核查", "inspections"),
        )
        parts += [
            Text(f"{zh}{count}{what}", f"{count} {english} {en}")
            for count, what, english in counts
            if count
        ]
    parts += [
        Text(
            f"{entry.name}由{_told(entry.before)}变为{_told(entry.after)}",
            f"the time of {entry.item} changes",
        )
        for entry in clocks
        if entry.before is not None and entry.after is not None
    ]
    turned = sum(entry.change in ("now_required", "now_optional") for entry in materials)
    if turned:
        needed = Text(f"{turned}份材料是否必须有变化", f"{turned} materials change in being needed")
        parts.append(needed)
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _told(days: Days) -> str:
    return f"{'承诺' if days.promised else '法定'}{days.amount}{UNIT_WORDS[days.unit]}"
