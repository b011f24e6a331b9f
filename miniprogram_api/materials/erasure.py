"""Erasing files that no draft holds any more."""

from adapters.outbox.delivery import Delivery
from adapters.storage.port import Storage
from miniprogram_api.materials.models import File

TOPIC = "file.erase"


class FileErasure:
    """The handler of ``file.erase``: ``{"file_id"}``. Bytes first: a row whose bytes are gone is
    found and erased by the next try, bytes whose row is gone would have to wait for the sweep."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def handle(self, delivery: Delivery) -> None:
        file_id = delivery.body["file_id"]
        await self._storage.delete(file_id)
        async with delivery.settling():
            await File.filter(id=file_id).delete()

    async def park(self, delivery: Delivery, error_code: str) -> None:
        """The row stays for the operator, and so does the file."""
