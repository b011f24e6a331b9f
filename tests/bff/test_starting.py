"""What a process that serves for months does not load."""

import subprocess
import sys

from bench.as_installed import development_only
from tests.processes import ROOT

_LOADED = """
import sys
from bff.__main__ import _without_colours
_without_colours()
import bff.installs.logging
print("rich.console" in sys.modules, "pygments" in sys.modules)
"""


def test_serving_loads_no_display() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", _LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == ["False", "False"]


def test_the_bench_hides_what_only_development_installs() -> None:
    hidden = set(development_only(ROOT))
    assert {"pytest", "mypy", "pydantic"} <= hidden
    assert hidden.isdisjoint({"sanic", "tortoise", "msgspec", "rich", "yaml"})
