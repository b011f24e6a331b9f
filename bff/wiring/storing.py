"""Where files lie, and who looks into them."""

import asyncio
from datetime import timedelta

import structlog

from adapters.errors import AdapterError
from adapters.scanning.port import Scanner
from adapters.storage.copying import Copied, copy_all
from adapters.storage.local import LocalStorage
from adapters.storage.port import Storage
from adapters.storage.settings import S3Settings
from bff.settings import Settings
from kit.clock import Clock
from kit.secrets import KeyRing
from miniprogram_api.materials.intake import KEPT_BYTES_MAX

CLOCKS_DIFFER = timedelta(days=1)
"""Between us and a process that is still writing."""
SCANNER_TELLS_WITHIN_S = 3.0

log = structlog.get_logger("bff.wiring")


def open_storage(settings: Settings, ring: KeyRing, clock: Clock) -> Storage:
    """The object store where one is set, the folder otherwise."""
    if settings.object_store is None:
        return open_folder(settings, ring, clock)
    return open_bucket(settings.object_store, ring, clock)


def open_folder(settings: Settings, ring: KeyRing, clock: Clock) -> Storage:
    return LocalStorage(settings.storage_dir, ring, clock)


def open_bucket(store: S3Settings, ring: KeyRing, clock: Clock) -> Storage:
    # Its client is 13 MB of memory, for those only who use it.
    from adapters.storage.s3 import S3Storage  # noqa: PLC0415

    return S3Storage(store, ring, clock)


async def copy_files(
    settings: Settings, store: S3Settings, clock: Clock, to: str, compare: bool
) -> Copied:
    """All files to the ``bucket`` or to the ``folder``, from the other."""
    keys = settings.keys
    ring = KeyRing(keys.field_keys, keys.field_key_current, keys.index_key)
    folder, bucket = open_folder(settings, ring, clock), open_bucket(store, ring, clock)
    source, target = (folder, bucket) if to == "bucket" else (bucket, folder)
    return await copy_all(source, target, clock.now() + CLOCKS_DIFFER, compare=compare)


async def tell_of_scanner(scanner: Scanner | None) -> None:
    """For the operator, at every start: whether files are scanned, how old the signatures are, and
    whether the largest file that we keep is looked at. A scanner that is not there yet keeps nobody
    from starting."""
    if scanner is None:
        log.warning("scanner_absent")
        return
    try:
        async with asyncio.timeout(SCANNER_TELLS_WITHIN_S):
            log.info("scanner_found", version=await scanner.version())
            if not await scanner.takes(KEPT_BYTES_MAX):
                log.error("scanner_limit_too_small", needed=KEPT_BYTES_MAX)
    except TimeoutError:
        log.warning("scanner_unreachable", code="timeout")
    except AdapterError as error:
        log.warning("scanner_unreachable", code=error.code)
