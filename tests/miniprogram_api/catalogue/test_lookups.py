"""The long lists: found by code, word and first letters, in pages, and fast."""

import httpx
import pytest

from miniprogram_api.catalogue.initials import VARIANTS_MAX, initials_of
from miniprogram_api.catalogue.lookups import Lookups
from miniprogram_api.catalogue.problems import UnknownLookup
from miniprogram_api.catalogue.service import CatalogueService
from tests.miniprogram_api.catalogue.spoiling import faults, replace


@pytest.fixture(scope="module")
def lookups(service: CatalogueService) -> Lookups:
    return service.serving.lookups


def found(lookups: Lookups, name: str, q: str, limit: int = 50) -> list[str]:
    return [entry.code for entry in lookups.find(name, q, 0, limit).entries]


@pytest.mark.parametrize(
    ("name", "q", "first"),
    [
        ("regions", "370102", "370102"),
        ("regions", "历下", "370102"),
        ("regions", "lxq", "370102"),
        ("regions", "LXQ", "370102"),
        ("regions", "济南市历下", "370102"),
        ("regions", "jyx", "371724"),
        ("industries", "62", "6210"),
        ("industries", "正餐", "6210"),
        ("industries", "zcfw", "6210"),
        ("banks", "zggsyh", "102"),
        ("banks", "齐鲁", "313451000019"),
        ("banks", "济南", "313451000019"),
        ("bank_branches", "371402", "102468000162"),
    ],
)
def test_entries_are_found_by_code_word_and_first_letters(
    lookups: Lookups, name: str, q: str, first: str
) -> None:
    assert found(lookups, name, q)[0] == first


def test_the_same_name_in_two_cities_is_told_apart(lookups: Lookups) -> None:
    entries = lookups.find("regions", "市中区", 0, 2).entries
    paths = [entry.details["path"] for entry in entries]
    assert paths == ["山东省济南市市中区", "山东省枣庄市市中区"]


def test_what_begins_so_comes_before_what_has_it_somewhere(lookups: Lookups) -> None:
    names = [entry.name for entry in lookups.find("regions", "东营", 0, 50).entries]
    begins = [name.startswith("东营") for name in names]
    assert begins == sorted(begins, reverse=True)
    assert True in begins
    assert False in begins


def test_a_class_of_industry_says_what_it_belongs_to(lookups: Lookups) -> None:
    (entry,) = lookups.find("industries", "6210", 0, 5).entries
    assert entry.details["section"] == "H 住宿和餐饮业"
    assert entry.details["division"] == "62 餐饮业"


def test_every_class_of_industry_has_a_division(lookups: Lookups) -> None:
    entries = lookups.find("industries", "", 0, 10_000).entries
    assert entries
    assert all("division" in entry.details for entry in entries)


@pytest.mark.parametrize("q", ["", "济南", "街道", "no such thing"])
def test_pages_make_up_the_whole_list_once(lookups: Lookups, q: str) -> None:
    whole = found(lookups, "regions", q, 10_000)
    pages: list[str] = []
    place: int | None = 0
    while place is not None:
        page = lookups.find("regions", q, place, 37)
        assert len(page.entries) <= 37
        pages += [entry.code for entry in page.entries]
        place = page.next_place
    assert pages == whole
    assert len(set(whole)) == len(whole)


def test_a_place_behind_the_end_is_an_empty_page(lookups: Lookups) -> None:
    assert lookups.find("banks", "", 99_999, 10) == ((), None)


def test_a_list_that_is_none_is_refused(lookups: Lookups) -> None:
    with pytest.raises(UnknownLookup):
        lookups.find("secrets", "", 0, 10)


def test_all_sixteen_cities_and_their_counties_are_there(lookups: Lookups) -> None:
    entries = lookups.find("regions", "", 0, 10_000).entries
    cities = [e for e in entries if len(e.code) == 6 and e.details.get("parent") == "370000"]
    counties = [e for e in entries if len(e.code) == 6 and e.code[4:] != "00"]
    assert len(cities) == 16
    assert len(counties) == 151


def test_lists_are_made_once_for_a_version(service: CatalogueService) -> None:
    assert service.serving.lookups is service.serving.lookups


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("历下区", {"lxq"}),
        ("淄博市", {"zbs"}),
        ("莒县", {"jx"}),
        ("单县", {"dx", "sx"}),
        ("银行", {"yx", "yh"}),
        ("（3）号A", {"3ha"}),
        ("龘", {""}),
        ("", {""}),
    ],
)
def test_first_letters(text: str, readings: set[str]) -> None:
    assert set(initials_of(text)) == readings


def test_readings_are_bounded() -> None:
    assert len(initials_of("行" * 30)) == VARIANTS_MAX


def test_every_division_has_its_first_letters(service: CatalogueService) -> None:
    """A character that nobody listed would make its place unfindable by letters."""
    for region in service.catalogue.regions.values():
        if region.name.isalpha():
            assert len(initials_of(region.name)[0]) == len(region.name), region.name


def test_a_division_that_is_no_number_is_a_fault(folder) -> None:
    replace(folder, "lookups/industry_divisions.yaml", "'62': 餐饮业", "'6x': 餐饮业")
    assert any("industry_divisions" in str(fault) for fault in faults(folder))


class TestRoute:
    async def test_pages_follow_each_other_by_cursor(self, client: httpx.AsyncClient) -> None:
        first = (await client.get("/catalogue/lookups/banks?limit=20")).json()
        cursor = first["next_cursor"]
        second = (await client.get(f"/catalogue/lookups/banks?limit=20&cursor={cursor}")).json()
        codes = [entry["code"] for entry in first["items"] + second["items"]]
        assert len(first["items"]) == 20
        assert len(set(codes)) == len(codes) > 20
        assert second["next_cursor"] is None

    async def test_an_unchanged_page_is_not_sent_again(self, client: httpx.AsyncClient) -> None:
        path = "/catalogue/lookups/regions?q=lxq&limit=5"
        first = await client.get(path)
        assert [entry["code"] for entry in first.json()["items"]] == ["370102"]
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=201", "cursor=-1", "cursor=x", "cursor=123456", "page=2"]
    )
    async def test_a_page_that_cannot_be_is_a_problem(
        self, client: httpx.AsyncClient, query: str
    ) -> None:
        answer = await client.get(f"/catalogue/lookups/banks?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
