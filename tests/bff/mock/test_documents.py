"""What the documents promise to be complete: the scenarios, and the names of settings."""

import re
from pathlib import Path

import pytest

from bff.mock.far_peers import every_scenario
from tests.builders.settings import names_of_settings

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
    names = names_of_settings()
    assert len(names) > 40
    assert {name for name in names if f"`{name}`" not in reference} == set()


def test_the_reference_names_nothing_else():
    first = re.compile(r"^\| ((?:`[A-Z_]+` ?)+)\|", re.MULTILINE)
    told = {
        name
        for cell in first.findall((DOCS / "settings.md").read_text())
        for name in re.findall(r"[A-Z_]+", cell)
    }
    assert told - names_of_settings() == set()
