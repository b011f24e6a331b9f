"""Moving the mock's clock: whatever happens by itself on the way has happened, in its order."""

from datetime import timedelta

from miniprogram_api.drafts.models import Draft
from tests.miniprogram_api.drafts.builders import a_draft


async def test_one_jump_over_a_drafts_end_tells_each_reminder_on_the_way(signed_in):
    phone = await signed_in()
    draft = await a_draft(phone)
    far = {"seconds": timedelta(days=40).total_seconds()}
    assert (await phone.mock("POST", "/clock/advance", json=far)).status_code == 200
    await phone.login()
    items = (await phone.get("/messages")).json()["items"]
    about = [item for item in items if "草稿" in item["title"]]
    assert ["7天" in str(about[2]), "1天" in str(about[1])] == [True, True]
    assert [item["title"] for item in about] == ["草稿已删除", "草稿即将到期", "草稿即将到期"]
    assert [item["at"] for item in about] == sorted((item["at"] for item in about), reverse=True)
    assert not await Draft.exists(id=draft["id"])
