"""The Dockerfile, read, as no engine runs here; and its start, run from the files it copies."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.rules import PRODUCT

ROOT = Path(__file__).resolve().parents[2]


def instructions() -> list[tuple[str, str]]:
    """``[("FROM", "python:3.11-slim"), ...]``, continuation lines joined."""
    text = (ROOT / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(line.split()[0], " ".join(line.split()[1:])) for line in lines]


def final_stage() -> list[tuple[str, str]]:
    every = instructions()
    last = max(i for i, (word, _) in enumerate(every) if word == "FROM")
    return every[last:]


def copied_sources() -> list[str]:
    return [
        rest.split()[0] for word, rest in final_stage() if word == "COPY" and "--from" not in rest
    ]


def test_the_packages_are_installed_by_their_hashes_in_a_stage_of_their_own():
    assert [word for word, _ in instructions()].count("FROM") == 2
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 1
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert not [rest for word, rest in final_stage() if "pip install" in rest]


def test_the_process_is_nobody_special():
    users = [rest for word, rest in final_stage() if word == "USER"]
    assert users == ["bff"]
    after = [word for word, _ in final_stage()]
    assert after.index("USER") < after.index("ENTRYPOINT")


def test_every_package_of_the_product_is_in_the_image_and_nothing_else():
    assert set(copied_sources()) == {*PRODUCT, "docker/healthcheck.py"}
    ignore = (ROOT / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == {
        *copied_sources(),
        "requirements.txt",
    }


def test_the_engine_asks_the_health_check():
    checks = [rest for word, rest in final_stage() if word == "HEALTHCHECK"]
    assert len(checks) == 1
    assert checks[0].endswith('CMD ["python", "docker/healthcheck.py"]')


def test_no_secret_is_written_into_the_image():
    values = " ".join(rest for word, rest in instructions() if word in {"ENV", "ARG"})
    assert not re.search(r"KEY|SECRET|TOKEN|PASSWORD|_URL", values)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app as the image would have it."""
    app = tmp_path_factory.mktemp("image")
    for source in copied_sources():
        target = app / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    return app


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_process_without_settings_names_all_that_is_missing(image: Path, command: str):
    done = subprocess.run(
        [sys.executable, "-m", "bff", command],
        cwd=image,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78, done.stderr
    for name in ("PUBLIC_URL", "FIELD_KEYS", "TOKEN_KEYS", "WECHAT_APP_ID", "PROVINCE_APP_KEY"):
        assert f"{name}: missing" in done.stderr
