"""What every storage does, whatever it is made of."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.storage.local import LocalStorage
from adapters.storage.port import Damaged, NotStored, Storage, TooLarge
from adapters.storage.sealing import FRAME_BYTES
from kit.clock import ShiftableClock
from kit.ids import new_id
from kit.secrets import KeyRing
from tests.adapters.storage.s3_server import S3Server

RING = KeyRing({"k1": b"1" * 32}, "k1", b"i" * 32)
LIMIT = 10 * FRAME_BYTES


@dataclass(frozen=True)
class Place:
    """A storage and the folder in which what it keeps can be seen and touched."""

    storage: Storage
    folder: Path
    overwrite: Callable[[Path, bytes], object] = Path.write_bytes

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def only_file(self) -> Path:
        (path,) = self.files()
        return path


Opening = Callable[[ShiftableClock], Place]


@pytest.fixture(params=["local", "s3"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """The implementations; another joins by one more line here."""
    if request.param == "local":
        return lambda clock: Place(LocalStorage(tmp_path / "files", RING, clock), tmp_path)
    server: S3Server = request.getfixturevalue("s3_server")
    prefix = uuid4().hex
    return lambda clock: Place(
        server.storage(RING, clock, prefix), server.bucket / prefix, server.overwrite
    )


@pytest.fixture
def clock() -> ShiftableClock:
    return ShiftableClock()


@pytest.fixture
def place(opening: Opening, clock: ShiftableClock) -> Place:
    return opening(clock)


@pytest.fixture
def storage(place: Place) -> Storage:
    return place.storage


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(storage: Storage, key: str) -> bytes:
    return b"".join([piece async for piece in await storage.open(key)])


async def keys_before(storage: Storage, clock: ShiftableClock) -> list[str]:
    return [key async for key in storage.written_before(clock.now())]


SIZES = [
    0,
    1,
    FRAME_BYTES - 1,
    FRAME_BYTES,
    FRAME_BYTES + 1,
    3 * FRAME_BYTES,
    3 * FRAME_BYTES + 7,
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [1 << 20, 1000 * 7])
async def test_what_was_put_is_what_is_opened(storage: Storage, size: int, step: int):
    key = new_id()
    content = bytes(i % 251 for i in range(size))
    parts = [content[i : i + step] for i in range(0, size, step)]
    stored = await storage.put(key, pieces(*parts), LIMIT)
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert await storage.exists(key)
    assert await whole(storage, key) == content


async def test_what_is_not_there_is_not_stored(storage: Storage):
    key = new_id()
    assert not await storage.exists(key)
    with pytest.raises(NotStored):
        await storage.open(key)


async def test_more_than_allowed_is_refused_and_leaves_nothing(
    storage: Storage, clock: ShiftableClock
):
    key = new_id()
    with pytest.raises(TooLarge):
        await storage.put(key, pieces(b"x" * 90, b"y" * 11), 100)
    assert not await storage.exists(key)
    clock.advance(timedelta(seconds=10))
    assert await keys_before(storage, clock) == []
    assert (await storage.put(key, pieces(b"x" * 100), 100)).size == 100


async def test_a_put_whose_source_breaks_leaves_nothing(storage: Storage, clock: ShiftableClock):
    async def breaking() -> AsyncIterator[bytes]:
        yield b"x" * 200_000
        raise ConnectionResetError

    key = new_id()
    with pytest.raises(ConnectionResetError):
        await storage.put(key, breaking(), LIMIT)
    assert not await storage.exists(key)
    clock.advance(timedelta(seconds=10))
    assert await keys_before(storage, clock) == []


async def test_deleting_is_final_and_may_be_repeated(storage: Storage):
    key = new_id()
    await storage.put(key, pieces(b"x"), LIMIT)
    await storage.delete(key)
    await storage.delete(key)
    assert not await storage.exists(key)
    with pytest.raises(NotStored):
        await storage.open(key)


async def test_keys_are_listed_by_age_on_the_clock(storage: Storage, clock: ShiftableClock):
    old, new = new_id(), new_id()
    clock.advance(timedelta(days=400))
    await storage.put(old, pieces(b"x"), LIMIT)
    clock.advance(timedelta(hours=1))
    between = clock.now()
    clock.advance(timedelta(hours=1))
    await storage.put(new, pieces(b"x"), LIMIT)
    assert [key async for key in storage.written_before(between)] == [old]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 32 + "\n"])
async def test_only_our_own_ids_are_keys(storage: Storage, key: str):
    with pytest.raises(ValueError, match="one of our ids"):
        await storage.put(key, pieces(b"x"), LIMIT)
    with pytest.raises(ValueError, match="one of our ids"):
        await storage.open(key)
    with pytest.raises(ValueError, match="one of our ids"):
        await storage.delete(key)


class TestWhatLiesThere:
    """What is kept may be seen and touched by others."""

    async def put(self, place: Place, content: bytes) -> tuple[str, Path]:
        key = new_id()
        await place.storage.put(key, pieces(content), LIMIT)
        return key, place.only_file()

    async def test_nothing_of_it_can_be_read_there(self, place: Place):
        _, path = await self.put(place, b"a very plain text " * 100)
        assert b"plain" not in path.read_bytes()

    @pytest.mark.parametrize("keep", [0, 3, 100, FRAME_BYTES, -1])
    async def test_a_file_that_was_cut_off_is_damaged(self, place: Place, keep: int):
        key, path = await self.put(place, b"x" * (3 * FRAME_BYTES))
        place.overwrite(path, path.read_bytes()[:keep])
        with pytest.raises(Damaged):
            await whole(place.storage, key)

    async def test_a_file_cut_off_between_two_frames_is_damaged(self, place: Place):
        key, path = await self.put(place, b"x" * (2 * FRAME_BYTES))
        sealed = path.read_bytes()
        first = 4 + int.from_bytes(sealed[:4], "big")
        place.overwrite(path, sealed[:first])
        with pytest.raises(Damaged):
            await whole(place.storage, key)

    async def test_frames_that_were_swapped_doubled_or_altered_are_damaged(self, place: Place):
        key, path = await self.put(place, b"x" * (3 * FRAME_BYTES))
        sealed = path.read_bytes()
        length = 4 + int.from_bytes(sealed[:4], "big")
        one, two, last = sealed[:length], sealed[length : 2 * length], sealed[2 * length :]
        altered = bytearray(sealed)
        altered[length + 100] ^= 1
        variants: Iterable[bytes] = (
            two + one + last,
            one + two + last + last,
            one + last,
            two + last,
            bytes(altered),
            sealed + b"\x00",
            b"\xff" * 64,
        )
        for variant in variants:
            place.overwrite(path, variant)
            with pytest.raises(Damaged):
                await whole(place.storage, key)

    async def test_a_file_under_another_key_is_damaged(self, place: Place):
        key, path = await self.put(place, b"x")
        # The last digits name the folder, where there are folders.
        other = new_id()[:-2] + key[-2:]
        target = Path(str(path).replace(key, other))
        target.parent.mkdir(exist_ok=True)
        place.overwrite(target, path.read_bytes())
        with pytest.raises(Damaged):
            await whole(place.storage, other)
