"""A name checked with the province's library at hand, and without it."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from adapters.errors import Unreachable
from adapters.names.port import ProposedName, Reservation, SimilarName
from miniprogram_api.catalogue.name_checks import NameChecks, WantedName
from miniprogram_api.catalogue.names import Company
from miniprogram_api.catalogue.problems import UnknownRegion
from miniprogram_api.catalogue.service import CatalogueService
from tests.adapters.names.world import World, a_world
from tests.app import Phone

FREE, TAKEN = "济南试泉香餐饮有限公司", "济南示例餐饮有限公司"
COMPANY = Company("370102", "limited", "6210")


class KnowsOneName:
    """A library that answers about one name, and breaks down over all others."""

    async def check(self, name: ProposedName) -> list[SimilarName]:
        if name.full != FREE:
            raise Unreachable("name_library", "timeout")
        return [SimilarName(FREE, "same", "whole_name")]

    async def reserve(
        self, name: ProposedName, reference: str, *, needs_approval: bool = False
    ) -> Reservation:
        raise NotImplementedError

    async def reservation(self, reference: str) -> Reservation | None:
        raise NotImplementedError

    async def release(self, number: str, reference: str) -> None:
        raise NotImplementedError


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as world:
        world.simulator.register_name("370103", ("济南", "示例", "饭店", "有限公司"), "6210")
        yield world


@pytest.fixture
def names(service: CatalogueService, far: World) -> NameChecks:
    return NameChecks(service, far.client)


def wanted(name: str) -> WantedName:
    return WantedName(name, COMPANY)


class TestChecking:
    async def test_a_name_that_nobody_has_is_free(self, names: NameChecks) -> None:
        check = await names.check(wanted(FREE))
        assert (check.verdict, check.library_state, check.similar) == ("free", "asked", ())
        assert (check.problems, check.candidates, check.kept_months) == ((), (), 2)

    async def test_a_taken_name_comes_with_others_that_are_free(
        self, names: NameChecks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # How long somebody waits for them is another rule; a busy machine takes longer.
        monkeypatch.setattr("miniprogram_api.catalogue.name_checks.CANDIDATES_WAIT_S", 60.0)
        check = await names.check(wanted(TAKEN))
        assert check.verdict == "taken"
        assert [(one.kind, one.why) for one in check.similar] == [("same", "trade_word")]
        assert len(check.candidates) == 3
        for candidate in check.candidates:
            again = await names.check(wanted(candidate.full))
            assert again.verdict == "free"

    async def test_a_similar_name_is_free_and_told(self, names: NameChecks, far: World) -> None:
        far.far_side.arm("names_similar", 1)
        check = await names.check(wanted(FREE))
        assert check.verdict == "free"
        assert [one.kind for one in check.similar] == ["similar"]

    async def test_a_refused_name_is_not_looked_up(self, names: NameChecks, far: World) -> None:
        check = await names.check(wanted("中国试泉香餐饮有限公司"))
        assert (check.verdict, check.library_state) == ("refused", "not_asked")
        assert far.calls() == []

    async def test_an_approval_comes_before_everything_is_free(self, names: NameChecks) -> None:
        check = await names.check(
            WantedName("济南试泉香典当有限公司", Company("370102", "limited", "6639"))
        )
        assert (check.verdict, check.kept_months) == ("approval_needed", 12)

    @pytest.mark.parametrize(
        "scenario",
        ["names_down", "names_quota", "names_not_permitted", "names_garbled", "names_failure"],
    )
    async def test_without_the_library_the_rules_answer_and_nobody_says_free(
        self, names: NameChecks, far: World, scenario: str
    ) -> None:
        far.far_side.arm(scenario, 100)
        check = await names.check(wanted(TAKEN))
        assert (check.verdict, check.library_state) == ("unknown", "unavailable")
        assert (len(check.similar), len(check.candidates)) == (0, 0)
        assert (await names.check(wanted("济南KTV有限公司"))).verdict == "refused"

    async def test_nobody_says_free_where_no_library_is_configured(
        self, service: CatalogueService
    ) -> None:
        check = await NameChecks(service, None).check(wanted(FREE))
        assert (check.verdict, check.library_state) == ("unknown", "unavailable")

    async def test_a_name_that_could_not_be_asked_about_is_not_proposed(
        self, service: CatalogueService
    ) -> None:
        check = await NameChecks(service, KnowsOneName()).check(wanted(FREE))
        assert (check.verdict, check.candidates) == ("taken", ())

    async def test_a_company_that_is_nowhere_is_a_problem(self, names: NameChecks) -> None:
        with pytest.raises(UnknownRegion):
            await names.check(WantedName(FREE, Company("110101")))


class TestKeeping:
    async def test_a_free_name_is_kept_and_given_up(self, names: NameChecks) -> None:
        kept = await names.reserve(wanted(FREE), "draft-1")
        assert kept.until == date(2027, 2, 28)
        assert (await names.check(wanted(FREE))).verdict == "taken"
        await names.release("draft-1")
        assert (await names.check(wanted(FREE))).verdict == "free"

    async def test_a_trade_to_be_approved_first_has_a_year(self, names: NameChecks) -> None:
        kept = await names.reserve(wanted("济南试泉香典当有限公司"), "draft-1")
        assert kept.until == date(2027, 12, 31)

    async def test_what_the_rules_refuse_is_known_without_the_library(
        self, names: NameChecks, far: World
    ) -> None:
        looked_at = names.looked_at(wanted("中国试泉香餐饮有限公司"))
        assert [problem.severity for problem in looked_at.refusals] == ["refused"]
        assert far.calls() == []

    async def test_what_is_not_kept_is_given_up_without_a_word(self, names: NameChecks) -> None:
        await names.release("draft-1")

    async def test_after_a_lost_answer_the_name_is_kept_once(
        self, names: NameChecks, far: World
    ) -> None:
        far.far_side.arm("names_lost_answer", 1, service="reserve")
        with pytest.raises(Unreachable):
            await names.reserve(wanted(FREE), "draft-1")
        kept = await names.reserve(wanted(FREE), "draft-1")
        assert [number for number, _ in far.far_side.all("kept")] == [kept.number]


class TestRoute:
    async def test_the_answer_says_what_is_wrong_and_what_to_do(
        self, client: httpx.AsyncClient
    ) -> None:
        name = "历下区试泉香餐饮股份有限公司"
        body = {"region": "370102", "name": name, "company_type": "limited"}
        answer = (await client.post("/catalogue/name-checks", json=body)).json()
        assert answer["verdict"] == "refused"
        assert answer["parts"] == {
            "region": "历下区", "region_code": "370102", "trade": "试泉香", "industry": "餐饮",
            "form": "股份有限公司", "order": "region_first",
        }  # fmt: skip
        told = {problem["code"]: problem for problem in answer["problems"]}
        assert set(told) == {"region_district_alone", "form_other"}
        assert "补上市名" in told["region_district_alone"]["message"]
        assert told["form_other"]["source"].endswith("第10条")
        assert answer["library"]["state"] == "not_asked"
        assert answer["library"]["note"]

    async def test_it_speaks_english_on_request(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(
            "/catalogue/name-checks",
            json={"region": "370102", "name": "鑫源餐饮有限公司"},
            headers={"Accept-Language": "en"},
        )
        (problem,) = answer.json()["problems"]
        assert problem["message"].startswith("The name has no region")

    async def test_given_parts_count_more_than_a_guess(self, client: httpx.AsyncClient) -> None:
        parts = {
            "region": "济南", "trade": "历下鑫源", "industry": "茶饮", "form": "有限公司",
            "order": "region_after_trade",
        }  # fmt: skip
        body = {"region": "370102", "name": "不相干", "parts": parts}
        answer = (await client.post("/catalogue/name-checks", json=body)).json()
        assert answer["name"] == "历下鑫源（济南）茶饮有限公司"
        assert answer["problems"] == []
        assert answer["verdict"] == "unknown"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"name": FREE}, "invalid_request"),
            ({"region": "110101", "name": FREE}, "unknown_region"),
            ({"region": "370102", "name": "济" * 101}, "invalid_request"),
            ({"region": "370102", "name": FREE, "industry_code": "62"}, "invalid_request"),
            ({"region": "370102", "parts": {"trade": "x"}}, "invalid_request"),
            ({"region": "370102", "name": FREE, "reserve": True}, "invalid_request"),
        ],
    )
    async def test_a_wrong_request_is_a_problem(
        self, client: httpx.AsyncClient, body: dict[str, object], code: str
    ) -> None:
        answer = await client.post("/catalogue/name-checks", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert FREE not in answer.text


class TestWorld:
    async def test_anybody_checks_a_name_against_the_mocks_library(self, phone) -> None:
        device: Phone = await phone()
        body = {"region": "370102", "name": TAKEN, "industry_code": "6210"}
        answer = await device.post("/catalogue/name-checks", json=body)
        assert answer.status_code == 200
        assert answer.headers["RateLimit"]
        told = answer.json()
        assert told["verdict"] == "taken"
        assert told["similar"][0]["why_text"]
        # Looking for other names ends after two seconds, which a busy machine may need for none.
        for _ in range(3):
            if not told["candidates"]:
                told = (await device.post("/catalogue/name-checks", json=body)).json()
        assert told["candidates"]

    async def test_the_library_down_is_no_error(self, phone, world) -> None:
        world.scenario_side("names_down").arm("names_down", 100)
        device: Phone = await phone()
        body = {"region": "370102", "name": FREE}
        answer = await device.post("/catalogue/name-checks", json=body)
        assert answer.status_code == 200
        assert answer.json()["library"]["state"] == "unavailable"
        assert answer.json()["verdict"] == "unknown"
