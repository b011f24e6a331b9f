"""Texts shown to people: always in Chinese, with an English counterpart on request."""

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence in both languages. Never carries what the user typed."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.en if language == "en" else self.zh


def preferred_language(accept_language: str | None) -> Language:
    """The first language of an ``Accept-Language`` header that we speak; Chinese otherwise."""
    for part in (accept_language or "").split(","):
        tag = part.split(";", 1)[0].strip().lower()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"
