"""The far side as anybody on the wire sees it: it checks what the real one checks."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from adapters.aishandong.dialect_a import old_open, old_sign
from adapters.aishandong.simulator import UnknownCompany, UnknownPerson
from adapters.gm import SM2Form, SM2PrivateKey, SM2PublicKey
from adapters.jpaas import sign_of
from tests.adapters.aishandong.world import (
    APP_ID,
    APP_WORD,
    LI,
    PATHS,
    PLATFORM_PUBLIC_KEY,
    PRIVATE_KEY,
    SIGN_PATH,
    USCC,
    ZHANG,
    World,
)


class Wire:
    """Forms as they go, without any of our client."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def post(self, path: str, form: Mapping[str, str]) -> dict[str, Any]:
        async with self.world.http.session.post(self.world.base_url + path, data=form) as answer:
            assert answer.status == 200
            parsed: dict[str, Any] = json.loads(await answer.read())
            return parsed

    async def old(self, service: str, params: object, /, **changed: str) -> dict[str, Any]:
        time = "20240425171504"
        form = {
            "appmark": APP_ID,
            "time": time,
            "sign": old_sign(APP_ID, APP_WORD, changed.get("time", time)),
            "servicename": service,
            "params": json.dumps(params),
        }
        return await self.post(PATHS["A"], {**form, **changed})

    def fields(self, interface_id: str, document: object) -> dict[str, str]:
        return {
            "app_id": APP_ID,
            "interface_id": interface_id,
            "version": "1.0",
            "biz_content": json.dumps(document),
            "charset": "UTF-8",
            "timestamp": "1714036504000",
            "origin": "1",
        }

    async def current(
        self, interface_id: str, document: object, /, **changed: str
    ) -> dict[str, Any]:
        """Signed first, changed afterwards."""
        fields = self.fields(interface_id, document)
        signed = await self.post(SIGN_PATH, fields)
        fields["sign"] = signed["data"]["sign"]
        return await self.post(PATHS["C"], {**fields, **changed})

    async def generic(
        self, interface_id: str, document: object, /, **changed: str
    ) -> dict[str, Any]:
        """Changed first, signed afterwards."""
        fields = self.fields(interface_id, document)
        plain = fields["biz_content"].encode()
        fields["biz_content"] = SM2PublicKey(PLATFORM_PUBLIC_KEY).encrypt(plain, SM2Form())
        fields |= changed
        return await self.post(PATHS["D"], {"sign": sign_of(fields), **fields})


def opened(answer: Mapping[str, Any]) -> dict[str, Any]:
    assert answer["code"] == "200"
    assert answer["success"] is True
    plain = SM2PrivateKey(PRIVATE_KEY).decrypt(answer["data"], SM2Form())
    result: dict[str, Any] = json.loads(plain)
    return result


def document(**params: str) -> dict[str, str]:
    return {"appMark": APP_ID, "params": json.dumps(params)}


@pytest.fixture
def wire(world: World) -> Wire:
    return Wire(world)


class TestOldInterface:
    async def test_it_speaks_as_the_old_one_does(self, world: World, wire: Wire) -> None:
        ticket = world.simulator.issue_ticket(ZHANG[0])
        answer = await wire.old("ticketValidate", {"ticket": ticket})
        assert answer["retcode"] == "000000"
        token = json.loads(answer["data"])
        assert token.keys() == {"token"}
        answer = await wire.old("findOutsideUserByToken", token)
        person = json.loads(old_open(answer["data"], APP_WORD))
        assert (person["name"], person["cardid"], person["authlevel"]) == (ZHANG[1], ZHANG[2], "3")
        assert {"uuid", "loginname", "mobile"} <= person.keys()
        assert (await wire.old("findCorUserByToken", token))["retcode"] == "100202"

    @pytest.mark.parametrize(
        ("changed", "retcode"),
        [
            ({"appmark": "other"}, "100001"),
            ({"time": "now"}, "100002"),
            ({"sign": "0" * 32}, "100003"),
            ({"sign": "签"}, "100003"),
            ({"servicename": "dropAll"}, "100004"),
            ({"params": "[]"}, "400"),
            ({"params": "no"}, "400"),
        ],
    )
    async def test_it_checks_what_it_is_sent(
        self, wire: Wire, changed: dict[str, str], retcode: str
    ) -> None:
        answer = await wire.old("ticketValidate", {"ticket": "T"}, **changed)
        assert (answer["retcode"], answer["data"]) == (retcode, None)

    async def test_some_callers_write_the_time_in_milliseconds(
        self, world: World, wire: Wire
    ) -> None:
        ticket = world.simulator.issue_ticket(ZHANG[0])
        answer = await wire.old("ticketValidate", {"ticket": ticket}, time="1714036504000")
        assert answer["retcode"] == "000000"


class TestCurrentGateway:
    async def test_it_speaks_as_the_current_one_does(self, world: World, wire: Wire) -> None:
        ticket = world.simulator.issue_ticket(LI[0], "2", USCC)
        answer = opened(await wire.current("ticketValidate", document(ticket=ticket)))
        assert answer["retcode"] == "000000"
        token = json.loads(answer["data"])
        assert token["usertype"] == "2"
        answer = opened(await wire.current("findCorUserByToken", document(token=token["token"])))
        company = json.loads(answer["data"])
        assert (company["creditCode"], company["corUserRole"]) == (USCC, "0")
        assert (company["name"], company["corUserName"]) == (LI[1], ZHANG[1])
        assert company["corUserCertNo"] == ZHANG[2]

    async def test_a_page_of_companies_has_five_at_most(self, world: World, wire: Wire) -> None:
        world.companies(7)
        token = await world.token(world.client("A"))

        async def page(index: str, size: str) -> dict[str, Any]:
            params = {"token": token.token.reveal(), "pageindex": index, "pagenum": size}
            asked = {
                "app_id": APP_ID,
                "servicename": "findCorporationByToken",
                "params": json.dumps(params),
            }
            return opened(await wire.current("findcorporationbytoken", asked))

        first, second = [json.loads((await page(index, "50"))["data"]) for index in "12"]
        assert (first["count"], len(first["list"]), len(second["list"])) == (8, 5, 3)
        assert (await page("0", "5"))["retcode"] == "100302"
        assert (await page("x", "5"))["retcode"] == "100302"

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"timestamp": "1714036504001"}, "401"),
            ({"interface_id": "findPerUserByToken"}, "401"),
            ({"biz_content": "{}"}, "401"),
            ({"sign": ""}, "401"),
            ({"app_id": "other"}, "401"),
            ({"origin": "8"}, "400"),
            ({"version": ""}, "400"),
        ],
    )
    async def test_a_sign_is_good_for_the_form_that_it_was_made_for(
        self, wire: Wire, changed: dict[str, str], code: str
    ) -> None:
        answer = await wire.current("ticketValidate", document(ticket="T"), **changed)
        assert (answer["code"], answer["success"], answer["data"]) == (code, False, None)

    async def test_nobody_gets_a_sign_for_another_app(self, wire: Wire) -> None:
        fields = wire.fields("ticketValidate", document(ticket="T")) | {"app_id": "other"}
        answer = await wire.post(SIGN_PATH, fields)
        assert answer == {"success": False, "msg": "app_id is unknown"}


class TestGenericGateway:
    @pytest.mark.parametrize(
        ("interface_id", "asked", "changed", "code"),
        [
            ("ticketValidate", document(ticket="T"), {"sign": "0" * 64}, "401"),
            ("ticketValidate", document(ticket="T"), {"biz_content": "00"}, "400"),
            ("ticketValidate", document(ticket="T") | {"appMark": "other"}, {}, "401"),
            ("ticketValidate", {"appMark": APP_ID, "params": {"ticket": "T"}}, {}, "400"),
            ("ticketValidate", [], {}, "400"),
            ("dropAll", document(ticket="T"), {}, "404"),
            ("findcorporationbytoken", document(token="K"), {}, "401"),
            ("findcorporationbytoken", {"app_id": APP_ID, "servicename": "x"}, {}, "404"),
        ],
    )
    async def test_it_checks_what_it_is_sent(
        self, wire: Wire, interface_id: str, asked: object, changed: dict[str, str], code: str
    ) -> None:
        answer = await wire.generic(interface_id, asked, **changed)
        assert (answer["code"], answer["success"]) == (code, False)

    async def test_a_failure_inside_comes_encrypted_like_a_success(self, wire: Wire) -> None:
        result = opened(await wire.generic("ticketValidate", document(ticket="T")))
        assert (result["retcode"], result["data"]) == ("100101", None)


class TestRegister:
    def test_only_the_registered_get_tickets_and_roles(self, world: World) -> None:
        simulator = world.simulator
        with pytest.raises(UnknownPerson):
            simulator.issue_ticket("nobody")
        with pytest.raises(UnknownPerson):
            simulator.register_company("X", "测试公司", {"nobody": "2"})
        with pytest.raises(UnknownCompany):
            simulator.issue_ticket(ZHANG[0], "2", "X")
        simulator.register_person("alone", "测试王五", "370102199003070016", "13700000000")
        with pytest.raises(UnknownCompany):
            simulator.issue_ticket("alone", "2")
        for user_type, uscc in (("3", None), ("1", USCC)):
            with pytest.raises(ValueError, match="company"):
                simulator.issue_ticket(ZHANG[0], user_type, uscc)

    async def test_a_persons_id_is_theirs_for_good(self, world: World) -> None:
        client = world.client("A")
        before = await client.person(await world.token(client))
        world.simulator.register_person(ZHANG[0], LI[1], *ZHANG[2:], level="2")
        after = await client.person(await world.token(client))
        assert before.user_id == after.user_id != world.simulator.user_id_of(LI[0])
        assert (after.name.reveal(), after.level) == (LI[1], "2")

    async def test_old_tickets_and_tokens_are_forgotten_in_time(self, world: World) -> None:
        await world.token(world.client("A"))
        world.advance(days=31)
        for _ in range(500):
            world.simulator.issue_ticket(ZHANG[0])
        assert len(world.far_side.all("ticket")) <= 500
        assert world.far_side.all("token") == []

    async def test_it_does_nothing_by_itself(self, world: World) -> None:
        assert world.simulator.name == "aishandong"
        assert world.simulator.next_due() is None
        assert await world.simulator.run_due() == 0
