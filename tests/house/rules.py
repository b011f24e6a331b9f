"""The house rules that no tool off the shelf checks. Each takes one parsed module, yields findings.

``test_rules.py`` holds, for every rule, samples that it must pass and samples that it must catch.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
HANDLER_LINES_MAX = 20

PRODUCT = ("adapters", "auth", "bff", "kit", "miniprogram_api", "push")
_VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
_WALL_CLOCKS = {"now", "utcnow", "today"}
_HIDDEN_BUT_OURS = {".ci", ".gitignore", ".dockerignore", ".env.example"}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One source file. ``path`` is relative to the checkout, with slashes."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, path: str, text: str) -> "Module":
        return cls(path, text, ast.parse(text))

    @property
    def is_product(self) -> bool:
        return self.path.split("/")[0] in PRODUCT

    @property
    def is_generated(self) -> bool:
        return self.path.startswith("bff/migrations/")


@dataclass(frozen=True, slots=True)
class Finding:
    path: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.says}"


Rule = Callable[[Module], Iterator[Finding]]


def tracked_files(root: Path) -> Iterator[Path]:
    """Every file that could be committed: all but what the set-up and running the product make."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") and path.name not in _HIDDEN_BUT_OURS:
            continue
        if path.name in {"__pycache__", "node_modules"} or path.suffix == ".env":
            continue
        if path.is_dir():
            yield from tracked_files(path)
        else:
            yield path


@cache
def modules(root: Path) -> list[Module]:
    """Parsed once for all rules."""
    return [
        Module.parse(path.relative_to(root).as_posix(), path.read_text("utf-8"))
        for path in tracked_files(root)
        if path.suffix == ".py"
    ]


def module_is_short(module: Module) -> Iterator[Finding]:
    lines = len(module.text.splitlines())
    if lines > MODULE_LINES_MAX and not module.is_generated:
        yield Finding(module.path, 1, f"{lines} lines, at most {MODULE_LINES_MAX}")


def functions_are_short(module: Module) -> Iterator[Finding]:
    for function in _functions(module):
        limit = HANDLER_LINES_MAX if _is_handler(function) else FUNCTION_LINES_MAX
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > limit:
            yield Finding(module.path, function.lineno, f"{function.name}: {lines} > {limit} lines")


def functions_say_what_they_return(module: Module) -> Iterator[Finding]:
    for function in _functions(module):
        if module.is_product and function.returns is None:
            yield Finding(module.path, function.lineno, f"{function.name} has no return annotation")


def time_comes_from_the_clock(module: Module) -> Iterator[Finding]:
    """Otherwise the mock's clock would move everything but this place."""
    if not module.is_product or module.path == "kit/clock.py":
        return
    imported = _imported_names(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _asks_the_wall_clock(node.func, imported):
            yield Finding(module.path, node.lineno, "ask the Clock, not the machine")


def apps_are_passed(module: Module) -> Iterator[Finding]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "get_app":
            yield Finding(module.path, node.lineno, "take the app as an argument")


def names_are_telling(module: Module) -> Iterator[Finding]:
    for part in module.path.removesuffix(".py").split("/"):
        if part in _VAGUE_NAMES:
            yield Finding(module.path, 1, f"{part} says nothing about what is inside")


def nothing_is_left_to_do(module: Module) -> Iterator[Finding]:
    """A reminder belongs to the issue that will act on it, by number."""
    for number, line in enumerate(module.text.splitlines(), 1):
        if re.search(r"#.*\b(TO[D]O|FIXM[E]|XX[X])\b(?!.*#\d+)", line):
            yield Finding(module.path, number, "a reminder without an issue number")


RULES: tuple[Rule, ...] = (
    module_is_short,
    functions_are_short,
    functions_say_what_they_return,
    time_comes_from_the_clock,
    apps_are_passed,
    names_are_telling,
    nothing_is_left_to_do,
)

_MACHINE_PLACE = re.compile(r"(?<![\w.])/[w]ork/|\.[l]ibrary\b|(?<![\w.])/([r]oot|[h]ome/[a-z]+)/")


def machine_places(text: str) -> list[int]:
    """The lines that name a place on somebody's machine: true there, and nowhere else."""
    return [n for n, line in enumerate(text.splitlines(), 1) if _MACHINE_PLACE.search(line)]


def _functions(module: Module) -> Iterator[FunctionNode]:
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionNode):
            yield node


def _is_handler(function: FunctionNode) -> bool:
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "describe"
        for decorator in function.decorator_list
    )


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """What a local name stands for: ``{"dt": "datetime.datetime", "time": "time"}``."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            names |= {a.asname or a.name: a.name for a in node.names}
    return names


def _asks_the_wall_clock(function: ast.expr, imported: dict[str, str]) -> bool:
    full_name = ast.unparse(function)
    first, _, rest = full_name.partition(".")
    resolved = f"{imported.get(first, first)}{'.' if rest else ''}{rest}"
    if resolved in {"time.time", "time.time_ns", "time.localtime", "time.gmtime"}:
        return True
    owner, _, method = resolved.rpartition(".")
    return method in _WALL_CLOCKS and owner in {
        "datetime.datetime",
        "datetime.date",
        "datetime",
        "date",
    }
