"""What is installed is exactly what was written down: pinned, hashed, and complete."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTS = ("requirements.txt", "requirements-dev.txt")


def pins(text: str) -> dict[str, list[str]]:
    """For each pinned package its hashes. Anything else in the list is an error."""
    found: dict[str, list[str]] = {}
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        words = entry.partition("#")[0].split()
        if not words:
            continue
        pinned = re.fullmatch(r"([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==[^\s;*]+", words[0])
        if pinned is None:
            raise ValueError(f"not pinned: {words[0]}")
        found[pinned[1]] = [word for word in words[1:] if word.startswith("--hash=sha256:")]
    return found


def names(requirements: list[str]) -> set[str]:
    """The packages asked for, as PyPI writes their names."""
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


@pytest.mark.parametrize("path", LISTS)
def test_every_package_is_pinned_with_a_hash(path: str):
    assert [name for name, hashes in pins((ROOT / path).read_text()).items() if not hashes] == []


def test_every_direct_dependency_is_frozen():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    frozen = pins((ROOT / "requirements.txt").read_text())
    for_development = pins((ROOT / "requirements-dev.txt").read_text())
    assert names(project["project"]["dependencies"]) <= frozen.keys()
    assert names(project["dependency-groups"]["dev"]) <= for_development.keys()


def test_both_lists_agree():
    frozen, for_development = ((ROOT / path).read_text() for path in LISTS)
    pinned = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)
    run, dev = dict(pinned.findall(frozen)), dict(pinned.findall(for_development))
    assert {
        name: (run[name], dev[name]) for name in run.keys() & dev if run[name] != dev[name]
    } == {}


def test_a_range_is_no_pin():
    with pytest.raises(ValueError, match="not pinned"):
        pins("sanic>=25.12\n")


def test_a_missing_hash_is_seen():
    text = "a==1 \\\n    --hash=sha256:00\nb==2\n    # via a\n"
    assert pins(text) == {"a": ["--hash=sha256:00"], "b": []}
