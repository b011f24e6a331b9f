"""Who may do what with a draft: one line for each route that takes a draft's id, one column for
each kind of caller. A new route gets a line in :data:`LINES`; the tests fail until it has one."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import pytest

from bff.app import described_routes
from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.drafts.models import DraftSave
from miniprogram_api.invitations.models import Invitation
from tests.app import Phone
from tests.contract.access_matrix import filled
from tests.contract.test_contract import the_app
from tests.miniprogram_api.drafts.builders import a_draft, uploaded
from tests.miniprogram_api.invitations.builders import EVERYTHING, handed_over, helping
from tests.miniprogram_api.materials.builders import a_png

OWNER, FULL, SCOPED = "the owner", "a helper for everything", "a helper for one step"
COUNTER = "a counter to which it was handed over"
REVOKED, EXPIRED = "a helper who was let in", "a helper whose days are over"
SIGNER, STRANGER, ENDED = "a signer", "a stranger", "a counter whose time is over"
LET_IN = (OWNER, FULL, SCOPED, COUNTER)
OTHERS = (REVOKED, EXPIRED, SIGNER, STRANGER, ENDED)

IN, NO, OUT = "in", "not_found", "access_token_invalid"
MATERIAL, STEP, OTHER_STEP = "premises_use_proof", "premises", "company"
SCOPE = {"steps": [STEP], "materials": False}


class Line(NamedTuple):
    """What those are told whom the owner let in; for all others there is no such draft. A terminal
    is nobody at all where it may not fill anything in."""

    full: str
    scoped: str
    counter: str
    body: Any = None
    file: bool = False

    def tells(self, caller: str) -> str:
        told = {OWNER: IN, FULL: self.full, SCOPED: self.scoped, COUNTER: self.counter}
        if caller == ENDED:
            return OUT if self.counter == OUT else "session_ended"
        return told.get(caller, NO)


OWNERS = Line(NO, NO, OUT)
FILLERS = Line(IN, IN, IN)
FILES = Line(IN, NO, IN)
SAVE = {"base_revision": 1, "answers": {}}
DRAFT = "/api/v1/drafts/{draft_id}"
LINES: dict[str, Line] = {
    f"GET {DRAFT}": FILLERS,
    f"PUT {DRAFT}/steps/{{key}}": FILLERS._replace(body=SAVE),
    f"POST {DRAFT}/check": FILLERS,
    f"POST {DRAFT}/materials/{{code}}": FILES._replace(file=True),
    # From among the caller's own files, which a terminal does not have.
    f"POST {DRAFT}/materials/{{code}}/use": Line(IN, NO, OUT, {"file_id": "{own_file_id}"}),
    f"DELETE {DRAFT}/materials/{{code}}/{{file_id}}": FILES,
    f"POST {DRAFT}/uploads": FILES._replace(
        body={"material": MATERIAL, "name": "a.png", "size": 5, "sha256": "a" * 64}
    ),
    f"PUT {DRAFT}/selection": OWNERS._replace(body={"base_revision": 1}),
    f"POST {DRAFT}/rebase": OWNERS._replace(body={"base_revision": 1}),
    f"GET {DRAFT}/history": OWNERS,
    f"POST {DRAFT}/restore": OWNERS._replace(body={"base_revision": 1, "revision": 1}),
    f"GET {DRAFT}/documents": OWNERS,
    f"POST {DRAFT}/documents/{{code}}": OWNERS,
    f"GET {DRAFT}/signatures": OWNERS,
    f"POST {DRAFT}/signatures": OWNERS,
    f"POST {DRAFT}/name-reservation": OWNERS._replace(body={"name": "济南甲乙丙餐饮有限公司"}),
    f"GET {DRAFT}/name-reservation": OWNERS,
    f"DELETE {DRAFT}/name-reservation": OWNERS,
    f"GET {DRAFT}/invitations": OWNERS,
    f"POST {DRAFT}/invitations": OWNERS._replace(body={"role": "signer"}),
    f"GET {DRAFT}/handovers": OWNERS,
    f"POST {DRAFT}/handover-codes": OWNERS._replace(body={"purpose": "kiosk"}),
    "POST /api/v1/applications": OWNERS._replace(
        body={
            "draft_id": "{draft_id}",
            "revision": 1,
            "declaration": True,
            "delivery": {"method": "window"},
        }
    ),
    f"DELETE {DRAFT}": OWNERS,
}
"""The last one ends the draft, so it is called last."""


def test_every_route_that_takes_a_drafts_id_has_a_line() -> None:
    routes = {
        f"{route.method} {route.path}"
        for route in described_routes(the_app())
        if not route.path.startswith("/mock/")
        and (
            "{draft_id}" in route.path
            or "draft_id" in getattr(route.description.body, "__struct_fields__", ())
        )
    }
    assert routes == set(LINES)


class Cast(NamedTuple):
    """One draft and everybody around it."""

    draft: dict[str, Any]
    phones: Mapping[str, Phone]


@pytest.fixture
async def cast(
    verified: Callable[..., Awaitable[Phone]],
    phone: Callable[..., Awaitable[Phone]],
    world: World,
) -> Cast:
    owner = await verified("zhangsan")
    draft = await a_draft(owner)
    full, scoped, signer = [await verified(who) for who in ("lisi", "wangwu", "zhoulao")]
    await helping(owner, full, draft)
    await helping(owner, scoped, draft, scope=SCOPE)
    counter, ended = await phone(), await phone()
    await handed_over(owner, counter, world, draft)
    over = await handed_over(owner, ended, world, draft)
    await owner.delete(f"/handovers/{over['id']}")
    await _bound(draft, signer, role="signer", expires_at=world.clock.now() + timedelta(days=1))
    return Cast(
        draft,
        {OWNER: owner, FULL: full, SCOPED: scoped, COUNTER: counter, SIGNER: signer, ENDED: ended},
    )


async def _bound(draft: dict[str, Any], holder: Phone, **columns: Any) -> None:
    """Somebody took an invitation up, of whatever kind and state."""
    given = await Invitation.filter(draft_id=draft["id"]).first()
    assert given is not None
    kept = {name: value for name, value in vars(given).items() if not name.startswith("_")}
    person_id = (await holder.get("/me")).json()["id"]
    bound = {"id": new_id(), "token_index": new_id(), "person_id": person_id}
    await Invitation.create(**{**kept, **bound, "name_cipher": None, **columns})


async def called(device: Phone, route: str, line: Line, ids: dict[str, str]) -> httpx.Response:
    method, path = route.split(" ")
    how: dict[str, Any] = {"headers": {"Idempotency-Key": new_id()}}
    if line.body is not None:
        how["json"] = filled(line.body, ids)
    if line.file:
        how["files"] = {"file": ("a.png", a_png(3, 3))}
    return await device.request(method, device.base + filled(path, ids), **how)


def told(answer: httpx.Response) -> str:
    """The code that keeps the caller out, or that he is in. What is not in the draft has codes or
    an owner of its own."""
    if answer.status_code in {401, 403, 404}:
        return str(answer.json()["code"])
    return IN


OWNERS_NOTHING = frozenset({f"POST {DRAFT}/documents/{{code}}", f"GET {DRAFT}/name-reservation"})
"""Here the owner's draft has nothing yet, which he is told as 404."""


async def test_each_caller_is_let_in_where_the_table_says_so(cast: Cast, world: World) -> None:
    draft, phones = cast
    helpers = Invitation.filter(draft_id=draft["id"], role="helper")
    now = world.clock.now()
    wrong: dict[str, object] = {}
    for caller in (*LET_IN[1:], *OTHERS, OWNER):
        if caller == REVOKED:
            await helpers.update(revoked_at=now)
        elif caller == EXPIRED:
            await helpers.update(revoked_at=None, expires_at=now)
        elif caller == STRANGER:
            await helpers.delete()
        wrong |= await told_wrongly(draft, phones[OWNER], caller, phones.get(caller, phones[FULL]))
    assert wrong == {}


async def told_wrongly(
    draft: dict[str, Any], owner: Phone, caller: str, device: Phone
) -> dict[str, object]:
    """By route, where the table says something else."""
    sent = (await uploaded(owner, draft, MATERIAL, a_png())).json()["id"]
    own = sent if caller == OWNER else await own_file(device, caller)
    ids = {
        "draft_id": draft["id"], "key": STEP, "code": MATERIAL, "file_id": sent, "own_file_id": own,
    }  # fmt: skip
    wrong: dict[str, object] = {}
    for route, line in LINES.items():
        answer = await called(device, route, line, ids)
        nothing = caller == OWNER and route in OWNERS_NOTHING
        expected = told(answer) if nothing else line.tells(caller)
        if told(answer) != expected or answer.status_code >= 500:
            wrong[f"{caller}: {route}"] = answer.status_code, told(answer), expected
    return wrong


async def own_file(device: Phone, caller: str) -> str:
    """One that the caller sent for a draft of his own."""
    if caller in {COUNTER, ENDED}:
        return new_id()
    mine = await uploaded(device, await a_draft(device), MATERIAL, a_png(4, 4))
    file_id: str = mine.json()["id"]
    return file_id


async def test_a_step_outside_of_the_scope_is_not_there(cast: Cast) -> None:
    draft, phones = cast
    codes = {}
    for caller in (OWNER, FULL, SCOPED, COUNTER):
        path = f"/drafts/{draft['id']}/steps/{OTHER_STEP}"
        codes[caller] = told(await phones[caller].put(path, json=SAVE))
    assert codes == {OWNER: IN, FULL: IN, SCOPED: NO, COUNTER: IN}


async def test_an_upload_that_was_begun_ends_with_the_invitation(
    verified: Callable[..., Awaitable[Phone]],
) -> None:
    owner, helper = await verified("zhangsan"), await verified("lisi")
    draft = await a_draft(owner)
    made = await helping(owner, helper, draft, scope=EVERYTHING)
    wish = {"material": MATERIAL, "name": "a.png", "size": 5, "sha256": "a" * 64}
    begun = await helper.once("POST", f"/drafts/{draft['id']}/uploads", json=wish)
    path = f"/uploads/{begun.json()['id']}"
    assert (await helper.get(path)).status_code == 200
    assert (await owner.get(path)).status_code == 404
    await owner.delete(f"/invitations/{made['id']}")
    answers = [
        await helper.get(path),
        await helper.put(path, params={"offset": 0}, content=b"12345"),
        await helper.once("POST", f"{path}/complete"),
    ]
    assert [told(answer) for answer in answers] == [NO, NO, NO]


async def test_a_submitted_draft_is_only_its_owners(cast: Cast) -> None:
    """Asked of the rows, without the long way to a submission."""
    draft, phones = cast
    await DraftSave.filter(draft_id=draft["id"]).update(kind="submitted")
    for caller in (FULL, SCOPED, COUNTER):
        assert told(await phones[caller].get(f"/drafts/{draft['id']}")) == NO
    assert told(await phones[OWNER].get(f"/drafts/{draft['id']}")) == IN
