"""Our side: a token first, one company, and each failure as one of the three errors."""

import asyncio
import logging
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.http import PeerLimits
from adapters.licences.client import LicenceClient
from adapters.licences.settings import LicenceSettings
from adapters.licences.simulator import QUERY_PATH, TOKEN_PATH
from kit.coordination.memory import memory_coordination
from kit.secrets import IdNumber, PersonName, Secret
from tests.adapters.licences.world import EATERY, PERSONAL, QIAN, STALL, WU, World, settings


async def test_a_company_comes_with_all_that_is_registered(world: World) -> None:
    company = await world.client.licence(EATERY.uscc)
    assert (company.uscc, company.name, company.kind, company.state) == (
        EATERY.uscc, EATERY.name, "company", "active",
    )  # fmt: skip
    assert company.legal_representative == PersonName(QIAN[0])
    assert company.legal_representative_id == IdNumber(QIAN[1])
    assert (company.domicile, company.scope) == (EATERY.domicile, EATERY.scope)
    assert company.capital_wan == Decimal(100)
    assert company.term_to == date(2039, 5, 19)
    assert (company.industry_class, company.industry) == ("H", "6210")
    assert company.employees == 10
    assert [(one.name.reveal(), one.position) for one in company.officers] == [
        (QIAN[0], "执行董事"), (WU[0], "监事"),
    ]  # fmt: skip
    assert [(one.subscribed_wan, one.paid_wan) for one in company.shareholders] == [
        (Decimal(60), Decimal(10)), (Decimal(40), Decimal(0)),
    ]  # fmt: skip
    assert (company.branches, company.investments) == (1, 1)


async def test_an_individual_business_has_its_own_shape(world: World) -> None:
    stall = await world.client.licence(STALL.uscc)
    assert (stall.kind, stall.name, stall.domicile) == ("individual", STALL.name, STALL.domicile)
    assert stall.legal_representative == PersonName(WU[0])
    assert stall.legal_representative_id == IdNumber(WU[1])
    assert (stall.capital_wan, stall.officers, stall.shareholders) == (None, [], [])


@pytest.mark.parametrize("scenario", ["licences_all_texts", "licences_no_texts"])
async def test_data_may_be_a_text_or_an_object_at_each_level(world: World, scenario: str) -> None:
    usual = await world.client.licence(EATERY.uscc)
    world.far_side.arm(scenario, 1)
    assert await world.client.licence(EATERY.uscc) == usual


async def test_many_questions_take_one_token(world: World) -> None:
    clients = [world.client, world.another_client(), world.another_client()]
    await asyncio.gather(*(client.licence(EATERY.uscc) for client in clients for _ in range(5)))
    assert len(world.calls(TOKEN_PATH)) == 1
    assert len(world.calls(QUERY_PATH)) == 15


async def test_a_token_is_renewed_before_its_end(world: World) -> None:
    await world.client.licence(EATERY.uscc)
    world.advance(seconds=7000)
    await world.client.licence(EATERY.uscc)
    world.advance(seconds=150)
    await world.client.licence(EATERY.uscc)
    assert len(world.calls(TOKEN_PATH)) == 2
    assert not any(call["refused"] for call in world.calls())


async def test_a_token_that_died_early_is_replaced_once(world: World) -> None:
    await world.client.licence(EATERY.uscc)
    world.far_side.arm("licences_token_dies", 1)
    assert (await world.client.licence(EATERY.uscc)).name == EATERY.name
    assert len(world.calls(TOKEN_PATH)) == 2


async def test_a_token_that_never_works_is_the_operators_matter(world: World) -> None:
    world.far_side.arm("licences_token_dies", 100)
    with pytest.raises(Misconfigured, match="token_rejected"):
        await world.client.licence(EATERY.uscc)
    assert len(world.calls(TOKEN_PATH)) == 2


async def test_another_process_token_is_taken_over_instead_of_a_new_one(world: World) -> None:
    other = world.another_client()
    await world.client.licence(EATERY.uscc)
    await other.licence(EATERY.uscc)
    world.far_side.arm("licences_token_dies", 1)
    await other.licence(EATERY.uscc)
    # Its own copy is dead by now, the one that is shared is not.
    await world.client.licence(EATERY.uscc)
    assert len(world.calls(TOKEN_PATH)) == 2


@pytest.mark.parametrize(
    ("scenario", "how", "error", "code"),
    [
        ("licences_down", {}, Unreachable, "status_503"),
        ("licences_down", {"call": "token"}, Unreachable, "status_503"),
        ("licences_slow", {"seconds": 2.0}, Unreachable, "timeout"),
        ("licences_reset_connection", {}, Unreachable, "broken_answer"),
        ("licences_not_admitted", {}, Misconfigured, "not_admitted_403"),
        ("licences_not_admitted", {"call": "query"}, Misconfigured, "not_admitted_403"),
        ("licences_quota", {}, Unreachable, "too_many_requests"),
        ("licences_failure", {}, Unreachable, "unknown_500"),
        ("licences_failure", {"code": "密"}, Unreachable, "unknown_other"),
        ("licences_not_found", {}, Refused, "not_found"),
        ("licences_garbled", {}, Unreachable, "broken_answer"),
        ("licences_another", {}, Unreachable, "another_company"),
    ],
)
async def test_each_failure_is_one_of_the_three_errors(
    world: World, scenario: str, how: dict[str, Any], error: type[AdapterError], code: str
) -> None:
    world.far_side.arm(scenario, 100, **how)
    with pytest.raises(error) as failed:
        await world.client.licence(EATERY.uscc)
    assert failed.value.code == code


@pytest.mark.parametrize("scenario", ["licences_garbled", "licences_reset_connection"])
async def test_what_fails_once_and_quickly_is_asked_once_more(world: World, scenario: str) -> None:
    world.far_side.arm(scenario, 1, call="query")
    assert (await world.client.licence(EATERY.uscc)).name == EATERY.name
    assert len(world.calls(QUERY_PATH)) == 2


async def test_a_failed_fetch_of_a_token_never_reached_the_question(world: World) -> None:
    world.far_side.arm("licences_down", 1, call="token")
    with pytest.raises(Unreachable) as failed:
        await world.client.licence(EATERY.uscc)
    assert not failed.value.may_have_acted


async def test_an_unknown_company_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="not_found"):
        await world.client.licence("91370103MA3QBBB022")


@pytest.mark.parametrize(
    "wrong",
    [{"api_key": Secret("another")}, {"client_id": "x"}, {"client_secret": Secret("another")}],
)
async def test_wrong_credentials_are_the_operators_matter(
    world: World, wrong: dict[str, object]
) -> None:
    client = world.another_client(memory_coordination(), **wrong)
    with pytest.raises(Misconfigured, match="not_admitted"):
        await client.licence(EATERY.uscc)


async def test_revoked_and_cancelled_companies_are_told_as_such(world: World) -> None:
    world.simulator.register.revoke(EATERY.uscc)
    assert (await world.client.licence(EATERY.uscc)).state == "revoked"
    world.simulator.register.cancel(EATERY.uscc)
    assert (await world.client.licence(EATERY.uscc)).state == "cancelled"


async def test_a_starred_number_is_no_number(world: World) -> None:
    world.far_side.arm("licences_masked", 2)
    company = await world.client.licence(EATERY.uscc)
    assert company.legal_representative_id is None
    assert {one.id_number for one in company.officers} == {None}
    assert {one.id_number for one in company.shareholders} == {None}
    assert (await world.client.licence(STALL.uscc)).legal_representative_id is None


async def test_neither_log_nor_journal_nor_error_shows_whom_it_was_about(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    company = await world.client.licence(EATERY.uscc)
    world.far_side.arm("licences_failure", 1)
    with pytest.raises(AdapterError) as failed:
        await world.client.licence(EATERY.uscc)
    printed = capfd.readouterr()
    written = printed.out + printed.err + caplog.text + repr(world.calls())
    written += f"{failed.value} {failed.value.args!r} {company!r}"
    assert "peer_called" in written
    assert sum(value in written for value in PERSONAL) == 0


def test_settings_that_cannot_be_are_refused_and_show_no_secret() -> None:
    for wrong in (
        {"base_url": "ftp://x"},
        {"token_path": "token"},
        {"query_path": ""},
        {"api_key": Secret("")},
        {"api_key": Secret("schlüssel")},
        {"client_id": "a:b"},
        {"client_secret": Secret("")},
    ):
        with pytest.raises(ValueError, match=" "):
            settings(**wrong)
    shown: LicenceSettings = settings()
    assert not any(value in repr(shown) for value in PERSONAL)


def test_no_call_may_outlive_the_lock_of_the_token(world: World) -> None:
    with pytest.raises(ValueError, match="outlives"):
        LicenceClient(
            settings(world.base_url),
            world.http,
            world.coordination.cache,
            world.coordination.locks,
            world.clock,
            PeerLimits(total_s=10),
        )
