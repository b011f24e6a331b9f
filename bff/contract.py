"""What is promised to front ends, written from the code: the contract and the list of problems."""

import json
import sys
from pathlib import Path
from typing import Any

from sanic import Sanic

from bff.app import described_routes, mount
from bff.installs.docs import CONTRACT
from bff.wiring import PRODUCT_BLUEPRINTS
from kit.openapi import document
from kit.problems import every_problem

TITLE = "掌上办：企业开办与证照联办"
VERSION = "1"
ERRORS = Path(__file__).parents[1] / "docs" / "errors.md"
_ERRORS_HEAD = """# Problem codes

Written by `make openapi` from the code; do not edit. Every refusal is a problem document (RFC 9457)
with a stable `code`, what to do `next`, and, where fields are wrong, `errors` with a pointer each.

| code | status | next | 中文 | English |
|---|---|---|---|---|
"""


def contract() -> dict[str, Any]:
    """The document of the product's routes; the mock's own API is not part of it."""
    app: Sanic[Any, Any] = Sanic("contract")
    mount(app, PRODUCT_BLUEPRINTS)
    return document(described_routes(app), title=TITLE, version=VERSION)


def _contract_text() -> str:
    return json.dumps(contract(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _errors_text() -> str:
    """The product's problems; the mock's own are told by the mock."""
    problems = {
        problem.code: problem
        for problem in every_problem()
        if not problem.__module__.startswith(("bff.mock", "tests"))
    }
    rows = [
        f"| `{code}` | {problem.status} | {problem.next or '–'} "
        f"| {problem.title.zh} | {problem.title.en} |\n"
        for code, problem in sorted(problems.items())
    ]
    return _ERRORS_HEAD + "".join(rows)


def fresh_files() -> dict[Path, str]:
    """Each committed file with the text it should have."""
    return {CONTRACT: _contract_text(), ERRORS: _errors_text()}


def write(*, check: bool) -> int:
    """Write the files, or only compare; the exit code."""
    fresh = fresh_files()
    stale = [file for file, text in fresh.items() if _differs(file, text)]
    if check:
        for file in stale:
            print(f"{file.name} is not what the code says: run `make openapi`", file=sys.stderr)
        return 1 if stale else 0
    for file, text in fresh.items():
        file.write_text(text)
    return 0


def _differs(file: Path, text: str) -> bool:
    return not file.exists() or file.read_text() != text
