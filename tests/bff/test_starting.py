"""What a process that serves for months does not load."""

import subprocess
import sys

from bench.as_installed import development_only
from tests.processes import ROOT

_LOADED = """
import gc, sys
from bff.loading import COLOURS, loading
with loading(COLOURS):
    import auth.models
    import auth.routes
print(*(name in sys.modules for name in ("rich.console", "pygments", "pydantic.main")))
print(gc.isenabled(), gc.get_freeze_count() > 10_000)
"""


def test_serving_loads_no_display_and_looks_for_no_garbage_in_what_stays() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", _LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == ["False", "False", "False", "True", "True"]


def test_the_bench_hides_what_only_development_installs() -> None:
    hidden = set(development_only(ROOT))
    assert {"pytest", "mypy", "pydantic"} <= hidden
    assert hidden.isdisjoint({"sanic", "tortoise", "msgspec", "rich", "yaml"})
