"""What Alipay tells us by itself."""

from datetime import timedelta

import msgspec

from adapters.outbox.models import InboxEntry
from auth.alipay_notices import AUTHORISATION_CANCELLED

NOTICES = "/callbacks/alipay"


def cancelled(world, persona: str) -> dict[str, str]:
    content = {"open_id": world.alipay.open_id_of(persona)}
    return {"biz_content": msgspec.json.encode(content).decode()}


async def test_taking_the_authorisation_back_at_alipay_ends_the_sessions_there(verified, world):
    wechat = await verified("zhangsan")
    alipay = await verified("zhangsan", platform="alipay")
    other = await verified("lisi", platform="alipay")
    world.alipay.notify(AUTHORISATION_CANCELLED, cancelled(world, "zhangsan"))
    await world.driver.settle()
    assert (await alipay.get("/me")).json()["code"] == "session_ended"
    assert (await wechat.get("/me")).status_code == 200
    assert (await other.get("/me")).status_code == 200


async def test_a_notice_of_an_unknown_kind_is_kept_and_moves_nothing(verified, world):
    device = await verified("zhangsan", platform="alipay")
    world.alipay.notify("alipay.something.new", cancelled(world, "zhangsan"))
    await world.driver.settle()
    assert await InboxEntry.filter(source="alipay.notice", settled_at__isnull=False).count() == 1
    assert (await device.get("/me")).status_code == 200
    assert world.alipay.next_due() is None


async def test_the_same_notice_again_is_kept_once(phone, world):
    world.alipay.notify("alipay.something.new", {})
    world.far_sides["alipay"].arm("alipay_notice_repeated", 1)
    await world.driver.advance_to(world.clock.now() + timedelta(days=1))
    assert await InboxEntry.filter(source="alipay.notice").count() == 1


async def test_a_forged_notice_is_refused_and_not_kept(phone):
    device = await phone()
    form = b"notify_id=1&app_id=2&msg_method=x&sign=AAAA&sign_type=RSA2"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await device.post(NOTICES, content=form, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "callback_not_authentic")
    assert await InboxEntry.filter(source="alipay.notice").count() == 0
