"""Erasing files that no draft holds any more, and bytes to which nothing points."""

import structlog

from adapters.errors import AdapterError
from adapters.outbox.delivery import Delivery
from adapters.outbox.put import Outbox
from adapters.storage.port import Storage
from miniprogram_api.materials.models import File, Upload
from miniprogram_api.materials.parts import Part, parts_of

log = structlog.get_logger("materials.erasure")

TOPIC = "file.erase"
PARTS_TOPIC = "upload.erase"


class FileErasure:
    """The handler of ``file.erase``, in two deeds, because several files may have their bytes in
    common: ``{"file_id"}`` ends the row, ``{"storage_key"}`` the bytes if no row points at them
    then. None can come to do so later: only a row's bytes are ever given to another row."""

    def __init__(self, storage: Storage, outbox: Outbox) -> None:
        self._storage = storage
        self._outbox = outbox

    async def handle(self, delivery: Delivery) -> None:
        key = delivery.body.get("storage_key")
        if key is None:
            async with delivery.settling():
                await erase_file(self._outbox, delivery.body["file_id"])
            return
        if not await is_pointed_at(key):
            await self._storage.delete(key)
        async with delivery.settling():
            pass

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """What is left stays for the operator; bytes without a row are swept all the same."""


class PartErasure:
    """The handler of ``upload.erase``: ``{"keys"}``, where parts lay that nobody needs."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def handle(self, delivery: Delivery) -> None:
        for key in delivery.body["keys"]:
            if not await is_pointed_at(key):
                await self._storage.delete(key)
        async with delivery.settling():
            pass

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The sweep of orphans finds them."""


async def erase_file(outbox: Outbox, file_id: str) -> None:
    """Inside a unit: the row at once, its bytes soon after."""
    row = await File.get_or_none(id=file_id)
    # A row that is gone had its bytes under its own id, or they were dealt with when it went.
    key = file_id if row is None else row.key
    await File.filter(id=file_id).delete()
    await erase_bytes(outbox, key)


async def erase_bytes(outbox: Outbox, key: str) -> None:
    """Inside a unit: what lies there, soon after, if no row points at it then."""
    await outbox.put(TOPIC, f"bytes:{key}", {"storage_key": key})


async def erase_parts(outbox: Outbox, upload: Upload) -> None:
    """Inside a unit."""
    parts: tuple[Part, ...] = parts_of(upload.parts)
    if parts:
        body = {"keys": [part.key for part in parts]}
        await outbox.put(PARTS_TOPIC, f"upload:{upload.id}", body)


async def empty_uploads(outbox: Outbox, draft_id: str) -> None:
    """Inside a unit: the draft is gone. Nothing stays of what was sent for it but how much that was
    on its day: whoever deletes a draft may not send the day's bytes once more."""
    for upload in await Upload.filter(draft_id=draft_id).select_for_update():
        await erase_parts(outbox, upload)
    sent = Upload.filter(draft_id=draft_id)
    await sent.filter(state="open").update(state="refused")
    await sent.update(name_cipher=b"", sha256="", parts="[]", file_id=None)


async def discard(storage: Storage, key: str) -> None:
    """Bytes that nobody needs. What is left because the storage is away just now makes nothing
    wrong that was done, and the sweep of orphans finds it."""
    try:
        await storage.delete(key)
    except AdapterError as error:
        log.warning("bytes_left", peer=error.peer, code=error.code, key=key)


async def is_pointed_at(key: str) -> bool:
    return (
        await File.filter(storage_key=key).exists()
        or await File.filter(id=key, storage_key="").exists()
    )
