"""Every fault and oddity that the far side can be told to show, as our adapter meets it."""

import pytest

from adapters.aishandong.port import AiShandongToken, CompanyRole
from adapters.aishandong.simulator import SCENARIOS, scenarios
from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from tests.adapters.aishandong.world import DIALECTS, PATHS, SIGN_PATH, ZHANG, World

# Armed for a ticket's exchange: what it becomes, and whether the ticket may be spent.
AT_THE_TICKET = [
    (scenarios.TICKET_EXPIRED, "C", {}, Refused, "ticket_invalid"),
    (scenarios.TICKET_EXPIRED, "A", {}, Refused, "ticket_invalid"),
    (scenarios.GATEWAY_REFUSES, "C", {}, Misconfigured, "gateway_refused"),
    (scenarios.GATEWAY_REFUSES, "D", {"code": "500"}, Unreachable, "gateway_error"),
    (scenarios.GATEWAY_REFUSES, "D", {"code": "429"}, Unreachable, "too_many_requests"),
    (scenarios.RETCODE_FAILURE, "A", {}, Refused, "ticket_invalid"),
    (scenarios.RETCODE_FAILURE, "D", {"retcode": "000001"}, Refused, "ticket_invalid"),
    (scenarios.FOREIGN_USER_TYPE, "C", {}, Refused, "user_type_differs"),
    (scenarios.CIPHER_GARBLED, "C", {}, Unreachable, "undecipherable"),
    (scenarios.CIPHER_GARBLED, "D", {}, Unreachable, "undecipherable"),
    (scenarios.SIGN_ENDPOINT_DOWN, "C", {}, Unreachable, "sign_status_503"),
    (scenarios.SIGN_REFUSED, "C", {}, Misconfigured, "sign_refused"),
    (scenarios.SLOW, "A", {"seconds": 0.8}, Unreachable, "timeout"),
    (scenarios.RESET_CONNECTION, "C", {}, Unreachable, "broken_answer"),
    (scenarios.RESET_CONNECTION, "A", {"after_acting": True}, Unreachable, "broken_answer"),
    (scenarios.BAD_GATEWAY, "D", {}, Unreachable, "status_502"),
]


class TestAtTheTicket:
    @pytest.mark.parametrize(("scenario", "dialect", "how", "kind", "code"), AT_THE_TICKET)
    async def test_it_becomes_one_of_our_errors_and_the_ticket_was_sent_once(
        self,
        world: World,
        scenario: str,
        dialect: str,
        how: dict[str, object],
        kind: type[AdapterError],
        code: str,
    ) -> None:
        world.far_side.arm(scenario, 1, **how)
        ticket = world.simulator.issue_ticket(ZHANG[0])
        client = world.client(dialect, total_s=0.5 if scenario == scenarios.SLOW else 10.0)
        with pytest.raises(kind) as failed:
            await client.exchange_ticket(ticket, "1")
        assert (failed.value.code, failed.value.peer) == (code, "aishandong")
        asked = len(world.calls(PATHS[dialect]))
        assert asked == (0 if scenario.startswith("aishandong_sign") else 1) or (
            scenario == scenarios.RESET_CONNECTION and asked == 2  # acted, and then broken off
        )
        assert world.far_side.get("scenario", scenario) is None

    @pytest.mark.parametrize("scenario", [scenarios.SIGN_ENDPOINT_DOWN, scenarios.SIGN_REFUSED])
    async def test_without_a_sign_the_ticket_is_not_spent(
        self, world: World, scenario: str
    ) -> None:
        client, ticket = world.client("C"), world.simulator.issue_ticket(ZHANG[0])
        world.far_side.arm(scenario, 1)
        with pytest.raises(AdapterError) as failed:
            await client.exchange_ticket(ticket, "1")
        assert getattr(failed.value, "may_have_acted", False) is False
        assert world.calls(PATHS["C"]) == []
        assert (await client.exchange_ticket(ticket, "1")).token

    async def test_after_a_late_answer_the_ticket_counts_as_spent(self, world: World) -> None:
        client, ticket = world.client("A", 0.5), world.simulator.issue_ticket(ZHANG[0])
        world.far_side.arm(scenarios.SLOW, 1, seconds=0.8)
        with pytest.raises(Unreachable) as failed:
            await client.exchange_ticket(ticket, "1")
        assert failed.value.may_have_acted
        with pytest.raises(Refused, match="ticket_invalid"):
            await client.exchange_ticket(ticket, "1")

    async def test_a_platform_that_is_not_there_has_not_acted(self, world: World) -> None:
        for dialect in DIALECTS:
            client = world.client(dialect, base_url="http://127.0.0.1:9")
            with pytest.raises(Unreachable) as failed:
                await client.exchange_ticket("ticket", "1")
            assert failed.value.code.endswith("no_connection")
            assert not failed.value.may_have_acted


class TestAtThePerson:
    async def test_a_dead_token_means_signing_in_again(self, world: World) -> None:
        client = world.client("C")
        token = await world.token(client)
        world.far_side.arm(scenarios.TOKEN_INVALID, 1)
        for _ in range(2):
            with pytest.raises(Refused, match="token_invalid"):
                await client.person(token)
        assert (await client.person(await world.token(client))).level == "3"

    @pytest.mark.parametrize(
        ("how", "level"), [({}, "1"), ({"level": "2"}, "2"), ({"level": 9}, "9")]
    )
    async def test_the_level_comes_as_the_platform_says_it(
        self, world: World, how: dict[str, object], level: str
    ) -> None:
        client = world.client("A")
        token = await world.token(client)
        world.far_side.arm(scenarios.LEVEL, 1, **how)
        assert (await client.person(token)).level == level

    async def test_a_person_may_come_without_number_and_phone(self, world: World) -> None:
        client = world.client("C")
        token = await world.token(client)
        world.far_side.arm(scenarios.NO_ID_NUMBER, 1)
        person = await client.person(token)
        assert (person.id_number, person.phone) == (None, None)
        assert person.name.reveal() == ZHANG[1]

    @pytest.mark.parametrize("dialect", DIALECTS)
    async def test_texts_and_objects_may_change_places(self, world: World, dialect: str) -> None:
        client = world.client(dialect)
        world.far_side.arm(scenarios.OTHER_SHAPES, 2)
        person = await client.person(await world.token(client))
        assert person.name.reveal() == ZHANG[1]
        assert world.far_side.get("scenario", scenarios.OTHER_SHAPES) is None

    @pytest.mark.parametrize("dialect", DIALECTS)
    async def test_a_garbled_person_is_nobody(self, world: World, dialect: str) -> None:
        client = world.client(dialect)
        token = await world.token(client)
        world.far_side.arm(scenarios.CIPHER_GARBLED, 1)
        with pytest.raises(Unreachable) as failed:
            await client.person(token)
        # ECB has no check: there it shows only when the text is read.
        assert failed.value.code in {"undecipherable", "broken_answer"}


class TestAtTheCompany:
    async def test_a_role_that_nobody_explained_gives_the_fewest_rights(self, world: World) -> None:
        client = world.client("C")
        token = await world.token(client, "2")
        assert (await client.corporation(token)).role is CompanyRole.LEGAL_PERSON
        world.far_side.arm(scenarios.UNKNOWN_ROLE, 2)
        assert (await client.corporation(token)).role is CompanyRole.AGENT
        [company] = await client.corporations(token)
        assert company.role is CompanyRole.AGENT

    async def test_a_page_that_fails_fails_the_list(self, world: World) -> None:
        world.companies(7)
        client = world.client("C")
        token = await world.token(client)
        world.far_side.arm(scenarios.BAD_GATEWAY, 1, service="companies")
        with pytest.raises(Unreachable):
            await client.corporations(token)
        assert len(await client.corporations(token)) == 8

    async def test_a_role_lost_meanwhile_is_a_refusal(self, world: World) -> None:
        client = world.client("C")
        token = await world.token(client, "2")
        [(uscc, company)] = world.far_side.all("company")
        world.simulator.register_company(uscc, company["name"], {})
        with pytest.raises(Refused, match="token_invalid"):
            await client.corporation(token)
        assert world.refused() == "100203 user is nothing in this company"


class TestNames:
    def test_every_scenario_is_named_for_its_peer_and_told_in_both_languages(self) -> None:
        assert all(name.startswith("aishandong_") for name in SCENARIOS)
        assert all(text.zh and text.en for text in SCENARIOS.values())

    def test_every_scenario_has_a_test(self) -> None:
        tested = {scenario for scenario, *_ in AT_THE_TICKET}
        tested |= {
            scenarios.TOKEN_INVALID,
            scenarios.LEVEL,
            scenarios.NO_ID_NUMBER,
            scenarios.OTHER_SHAPES,
            scenarios.UNKNOWN_ROLE,
        }
        assert tested == SCENARIOS.keys()

    async def test_a_scenario_can_wait_for_one_service(self, world: World) -> None:
        world.far_side.arm(scenarios.RETCODE_FAILURE, 1, service="person")
        client = world.client("A")
        token = await world.token(client)
        assert isinstance(token, AiShandongToken)
        with pytest.raises(Refused, match="token_invalid"):
            await client.person(token)
        assert world.calls(SIGN_PATH) == []
