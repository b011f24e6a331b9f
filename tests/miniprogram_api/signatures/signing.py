"""Two people and one draft that both have to sign, over HTTP and past the simulated service."""

from typing import Any

from tests.app import Phone
from tests.builders.applications import a_draft


async def a_draft_of_two(owner: Phone, partner: str = "lisi", **changes: Any) -> dict[str, Any]:
    """Every answer right, no file yet; two shareholders, of whom one is its owner."""
    draft = await a_draft(owner, **changes)
    path = f"/drafts/{draft['id']}/sample-answers?partner={partner}"
    draft["samples"] = (await owner.mock("GET", path)).json()
    for key, answers in draft["samples"]["steps"].items():
        draft["revision"] = await save(owner, draft, key, answers)
    return draft


async def save(owner: Phone, draft: dict[str, Any], key: str, answers: dict[str, Any]) -> int:
    body = {"base_revision": draft["revision"], "answers": answers}
    saved = await owner.put(f"/drafts/{draft['id']}/steps/{key}", json=body)
    assert saved.status_code == 200, saved.text
    draft["revision"] = saved.json()["revision"]
    return int(draft["revision"])


def step_with(draft: dict[str, Any], code: str) -> tuple[str, Any]:
    """The step's key, and the sample answer."""
    for key, answers in draft["samples"]["steps"].items():
        if code in answers:
            return key, answers[code]
    raise LookupError(code)


async def change(owner: Phone, draft: dict[str, Any], code: str, answer: Any) -> None:
    await save(owner, draft, step_with(draft, code)[0], {code: answer})


async def asked(owner: Phone, draft: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await owner.once("POST", f"/drafts/{draft['id']}/signatures")
    assert answer.status_code == 201, answer.text
    return list(answer.json()["items"])


async def stand(owner: Phone, draft: dict[str, Any]) -> dict[str, str]:
    """State by masked name."""
    answer = await owner.get(f"/drafts/{draft['id']}/signatures")
    return {one["signer"]: one["state"] for one in answer.json()["items"]}


async def own_task(phone: Phone) -> dict[str, Any]:
    """What waits for this person, the newest, as shown on its page."""
    items = (await phone.get("/signatures")).json()["items"]
    waiting = next(one for one in items if one["state"] in {"pending", "signing"})
    return dict((await phone.get(f"/signatures/{waiting['id']}")).json())


def seen(task: dict[str, Any]) -> dict[str, Any]:
    return {
        "documents": [{"code": one["code"], "sha256": one["sha256"]} for one in task["documents"]]
    }


async def begin(phone: Phone, task: dict[str, Any], **how: Any) -> Any:
    return await phone.once("POST", f"/signatures/{task['id']}/sign", json=seen(task), **how)


async def answer_page(phone: Phone, task: dict[str, Any], outcome: str = "sign") -> None:
    body = {"persona": phone.persona, "outcome": outcome}
    answer = await phone.mock("POST", f"/signatures/{task['id']}", json=body)
    assert answer.status_code == 200, answer.text


async def sign(phone: Phone) -> dict[str, Any]:
    """The newest task of this person, signed; as shown afterwards."""
    task = await own_task(phone)
    begun = await begin(phone, task)
    assert begun.status_code == 200, begun.text
    await answer_page(phone, task)
    return dict((await phone.get(f"/signatures/{task['id']}")).json())


async def titles(phone: Phone) -> list[str]:
    """Of the messages that this person got."""
    return [one["title"] for one in (await phone.get("/messages")).json()["items"]]
