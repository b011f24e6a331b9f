"""The operator's commands for the list, each a process of its own beside a running product."""

import asyncio
import contextlib
import os
import sqlite3
import sys
from pathlib import Path

import pytest

from bff.cataloguing import readable
from miniprogram_api.catalogue.comparing import differences
from tests.builders.catalogues import a_copy, edit, file_of, item_file, loaded, rename, shipped
from tests.databases import sqlite_at_head
from tests.processes import ROOT


class Operator:
    """At a shell, with the settings of one deployment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "data" / "bff.sqlite3"
        self._environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder / "data")}

    async def begin(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bff", *arguments, cwd=ROOT, env=self._environ,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def run(self, *arguments: str) -> tuple[int, str]:
        process = await self.begin("catalogue", *arguments)
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    def versions(self) -> list[tuple[str, int, int]]:
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT version, turn, length(archive) FROM catalogue_version ORDER BY turn"
            return connection.execute(query).fetchall()


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    sqlite_at_head(operator.database)
    return operator


async def test_a_folder_is_checked_without_any_settings(operator: Operator) -> None:
    folder = a_copy(operator.folder / "broken")
    file = item_file(folder, "seal")
    file.write_text(file.read_text("utf-8").replace("inspection: ", "inspektion: ", 1), "utf-8")
    (folder / "steps.yaml").unlink()
    code, said = await operator.run("check", str(folder))
    assert code == 1
    assert f"{file.relative_to(folder).as_posix()}:" in said
    assert "unknown field `inspektion`" in said
    assert "steps.yaml: the file: cannot be read" in said
    assert "2 faults" in said
    code, said = await operator.run("check")
    assert (code, said.split(":")[0]) == (0, shipped().version)


async def test_what_was_imported_is_exported_byte_by_byte(operator: Operator) -> None:
    folder = a_copy(operator.folder / "next", "2026.12")
    code, said = await operator.run("import", str(folder))
    assert code == 0, said
    out = operator.folder / "out"
    assert (await operator.run("export", str(out)))[0] == 0
    files = [file for file in out.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert all(file.read_bytes() == (folder / file.relative_to(out)).read_bytes() for file in files)
    code, said = await operator.run("export", str(out))
    assert (code, "not empty" in said) == (1, True)
    version = loaded(folder).version
    assert "serves" in (await operator.run("list"))[1]
    code, said = await operator.run("diff", "serving", str(out))
    assert (code, said.splitlines()) == (0, [f"{version} → {version}", "没有变化"])


async def test_a_faulty_folder_is_not_imported(operator: Operator) -> None:
    folder = a_copy(operator.folder / "broken", "2026.12")
    (folder / "steps.yaml").unlink()
    code, said = await operator.run("import", str(folder))
    assert (code, "steps.yaml" in said) == (1, True)
    assert operator.versions() == []


async def test_a_version_that_is_kept_can_serve_again(operator: Operator) -> None:
    first, second = (
        a_copy(operator.folder / release, release) for release in ("2026.12", "2027.01")
    )
    for source in (str(first), str(second), loaded(first).version):
        code, said = await operator.run("import", source)
        assert code == 0, said
    assert [version for version, _, _ in operator.versions()] == [
        loaded(second).version,
        loaded(first).version,
    ]
    code, said = await operator.run("import", "2020.01-00000000")
    assert (code, "neither a folder nor a version" in said) == (1, True)


@pytest.mark.parametrize("after_s", [0.6, 1.1, 1.7])
async def test_an_import_that_is_killed_is_there_as_a_whole_or_not_at_all(
    operator: Operator, after_s: float
) -> None:
    folder = a_copy(operator.folder / "next", "2026.12")
    process = await operator.begin("catalogue", "import", str(folder))
    await asyncio.sleep(after_s)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()
    found = operator.versions()
    assert found in ([], [(loaded(folder).version, 1, found[0][2] if found else 0)])
    # Whatever happened, it can be done again, and is read without fault.
    code, said = await operator.run("import", str(folder))
    assert code == 0, said


def test_a_difference_is_told_in_words_that_an_official_reads(tmp_path: Path) -> None:
    folder = a_copy(tmp_path / "next", "2026.12")
    rename(folder, "licence_copies", "copies_of_licence")
    fields = file_of(folder, "fields", "copies_of_licence")
    edit(folder, fields, "copies_of_licence", renamed_from=["licence_copies"])
    file = item_file(folder, "seal")
    file.write_text(file.read_text("utf-8").replace("department: ", "department: 新", 1), "utf-8")
    lines = list(readable(differences(shipped(), loaded(folder))))
    assert any(line.startswith("事项：调整") for line in lines)
    assert any("（seal）" in line for line in lines)
    assert any(line.strip().startswith("部门：") and "→ 新" in line for line in lines)
    assert any(line.startswith("填写项：改名1") for line in lines)
    assert any(line.strip().startswith("改名") and "copies_of_licence" in line for line in lines)
    assert list(readable(differences(shipped(), shipped()))) == ["没有变化"]
