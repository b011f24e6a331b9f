"""From a ticket to a person, a company and a list of companies, in every dialect, over the wire."""

import asyncio
from pathlib import Path

import pytest

from adapters.aishandong.port import (
    AiShandongCompany,
    AiShandongToken,
    CompanyRole,
    UserType,
)
from adapters.errors import Misconfigured, Refused
from adapters.gm import SM2Form
from kit.secrets import Secret
from tests.adapters.aishandong.world import (
    COMPANY,
    DIALECTS,
    LI,
    PATHS,
    SIGN_PATH,
    USCC,
    ZHANG,
    World,
    a_world,
    rsa_key,
    rsa_pem,
)

every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


@every_dialect
class TestSignIn:
    async def test_a_ticket_becomes_a_token_and_the_token_the_person(
        self, world: World, dialect: str
    ) -> None:
        client = world.client(dialect)
        token = await world.token(client)
        person = await client.person(token)
        assert person.user_id == world.simulator.user_id_of(ZHANG[0])
        assert person.name.reveal() == ZHANG[1]
        assert person.id_number is not None
        assert person.id_number.reveal() == ZHANG[2]
        assert person.phone is not None
        assert person.phone.reveal() == ZHANG[3]
        assert person.level == "3"
        assert {ZHANG[1], ZHANG[2], ZHANG[3], token.token.reveal()}.isdisjoint(
            repr((token, person)).split("'")
        )

    async def test_a_companys_ticket_becomes_the_company_and_who_is_at_the_phone(
        self, world: World, dialect: str
    ) -> None:
        client = world.client(dialect)
        ticket = world.simulator.issue_ticket(LI[0], "2", USCC)
        corporation = await client.corporation(await client.exchange_ticket(ticket, "2"))
        assert (corporation.uscc, corporation.company_name) == (USCC, COMPANY)
        assert corporation.role is CompanyRole.AGENT
        # The person who signed in, not the company's legal representative, who is Zhang.
        assert corporation.person.name.reveal() == LI[1]
        assert corporation.person.id_number is not None
        assert corporation.person.id_number.reveal() == LI[2]

    async def test_a_ticket_is_good_once(self, world: World, dialect: str) -> None:
        client = world.client(dialect)
        ticket = world.simulator.issue_ticket(ZHANG[0])
        await client.exchange_ticket(ticket, "1")
        with pytest.raises(Refused) as refused:
            await client.exchange_ticket(ticket, "1")
        assert refused.value.code == "ticket_invalid"
        assert world.refused() == "100102 ticket has been used"

    async def test_a_made_up_token_is_refused(self, world: World, dialect: str) -> None:
        with pytest.raises(Refused) as refused:
            await world.client(dialect).person(AiShandongToken(Secret("made-up"), "1"))
        assert refused.value.code == "token_invalid"


class TestTickets:
    @pytest.mark.parametrize(("seconds", "good"), [(295, True), (301, False)])
    async def test_a_ticket_lives_five_minutes_of_the_clock(
        self, world: World, seconds: int, good: bool
    ) -> None:
        client = world.client("C")
        ticket = world.simulator.issue_ticket(ZHANG[0])
        world.advance(seconds=seconds)
        if good:
            assert (await client.exchange_ticket(ticket, "1")).token
        else:
            with pytest.raises(Refused, match="ticket_invalid"):
                await client.exchange_ticket(ticket, "1")
            assert world.refused() == "100103 ticket has expired"

    @pytest.mark.parametrize("ticket", ["", "未登录", "a b\n", "a" * 513])
    async def test_what_cannot_be_a_ticket_is_refused_without_a_call(
        self, world: World, ticket: str
    ) -> None:
        with pytest.raises(Refused, match="ticket_invalid"):
            await world.client("A").exchange_ticket(ticket, "1")
        assert world.far_side.exchanges() == []

    @pytest.mark.parametrize(("asked", "issued"), [("1", "2"), ("2", "1")])
    async def test_a_ticket_of_the_other_kind_of_user_is_refused(
        self, world: World, asked: UserType, issued: UserType
    ) -> None:
        ticket = world.simulator.issue_ticket(ZHANG[0], issued)
        with pytest.raises(Refused) as refused:
            await world.client("C").exchange_ticket(ticket, asked)
        assert refused.value.code == "user_type_differs"

    async def test_a_token_is_not_shown_to_the_other_kinds_service(self, world: World) -> None:
        client = world.client("C")
        person, company = await world.token(client), await world.token(client, "2")
        before = len(world.far_side.exchanges())
        for refused_call in (client.person(company), client.corporation(person)):
            with pytest.raises(Refused) as refused:
                await refused_call
            assert refused.value.code == "user_type_differs"
        assert len(world.far_side.exchanges()) == before

    async def test_a_token_outlives_its_ticket_and_the_platforms_restart(
        self, tmp_path: Path
    ) -> None:
        async with a_world(tmp_path) as world:
            token = await world.token(world.client("C"))
            ahead = world.clock.offset
        async with a_world(tmp_path) as world:
            world.clock.advance(ahead)
            world.advance(days=20)
            assert (await world.client("C").person(token)).name.reveal() == ZHANG[1]
            world.advance(days=11)
            with pytest.raises(Refused, match="token_invalid"):
                await world.client("C").person(token)

    async def test_of_two_exchanges_at_once_one_wins(self, world: World) -> None:
        client, ticket = world.client("A"), world.simulator.issue_ticket(ZHANG[0])
        outcomes = await asyncio.gather(
            *(client.exchange_ticket(ticket, "1") for _ in range(5)), return_exceptions=True
        )
        assert sum(isinstance(outcome, AiShandongToken) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 4


class TestCompanies:
    @pytest.mark.parametrize(("others", "pages"), [(0, 1), (4, 1), (5, 2), (11, 3)])
    async def test_all_companies_of_a_person_are_listed_page_by_page(
        self, world: World, others: int, pages: int
    ) -> None:
        world.companies(others)
        client = world.client("C")
        token = await world.token(client)
        before = len(world.calls(PATHS["C"]))
        companies = await client.corporations(token)
        assert len(world.calls(PATHS["C"])) - before == pages
        assert {company.uscc for company in companies} == {
            uscc for uscc, _ in world.far_side.all("company")
        }
        assert AiShandongCompany(USCC, COMPANY, CompanyRole.LEGAL_PERSON) in companies
        administered = [c for c in companies if c.role is CompanyRole.ADMINISTRATOR]
        assert len(administered) == others

    async def test_the_list_ends_at_a_hundred(self, world: World) -> None:
        world.companies(130)
        client = world.client("C")
        companies = await client.corporations(await world.token(client))
        assert len(companies) == 100

    async def test_the_generic_gateway_lists_them_too(self, world: World) -> None:
        client = world.client("D")
        assert await client.corporations(await world.token(client)) == [
            AiShandongCompany(USCC, COMPANY, CompanyRole.LEGAL_PERSON)
        ]

    async def test_the_old_interface_has_no_list(self, world: World) -> None:
        client = world.client("A")
        token = await world.token(client)
        with pytest.raises(Misconfigured) as failed:
            await client.corporations(token)
        assert failed.value.code == "not_in_this_dialect"

    async def test_somebody_without_a_company_has_none(self, world: World) -> None:
        world.simulator.register_person("nobody", "测试王五", "370102199003070016", "13700000000")
        client = world.client("C")
        token = await client.exchange_ticket(world.simulator.issue_ticket("nobody"), "1")
        assert await client.corporations(token) == []


class TestForms:
    @pytest.mark.parametrize("dialect", ["C", "D"])
    async def test_another_form_of_the_cipher_text_is_a_setting(
        self, tmp_path: Path, dialect: str
    ) -> None:
        form = SM2Form("C1C2C3", prefixed=False, encoding="base64")
        async with a_world(tmp_path, cipher_form=form, escape_quotes=True) as world:
            client = world.client(dialect, cipher_form=form, escape_quotes=True)
            assert (await client.person(await world.token(client))).name.reveal() == ZHANG[1]

    async def test_older_deployments_answer_with_rsa(self, tmp_path: Path) -> None:
        async with a_world(tmp_path, app_rsa_public_key=rsa_key().public_key()) as world:
            client = world.client("C", answer_cipher="RSA", private_key=rsa_pem())
            person = await client.person(await world.token(client))
            assert person.name.reveal() == ZHANG[1]
            world.companies(4)
            assert len(await client.corporations(await world.token(client))) == 5

    async def test_the_sign_is_fetched_for_each_call_with_the_same_form(self, world: World) -> None:
        # The far side's sign is bound to the timestamp: another one would have been refused.
        client = world.client("C")
        await client.person(await world.token(client))
        assert len(world.calls(SIGN_PATH)) == len(world.calls(PATHS["C"])) == 2

    async def test_the_sign_endpoint_may_stand_on_another_host(self, tmp_path: Path) -> None:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
        async with a_world(tmp_path / "one") as world, a_world(tmp_path / "other") as signer:
            client = world.client("C", sign_base_url=signer.base_url)
            await world.token(client)
            assert len(signer.calls(SIGN_PATH)) == len(world.calls(PATHS["C"])) == 1
            assert world.calls(SIGN_PATH) == []
