"""What the pages say about how much can be applied for is so."""

import re
from pathlib import Path

import pytest

from miniprogram_api.catalogue.catalogue import Catalogue

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("page", ["docs/catalogue.md", "README.md", "README.zh.md"])
def test_the_pages_count_what_is_in_the_list(catalogue: Catalogue, page: str) -> None:
    told = set(re.findall(r"\d+", (ROOT / page).read_text("utf-8")))
    counted = (
        catalogue.items, catalogue.themes, catalogue.fields, catalogue.materials, catalogue.rules,
    )  # fmt: skip
    assert [len(some) for some in counted if f"{len(some)}" not in told] == []


def test_the_page_counts_operations_and_severities(catalogue: Catalogue) -> None:
    text = " ".join((ROOT / "docs/catalogue.md").read_text("utf-8").split())
    offered = {
        operation: sum(operation in item.operations for item in catalogue.items.values())
        for operation in ("open", "change", "cancel")
    }
    severities = [rule.severity for rule in catalogue.rules]
    assert (
        f"{offered['open']} can be opened, {offered['change']} changed, {offered['cancel']}"
        " cancelled"
    ) in text
    assert (
        f"{severities.count('block')} refuse, {severities.count('warn')} warn,"
        f" {severities.count('info')} tell"
    ) in text
