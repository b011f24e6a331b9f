"""The subscribe messages that we send, as data (templates.yaml)."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from adapters.wechat import keywords
from adapters.wechat.port import SubscribeTemplate
from kit.text import Text

KEYWORDS_MAX = 5
"""A template of the platform has two to five keywords."""


class _Label(msgspec.Struct, forbid_unknown_fields=True):
    zh: str
    en: str
    choices: list[str] = []


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    title: _Label
    long_term: bool
    source: str
    keywords: dict[str, _Label]


def load_templates() -> dict[str, SubscribeTemplate]:
    """By our key. ``ValueError`` for data that no template of the platform could have."""
    raw = yaml.safe_load((Path(__file__).parent / "templates.yaml").read_text("utf-8"))
    entries = msgspec.convert(raw, dict[str, _Entry])
    return {key: _template(key, entry) for key, entry in entries.items()}


def registered_templates(ids: Mapping[str, str]) -> dict[str, SubscribeTemplate]:
    """By the account's own template id, for the keys that the account has."""
    known = load_templates()
    if unknown := ids.keys() - known.keys():
        raise ValueError(f"no such template: {sorted(unknown)}")
    return {template_id: known[key] for key, template_id in ids.items()}


def _template(key: str, entry: _Entry) -> SubscribeTemplate:
    if not 2 <= len(entry.keywords) <= KEYWORDS_MAX:
        raise ValueError(f"template {key}: two to five keywords")
    for keyword, label in entry.keywords.items():
        if (keywords.type_of(keyword) == "enum") != bool(label.choices):
            raise ValueError(f"template {key}: an enum has choices, nothing else has")
    return SubscribeTemplate(
        key=key,
        title=Text(entry.title.zh, entry.title.en),
        long_term=entry.long_term,
        keywords={name: Text(label.zh, label.en) for name, label in entry.keywords.items()},
        choices={
            name: frozenset(label.choices)
            for name, label in entry.keywords.items()
            if label.choices
        },
    )
