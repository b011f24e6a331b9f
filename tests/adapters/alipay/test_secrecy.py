"""Nothing that passes through the adapter or its far side is written where operators read."""

import logging

import pytest

from adapters.alipay.simulator import scenarios
from adapters.errors import AdapterError
from kit.ids import new_id
from tests.adapters.alipay.world import PERSONAL, ZHANG, World, material, name_of, number_of, pem


async def a_whole_day(world: World) -> set[str]:
    """Everything once, well and badly. What nobody may print."""
    simulator, client = world.simulator, world.client
    code, who = world.code(), (name_of(ZHANG), number_of(ZHANG))
    certify_id = await world.begun()
    simulator.answer_certification(certify_id, ZHANG[0], "pass")
    phone = simulator.phone_response(ZHANG[0])
    world.far_side.arm(scenarios.PHONE_FORGED, 1)
    forged = simulator.phone_response(ZHANG[0])
    client.read_phone(phone)
    for scenario in (
        None,
        scenarios.CODE_USED,
        scenarios.UNKNOWN_CODE,
        scenarios.WRONG_SIGNATURE,
        scenarios.GARBAGE,
        scenarios.CERTIFICATE_INVALID,
        scenarios.CERTIFICATE_FORGED,
        scenarios.BAD_GATEWAY,
    ):
        for call in (
            client.exchange_code(code),
            client.exchange_code(world.code()),
            client.begin_certification(new_id(), *who),
            client.certification_result(certify_id),
        ):
            if scenario is not None:
                world.far_side.arm(scenario, 1)
            try:
                await call
            except AdapterError as error:
                # What a service would log of it.
                logging.getLogger("somebody").warning("%s %r", error, error.args)
    try:
        client.read_phone(forged)
    except AdapterError as error:
        logging.getLogger("somebody").warning("%s %r", error, error.args)
    world.receiver.answers = ["no"]
    simulator.notify("alipay.x.y", {"biz_content": ZHANG[1]})
    world.far_side.arm(scenarios.NOTICE_FORGED, 1)
    await world.push_all()
    logging.getLogger("somebody").warning("%r", world.receiver.taken)
    logging.getLogger("somebody").warning("%r %r", world.settings, world.side)
    codes = {each for each, _ in world.far_side.all("login_code")}
    key_lines = set(pem(material().app_key).splitlines()[1:-1])
    return PERSONAL | codes | key_lines | {world.open_id(), certify_id, phone, "authbseB"}


async def test_no_log_line_shows_a_secret_or_a_person(
    either: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = await a_whole_day(either)
    printed = capfd.readouterr()
    written = printed.out + printed.err + caplog.text
    assert "peer_called" in written
    assert "alipay_code_unknown" in written
    assert "alipay_answer_not_authentic" in written
    assert sum(value in written for value in secret) == 0


async def test_the_far_sides_journal_shows_why_and_not_whom(either: World) -> None:
    secret = await a_whole_day(either)
    journal = repr(either.far_side.exchanges(limit=5000))
    assert "40002 isv.code-invalid" in journal
    assert "not answered with success" in journal
    assert sum(value in journal for value in secret) == 0
