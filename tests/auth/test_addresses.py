"""Addresses that a person keeps: sealed, his alone, one of them the default."""

import asyncio
from typing import Any

import httpx
import pytest

from auth.addresses import KEPT_MAX, AddressBook
from auth.models import SavedAddress
from bff.mock.world import World
from tests.app import Phone

HOME = {
    "name": "测试收件人",
    "phone": "13812345678",
    "region": "370102",
    "detail": "测试路1号101室",
}


async def add(phone: Phone, **changes: Any) -> httpx.Response:
    return await phone.once("POST", "/me/addresses", json={**HOME, **changes})


async def kept(phone: Phone) -> list[dict[str, Any]]:
    answer = await phone.get("/me/addresses")
    assert answer.headers["Cache-Control"] == "no-store"
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_address_is_sealed_and_shown_to_its_owner_only(signed_in, sensitive_values):
    sensitive_values |= {HOME["name"], HOME["phone"], HOME["detail"]}
    phone, other = await signed_in(), await signed_in("lisi")
    answer = await add(phone, postal_code="250000")
    assert answer.status_code == 201
    expected = {**HOME, "postal_code": "250000", "default": True}
    assert await kept(phone) == [{"id": answer.json()["id"], **expected}]
    assert await kept(other) == []
    path = f"/me/addresses/{answer.json()['id']}"
    assert (await other.put(path, json=HOME)).status_code == 404
    assert (await other.delete(path)).status_code == 404
    row = await SavedAddress.get()
    for value in HOME.values():
        assert value.encode() not in row.address_cipher


async def test_one_is_the_default_whatever_happens(signed_in):
    phone = await signed_in()
    first, second, third = [
        (await add(phone, detail=f"测试路{n}号", default=n == 2)).json()["id"] for n in (1, 2, 3)
    ]
    assert [one["id"] for one in await kept(phone)] == [second, third, first]
    assert [one["default"] for one in await kept(phone)] == [True, False, False]
    changed = await phone.put(f"/me/addresses/{first}", json={**HOME, "default": True})
    assert changed.json()["default"] is True
    assert [one["id"] for one in await kept(phone)] == [first, third, second]
    assert (await phone.delete(f"/me/addresses/{first}")).status_code == 204
    assert [one["default"] for one in await kept(phone)] == [True, False]
    assert (await kept(phone))[0]["id"] == third
    assert (await phone.delete(f"/me/addresses/{first}")).status_code == 404


async def test_twenty_at_most_also_when_many_come_at_once(signed_in):
    phone = await signed_in()
    for _ in range(KEPT_MAX - 2):
        await add(phone)
    answers = await asyncio.gather(*(add(phone, default=True) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert refused == {"too_many_addresses"}
    assert sum(one["default"] for one in await kept(phone)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"phone": "12345"},
        {"phone": "23812345678"},
        {"region": "990102"},
        {"region": "3701"},
        {"detail": ""},
        {"name": "x" * 26},
        {"postal_code": "25"},
        {"name": " "},
        {"detail": "测试路\u202e1号"},
        {"phone": f"{HOME['phone']}\n"},
        {"postal_code": "250000\n"},
        {"region": "370102\n"},
    ],
)
async def test_what_no_courier_could_use_is_refused(signed_in, changes):
    phone = await signed_in()
    answer = await phone.once("POST", "/me/addresses", json={**HOME, **changes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(changes))}"


async def test_they_go_with_the_person(signed_in, verified, world: World):
    phone, joined = await signed_in("zhangsan"), await signed_in("lisi")
    await add(phone)
    await add(joined)
    book = world.services.provided[AddressBook]
    mine, theirs = phone.session["person"]["id"], joined.session["person"]["id"]
    for _ in range(2):
        await book.hand_over(theirs, mine)
    assert [one["default"] for one in await kept(phone)] == [True, False]
    assert len((await phone.get("/me/export")).json()["belongings"]["addresses"]) == 2
    device = await verified("zhangsan")
    assert (await device.delete("/me")).status_code == 204
    assert not await SavedAddress.exists()
