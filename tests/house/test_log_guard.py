"""The guard that the whole suite runs under really fails a test that prints a personal value."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.log_guard import LogGuard

ROOT = Path(__file__).resolve().parents[2]

SAMPLES = """
import logging, pytest

@pytest.fixture(autouse=True)
def made_up(sensitive_values):
    sensitive_values.add("370102199001011234")

def test_logs_it():
    logging.getLogger("product").info("id %s", "370102199001011234")

def test_prints_it():
    print("<370102199001011234>")

@pytest.fixture
def careless():
    yield
    print("370102199001011234")

def test_prints_it_at_the_end(careless):
    pass

def test_is_silent():
    logging.getLogger("product").info("id_masked")
"""


def test_a_test_that_shows_a_personal_value_fails(tmp_path: Path):
    (tmp_path / "test_samples.py").write_text(SAMPLES)
    (tmp_path / "pytest.ini").write_text("[pytest]\nlog_level = INFO\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.log_guard", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed, 3 errors" in done.stdout.splitlines()[-1], done.stdout


def test_the_verdict_does_not_repeat_the_value():
    guard = LogGuard()
    guard.values |= {"13800138000", ""}
    with pytest.raises(AssertionError) as verdict:
        guard.examine("phone=13800138000", "the worker's log")
    assert "13800138000" not in str(verdict.value)


def test_a_masked_value_is_no_leak():
    guard = LogGuard()
    guard.values.add("13800138000")
    guard.examine("phone=138****8000", "the worker's log")
