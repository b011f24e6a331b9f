"""The import contracts of pyproject.toml: kept by the tree, and each able to catch its offender."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MODULES = {
    "bff": ("__main__", "server", "app", "worker", "wiring", "database", "settings", "environment"),
    "bff/mock": (),
    "bff/installs": (),
    "kit": ("describe",),
    "kit/database": (),
    "auth": ("routes", "me_routes", "company_routes", "callback_routes", "service"),
    "push": ("rules",),
    "miniprogram_api": (),
    "adapters": ("errors", "http"),
    "adapters/outbox": (),
    **{f"adapters/{peer}": ("port", "client") for peer in ("wechat", "province", "sms")},
    **{
        f"miniprogram_api/{feature}": ("routes", "service", "models")
        for feature in (
            "home",
            "applications",
            "messages",
            "signatures",
            "invitations",
            "materials",
            "names",
            "drafts",
            "documents",
            "catalogue",
        )
    },
    "miniprogram_api/materials": (
        "routes",
        "document_routes",
        "upload_routes",
        "service",
        "models",
    ),
}

LAWFUL = {
    "bff/wiring": "import adapters.wechat.client\nimport adapters.province.client",
    "bff/mock/__init__": "import adapters.wechat.client\nimport sanic",
    "adapters/wechat/client": "import wechatpy\nimport adapters.http\nimport adapters.wechat.port",
    "miniprogram_api/drafts/routes": "import sanic\nimport kit.describe",
    "miniprogram_api/home/service": "import miniprogram_api.drafts.service\nimport auth.service",
    "miniprogram_api/drafts/service": "import adapters.wechat.port\nimport adapters.errors\n"
    "import adapters.outbox\nimport kit.database",
}
OFFENDERS = {
    "Imports point down": ("auth/service", "import miniprogram_api.home"),
    "Features know each other in one order": (
        "miniprogram_api/catalogue/service",
        "import miniprogram_api.drafts.service",
    ),
    "A feature is entered through its service.py only": (
        "miniprogram_api/home/service",
        "import miniprogram_api.drafts.models",
    ),
    "Only the wiring names a concrete adapter": ("push/rules", "import adapters.sms.client"),
    "Vendor SDKs stay inside their adapter": ("adapters/province/client", "import wechatpy"),
    "Below bff only routes and guards know Sanic": (
        "miniprogram_api/drafts/service",
        "import sanic",
    ),
    "Routes do not know the database": ("miniprogram_api/drafts/routes", "import tortoise"),
}


def lint_imports(folder: Path) -> tuple[bool, dict[str, bool]]:
    """Whether all is well, and for each contract's name whether it was kept.

    In a process of its own: the linter finds packages by importing them.
    """
    command = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-logo", "--no-cache"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = {
        name: verdict == "KEPT"
        for name, verdict in re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    }
    assert verdicts, done.stdout + done.stderr
    return done.returncode == 0, verdicts


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """The house, empty: every module that the contracts name, and the lawful imports."""
    for package, names in MODULES.items():
        (tmp_path / package).mkdir()
        for name in ("__init__", *names):
            path = f"{package}/{name}"
            (tmp_path / f"{path}.py").write_text(LAWFUL.get(path, "") + "\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_every_contract():
    all_is_well, verdicts = lint_imports(ROOT)
    assert all_is_well, [name for name, kept in verdicts.items() if not kept]


def test_lawful_imports_pass_every_contract(skeleton: Path):
    all_is_well, verdicts = lint_imports(skeleton)
    assert all_is_well
    assert len(verdicts) == len(OFFENDERS)


@pytest.mark.parametrize("contract", OFFENDERS)
def test_an_unlawful_import_breaks_its_contract(skeleton: Path, contract: str):
    name, offence = OFFENDERS[contract]
    with (skeleton / f"{name}.py").open("a") as module:
        module.write(f"{offence}\n")
    all_is_well, verdicts = lint_imports(skeleton)
    assert not all_is_well
    assert [kept for each, kept in verdicts.items() if each.startswith(contract)] == [False]
