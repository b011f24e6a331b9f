"""Receivers outside the administration: which items have one, and what people are told of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kit.text import Text
from miniprogram_api.catalogue.facts import Item, SharingPurpose

_RECEIVERS: Mapping[str, Text] = {
    "share_with_bank": Text("银行", "the bank"),
    "share_with_seal_shop": Text("刻章单位", "the seal shop"),
}
_SOMEBODY = Text("外部单位", "a receiver outside")
_SHARED = Text(
    "您已同意，{items}所填信息将提供给{receiver}",
    "You agreed: what you filled in for {items} goes to {receiver}",
)
_WITHHELD = Text(
    "您未单独同意向{receiver}提供信息，{items}所填信息不会提供",
    "You did not agree to sharing with {receiver}: what you filled in for {items} is withheld",
)


class Sharing(NamedTuple):
    """The items of a plan, by code and name, whose answers go to one such receiver."""

    purpose: SharingPurpose
    items: Sequence[tuple[str, Text]]


def sharings_of(items: Iterable[Item]) -> list[Sharing]:
    """In the order of the items."""
    by_purpose: dict[SharingPurpose, list[tuple[str, Text]]] = {}
    for item in items:
        if item.consent is not None:
            named = item.code, Text(item.name, item.en)
            by_purpose.setdefault(item.consent, []).append(named)
    return [Sharing(purpose, items_of) for purpose, items_of in by_purpose.items()]


def sharing_text(purpose: str, names: Iterable[Text], *, granted: bool) -> Text:
    """Also of a purpose that a later catalogue does not know any more."""
    sentence, items = _SHARED if granted else _WITHHELD, list(names)
    receiver = _RECEIVERS.get(purpose, _SOMEBODY)
    return Text(
        sentence.zh.format(items="、".join(name.zh for name in items), receiver=receiver.zh),
        sentence.en.format(items=", ".join(name.en for name in items), receiver=receiver.en),
    )
