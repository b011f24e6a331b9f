"""The guard that the whole suite runs under really finds what nobody may print.

Each sample is a module or a suite of its own with a leak planted in it, run in another process.
"""

import base64
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kit.secrets import IdNumber, PersonName, Secret
from tests.learning import Learning, files_below
from tests.log_guard import LogGuard

ROOT = Path(__file__).resolve().parents[2]
HEAD = """
import json, logging, shutil, sqlite3
from types import SimpleNamespace
import httpx, pytest, structlog
from aiohttp import web
from adapters.far_side import FarSide
from adapters.http import HTTPClients
from bff.mock.world import World
from kit.clock import SystemClock
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.wechat.world import serving
from tests.processes import MockProcess
"""


def run(folder: Path, samples: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_samples.py").write_text(HEAD + samples)
    (folder / "pytest.ini").write_text("[pytest]\nlog_level = INFO\nasyncio_mode = auto\n")
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "tests.log_guard", "-p", "no:cacheprovider",
            "-p", "no:randomly", "-p", "no:schemathesis", *arguments,
        ],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def outcome(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stdout.splitlines()[-1].split(" in ")[0]


SHOWN = """
@pytest.fixture(autouse=True)
def made_up(sensitive_values):
    sensitive_values.add("370102199001011234")

def test_logs_it():
    logging.getLogger("product").info("id %s", "370102199001011234")

def test_prints_it():
    print("<370102199001011234>")

@pytest.fixture
def careless():
    yield
    print("370102199001011234")

def test_prints_it_at_the_end(careless):
    pass

def test_is_silent():
    logging.getLogger("product").info("id_masked")
"""

MADE_UP = """
def test_a_persona_in_a_debug_line():
    structlog.get_logger("product").debug("looked_at", who="370102199003071238")

def test_a_persona_in_an_address():
    print("/people?name=%E5%BC%A0%E4%B8%89")

def test_a_persona_in_escaped_json():
    print(json.dumps({"name": "张三"}))

def test_a_secret_that_wore_its_type():
    print(Secret("0123456789abcdefXYZ").reveal())

def test_a_number_and_a_name_that_wore_theirs():
    print(IdNumber("11010519491231002x").reveal(), PersonName("欧阳测试").reveal())

def test_a_session_key_of_a_simulator(tmp_path):
    far_side = FarSide(tmp_path / "x.sqlite3", "wechat", SystemClock())
    far_side.put("session", "oOpenIdOfSomebody", {"session_key": "c2Vzc2lvbktleQ=="})
    far_side.close()
    logging.getLogger("product").warning("key=c2Vzc2lvbktleQ==")

def test_an_open_id_of_a_simulator(tmp_path):
    far_side = FarSide(tmp_path / "x.sqlite3", "wechat", SystemClock())
    far_side.put("open_id", "oOpenIdOfSomebody", {"person": "a"})
    far_side.close()
    print("oOpenIdOfSomebody")

async def test_a_token_that_was_answered():
    answer = {"access_token": "eyJhbGciOi.J9.abc", "state": "harmless-enough"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    async with httpx.AsyncClient(transport=transport) as client:
        print((await client.get("http://x/")).json()["access_token"])

async def test_a_code_in_a_credential():
    answer = {"credential": {"code": "0aBcDeFgH"}}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    async with httpx.AsyncClient(transport=transport) as client:
        print((await client.get("http://x/")).json()["credential"])

async def test_an_open_id_that_a_peer_answered():
    async def answer(request):
        said = {"token_response": {"data": json.dumps({"open_id": "ab12cd34ef"})}}
        return web.json_response(said)

    application = web.Application()
    application.router.add_get("/", answer)
    async with serving(application) as url, HTTPClients() as http:
        await http.peer("x", url).request("GET", "/")
    print("ab12cd34ef")

def test_what_is_harmless():
    structlog.get_logger("product").debug("draft_saved", draft="0192f0aa-0000", step="company")
    print(Secret("short").reveal(), {"code": "not_found", "state": "harmless-enough"})
"""

PROCESSES = """
KEY = "Nc3PvMUnXMSYX2Um1VgYFj0iSSz7d0D9tPMVSzbsi2M="

def a_folder(tmp_path, said):
    far_side = tmp_path / "data" / "far-side"
    far_side.mkdir(parents=True)
    keys = {"TOKEN_KEYS": f"dev1:{KEY}", "FIELD_KEY_CURRENT": "dev1", "A_PUBLIC_KEY": "0" + KEY}
    (tmp_path / "data" / "development-keys.json").write_text(json.dumps(keys))
    database = sqlite3.connect(far_side / "wechat.sqlite3")
    database.execute("CREATE TABLE fact (kind TEXT, key TEXT, body TEXT)")
    database.execute("INSERT INTO fact VALUES ('login_code', '0ThisIsACode', '{}')")
    database.commit()
    database.close()
    (tmp_path / "mock.log").write_text(said)

def test_a_key(tmp_path):
    a_folder(tmp_path, "key=" + KEY)

def test_a_key_in_other_digits(tmp_path):
    import base64
    a_folder(tmp_path, base64.b64decode(KEY).hex())

def test_a_code(tmp_path):
    a_folder(tmp_path, "code 0ThisIsACode")

def test_nothing(tmp_path):
    a_folder(tmp_path, "kid=dev1 event=ready")

@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    return MockProcess(tmp_path_factory.mktemp("shared"), None, None)

def test_a_code_in_the_log_of_a_mock_that_tests_share(mock):
    a_folder(mock.folder, "code 0ThisIsACode")
"""

WORLD = """
KEY = "CzBVep/E6Q4zWH2ix+wRNluApcrvFDleg6jN8hc8YYY="

@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = tmp_path_factory.mktemp("world")
    (made / "development-keys.json").write_text(json.dumps({"TOKEN_KEYS": f"dev1:{KEY}"}))
    # Without what a world costs that serves anything.
    world = World.__new__(World)
    world.folder = SimpleNamespace(path=made)
    yield world
    shutil.rmtree(made)

def test_is_the_only_one(world):
    print(KEY)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """By a run over all of these, which have no value in common: each run costs two seconds."""
    folder = tmp_path_factory.mktemp("samples")
    samples = {"shown": SHOWN, "made_up": MADE_UP, "processes": PROCESSES, "world": WORLD}
    for name, sample in samples.items():
        (folder / f"test_{name}.py").write_text(HEAD + sample)
    return run(folder, "", "-vv").stdout


def outcomes(said: str, sample: str) -> Counter[str]:
    """Of its tests, and of what they left behind."""
    return Counter(re.findall(rf"^test_{sample}\.py::\w+ ([A-Z]+)", said, re.MULTILINE))


def test_a_test_that_shows_a_personal_value_fails(said: str):
    assert outcomes(said, "shown") == {"PASSED": 4, "ERROR": 3}, said
    assert (
        "370102199001011234"
        not in said.replace("<370102199001011234>", "").partition("short test summary")[2]
    )


def test_what_is_made_up_on_the_way_is_looked_for_without_being_reported(said: str):
    assert outcomes(said, "made_up") == {"PASSED": 11, "ERROR": 10}, said


def test_the_logs_of_a_tests_own_processes_are_searched(said: str):
    """With what only those processes knew: their keys, and what their simulators gave out."""
    assert outcomes(said, "processes") == {"PASSED": 5, "ERROR": 4}, said
    assert "log mock.log" in said


def test_a_world_is_learnt_while_its_folder_is_there(said: str):
    """It is gone at the end of the last test that shares it; which one that is, xdist says."""
    assert outcomes(said, "world") == {"PASSED": 1, "ERROR": 1}, said
    assert "test_is_the_only_one: a personal value is visible in: Captured stdout call" in said


LATE = """
def test_1_prints_it():
    print("TheTokenOfTheLateTest")

def test_2_reads_what_it_printed(capsys):
    print("AnotherOfTheLateTests")
    capsys.readouterr()

def test_3_learns_of_it(sensitive_values):
    sensitive_values |= {"TheTokenOfTheLateTest", "AnotherOfTheLateTests"}
"""


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "-n", "1"]])
def test_what_became_known_only_later_fails_the_run(tmp_path: Path, processes: list[str]):
    done = run(tmp_path, LATE, *processes)
    assert done.returncode == 1, done.stdout
    assert "3 passed" in outcome(done)
    assert done.stdout.count("LEAKED") == 2
    assert "test_1_prints_it: Captured stdout call" in done.stdout
    assert "test_2_reads_what_it_printed: what it read of its output" in done.stdout
    assert "OfTheLate" not in done.stdout


CARRIED = r"""
def test_1_logs_half_a_character(sensitive_values):
    sensitive_values.add("half \udcff of a token")
    logging.getLogger("product").warning("a \udcff b")

def test_2_fails_with_one():
    assert "a \udcff b" == ""

def test_3_spoils_the_keys_of_its_process(tmp_path):
    (tmp_path / "development-keys.json").write_text("{")

def test_4_runs_all_the_same():
    pass
"""


def test_what_cannot_be_told_neither_hides_a_verdict_nor_ends_the_run(tmp_path: Path):
    """A report travels from one process to another in UTF-8, and a guard that fails is a test that
    fails."""
    done = run(tmp_path, CARRIED, "-p", "xdist", "-n", "1")
    assert outcome(done) == "1 failed, 3 passed, 1 error", done.stdout
    assert "FAILED test_samples.py::test_2_fails_with_one" in done.stdout
    assert "ERROR test_samples.py::test_3_spoils_the_keys_of_its_process" in done.stdout
    assert "the log guard failed: JSONDecodeError" in done.stdout


def test_folders_may_vanish_while_they_are_searched(tmp_path: Path):
    for name in "abc":
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "x.log").touch()
    found = []
    for file in files_below(tmp_path):
        found.append(file)
        for name in "abc":
            if not file.is_relative_to(tmp_path / name):
                shutil.rmtree(tmp_path / name, ignore_errors=True)
    assert len(found) == 1


def test_the_verdict_does_not_repeat_the_value():
    guard = LogGuard()
    guard.values |= {"13800138000", ""}
    with pytest.raises(AssertionError) as verdict:
        guard.examine("phone=13800138000", "the worker's log")
    assert "13800138000" not in str(verdict.value)


def test_a_masked_value_is_no_leak():
    guard = LogGuard()
    guard.values.add("13800138000")
    guard.examine("phone=138****8000", "the worker's log")


def test_values_that_begin_alike_and_short_ones_are_told_apart():
    guard = LogGuard()
    guard.values |= {"0123456789", "0123456780", "张三"}
    assert guard.leaks("x0123456780y 0123456789") == 2
    assert guard.leaks("012345678") == 0
    assert guard.leaks("张三丰") == 1


def test_a_key_of_many_lines_is_shown_by_any_of_them():
    guard = LogGuard()
    line = base64.b64encode(bytes(range(48))).decode()
    Learning(guard.values).masked(Secret(f"-----BEGIN KEY-----\n{line}\n-----END KEY-----\n"))
    assert guard.leaks(f"key is {line}") == 1
    assert guard.leaks("-----BEGIN KEY-----") == 0


def test_what_a_test_wraps_for_its_own_ends_is_not_looked_for():
    values: set[str] = set()
    learning = Learning(values)
    known = len(values)
    for value in (Secret("x"), Secret("a" * 40), IdNumber("370102"), PersonName("Zhang")):
        learning.masked(value)
    assert len(values) == known
