"""The compose file: valid by the published schema, complete, and free of secrets."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bff.settings import Settings, SettingsIncomplete
from tests.builders.settings import names_of_settings

DOCKER = Path(__file__).resolve().parents[2] / "docker"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    return found


def names_in(example: str) -> dict[str, str]:
    lines = (DOCKER / example).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_file_is_valid_by_the_compose_specification():
    # The schema ships inside the checker: no network is asked.
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, str(DOCKER / "compose.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_replicas_a_worker_and_their_servers_stand_behind_nginx(services: dict[str, Any]):
    commands = sorted(" ".join(s["command"]) for s in services.values() if "build" in s)
    assert commands == ["migrate", "serve", "serve", "worker"]
    assert services.keys() >= {"nginx", "mariadb", "redis"}
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_nothing_starts_before_what_it_needs(services: dict[str, Any]):
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            after_end = how["condition"] == "service_completed_successfully"
            checked = "healthcheck" in services[needed] or "build" in services[needed]
            assert after_end or checked, f"{name} waits for {needed}, which is never seen healthy"
    assert services["migrate"]["depends_on"]["mariadb"]["condition"] == "service_healthy"
    for name in ("bff-1", "bff-2", "worker"):
        assert services[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }


def test_every_mounted_file_exists(services: dict[str, Any]):
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert [path for path in files if not (DOCKER / path).is_file()] == []


def test_our_processes_may_do_nothing_that_they_need_not(services: dict[str, Any]):
    for name, service in services.items():
        if "build" in service:
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
            assert "no-new-privileges:true" in service["security_opt"], name


def test_no_secret_stands_in_the_file_or_in_an_example():
    text = (DOCKER / "compose.yaml").read_text()
    assert not re.search(r"environment:|PASSWORD|SECRET|_KEY|TOKEN", text)
    for example in ("bff.env.example", "mariadb.env.example"):
        secret = {
            k: v for k, v in names_in(example).items() if re.search("KEY|SECRET|TOKEN|PASS", k)
        }
        filled = {name for name, value in secret.items() if value}
        assert filled <= {"MARIADB_RANDOM_ROOT_PASSWORD"}


def test_the_example_names_everything_that_the_product_asks_for():
    with pytest.raises(SettingsIncomplete) as incomplete:
        Settings.from_env({})
    asked = {fault.split(":")[0] for fault in incomplete.value.faults}
    example = names_in("bff.env.example")
    assert asked <= example.keys()
    assert example.keys() - names_of_settings() == set()
