"""Every rule passes and catches what it should; then the whole tree keeps them all."""

from pathlib import Path

import pytest

from tests.house.rules import RULES, Module, Rule, machine_places, modules, tracked_files
from tests.house.rules import apps_are_passed as apps
from tests.house.rules import functions_are_short as functions
from tests.house.rules import functions_say_what_they_return as returns
from tests.house.rules import module_is_short as short
from tests.house.rules import names_are_telling as names
from tests.house.rules import nothing_is_left_to_do as reminders
from tests.house.rules import time_comes_from_the_clock as clock

ROOT = Path(__file__).resolve().parents[2]


def body(lines: int) -> str:
    return "    pass\n" * lines


HANDLER = "@bp.get('/x')\n@describe('x', 'X')\nasync def x(request) -> None:\n"
PASSING = [
    (short, "kit/a.py", "\n" * 400),
    (short, "bff/migrations/0001_initial.py", "\n" * 401),
    (functions, "kit/a.py", "def f() -> None:\n" + body(59)),
    (functions, "miniprogram_api/home/routes.py", HANDLER + body(19)),
    (returns, "kit/a.py", "def f() -> int:\n    return 1\n"),
    (returns, "tests/a.py", "def test_f():\n    pass\n"),
    (clock, "kit/a.py", "import time\nstarted = time.monotonic()\n"),
    (clock, "kit/a.py", "def f(clock):\n    return clock.now()\n"),
    (clock, "kit/clock.py", "from datetime import datetime\nx = datetime.now(UTC)\n"),
    (clock, "tests/a.py", "import time\nx = time.time()\n"),
    (apps, "bff/app.py", "app = request.app\n"),
    (names, "kit/retry.py", ""),
    (reminders, "kit/a.py", "x = 1  # TODO(#12): the other half\n"),
]
CAUGHT = [
    (short, "kit/a.py", "\n" * 401),
    (functions, "kit/a.py", "async def f() -> None:\n" + body(60)),
    (functions, "miniprogram_api/home/routes.py", HANDLER + body(20)),
    (returns, "auth/a.py", "class C:\n    async def f(self):\n        pass\n"),
    (clock, "push/a.py", "from datetime import datetime\nx = datetime.now()\n"),
    (clock, "push/a.py", "from datetime import UTC, datetime\nx = datetime.now(UTC)\n"),
    (clock, "push/a.py", "import datetime as d\nx = d.datetime.utcnow()\n"),
    (clock, "push/a.py", "from datetime import date as day\nx = day.today()\n"),
    (clock, "push/a.py", "import time\nx = time.time()\n"),
    (clock, "push/a.py", "from time import time\nx = time()\n"),
    (apps, "bff/app.py", "from sanic import Sanic\napp = Sanic.get_app('bff')\n"),
    (names, "kit/utils.py", ""),
    (names, "adapters/helpers/a.py", ""),
    (reminders, "kit/a.py", "x = 1  # TO" + "DO: the other half\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PASSING)
def test_what_keeps_the_rule_passes(rule: Rule, path: str, text: str):
    assert list(rule(Module.parse(path, text))) == []


@pytest.mark.parametrize(("rule", "path", "text"), CAUGHT)
def test_what_breaks_the_rule_is_caught(rule: Rule, path: str, text: str):
    assert len(list(rule(Module.parse(path, text)))) == 1


def test_every_rule_has_samples_of_both_kinds():
    assert {sample[0] for sample in PASSING} == set(RULES)
    assert {sample[0] for sample in CAUGHT} == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule):
    findings = [finding for module in modules(ROOT) for finding in rule(module)]
    assert not findings, "\n".join(map(str, findings))


# In two parts, or this file would name them itself.
PLACES = [
    ("/{}/main/x", "work"),
    ("the .{}", "library"),
    ("/{}/.cache", "root"),
    ("/{}/li/", "home"),
]


@pytest.mark.parametrize(("place", "word"), PLACES)
def test_a_place_on_somebodys_machine_is_seen(place: str, word: str):
    assert machine_places(f"first\nsee {place.format(word)}\n") == [2]


def test_ordinary_paths_are_no_machine_places():
    assert machine_places("/var/lib/mysql /api/v1/home ./work/x library.md $HOME/x") == []


def test_nothing_committed_names_a_place_on_somebodys_machine():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in tracked_files(ROOT)
        for line in machine_places(path.read_text("utf-8", "ignore"))
    ]
    assert not found, "\n".join(found)
