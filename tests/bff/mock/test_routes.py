"""The mock's own API: a hand on the world that refuses what the world would not do."""

from datetime import datetime, timedelta

import pytest

from bff.mock.far_peers import PEERS
from bff.mock.personas import COMPANIES
from tests.builders.applications import a_draft, an_application


class TestClock:
    async def test_the_clock_moves_forward_by_seconds(self, phone) -> None:
        device = await phone()
        before = (await device.mock("GET", "/clock")).json()
        moved = (await device.mock("POST", "/clock/advance", json={"seconds": 3600})).json()
        assert moved["ahead_s"] == pytest.approx(before["ahead_s"] + 3600, abs=5)

    async def test_the_clock_moves_to_the_end_of_a_workday(self, phone) -> None:
        device = await phone()
        moved = (await device.mock("POST", "/clock/advance", json={"workdays": 1})).json()
        assert datetime.fromisoformat(moved["now"]).hour == 18

    @pytest.mark.parametrize(
        "move",
        [
            {},
            {"seconds": 1, "workdays": 1},
            {"seconds": -1},
            {"workdays": 0},
            {"to": "yesterday"},
            {"to": "2020-01-01T00:00:00+08:00"},
            {"to": "2090-01-01T00:00:00+08:00"},
        ],
    )
    async def test_what_is_no_forward_move_is_refused_and_moves_nothing(self, phone, move) -> None:
        device = await phone()
        before = (await device.mock("GET", "/clock")).json()["ahead_s"]
        assert (await device.mock("POST", "/clock/advance", json=move)).status_code == 422
        assert (await device.mock("GET", "/clock")).json()["ahead_s"] == before

    async def test_moving_to_a_time_arrives_there(self, phone, world) -> None:
        device = await phone()
        target = (world.clock.now() + timedelta(hours=5)).replace(microsecond=0)
        move = {"to": target.isoformat()}
        moved = (await device.mock("POST", "/clock/advance", json=move)).json()
        assert abs(datetime.fromisoformat(moved["now"]) - target) < timedelta(seconds=5)


class TestPeople:
    async def test_every_persona_of_the_contract_is_there(self, phone) -> None:
        people = (await (await phone()).mock("GET", "/personas")).json()
        assert {"zhangsan", "lisi", "wangwu", "zhaoliu", "sunqi", "zhoulao"} <= {
            person["key"] for person in people
        }

    async def test_a_persona_comes_with_the_companies_and_the_roles_in_them(self, phone) -> None:
        people = (await (await phone()).mock("GET", "/personas")).json()
        companies = {person["key"]: person["companies"] for person in people}
        roles = [(company["uscc"], company["role_text"]) for company in companies["wangwu"]]
        assert roles == [(COMPANIES[0].uscc, "法人"), (COMPANIES[1].uscc, "管理员")]
        assert companies["zhangsan"] == []

    async def test_nobody_knows_an_unknown_persona(self, phone) -> None:
        wanted = {"platform": "wechat", "persona": "nobody"}
        answer = await (await phone()).mock("POST", "/codes", json=wanted)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_persona")

    async def test_a_face_dialog_needs_a_check(self, phone) -> None:
        dialog = {"identity_check": "0" * 32, "persona": "zhangsan", "outcome": "pass"}
        assert (await (await phone()).mock("POST", "/face", json=dialog)).status_code == 404


class TestFaceDialogs:
    @pytest.mark.parametrize("platform", ["wechat", "alipay"])
    async def test_a_check_is_shown_until_its_result_is_known(self, signed_in, platform) -> None:
        device = await signed_in("lisi", platform=platform)
        check = (await device.begin_check()).json()
        (shown,) = (await device.mock("GET", "/face")).json()["items"]
        assert (shown["identity_check"], shown["persona"]) == (check["id"], "lisi")
        answer = {key: shown[key] for key in ("identity_check", "persona")}
        await device.mock("POST", "/face", json={**answer, "outcome": "pass"})
        assert (await device.get(f"/auth/identity-checks/{check['id']}")).json()[
            "state"
        ] == "passed"
        assert (await device.mock("GET", "/face")).json()["items"] == []

    async def test_a_check_without_a_dialog_is_not_shown(self, signed_in) -> None:
        device = await signed_in(platform="aishandong")
        assert (await device.begin_check()).status_code == 201
        assert (await device.mock("GET", "/face")).json()["items"] == []


class TestScenarios:
    async def test_every_scenario_of_every_peer_is_told_in_the_callers_language(
        self, phone
    ) -> None:
        device = await phone()
        available = (await device.mock("GET", "/scenarios")).json()["available"]
        assert {one["peer"] for one in available} == set(PEERS)
        names = [one["name"] for one in available]
        assert len(names) == len(set(names))
        english = (
            await device.mock("GET", "/scenarios", headers={"Accept-Language": "en"})
        ).json()["available"]
        assert all(zh["text"] != en["text"] for zh, en in zip(available, english, strict=True))

    async def test_whatever_is_told_can_be_armed(self, phone) -> None:
        device = await phone()
        for one in (await device.mock("GET", "/scenarios")).json()["available"]:
            armed = await device.mock("PUT", f"/scenarios/{one['name']}", json={})
            assert armed.status_code == 200, one["name"]

    async def test_a_scenario_is_armed_listed_and_disarmed(self, phone) -> None:
        device = await phone()
        path = "/scenarios/province.http_500"
        await device.mock("PUT", path, json={"times": 3})
        (armed,) = (await device.mock("GET", "/scenarios")).json()["items"]
        assert (armed["name"], armed["times"]) == ("province.http_500", 3)
        await device.mock("DELETE", path)
        assert (await device.mock("GET", "/scenarios")).json()["items"] == []

    async def test_an_unknown_scenario_is_refused(self, phone) -> None:
        answer = await (await phone()).mock("PUT", "/scenarios/no.such", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_scenario")


class TestRequests:
    async def test_a_refused_request_is_in_the_journal_with_its_reason(self, phone) -> None:
        device = await phone()
        await device.get("/me")
        rows = (await device.mock("GET", "/requests")).json()["items"]
        (row,) = [row for row in rows if row["what"] == "GET /api/v1/me"]
        assert (row["status"], row["refused"]) == (401, "login_required")

    async def test_both_sides_of_a_login_are_in_the_journal(self, signed_in) -> None:
        device = await signed_in()
        rows = (await device.mock("GET", "/requests")).json()["items"]
        assert {"wechat", "bff"} <= {row["peer"] for row in rows}


class TestSamples:
    async def test_nobody_gets_samples_for_no_draft(self, phone) -> None:
        answer = await (await phone()).mock("GET", f"/drafts/{'0' * 32}/sample-answers")
        assert answer.status_code == 404

    async def test_samples_cover_every_step_and_the_files_can_be_fetched(self, signed_in) -> None:
        device = await signed_in()
        draft = await a_draft(device)
        path = f"/drafts/{draft['id']}/sample-answers"
        samples = (await device.mock("GET", path)).json()
        assert set(samples["steps"]) == {step["key"] for step in draft["plan"]["steps"]}
        for url in set(samples["files"].values()):
            assert (await device.get(device.base + url)).status_code == 200

    @pytest.mark.parametrize("name", ["sample.exe", "other.pdf", "..%2Fsample.pdf"])
    async def test_only_the_sample_files_are_served(self, phone, name) -> None:
        assert (await (await phone()).mock("GET", f"/files/{name}")).status_code == 404


class TestDepartments:
    async def test_a_department_acts_and_the_applicant_sees_it(self, verified, world) -> None:
        device = await verified()
        application = await an_application(device)
        await world.driver.settle()
        (case,) = (await device.mock("GET", "/cases")).json()["items"]
        act = {"item": "business_licence", "action": "accept"}
        answer = await device.mock("POST", f"/cases/{case['upstream_no']}/act", json=act)
        assert answer.status_code == 200, answer.text
        current = (await device.get(f"/applications/{application['id']}")).json()
        (licence,) = [m for m in current["matters"] if m["item"] == "business_licence"]
        assert licence["state"] == "accepted"

    async def test_an_act_that_makes_no_sense_is_refused(self, verified, world) -> None:
        device = await verified()
        await an_application(device)
        await world.driver.settle()
        (case,) = (await device.mock("GET", "/cases")).json()["items"]
        path = f"/cases/{case['upstream_no']}/act"
        for act in (
            {"item": "business_licence", "action": "dance"},
            {"item": "no_such_item", "action": "accept"},
        ):
            assert (await device.mock("POST", path, json=act)).status_code in {404, 422}

    async def test_an_unknown_case_is_refused(self, phone) -> None:
        act = {"item": "business_licence", "action": "accept"}
        answer = await (await phone()).mock("POST", "/cases/none/act", json=act)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_case")
