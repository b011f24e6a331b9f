"""Loading the data: faults are named by file, place, line and rule, several at once."""

from pathlib import Path

import pytest

from miniprogram_api.catalogue.service import Catalogue
from tests.miniprogram_api.catalogue.spoiling import faults, replace


def line_of(folder: Path, name: str, text: str) -> int:
    lines = (folder / name).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


COMPANY, FOOD = "fields/company.yaml", "items/food/food_operation.yaml"


def test_a_fault_names_its_line(folder):
    replace(folder, FOOD, "amount: 10", "amount: 0")
    replace(folder, COMPANY, "type: credit_code", "type: credit")
    told = [str(fault) for fault in faults(folder)]
    food = line_of(folder, FOOD, "amount: 0")
    credit = line_of(folder, COMPANY, "type: credit,")
    assert f"{COMPANY}:{credit}: credit_code.type: " in told[0]
    assert f"{FOOD}:{food}: operations.open.clock.statutory.amount: " in told[1]


def test_all_faults_are_told_at_once(folder):
    replace(folder, COMPANY, "≤50, confidence: high", "≤50, confidence: sure")
    replace(folder, COMPANY, "label: 企业类型", "lable: 企业类型")
    replace(folder, "materials.yaml", "premises, obtain: upload", "premises, obtain: bring")
    (folder / "rules.yaml").write_text("- [", "utf-8")
    (folder / "steps.yaml").unlink()
    files = [fault.file for fault in faults(folder)]
    assert files.count(COMPANY) == 2
    assert set(files) == {COMPANY, "materials.yaml", "rules.yaml", "steps.yaml"}


@pytest.mark.parametrize("text", ["", "- a", "a: [", "\t", "\0", "a: 2026-01-01"])
@pytest.mark.parametrize("name", ["themes.yaml", "rules.yaml", "catalogue.yaml", "regions.json"])
def test_a_file_that_is_something_else_is_a_fault_and_no_crash(folder, name, text):
    (folder / name).write_text(text, "utf-8")
    assert any(fault.file == name for fault in faults(folder))


def test_the_version_is_readable_and_follows_every_byte(folder, catalogue):
    assert catalogue.version == Catalogue.load(folder).version
    release, _, digits = catalogue.version.partition("-")
    assert release == "2026.11"
    assert len(digits) == 8
    replace(folder, "steps.yaml", "title: 股东与出资", "title: 股东和出资")
    assert Catalogue.load(folder).version != catalogue.version


def test_what_is_loaded_cannot_be_changed(catalogue):
    with pytest.raises(TypeError):
        catalogue.fields["x"] = None
    with pytest.raises(AttributeError):
        catalogue.version = "x"
    with pytest.raises(AttributeError):
        catalogue.fields["entity_name"].label = "x"


def test_every_fact_says_where_it_was_read(catalogue):
    facts = [*catalogue.fields.values(), *catalogue.materials.values(), *catalogue.rules]
    facts += [*catalogue.items.values(), *catalogue.themes.values(), *catalogue.served.values()]
    assert all(fact.source and fact.confidence in ("high", "medium", "low") for fact in facts)


def test_shandong_is_there_as_a_whole(catalogue):
    lengths = [len(code) for code in catalogue.regions]
    cities = [code for code in catalogue.regions if code.endswith("00") and code[2:] != "0000"]
    assert len([code for code in cities if len(code) == 6]) == 16
    assert lengths.count(9) == 1853
    assert lengths.count(6) == 1 + 16 + 151
