"""Kept bytes become a file of a draft; and the bytes that a person has already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.functions import Sum

from adapters.outbox.put import Outbox
from kit.clock import Clock
from kit.ids import new_id
from kit.secrets import KeyRing
from miniprogram_api.drafts.service import Author, DraftFiles, FileRef, ScanState, UploadRule
from miniprogram_api.materials.erasure import erase_bytes
from miniprogram_api.materials.intake import Kept, watermark_for
from miniprogram_api.materials.models import File, Upload
from miniprogram_api.materials.names import tidy_name
from miniprogram_api.materials.problems import UploadQuotaUsed
from miniprogram_api.materials.sniffing import MEDIA_TYPES
from miniprogram_api.materials.treating import treatment_of

SCAN_TOPIC = "file.scan"
DAY = timedelta(days=1)
BYTES_A_DAY_MAX = 2 * 1024 * 1024 * 1024
"""Sent by one person. Thirty drafts with twenty photographs of 3 MB, which no agent has, are less.
Two uploads that begin at the same moment may both just fit: it is for disks, not for cents."""

_SCANS: Mapping[str, ScanState] = {"waiting": "waiting", "failed": "failed"}
_EXTENSIONS = {media_type: kind for kind, media_type in MEDIA_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes, and who puts it there."""

    author: Author
    draft_id: str
    material: str


class Filing:
    """One for the process. Everything inside the caller's unit of the draft."""

    def __init__(self, files: DraftFiles, outbox: Outbox, ring: KeyRing, clock: Clock) -> None:
        self._files = files
        self._outbox = outbox
        self._ring = ring
        self._clock = clock

    async def file(self, target: Target, owner: str, name: str, kept: Kept) -> FileRef:
        """The file that is in the draft now: a new one, or the one that was there before, sent with
        the same bytes; then ``kept`` is erased if nothing else points at it."""
        new = FileRef(
            id=new_id(),
            name=tidy_name(name, kept.extension),
            media_type=kept.media_type,
            size=kept.size,
            sha256=kept.sha256,
            at=self._clock.now(),
            sent_sha256=kept.sent_sha256,
            warnings=kept.warnings,
            scan=kept.scan,
        )
        file = await self._files.attach(target.author, target.draft_id, target.material, new)
        if file.id == new.id:
            await self._add_row(new, owner, kept)
            if new.scan == "waiting":
                body = {"file_id": new.id, "draft_id": target.draft_id, "material": target.material}
                await self._outbox.put(SCAN_TOPIC, f"scan:{new.id}", body)
        else:
            await erase_bytes(self._outbox, kept.key)
        return file

    async def known(self, person_id: str, rule: UploadRule, sent_sha256: str) -> Kept | None:
        """Bytes that this person sent before, treated as they would be now. Whoever fills in
        somebody else's draft knows of nothing. What is found cannot be erased before the unit ends.
        """
        if person_id != rule.owner:
            return None
        same = File.filter(
            owner=person_id,
            # What could not be checked may be damaged where it lies: it has to be sent again.
            scan_state__not="failed",
            sent_sha256=sent_sha256,
            treatment=treatment_of(watermark_for(rule)),
            size__lte=rule.bytes_max,
            media_type__in=[MEDIA_TYPES[kind] for kind in MEDIA_TYPES if kind in rule.formats],
        )
        row = await same.order_by("id").select_for_update().first()
        return None if row is None else kept_in(row)

    async def count_bytes(self, target: Target, size: int, sha256: str) -> None:
        """So many came, in one piece: a row as of an upload in parts that is done."""
        now = self._clock.now()
        await Upload.create(
            id=new_id(),
            draft_id=target.draft_id,
            owner=target.author.person_id,
            material=target.material,
            name_cipher=b"",
            size=size,
            sha256=sha256,
            offset=size,
            state="done",
            parts="[]",
            counted=size,
            created_at=now,
            expires_at=now + DAY,
        )

    async def check_quota(self, person_id: str, size: int) -> None:
        """UploadQuotaUsed when ``size`` bytes more would be too many for one day."""
        since: datetime = self._clock.now() - DAY
        counted = Upload.filter(owner=person_id, created_at__gt=since)
        (sums,) = await counted.annotate(sum=Sum("counted")).values("sum")
        if int(sums["sum"] or 0) + size > BYTES_A_DAY_MAX:
            raise UploadQuotaUsed

    def described(self, row: File) -> FileRef:
        return described(row, self._ring)

    async def _add_row(self, file: FileRef, owner: str, kept: Kept) -> None:
        await File.create(
            id=file.id,
            owner=owner,
            name_cipher=seal_name(self._ring, file.id, file.name),
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            created_at=file.at,
            storage_key=kept.key,
            sent_sha256=kept.sent_sha256,
            treatment=kept.treatment,
            scan_state=kept.scan,
            warnings=",".join(kept.warnings),
        )


def described(row: File, ring: KeyRing) -> FileRef:
    return FileRef(
        id=row.id,
        name=ring.open(row.name_cipher, _context(row.id)).decode(),
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        at=row.created_at,
        sent_sha256=row.sent_sha256,
        warnings=_warnings(row),
        scan=_scan(row),
    )


def kept_in(row: File) -> Kept:
    return Kept(
        key=row.key,
        extension=_EXTENSIONS[row.media_type],
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        sent_sha256=row.sent_sha256 or row.sha256,
        treatment=row.treatment,
        warnings=_warnings(row),
        scan="clean" if row.scan_state == "clean" else "waiting",
    )


def seal_name(ring: KeyRing, file_id: str, name: str) -> bytes:
    return ring.seal(name.encode(), _context(file_id))


def seal_upload_name(ring: KeyRing, upload_id: str, name: str) -> bytes:
    return ring.seal(name.encode("utf-8", "replace"), f"upload.name|{upload_id}")


def open_upload_name(ring: KeyRing, upload: Upload) -> str:
    return ring.open(upload.name_cipher, f"upload.name|{upload.id}").decode()


def _warnings(row: File) -> tuple[str, ...]:
    return tuple(filter(None, row.warnings.split(",")))


def _scan(row: File) -> ScanState:
    return _SCANS.get(row.scan_state, "clean")


def _context(file_id: str) -> str:
    return f"file.name|{file_id}"
