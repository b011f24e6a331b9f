"""Other versions of the shipped catalogue, to be taken up, refused or compared."""

import re
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from kit.clock import SystemClock
from miniprogram_api.catalogue import versions
from miniprogram_api.catalogue.catalogue import DATA_FOLDER, Catalogue
from miniprogram_api.catalogue.files import Folder
from miniprogram_api.catalogue.reading import FolderReader


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    """Read once: the copies have most files in common with it."""
    return Catalogue.load()


def loaded(folder: Path) -> Catalogue:
    return Catalogue.load(folder, shipped().parsed)


def a_copy(folder: Path, release: str | None = None) -> Path:
    """Of the shipped data; with another ``release`` it is another version."""
    copy = Path(shutil.copytree(DATA_FOLDER, folder))
    if release is not None:
        name = copy / "catalogue.yaml"
        text = name.read_text("utf-8")
        name.write_text(re.sub(r"release:.*", f"release: '{release}'", text), "utf-8")
    return copy


def rename(folder: Path, old: str, new: str) -> None:
    """A code, wherever it stands; nothing says that it was renamed."""
    for file in folder.rglob("*.yaml"):
        text = file.read_text("utf-8")
        changed = re.sub(rf"(?<![\w]){old}(?![\w])", new, text)
        if changed != text:
            file.write_text(changed, "utf-8")


def edit(folder: Path, name: str, code: str, **members: Any) -> None:
    """Members of one entry of a file that maps codes to entries; None takes one out."""
    content = yaml.safe_load((folder / name).read_text("utf-8"))
    content[code] |= members
    content[code] = {key: it for key, it in content[code].items() if it is not None}
    (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def file_of(folder: Path, part: str, code: str) -> str:
    """The file below ``part`` in which a code is defined."""
    for file in sorted((folder / part).rglob("*.yaml")):
        if re.search(rf"^{code}:", file.read_text("utf-8"), re.MULTILINE):
            return file.relative_to(folder).as_posix()
    raise LookupError(code)


def item_file(folder: Path, code: str) -> Path:
    (found,) = (folder / "items").rglob(f"{code}.yaml")
    return found


def kept(folder: Path) -> versions.Kept:
    reader = FolderReader(Folder(folder), shipped().parsed)
    return versions.kept(reader, Catalogue.read(reader))


async def imported(folder: Path) -> str:
    """As the command does it; the version."""
    version = kept(folder)
    await versions.import_version(version, SystemClock())
    return version.version
