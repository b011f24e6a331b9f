"""Where the data files come from: a folder, or one archive of all that a version was read from."""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

ARCHIVE_BYTES_MAX = 8 * 1024 * 1024
"""Of one packed version. MariaDB takes a statement of 16 MB unless told otherwise; the shipped data
have a fiftieth of this."""
UNPACKED_BYTES_MAX = 64 * 1024 * 1024
"""Of all files of a version: thirty times what the shipped data have. An archive says its sizes
before it is unpacked, and is read no further than it said."""
# Every entry says the same moment: equal files make equal archives.
_NO_MOMENT = (1980, 1, 1, 0, 0, 0)


class Files(Protocol):
    """Names are relative, with forward slashes."""

    def names(self, folder: str, suffix: str) -> list[str]:
        """Of all files with this suffix in a folder and in the folders inside it, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """Raises OSError."""
        ...


class Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self, folder: str, suffix: str) -> list[str]:
        found = (self._path / folder).rglob(f"*{suffix}")
        return sorted(path.relative_to(self._path).as_posix() for path in found)

    def read(self, name: str) -> bytes:
        return (self._path / name).read_bytes()


class Archive:
    def __init__(self, packed: bytes) -> None:
        """Raises OSError for what is no archive of a version, or one that was damaged."""
        try:
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                _refuse_foreign(archive.infolist())
                self.contents = {name: archive.read(name) for name in archive.namelist()}
        except _DAMAGED as error:
            raise OSError("the archive is damaged") from error

    def names(self, folder: str, suffix: str) -> list[str]:
        return sorted(
            name
            for name in self.contents
            if name.startswith(f"{folder}/") and name.endswith(suffix)
        )

    def read(self, name: str) -> bytes:
        try:
            return self.contents[name]
        except KeyError as error:
            raise FileNotFoundError(name) from error


# What was flipped inside a file is told by its decompressor, or by a flag that nobody ever set.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def _refuse_foreign(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Export writes the files under the names that the archive gives them."""
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise OSError("the archive holds too much")
    if any(".." in entry.filename.split("/") for entry in entries):
        raise OSError("the archive names files outside its folder")


def packed(contents: Mapping[str, bytes]) -> bytes:
    """An ordinary zip file, so that an operator can look into it by hand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _NO_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, contents[name])
    return buffer.getvalue()
