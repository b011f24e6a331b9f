"""Facts that hold from one day to another, and codes that were renamed."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from miniprogram_api.catalogue.edition import Edition
from miniprogram_api.catalogue.problems import UnknownItem
from miniprogram_api.catalogue.service import Selection
from tests.builders.catalogues import edit, file_of, item_file, loaded
from tests.miniprogram_api.catalogue.spoiling import faults

LAST_DAY, FIRST_DAY = date(2026, 12, 31), date(2027, 1, 1)
SEAL = Selection(operation="open", region="370102", theme="restaurant", items=("seal",))


class Noon:
    def __init__(self, day: date) -> None:
        self.day = day

    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 4, tzinfo=UTC)


def end(folder: Path, item: str, valid_to: date = LAST_DAY) -> None:
    file = item_file(folder, item)
    file.write_text(f"{file.read_text('utf-8')}\nvalid_to: {valid_to}\n", "utf-8")


def renew(folder: Path, item: str, old: str, new: str, valid_from: date = FIRST_DAY) -> Path:
    """The same item as it is from that day on, with something changed."""
    file = item_file(folder, item)
    text = file.read_text("utf-8").replace(f"valid_to: {LAST_DAY}", f"valid_from: {valid_from}")
    assert old in text
    later = file.with_name(f"{item}@{valid_from}.yaml")
    later.write_text(text.replace(old, new, 1), "utf-8")
    return later


def test_a_plan_takes_the_rows_of_its_day(folder: Path) -> None:
    end(folder, "seal")
    renew(folder, "seal", "department: ", "department: 新")
    catalogue = loaded(folder)
    clock = Noon(LAST_DAY)
    edition = Edition(catalogue, clock)
    before = edition.compile(SEAL).plan.items[0].department
    clock.day = FIRST_DAY
    assert edition.compile(SEAL).plan.items[0].department == f"新{before}"
    clock.day = LAST_DAY
    assert edition.compile(SEAL).plan.items[0].department == before
    assert catalogue.on(LAST_DAY).version == catalogue.on(FIRST_DAY).version


def test_what_has_ended_is_not_offered_and_whoever_chose_it_keeps_it(folder: Path) -> None:
    end(folder, "seal")
    clock = Noon(LAST_DAY)
    edition = Edition(loaded(folder), clock)
    assert edition.is_offered(SEAL)
    clock.day = FIRST_DAY
    assert not edition.is_offered(SEAL)
    with pytest.raises(UnknownItem):
        edition.compile(SEAL)
    assert edition.compile_kept(SEAL).items == ("seal",)
    assert "seal" not in {entry.code for entry in edition.catalogue.themes["restaurant"].items}


def test_the_same_rows_are_the_same_object_all_the_days_they_hold(folder: Path) -> None:
    end(folder, "seal")
    catalogue = loaded(folder)
    assert catalogue.on(date(2026, 11, 1)) is catalogue.on(LAST_DAY)
    assert catalogue.on(FIRST_DAY) is catalogue.on(date(2099, 1, 1))
    assert catalogue.on(FIRST_DAY) is not catalogue.on(LAST_DAY)


def test_a_list_is_as_it_is_on_the_first_day_of_its_release(folder: Path) -> None:
    end(folder, "seal", date(2026, 10, 31))
    assert "seal" not in loaded(folder).items


class TestFaults:
    def test_rows_of_one_code_do_not_overlap(self, folder: Path) -> None:
        later = renew(folder, "seal", "code: seal", f"valid_from: {FIRST_DAY}\ncode: seal")
        told = [str(fault) for fault in faults(folder)]
        name = later.relative_to(folder).as_posix()
        assert f"{name}: the file: holds while another row of the same code does" in told

    def test_the_day_in_a_name_is_the_first_on_which_it_holds(self, folder: Path) -> None:
        end(folder, "seal")
        later = renew(folder, "seal", f"valid_from: {FIRST_DAY}", "valid_from: 2027-02-01")
        assert any(
            fault.file.endswith(later.name) and "not the day in its name" in fault.rule
            for fault in faults(folder)
        )

    def test_a_row_does_not_end_before_it_begins(self, folder: Path) -> None:
        end(folder, "seal")
        file = item_file(folder, "seal")
        file.write_text(f"{file.read_text('utf-8')}\nvalid_from: {FIRST_DAY}\n", "utf-8")
        assert any("`valid_to` is before `valid_from`" in fault.rule for fault in faults(folder))

    def test_a_question_does_not_end_before_the_items_that_ask_it(self, folder: Path) -> None:
        name = file_of(folder, "fields", "seal_types")
        edit(folder, name, "seal_types", valid_to=LAST_DAY)
        found = faults(folder)
        assert any("no such code: `seal_types`" in fault.rule for fault in found)
        assert len(found) == len(set(found))

    @pytest.mark.parametrize(
        ("former", "rule"),
        [("seal_types", "`seal_types` is in use"), ("Old", "Expected `str` matching")],
    )
    def test_a_former_code_is_free(self, folder: Path, former: str, rule: str) -> None:
        name = file_of(folder, "fields", "entity_name")
        edit(folder, name, "entity_name", renamed_from=[former])
        assert any(
            fault.file == name and fault.place.startswith("entity_name.renamed_from")
            and rule in fault.rule
            for fault in faults(folder)
        )  # fmt: skip

    def test_a_former_code_leads_to_one_new_code(self, folder: Path) -> None:
        for code in ("entity_name", "seal_types"):
            edit(folder, file_of(folder, "fields", code), code, renamed_from=["old_name"])
        assert any("`old_name` became" in fault.rule for fault in faults(folder))

    def test_a_year_of_workdays_is_checked_with_the_rest(self, folder: Path) -> None:
        (folder / "workdays").mkdir(exist_ok=True)
        (folder / "workdays" / "2027.json").write_text('{"year": 2027, "papers": [], "days": []}')
        assert any(
            fault.file == "workdays/2027.json" and "holds no announced days" in fault.rule
            for fault in faults(folder)
        )
