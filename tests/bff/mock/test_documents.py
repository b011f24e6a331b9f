"""What the documents promise to be complete: the scenarios, and the names of settings."""

import re
from pathlib import Path

import pytest

from bff.mock.far_peers import every_scenario

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = {
    "wechat": "wechat.md",
    "alipay": "alipay.md",
    "aishandong": "aishandong.md",
    "identity_register": "identity.md",
    "licences": "licences.md",
    "name_library": "names.md",
    "e_signature": "esign.md",
    "scanner": "scanning.md",
    "province": "province.md",
}


@pytest.mark.parametrize("peer", PAGES)
def test_every_scenario_is_in_its_adapters_page(peer: str):
    page = (DOCS / "adapters" / PAGES[peer]).read_text()
    names = [name for of_peer, name, _ in every_scenario() if of_peer == peer]
    assert names
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_scenario_of_the_pages_exists():
    names = {name for _, name, _ in every_scenario()}
    named = re.compile(
        r"^\| `((?:wechat\.|province\.|alipay_|aishandong_|register_|licences_|names_|esign_|"
        r"scanner_)\w+)`",
        re.MULTILINE,
    )
    for page in PAGES.values():
        told = named.findall((DOCS / "adapters" / page).read_text())
        assert told, page
        assert set(told) - names == set(), page


def test_every_setting_is_in_the_reference():
    reference = (DOCS / "settings.md").read_text()
    names = _settings()
    assert len(names) > 40
    assert {name for name in names if f"`{name}`" not in reference} == set()


def test_the_reference_names_nothing_else():
    first = re.compile(r"^\| ((?:`[A-Z_]+` ?)+)\|", re.MULTILINE)
    told = {
        name
        for cell in first.findall((DOCS / "settings.md").read_text())
        for name in re.findall(r"[A-Z_]+", cell)
    }
    assert told - _settings() == set()


def _settings() -> set[str]:
    """What the code reads from the environment; of each gateway the same, after its prefix."""
    code = (ROOT / "bff" / "settings.py").read_text()
    whole = {name for name in re.findall(r'"([A-Z][A-Z_]+)"', code) if not name.endswith("_")}
    prefixes = re.findall(r'_gateway\(read, "([A-Z_]+_)"\)', code)
    suffixes = re.findall(r'f"\{prefix\}([A-Z_]+)"', code)
    assert len(prefixes) == 3
    return whole | {prefix + suffix for prefix in prefixes for suffix in suffixes}
