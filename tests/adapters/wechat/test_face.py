"""The face check, over the wire: only the server's own question counts."""

import pytest

from adapters.errors import AdapterError, Misconfigured, Refused, Unreachable
from adapters.wechat.port import FaceCheckResult, FaceCheckTicket
from adapters.wechat.simulator import UnknownFaceCheck
from kit.ids import new_id
from kit.secrets import IdNumber, PersonName
from tests.adapters.wechat.world import LI, ZHANG, World, name_of, number_of

GET_VERIFY_ID = "/cityservice/face/identify/getverifyid"


class Check:
    """One person's check, from our side."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sequence_no = new_id()
        self.ticket: FaceCheckTicket | None = None

    async def begin(self) -> str:
        self.ticket = await self.world.client.begin_face_check(
            self.sequence_no, self.world.open_id(), name_of(ZHANG), number_of(ZHANG)
        )
        return self.ticket.verify_id

    async def result(self) -> FaceCheckResult:
        assert self.ticket is not None
        return await self.world.client.face_check_result(
            self.ticket.verify_id,
            self.sequence_no,
            self.world.open_id(),
            name_of(ZHANG),
            number_of(ZHANG),
        )


async def test_the_right_face_passes(world: World) -> None:
    check = Check(world)
    verify_id = await check.begin()
    assert check.ticket is not None
    assert check.ticket.expires_in_s == 3600
    world.simulator.answer_face_dialog(verify_id, ZHANG[0], "pass")
    assert await check.result() == FaceCheckResult(passed=True, pending=False, code="10000")


async def test_an_unanswered_dialog_is_pending_and_not_passed(world: World) -> None:
    check = Check(world)
    await check.begin()
    assert await check.result() == FaceCheckResult(passed=False, pending=True, code="10300")


async def test_a_finished_check_may_still_be_compared(world: World) -> None:
    check = Check(world)
    world.simulator.answer_face_dialog(await check.begin(), ZHANG[0], "pass")
    world.far_side.arm("wechat.face_pending", 1)
    assert await check.result() == FaceCheckResult(passed=False, pending=True, code="10005")
    assert (await check.result()).passed


@pytest.mark.parametrize(("outcome", "code"), [("fail", "10004"), ("cancel", "90002")])
async def test_another_face_and_a_cancelled_dialog_fail(world: World, outcome, code: str) -> None:
    check = Check(world)
    world.simulator.answer_face_dialog(await check.begin(), ZHANG[0], outcome)
    assert await check.result() == FaceCheckResult(passed=False, pending=False, code=code)


async def test_after_a_failure_the_same_dialog_may_be_tried_again_but_a_pass_stays(
    world: World,
) -> None:
    check = Check(world)
    verify_id = await check.begin()
    for outcome in ("cancel", "pass", "fail"):
        world.simulator.answer_face_dialog(verify_id, ZHANG[0], outcome)
    assert (await check.result()).passed


async def test_the_right_face_under_another_name_fails(world: World) -> None:
    sequence_no, claimed = new_id(), (PersonName("李四"), number_of(ZHANG))
    ticket = await world.client.begin_face_check(sequence_no, world.open_id(), *claimed)
    assert world.simulator.answer_face_dialog(ticket.verify_id, ZHANG[0], "pass") == 10003
    result = await world.client.face_check_result(
        ticket.verify_id, sequence_no, world.open_id(), *claimed
    )
    assert not result.passed


async def test_a_dialog_on_another_persons_phone_fails(world: World) -> None:
    check = Check(world)
    assert world.simulator.answer_face_dialog(await check.begin(), LI[0], "pass") == 10041
    assert not (await check.result()).passed


async def test_a_sequence_number_is_good_once(world: World) -> None:
    check = Check(world)
    await check.begin()
    with pytest.raises(Refused) as refused:
        await check.begin()
    assert refused.value.code == "sequence_taken"


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("  ", "370102199003070016", "certificate_invalid"),
        ("张三", "370102", "certificate_invalid"),
    ],
)
async def test_a_certificate_that_cannot_be_is_refused(
    world: World, name: str, number: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await world.client.begin_face_check(
            new_id(), world.open_id(), PersonName(name), IdNumber(number)
        )
    assert refused.value.code == code


async def test_a_foreign_openid_and_a_malformed_sequence_are_told_apart(world: World) -> None:
    with pytest.raises(Refused, match="open_id_invalid"):
        await world.client.begin_face_check(new_id(), "oNobody", name_of(ZHANG), number_of(ZHANG))
    with pytest.raises(Misconfigured, match="request_wrong"):
        await world.client.begin_face_check(
            "a b", world.open_id(), name_of(ZHANG), number_of(ZHANG)
        )
    assert [call["errcode"] for call in world.calls(GET_VERIFY_ID)] == [84011, 40003]


async def test_a_result_is_only_given_for_what_was_asked(world: World) -> None:
    check = Check(world)
    verify_id = await check.begin()
    ours = (check.sequence_no, world.open_id(), name_of(ZHANG), number_of(ZHANG))
    wrongs = {
        "sequence_mismatch": (new_id(), *ours[1:]),
        "open_id_mismatch": (ours[0], world.open_id(LI), *ours[2:]),
        "certificate_mismatch": (*ours[:2], name_of(LI), number_of(LI)),
    }
    for code, wrong in wrongs.items():
        with pytest.raises(Refused) as refused:
            await world.client.face_check_result(verify_id, *wrong)
        assert refused.value.code == code
    assert (await world.client.face_check_result("unknown", *ours)).code == "10017"


async def test_a_check_lives_one_hour(world: World) -> None:
    check = Check(world)
    verify_id = await check.begin()
    world.advance(seconds=3601)
    with pytest.raises(UnknownFaceCheck):
        world.simulator.answer_face_dialog(verify_id, ZHANG[0], "pass")
    with pytest.raises(Refused) as refused:
        await check.result()
    assert refused.value.code == "face_check_expired"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ({"errcode": 0, "errmsg": "ok"}, Unreachable, "broken_answer"),
        ({"errcode": 0, "verify_ret": 10006}, Misconfigured, "face_check_not_permitted"),
        ({"errcode": 61007, "verify_ret": 10000}, Unreachable, "unknown_61007"),
        ({"verify_ret": "10000"}, Unreachable, "broken_answer"),
        (b"", Unreachable, "broken_answer"),
    ],
)
async def test_nothing_but_a_clear_pass_passes(
    other_wechat, answer: object, error: type[AdapterError], code: str
) -> None:
    client = await other_wechat(answer)
    with pytest.raises(error) as failed:
        await client.face_check_result("v", "s-12345", "o", name_of(ZHANG), number_of(ZHANG))
    assert failed.value.code == code


async def test_a_ticket_without_an_id_is_none(other_wechat) -> None:
    client = await other_wechat({"errcode": 0, "errmsg": "ok"})
    with pytest.raises(Unreachable, match="broken_answer"):
        await client.begin_face_check("s-12345", "o", name_of(ZHANG), number_of(ZHANG))
