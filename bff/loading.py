"""How the whole program is loaded: without what helps nobody. Only what runs the product is."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = ("rich",)
"""structlog loads it wherever that is installed, 4 MB for tracebacks in colours. Only the mock has
a display; what runs for months writes JSON."""
_NEVER_USED = ("pydantic",)
"""Tortoise loads it wherever that is installed, as where one develops: 0.1 s."""


@contextmanager
def loading(without: tuple[str, ...] = ()) -> Iterator[None]:
    """Around the imports. Nearly all that is made then stays as long as the process: nobody need
    look for garbage in it, neither at once nor, for a quarter of a second, in the middle of some
    request."""
    for package in (*_NEVER_USED, *without):
        sys.modules.setdefault(package, None)  # type: ignore[arg-type]  # The import system's way.
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
