"""Where files lie, and who looks into them."""

import asyncio

import structlog

from adapters.errors import AdapterError
from adapters.scanning.port import Scanner
from adapters.storage.local import LocalStorage
from adapters.storage.port import Storage
from bff.settings import Settings
from kit.clock import Clock
from kit.secrets import KeyRing

SCANNER_TELLS_WITHIN_S = 3.0

log = structlog.get_logger("bff.wiring")


def open_storage(settings: Settings, ring: KeyRing, clock: Clock) -> Storage:
    """The object store where one is set, the folder otherwise."""
    if settings.object_store is None:
        return LocalStorage(settings.storage_dir, ring, clock)
    # Its client is 13 MB of memory, for those only who use it.
    from adapters.storage.s3 import S3Storage  # noqa: PLC0415

    return S3Storage(settings.object_store, ring, clock)


async def tell_of_scanner(scanner: Scanner | None) -> None:
    """For the operator, at every start: whether files are scanned, and how old the signatures are.
    A scanner that is not there yet keeps nobody from starting."""
    if scanner is None:
        log.warning("scanner_absent")
        return
    try:
        async with asyncio.timeout(SCANNER_TELLS_WITHIN_S):
            log.info("scanner_found", version=await scanner.version())
    except TimeoutError:
        log.warning("scanner_unreachable", code="timeout")
    except AdapterError as error:
        log.warning("scanner_unreachable", code=error.code)
