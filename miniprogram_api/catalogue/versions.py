"""Versions that are kept: which serves, and how each is read again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

import structlog
from tortoise.exceptions import IntegrityError

from kit.clock import Clock
from kit.database.unit import unit_of_work, until_committed
from miniprogram_api.catalogue.catalogue import Catalogue
from miniprogram_api.catalogue.files import ARCHIVE_BYTES_MAX, Archive, packed
from miniprogram_api.catalogue.models import CatalogueVersion
from miniprogram_api.catalogue.reading import CatalogueFaulty, Fault, FolderReader, Parsed

log = structlog.get_logger("catalogue")

RESTING = timedelta(days=1)
"""After a version came none is thrown away: a replica that has not heard of it yet still opens
drafts under the one before."""

InUse = Callable[[str], Awaitable[bool]]


class Kept(NamedTuple):
    """A version as it can be kept."""

    version: str
    archive: bytes


def kept(reader: FolderReader, catalogue: Catalogue) -> Kept:
    """All that ``reader`` read for ``catalogue``; CatalogueFaulty when that is too much."""
    archive = packed(reader.texts)
    if len(archive) > ARCHIVE_BYTES_MAX:
        rule = f"takes more than {ARCHIVE_BYTES_MAX // 1024 // 1024} MB when packed"
        raise CatalogueFaulty([Fault("the folder", "", None, rule)])
    return Kept(catalogue.version, archive)


def unpacked(version: str, archive: bytes, parsed: Parsed | None = None) -> Catalogue:
    """Raises CatalogueFaulty, also when the data are others than those of ``version``."""
    try:
        files = Archive(archive)
    except OSError as error:
        raise CatalogueFaulty([Fault(version, "", None, str(error))]) from error
    catalogue = Catalogue.read(FolderReader(files, parsed))
    if catalogue.version != version:
        raise CatalogueFaulty([Fault(version, "", None, f"holds {catalogue.version}")])
    return catalogue


async def find_serving() -> str | None:
    """The version that was imported last; None when none ever was."""
    newest = (
        await CatalogueVersion.filter(turn__not_isnull=True)
        .order_by("-turn")
        .first()
        .only("version")
    )
    return None if newest is None else newest.version


async def find_archive(version: str) -> bytes | None:
    row = await CatalogueVersion.get_or_none(version=version)
    return None if row is None else row.archive


async def is_kept(version: str) -> bool:
    return await CatalogueVersion.exists(version=version)


async def list_versions() -> list[CatalogueVersion]:
    """The serving one first, then the newest."""
    rows = await CatalogueVersion.all().only("version", "turn", "at")
    return sorted(rows, key=lambda row: (row.turn or 0, row.at), reverse=True)


async def keep_shipped(version: Kept, clock: Clock) -> None:
    """So that drafts which were made under it can be opened by the program's next release."""
    try:
        await CatalogueVersion.create(
            version=version.version, archive=version.archive, at=clock.now()
        )
    except IntegrityError:
        # Another replica of the same program was faster.
        return


async def import_version(version: Kept, clock: Clock) -> None:
    """From now on this one serves: in one transaction, or not at all. One that was kept before
    takes its turn again."""

    async def unit() -> None:
        async with unit_of_work():
            newest = await CatalogueVersion.filter(turn__not_isnull=True).order_by("-turn").first()
            turn = 1 if newest is None or newest.turn is None else newest.turn + 1
            found = await CatalogueVersion.filter(version=version.version).update(
                turn=turn, at=clock.now()
            )
            if not found:
                await CatalogueVersion.create(
                    version=version.version, archive=version.archive, turn=turn, at=clock.now()
                )

    await until_committed(unit)


async def purge(serving: str, in_use: InUse, clock: Clock) -> int:
    """Throw away what no draft was made under; how many. What serves stays, and all rest for a day
    after the newest came."""
    rows = await list_versions()
    if not rows or max(row.at for row in rows) > clock.now() - RESTING:
        return 0
    purged = 0
    for row in rows[1:]:
        if row.version != serving and not await in_use(row.version):
            purged += await CatalogueVersion.filter(version=row.version).delete()
    return purged
