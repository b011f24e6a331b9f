"""Nothing that passes through the adapter or its far side is written where operators read."""

import logging

import pytest

from adapters.aishandong.simulator import scenarios
from adapters.errors import AdapterError
from tests.adapters.aishandong.world import COMPANY, DIALECTS, PERSONAL, ZHANG, World


async def a_whole_day(world: World) -> set[str]:
    """Everything once, well and badly. What nobody may print."""
    tickets = set()
    for dialect in DIALECTS:
        client = world.client(dialect)
        person, company = await world.token(client), await world.token(client, "2")
        tickets.add(ticket := world.simulator.issue_ticket(ZHANG[0]))
        world.far_side.arm(scenarios.CIPHER_GARBLED, 1, service="person")
        world.far_side.arm(scenarios.UNKNOWN_ROLE, 1)
        for call in (
            client.person(person),
            client.person(person),
            client.corporation(company),
            client.corporations(person),
            client.exchange_ticket(ticket, "1"),
            client.exchange_ticket(ticket, "1"),
            client.exchange_ticket(ticket + "0", "1"),
        ):
            try:
                await call
            except AdapterError as error:
                # What a service would log of it.
                logging.getLogger("somebody").warning("%s %r", error, error.args)
    tokens = {token for token, _ in world.far_side.all("token")}
    assert len(tokens) == 9
    return PERSONAL | tickets | tokens | {COMPANY, world.simulator.user_id_of(ZHANG[0])}


async def test_no_log_line_shows_a_secret_or_a_person(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = await a_whole_day(world)
    printed = capfd.readouterr()
    written = printed.out + printed.err + caplog.text
    assert "peer_called" in written
    assert "aishandong_refused" in written
    assert sum(value in written for value in secret) == 0


async def test_the_far_sides_journal_shows_why_and_not_whom(world: World) -> None:
    secret = await a_whole_day(world)
    journal = repr(world.far_side.exchanges(limit=5000))
    assert "100102 ticket has been used" in journal
    assert "100101 ticket does not exist" in journal
    assert "'service': 'person'" in journal
    assert sum(value in journal for value in secret) == 0
