"""Consents: what people are asked, what they agreed to, and taking it back.

The texts are data (``consent_texts.yaml``). A consent is given to words, so the record has their
hash; when the words change it has to be given again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import msgspec

from auth.models import Consent
from auth.problems import ConsentTextOutdated
from kit.clock import Clock
from kit.ids import new_id
from kit.problems import FieldError
from kit.text import Text

Purpose = Literal["identity_check", "face", "share_with_bank", "share_with_seal_shop"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
FOR_IDENTITY_CHECK: tuple[Purpose, ...] = ("identity_check",)
FOR_FACE_CHECK: tuple[Purpose, ...] = ("identity_check", "face")

_TEXTS = Path(__file__).parent / "consent_texts.yaml"


class ConsentText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one purpose's text."""

    purpose: Purpose
    version: str
    sample: bool
    """Written by this project to make it work; not legal wording."""
    zh: str
    en: str

    @property
    def text(self) -> Text:
        return Text(self.zh, self.en)

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.zh}\0{self.en}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ConsentStatus:
    """The current text of a purpose, and since when the person agrees to it."""

    text: ConsentText
    granted_at: datetime | None


def load_texts(path: Path = _TEXTS) -> Mapping[Purpose, ConsentText]:
    """The newest text of each purpose. ValueError when the file breaks its own rules."""
    texts = msgspec.yaml.decode(path.read_bytes(), type=list[ConsentText])
    current = {text.purpose: text for text in sorted(texts, key=lambda text: text.version)}
    if set(current) != set(PURPOSES):
        raise ValueError("every purpose needs a text")
    if len({(text.purpose, text.version) for text in texts}) != len(texts):
        raise ValueError("a version of a text occurs twice")
    if len({current[purpose].version for purpose in FOR_FACE_CHECK}) != 1:
        raise ValueError("texts agreed to in one step need one version")
    return current


class ConsentService:
    def __init__(self, texts: Mapping[Purpose, ConsentText], clock: Clock) -> None:
        self._texts = texts
        self._clock = clock

    async def statuses(self, person_id: str) -> list[ConsentStatus]:
        """All purposes, in the order in which they are asked."""
        granted = await self._granted(person_id, PURPOSES)
        return [ConsentStatus(self._texts[p], granted.get(p)) for p in PURPOSES]

    async def status(self, person_id: str, purpose: Purpose) -> ConsentStatus:
        granted = await self._granted(person_id, (purpose,))
        return ConsentStatus(self._texts[purpose], granted.get(purpose))

    async def has(self, person_id: str, purpose: Purpose) -> bool:
        """Whether the person agrees to the current words."""
        return purpose in await self._granted(person_id, (purpose,))

    def check_version(self, purpose: Purpose, version: str, pointer: str) -> None:
        """Only the current text can be agreed to. ``pointer`` says where the version stood."""
        current = self._texts[purpose].version
        if version != current:
            text = Text("授权文本版本不是最新", "Not the current version of the text")
            raise ConsentTextOutdated(
                errors=[FieldError(pointer, "outdated", text)], text_version=current
            )

    async def grant(self, person_id: str, purposes: Sequence[Purpose], platform: str) -> None:
        """Record, in the caller's unit, consent to the current texts that is not recorded yet."""
        granted = await self._granted(person_id, purposes)
        for purpose in purposes:
            if purpose not in granted:
                text = self._texts[purpose]
                await Consent.create(
                    id=new_id(),
                    person_id=person_id,
                    purpose=purpose,
                    text_version=text.version,
                    text_hash=text.hash,
                    platform=platform,
                    granted_at=self._clock.now(),
                )

    async def withdraw(self, person_id: str, purpose: Purpose) -> None:
        """From now on; what was done with the consent stays done."""
        await Consent.filter(
            person_id=person_id, purpose=purpose, withdrawn_at__isnull=True
        ).update(withdrawn_at=self._clock.now())

    async def _granted(
        self, person_id: str, purposes: Sequence[Purpose]
    ) -> dict[Purpose, datetime]:
        rows = await Consent.filter(
            person_id=person_id, purpose__in=purposes, withdrawn_at__isnull=True
        ).order_by("-granted_at")
        return {
            purpose: row.granted_at
            for row in rows
            for purpose in purposes
            if row.purpose == purpose and row.text_hash == self._texts[purpose].hash
        }


async def hand_over_consents(person_id: str, to: str) -> None:
    """In the caller's unit; doing it again does no harm. The last word counts, whichever account it
    was said on: what the one took back is not given again by what the other had given before."""
    await Consent.filter(person_id=person_id).update(person_id=to)
    rows = await Consent.filter(person_id=to).order_by("granted_at")
    for given in rows:
        later = [
            row.withdrawn_at
            for row in rows
            if row.purpose == given.purpose
            and row.withdrawn_at is not None
            and row.withdrawn_at > given.granted_at
        ]
        if given.withdrawn_at is None and later:
            await Consent.filter(id=given.id).update(withdrawn_at=min(later))
