"""The journey's signatures: each shareholder on a phone of his own, at the e-signature service."""

from typing import Any

from bff.mock.caller import Phone, Surprise
from bff.mock.signing_in import prove_identity, sign_in
from kit.ids import new_id


async def let_everybody_sign(owner: Phone, persona: str, partner: str, draft_id: str) -> str:
    """The owner asks, both read and sign."""
    key, path = new_id(), f"/drafts/{draft_id}/signatures"
    asked = (await owner.api("POST", path, key=key, expect=201))["items"]
    await owner.api("POST", path, key=key, expect=201)
    if {one["state"] for one in asked} != {"pending"} or len(asked) != 2:
        raise Surprise(f"not both shareholders were asked: {asked}")
    other = owner.elsewhere("wechat")
    await sign_in(other, partner)
    personas = (await other.mock("GET", "/personas")).body
    await prove_identity(other, next(one for one in personas if one["key"] == partner))
    await other.api("GET", f"/drafts/{draft_id}", expect=404)
    documents = 0
    for phone, who in ((other, partner), (owner, persona)):
        documents += await _sign(phone, who)
    left = (await owner.api("GET", path))["items"]
    if {one["state"] for one in left} != {"signed"}:
        raise Surprise(f"not everybody has signed: {left}")
    return f"两位股东各自核对并签名，共 {documents} 份次"


async def _sign(phone: Phone, persona: str) -> int:
    """What this person was asked last; how many documents."""
    tasks = (await phone.api("GET", "/signatures"))["items"]
    waiting = next(one for one in tasks if one["state"] == "pending")
    path = f"/signatures/{waiting['id']}"
    task = await phone.api("GET", path)
    for document in task["documents"]:
        if not (await phone.fetch(document["url"])).startswith(b"%PDF"):
            raise Surprise(f"{document['code']} is no PDF")
    seen: dict[str, Any] = {
        "documents": [{"code": one["code"], "sha256": one["sha256"]} for one in task["documents"]]
    }
    changed = {"documents": [{**one, "sha256": "0" * 64} for one in seen["documents"]]}
    await phone.api("POST", f"{path}/sign", json=changed, key=new_id(), expect=409)
    begun = await phone.api("POST", f"{path}/sign", json=seen, key=new_id())
    if begun["client_action"]["type"] != "esign_page":
        raise Surprise(f"no page to sign on: {begun.body}")
    await phone.mock("POST", path, json={"persona": persona, "outcome": "sign"})
    signed = await phone.api("GET", path)
    if signed["state"] != "signed":
        raise Surprise(f"the signature is {signed['state']}: {signed['reason']}")
    return len(task["documents"])
