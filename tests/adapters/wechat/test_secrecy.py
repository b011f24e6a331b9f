"""Nothing that passes through the adapter or its far side is written where operators read."""

import logging

import pytest

from adapters.errors import AdapterError
from kit.ids import new_id
from tests.adapters.wechat.test_pushes import push_all
from tests.adapters.wechat.world import (
    PERSONAL,
    ZHANG,
    World,
    message,
    name_of,
    number_of,
)


async def a_whole_day(world: World) -> set[str]:
    """Everything once, well and badly. What nobody may print."""
    simulator, client, open_id = world.simulator, world.client, world.open_id()
    codes = {simulator.issue_login_code(ZHANG[0]), simulator.issue_phone_code(ZHANG[0])}
    login_code, phone_code = sorted(codes, key=len)
    for _ in range(2):
        for call in (
            client.exchange_code(login_code),
            client.phone_number(phone_code, open_id),
            client.send_subscribe_message(message(open_id)),
            client.send_subscribe_message(message(open_id, phrase1=ZHANG[2])),
            client.begin_face_check("bad seq", open_id, name_of(ZHANG), number_of(ZHANG)),
        ):
            try:
                await call
            except AdapterError as error:
                # What a service would log of it.
                logging.getLogger("somebody").warning("%s %r", error, error.args)
        world.consent("progress")
        world.simulator.revoke_token()
    sequence_no = new_id()
    who = (sequence_no, open_id, name_of(ZHANG), number_of(ZHANG))
    ticket = await client.begin_face_check(*who)
    simulator.answer_face_dialog(ticket.verify_id, ZHANG[0], "pass")
    await client.face_check_result(ticket.verify_id, *who)
    world.receiver.answers = ["no"]
    await push_all(world)
    tokens = {token for token, _ in world.far_side.all("token")}
    keys = {body["session_key"] for _, body in world.far_side.all("session")}
    assert tokens
    assert keys
    return PERSONAL | codes | tokens | keys | {open_id, ticket.verify_id}


async def test_no_log_line_shows_a_secret_or_a_person(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = await a_whole_day(world)
    printed = capfd.readouterr()
    written = printed.out + printed.err + caplog.text
    assert "peer_called" in written
    assert "access_token_renewed" in written
    assert sum(value in written for value in secret) == 0


async def test_the_far_sides_journal_shows_why_and_not_whom(world: World) -> None:
    secret = await a_whole_day(world)
    journal = repr(world.far_side.exchanges(limit=5000))
    assert "40163 code been used" in journal
    assert "not answered with success" in journal
    assert "84011 out_seq_no invalid" in journal
    assert sum(value in journal for value in secret) == 0
