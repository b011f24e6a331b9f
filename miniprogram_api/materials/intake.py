"""From bytes as they were sent to a file as it is kept: looked at, treated, stored.

All of it in pieces: neither what came nor what is kept lies whole in this process.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from adapters.errors import Unreachable
from adapters.storage.port import Damaged, NotStored, Storage, Stored, TooLarge
from kit.ids import new_id
from kit.problems import TemporarilyUnavailable
from kit.workshop import WorkFailed, Workshop
from miniprogram_api.drafts.service import ScanState, UploadRule
from miniprogram_api.materials.inspection import Unacceptable
from miniprogram_api.materials.problems import (
    UNREADABLE,
    FileBroken,
    HashMismatch,
    refusal_named,
)
from miniprogram_api.materials.sniffing import MEDIA_TYPES
from miniprogram_api.materials.treating import (
    WATERMARK,
    Found,
    NotThisKind,
    inspect,
    treatment_of,
)

log = structlog.get_logger("materials")

KEPT_BYTES_MAX = 64 * 1024 * 1024
"""Of what is stored. A picture written anew may be larger than it came."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that lie in the storage, and what is known of them."""

    key: str
    extension: str
    media_type: str
    size: int
    sha256: str
    sent_sha256: str
    treatment: str
    warnings: tuple[str, ...]
    scan: ScanState


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes as they came, under one key of the storage or several, in order."""

    keys: tuple[str, ...]
    sha256: str


def watermark_for(rule: UploadRule) -> str | None:
    return WATERMARK if rule.watermark else None


class Intake:
    """One for the process."""

    def __init__(self, storage: Storage, workshop: Workshop, *, scanning: bool) -> None:
        self._storage = storage
        self._workshop = workshop
        self._scan: ScanState = "waiting" if scanning else "clean"

    async def take(self, source: Source, rule: UploadRule) -> Kept:
        """Under a key of its own, or under the source's only one where nothing was changed.

        HashMismatch when the bytes are not ``source.sha256``, FileTypeRefused, FileIncomplete,
        FileBroken, TemporarilyUnavailable. After an error nothing was stored."""
        watermark = watermark_for(rule)
        try:
            found, key, stored = await self._treated(source, rule.formats, watermark)
        except (NotThisKind, Unacceptable) as refusal:
            raise refusal_named(refusal.code) from None
        except WorkFailed as failure:
            log.warning("file_not_treated", reason=failure.reason)
            raise FileBroken(UNREADABLE) from None
        except (NotStored, Damaged):
            # A part is gone or was altered where it lies: as if it had never come right.
            raise HashMismatch(offset=0) from None
        except TooLarge:
            raise FileBroken("image_too_large") from None
        except Unreachable as error:
            raise TemporarilyUnavailable from error
        return Kept(
            key=key,
            extension=found.kind,
            media_type=MEDIA_TYPES[found.kind],
            size=stored.size,
            sha256=stored.sha256,
            sent_sha256=source.sha256,
            treatment=treatment_of(watermark),
            warnings=found.warnings,
            scan=self._scan,
        )

    async def _treated(
        self, source: Source, formats: frozenset[str], watermark: str | None
    ) -> tuple[Found, str, Stored]:
        size = 0

        async def checked() -> AsyncIterator[bytes]:
            nonlocal size
            digest = hashlib.sha256()
            async for piece in self._pieces(source):
                digest.update(piece)
                size += len(piece)
                yield piece
            if digest.hexdigest() != source.sha256:
                raise HashMismatch(offset=0)

        accepted = tuple(sorted(formats))
        async with self._workshop.treating(inspect, checked(), accepted, watermark) as done:
            found, key = done.value, new_id()
            if found.changed:
                return found, key, await self._storage.put(key, done.pieces(), KEPT_BYTES_MAX)
        if len(source.keys) == 1:
            return found, source.keys[0], Stored(size, source.sha256)
        return found, key, await self._storage.put(key, self._pieces(source), KEPT_BYTES_MAX)

    async def _pieces(self, source: Source) -> AsyncIterator[bytes]:
        for key in source.keys:
            async for piece in await self._storage.open(key):
                yield piece
