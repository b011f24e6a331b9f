"""How a phone of the journey signs in on its platform, and proves whose it is."""

from collections.abc import Mapping
from typing import Any

from bff.mock.caller import Answer, Phone
from kit.ids import new_id

METHODS: Mapping[str, str] = {
    "wechat": "wechat_face",
    "alipay": "alipay_certify",
    "aishandong": "aishandong",
}
"""Each platform's own identity check."""


async def sign_in(phone: Phone, persona: str) -> tuple[Answer, dict[str, Any]]:
    """The session, and the login's body, whose credential is used up."""
    wanted = {"platform": phone.platform, "persona": persona}
    credential = (await phone.mock("POST", "/codes", json=wanted))["credential"]
    login = {"platform": phone.platform, "credential": credential}
    session = await phone.api("POST", "/auth/login", json=login)
    phone.keep(session.body)
    return session, login


async def prove_identity(phone: Phone, persona: Mapping[str, Any]) -> Answer:
    """The finished check. 爱山东 knows who it is and opens no dialog."""
    texts = (await phone.api("GET", "/consents"))["items"]
    version = next(one["text_version"] for one in texts if one["purpose"] == "identity_check")
    asked = {"method": METHODS[phone.platform], "consent": {"text_version": version}}
    if phone.platform != "aishandong":
        asked |= {"name": persona["name"], "id_number": persona["id_number"]}
    check = await phone.api("POST", "/auth/identity-checks", json=asked, key=new_id(), expect=201)
    if phone.platform != "aishandong":
        dialog = {"identity_check": check["id"], "persona": persona["key"], "outcome": "pass"}
        await phone.mock("POST", "/face", json=dialog)
    return await phone.api("GET", f"/auth/identity-checks/{check['id']}")
