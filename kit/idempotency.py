"""Idempotency keys: a repeated request gets the first one's answer and has no second effect.

The remembered answer is a row written in the transaction of the effect itself, so there is no
moment at which one exists without the other. Kept 72 h. Answers may hold personal data, so they are
sealed.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from kit.answers import Shown
from kit.clock import Clock
from kit.database.fields import BinCharField, UtcDatetimeField
from kit.database.unit import unit_of_work
from kit.problems import IdempotencyKeyInFlight, IdempotencyKeyReused
from kit.secrets import KeyRing

KEPT = timedelta(hours=72)
COMPRESSED_FROM = 6 * 1024
"""Bytes of an answer. A new draft's has 157 KB, most of it the plan, and 31 KB in 1 ms."""


class Idempotency(Model):
    """``id`` is a hash of the owner and the key."""

    id = BinCharField(64, primary_key=True)
    fingerprint = BinCharField(64)
    status = fields.SmallIntField()
    body_cipher = fields.BinaryField()
    expires_at = UtcDatetimeField()

    class Meta:
        table = "idempotency"
        indexes = (("expires_at",),)


@dataclass(frozen=True, slots=True)
class Remembered:
    status: int
    body: bytes
    headers: Mapping[str, str]


class IdempotencyStore:
    """One for the process."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self.ring = ring
        self.clock = clock
        self.in_flight: set[str] = set()

    async def purge(self) -> int:
        """Erase what is past its 72 hours; how many."""
        return await Idempotency.filter(expires_at__lt=self.clock.now()).delete()


class Once:
    """One idempotent request. A handler does its effect inside :meth:`unit` and ends it with
    :meth:`remember`; whatever it asks of the outside comes before, with a key of its own."""

    class Lost(Exception):
        """Another replica committed the same request first; ours is rolled back."""

    def __init__(
        self,
        store: IdempotencyStore,
        owner: str,
        key: str,
        method: str,
        path: str,
        body: bytes,
    ) -> None:
        self._store = store
        self.id = hashlib.sha256(f"{owner}\0{key}".encode()).hexdigest()
        content = f"{method}\0{path}\0".encode() + body
        self._fingerprint = hashlib.sha256(content).hexdigest()
        self._expired = False

    @asynccontextmanager
    async def in_flight(self) -> AsyncIterator[None]:
        """Refuse the same request while this process is still handling it."""
        if self.id in self._store.in_flight:
            raise IdempotencyKeyInFlight
        self._store.in_flight.add(self.id)
        try:
            yield
        finally:
            self._store.in_flight.discard(self.id)

    async def find(self) -> Remembered | None:
        row = await Idempotency.get_or_none(id=self.id)
        if row is None:
            return None
        if row.expires_at < self._store.clock.now():
            self._expired = True
            return None
        if row.fingerprint != self._fingerprint:
            raise IdempotencyKeyReused
        plain = self._store.ring.open(row.body_cipher, f"idempotency|{self.id}")
        headers, body, *compressed = msgspec.msgpack.decode(plain)
        return Remembered(row.status, zlib.decompress(body) if compressed else body, headers)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[None]:
        """The transaction of the effect and of its remembered answer."""
        try:
            async with unit_of_work():
                yield
        except _Taken as taken:
            raise Once.Lost from taken

    async def remember(self, shown: Shown) -> Shown:
        """Write the answer, as the last statement of the unit, and give it back."""
        headers = dict(shown.headers)
        if shown.etag is not None:
            headers["ETag"] = f'"{shown.etag}"'
        plain = msgspec.msgpack.encode(_packed(headers, shown.encoded()))
        if self._expired:
            # Only the old one: another replica may have done it anew meanwhile.
            await Idempotency.filter(id=self.id, expires_at__lt=self._store.clock.now()).delete()
        try:
            await Idempotency.create(
                id=self.id,
                fingerprint=self._fingerprint,
                status=shown.status,
                body_cipher=self._store.ring.seal(plain, f"idempotency|{self.id}"),
                expires_at=self._store.clock.now() + KEPT,
            )
        except IntegrityError as error:
            raise _Taken from error
        return shown


class _Taken(Exception):
    """The key's row is there already."""


def _packed(headers: Mapping[str, str], body: bytes) -> tuple[object, ...]:
    if len(body) < COMPRESSED_FROM:
        return headers, body
    return headers, zlib.compress(body, 1), "zlib"
