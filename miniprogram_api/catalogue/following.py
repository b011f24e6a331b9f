"""Taking up another version while requests go on, in every process."""

import asyncio

import structlog

from kit.clock import Clock
from kit.coordination.ports import Notifier
from kit.database.unit import is_outage
from kit.workdays import WorkCalendar
from miniprogram_api.catalogue import versions
from miniprogram_api.catalogue.catalogue import DATA_FOLDER, Catalogue
from miniprogram_api.catalogue.files import Folder
from miniprogram_api.catalogue.reading import CatalogueFaulty, FolderReader, Parsed
from miniprogram_api.catalogue.service import CatalogueService

log = structlog.get_logger("catalogue")

CHANNEL = "catalogue"
POLL_S = 5.0
"""Where no word reaches us (an import beside an embedded process, Redis lost): one small query."""
FAULTS_TOLD_MAX = 20


class CatalogueFollower:
    """One for the process. What cannot be used is told and changes nothing."""

    def __init__(
        self,
        catalogue: CatalogueService,
        calendar: WorkCalendar,
        notifier: Notifier,
        clock: Clock,
    ) -> None:
        self._catalogue = catalogue
        self._calendar = calendar
        self._notifier = notifier
        self._clock = clock
        self._shipped = catalogue.version
        self._looking = asyncio.Lock()
        self.refused: str | None = None
        """The version that should serve and cannot."""

    async def open(self) -> None:
        """Once, before the first request."""
        if not await versions.is_kept(self._shipped):
            parsed = self._catalogue.catalogue.parsed
            await versions.keep_shipped(await asyncio.to_thread(_shipped, parsed), self._clock)
        await self.look()

    async def poll(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(POLL_S)
            await self._look_unless_away()

    async def listen(self) -> None:
        """For ever."""
        async with self._notifier.subscribe(CHANNEL) as told:
            async for _ in told:
                await self._look_unless_away()

    async def look(self) -> None:
        """Serve what was imported last, or what is shipped if nothing was."""
        async with self._looking:
            wanted = await versions.find_serving() or self._shipped
            if wanted not in {self._catalogue.version, self.refused}:
                await self._take_up(wanted)

    async def _look_unless_away(self) -> None:
        try:
            await self.look()
        except Exception as error:
            if not is_outage(error):
                raise

    async def _take_up(self, version: str) -> None:
        try:
            catalogue = await self._catalogue.read_version(version)
        except CatalogueFaulty as faulty:
            self.refused = version
            told = [str(fault) for fault in faulty.faults[:FAULTS_TOLD_MAX]]
            log.error(
                "catalogue_refused", version=version, faults=told, count=len(faulty.faults),
                serving=self._catalogue.version,
            )  # fmt: skip
            return
        self._calendar.take_up(catalogue.workdays)
        before, self.refused = self._catalogue.version, None
        self._catalogue.serve(catalogue)
        log.info("catalogue_taken_up", version=version, before=before)


def _shipped(parsed: Parsed) -> versions.Kept:
    reader = FolderReader(Folder(DATA_FOLDER), parsed)
    return versions.kept(reader, Catalogue.read(reader))
