"""Runs a module as where only ``requirements.txt`` is installed, as in the image.

``python -m bench.as_installed HIDDEN MODULE ...``: ``HIDDEN`` are the packages, with commas
between, that only development tools bring (:func:`development_only` finds them). Libraries load
some of them wherever they lie: Tortoise takes pydantic, 5 MB, which the image does not have.
"""

import re
import runpy
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

_PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def development_only(root: Path) -> list[str]:
    """The packages of ``requirements-dev.txt`` by the names under which they are imported."""
    frozen, developing = (
        {_plain(name) for name in _PINNED.findall((root / file).read_text())}
        for file in ("requirements.txt", "requirements-dev.txt")
    )
    return sorted(
        name
        for name, owners in packages_distributions().items()
        if {_plain(owner) for owner in owners} <= developing - frozen
    )


def _plain(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    hidden, module, *arguments = sys.argv[1:]
    for name in hidden.split(","):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # Not to be found.
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
