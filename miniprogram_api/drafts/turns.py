"""One writer of a draft at a time within this process."""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """Saves work, makes nothing correct: fifty savers of one draft would otherwise refuse each
    other fifty times over at the log. A lock lives as long as somebody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, draft_id: str) -> asyncio.Lock:
        """To be entered at once, with ``async with``."""
        lock = self._locks.get(draft_id)
        if lock is None:
            lock = self._locks[draft_id] = asyncio.Lock()
        return lock
