"""Who read my data: no outside system is asked or told about a person without a line of it."""

from tests.builders.applications import an_application


async def lines_of(device) -> set[tuple[str, str]]:
    items = (await device.get("/me/access-log?limit=100")).json()["items"]
    return {(line["who"], line["what"]) for line in items}


async def test_every_platforms_part_in_a_persons_way_is_in_the_log(verified, signed_in, world):
    wechat = await verified("wangwu")
    code = {"platform": "wechat", "persona": "wangwu", "kind": "phone"}
    proof = (await wechat.mock("POST", "/codes", json=code)).json()["credential"]
    await wechat.post("/auth/phone", json=proof)
    alipay = await signed_in("wangwu", platform="alipay")
    await alipay.verify()
    aishandong = await signed_in("wangwu", platform="aishandong")
    await aishandong.verify()
    await wechat.get("/me/companies")
    await an_application(wechat)
    await world.driver.settle()
    assert await lines_of(wechat) == {
        ("wechat", "name_and_id_number"),
        ("wechat", "phone"),
        ("alipay", "name_and_id_number"),
        ("aishandong", "profile"),
        ("aishandong", "name_and_id_number"),
        ("aishandong", "companies"),
        ("identity_register", "companies"),
        ("province", "application"),
        ("province", "documents"),
    } | await _messages(wechat)
    asked = {
        peer
        for peer, side in world.far_sides.items()
        if peer != "bff" and any(e["direction"] == "inbound" for e in side.exchanges(1000))
    }
    # The scanner is a program of the operator's own and gets bytes without a name.
    assert asked - {"scanner"} == {who for who, _ in await lines_of(wechat)}


async def _messages(device) -> set[tuple[str, str]]:
    """Whether a message was pushed depends on what the phone agreed to."""
    return {line for line in await lines_of(device) if line[1] == "message"}


async def test_the_provincial_register_is_named_when_it_compared_a_name(signed_in):
    device = await signed_in("zhangsan")
    await device.begin_check(method="id_match")
    assert await lines_of(device) == {("identity_register", "name_and_id_number")}


async def test_nobody_is_in_the_log_of_somebody_who_only_signed_in(signed_in):
    assert await lines_of(await signed_in("zhangsan")) == set()
    assert await lines_of(await signed_in("lisi", platform="alipay")) == set()
