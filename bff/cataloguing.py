"""``catalogue``: what an operator does with the list of what can be applied for."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from bff.database import is_at_head, open_database
from bff.settings import DatabaseSettings, SettingsIncomplete
from bff.startup import EXIT_MISCONFIGURED
from kit.clock import SystemClock, in_china
from kit.coordination import open_coordination
from miniprogram_api.catalogue import versions
from miniprogram_api.catalogue.catalogue import DATA_FOLDER, Catalogue
from miniprogram_api.catalogue.comparing import Detail, Difference, differences
from miniprogram_api.catalogue.files import Archive, Files, Folder
from miniprogram_api.catalogue.following import CHANNEL
from miniprogram_api.catalogue.reading import CatalogueFaulty, FolderReader

FAULTY = 1
SHIPPED, SERVING = "shipped", "serving"
_SOURCE = (
    "a folder; or a version that is kept, `serving` for the one that serves, `shipped` for the"
    " program's own"
)
_KINDS = {
    "item": "事项",
    "field": "填写项",
    "material": "材料",
    "theme": "主题",
    "step": "步骤",
    "rule": "核对规则",
    "city": "城市参数",
    "region": "行政区划",
    "document": "文书",
    "party": "签署身份",
    "lookup": "选项列表",
    "workdays": "工作日历",
}
_WHAT = {"added": "新增", "removed": "取消", "changed": "调整", "renamed": "改名"}
_PLACES = {
    "clock": "时限",
    "promise": "承诺",
    "statutory": "法定",
    "amount": "数值",
    "unit": "单位",
    "fields": "填写项",
    "materials": "材料",
    "required": "必填",
    "optional": "选填",
    "conditional": "按条件",
    "operations": "操作",
    "open": "设立",
    "change": "变更",
    "cancel": "注销",
    "label": "名称",
    "name": "名称",
    "department": "部门",
    "inspection": "现场核查",
    "fee": "收费",
    "options": "选项",
    "valid_from": "施行日",
    "valid_to": "截止日",
    "source": "依据",
    "confidence": "可信度",
    "message": "提示",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="read a folder and name all its faults")
    check.add_argument("folder", nargs="?", help="the program's own data if absent")
    diff = actions.add_parser("diff", help="say what comes, goes and changes, in Chinese")
    diff.add_argument("before", help=_SOURCE)
    diff.add_argument("after", help=_SOURCE)
    import_ = actions.add_parser("import", help="let a version serve from now on, in all processes")
    import_.add_argument("source", help=_SOURCE)
    export = actions.add_parser("export", help="write the files of a version into an empty folder")
    export.add_argument("folder")
    export.add_argument("--version", default=SERVING, help=_SOURCE)
    actions.add_parser("list", help="the versions that are kept")


def run(options: argparse.Namespace) -> int:
    """The exit code. Only ``DATA_DIR`` or ``DATABASE_URL`` and ``REDIS_URL`` are read, and those
    not by what looks at folders only."""
    try:
        return asyncio.run(_ACTIONS[options.action](options))
    except CatalogueFaulty as faulty:
        for fault in faulty.faults:
            print(fault, file=sys.stderr)
        print(f"{len(faulty.faults)} faults; nothing was changed", file=sys.stderr)
        return FAULTY
    except SettingsIncomplete as incomplete:
        print(incomplete, file=sys.stderr)
        return EXIT_MISCONFIGURED
    except _Refused as refused:
        print(refused, file=sys.stderr)
        return FAULTY


class _Refused(Exception):
    """Said to the operator as it is."""


async def _check(options: argparse.Namespace) -> int:
    folder = Path(options.folder) if options.folder else DATA_FOLDER
    if not folder.is_dir():
        raise _Refused(f"no such folder: {folder}")
    catalogue = Catalogue.load(folder)
    print(f"{catalogue.version}: {_counted(catalogue)}; no faults")
    return 0


async def _diff(options: argparse.Namespace) -> int:
    before, after = await _catalogue(options.before), await _catalogue(options.after)
    print(f"{before.version} → {after.version}")
    for line in readable(differences(before, after)):
        print(line)
    return 0


async def _import(options: argparse.Namespace) -> int:
    kept = await _kept(options.source)
    async with _database() as settings:
        before = await versions.find_serving()
        await versions.import_version(kept, SystemClock())
    print(f"{kept.version} serves from now on; before: {before or 'what is shipped'}")
    await _tell(settings, kept.version)
    return 0


async def _export(options: argparse.Namespace) -> int:
    folder = Path(options.folder)
    _refuse_full(folder)
    reader = await _reader(options.version)
    catalogue = Catalogue.read(reader)
    _write(folder, reader.texts)
    print(f"{catalogue.version}: {len(reader.texts)} files")
    return 0


def _refuse_full(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise _Refused(f"not empty: {folder}")


def _write(folder: Path, texts: Mapping[str, bytes]) -> None:
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)


async def _list(options: argparse.Namespace) -> int:
    async with _database():
        serving = await versions.find_serving()
        rows = await versions.list_versions()
    for row in rows:
        state = "serves" if row.version == serving else ("shipped" if row.turn is None else "")
        print(f"{row.version}  {in_china(row.at)}  {state}".rstrip())
    if serving is None:
        print("nothing was imported: each process serves what it ships")
    return 0


_ACTIONS: dict[str, Callable[[argparse.Namespace], Coroutine[Any, Any, int]]] = {
    "check": _check,
    "diff": _diff,
    "import": _import,
    "export": _export,
    "list": _list,
}


def readable(found: Iterator[Difference]) -> Iterator[str]:
    """For an official: by kind, then new, gone, changed; each with its name, its code, and what was
    and is."""
    nothing = True
    for kind, group in groupby(found, key=lambda difference: difference.kind):
        rows = list(group)
        counts = {what: sum(row.what == what for row in rows) for what in _WHAT}
        told = "，".join(f"{_WHAT[what]}{count}" for what, count in counts.items() if count)
        yield f"{_KINDS[kind]}：{told}"
        nothing = False
        for row in rows:
            yield f"  {_WHAT[row.what]} {row.name}（{row.code}）"
            yield from (f"      {_detail(detail)}" for detail in row.details)
    if nothing:
        yield "没有变化"


def _detail(detail: Detail) -> str:
    place = "·".join(_PLACES.get(part, part) for part in detail.place.split("."))
    if detail.before is None:
        return f"{place}：增加 {detail.after}"
    if detail.after is None:
        return f"{place}：删去 {detail.before}"
    return f"{place}：{detail.before} → {detail.after}"


def _counted(catalogue: Catalogue) -> str:
    return (
        f"{len(catalogue.items)} items, {len(catalogue.themes)} themes,"
        f" {len(catalogue.fields)} fields, {len(catalogue.materials)} materials,"
        f" {len(catalogue.rules)} rules"
    )


async def _catalogue(source: str) -> Catalogue:
    return Catalogue.read(await _reader(source))


async def _kept(source: str) -> versions.Kept:
    reader = await _reader(source)
    return versions.kept(reader, Catalogue.read(reader))


async def _reader(source: str) -> FolderReader:
    return FolderReader(await _files(source))


async def _files(source: str) -> Files:
    folder = DATA_FOLDER if source == SHIPPED else Path(source)
    if os.path.isdir(folder):  # noqa: ASYNC240 - a command has nobody else to serve.
        return Folder(folder)
    async with _database():
        version = await versions.find_serving() if source == SERVING else source
        if version is None:
            return Folder(DATA_FOLDER)
        archive = await versions.find_archive(version)
    if archive is None:
        raise _Refused(f"neither a folder nor a version that is kept: {source}")
    return Archive(archive)


@asynccontextmanager
async def _database() -> AsyncIterator[DatabaseSettings]:
    settings = DatabaseSettings.from_env(os.environ)
    async with open_database(settings):
        if not await is_at_head():
            raise _Refused("migrations are missing; run `python -m bff migrate`")
        yield settings


async def _tell(settings: DatabaseSettings, version: str) -> None:
    """All processes look at once; those that hear nothing look within seconds."""
    redis_url = os.environ.get("REDIS_URL") or None
    if settings.embedded or redis_url is None:
        return
    coordination = open_coordination(redis_url)
    try:
        await coordination.notifier.publish(CHANNEL, version)
    finally:
        await coordination.close()
