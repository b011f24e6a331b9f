"""Nobody learns by asking whether something of somebody else's exists.

For every route that takes an id: a stranger's id and one that nobody has are answered alike, to the
byte, but for the request's own id.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bff.mock.personas import COMPANIES, PERSONAS
from bff.mock.world import World
from kit.ids import new_id
from miniprogram_api.signatures.models import Signature
from tests.app import Phone
from tests.auth.companies import a_credit_code
from tests.builders.applications import a_draft, a_ready_draft, an_application
from tests.contract.access_matrix import LINES, Line, filled
from tests.miniprogram_api.invitations.builders import code_for, invited
from tests.miniprogram_api.materials.builders import a_png

OpenPhone = Callable[..., Awaitable[Phone]]


def naming(route: str, line: Line) -> str:
    """Where ids stand."""
    return f"{route} {line.body}"


WITH_AN_ID = {
    route: line
    for route, line in LINES.items()
    if ("_id}" in naming(route, line) or "{uscc}" in naming(route, line))
    # A terminal asks; what another one has looks to it like nothing (invitations' own tests).
    and line.rule != "terminals"
}
NOT_COMPARED = {"x-request-id", "server-timing", "ratelimit"}
"""The request's own id and time, and the count of calls, which moves with each."""
NEWEST_OF: dict[str, str] = {
    "session_id": "/auth/sessions",
    "message_id": "/messages",
}
"""Where the owner finds an id of his own."""
COMPANY = COMPANIES[1]
"""Wangwu is something in it, and Lisi, who probes, is nothing."""


async def belongings(device: Phone, employer: Phone, world: World) -> dict[str, str]:
    """One of everything that has an id, by the name that paths have for it; ``employer`` speaks for
    a company and has authorised somebody."""
    application = await an_application(device)
    draft = await a_ready_draft(device)
    name = {"name": "济南试泉香餐饮有限公司", "company_type": "limited"}
    kept = await device.once("POST", f"/drafts/{draft['id']}/name-reservation", json=name)
    assert kept.status_code == 201, kept.text
    address = {"name": "收件人", "phone": "13800000001", "region": "370102", "detail": "示例路1号"}
    saved = await device.once("POST", "/me/addresses", json=address)
    await world.driver.settle()
    material = next(material for material in draft["materials"] if material["files"])
    return {
        "application_id": application["id"],
        "draft_id": draft["id"],
        "key": draft["steps"][0]["key"],
        "address_id": saved.json()["id"],
        "code": material["code"],
        "file_id": material["files"][0]["id"],
        "upload_id": await an_upload(device),
        "check_id": (await device.begin_check()).json()["id"],
        "uscc": COMPANY.uscc,
        "authorisation_id": await an_authorisation(employer, world),
        "signature_id": (await Signature.filter(draft_id=draft["id"]).get()).id,
        "invitation_id": (await invited(device, draft))["id"],
        "handover_id": (await code_for(device, draft))["id"],
        **{
            name: (await device.get(path)).json()["items"][0]["id"]
            for name, path in NEWEST_OF.items()
        },
    }


async def an_upload(device: Phone) -> str:
    draft = await a_draft(device)
    wish = {
        "material": "premises_use_proof", "name": "a.pdf", "size": 9, "sha256": "0" * 64,
    }  # fmt: skip
    begun = await device.once("POST", f"/drafts/{draft['id']}/uploads", json=wish)
    assert begun.status_code == 201, begun.text
    upload_id: str = begun.json()["id"]
    return upload_id


async def an_authorisation(employer: Phone, world: World) -> str:
    agent = PERSONAS["zhangsan"]
    wish = {
        "name": agent.name.reveal(),
        "id_number": agent.id_number.reveal(),
        "operations": ["change"],
        "expires_on": (world.clock.now() + timedelta(days=30)).date().isoformat(),
    }
    made = await employer.once("POST", f"/me/companies/{COMPANY.uscc}/authorisations", json=wish)
    assert made.status_code == 201, made.text
    given: str = made.json()["id"]
    return given


async def asked(device: Phone, route: str, line: Line, ids: dict[str, str]) -> httpx.Response:
    method, path = route.split(" ")
    how: dict[str, Any] = {"headers": {"Idempotency-Key": new_id()}}
    if line.body is not None:
        how["json"] = filled(line.body, ids)
    if line.file:
        how["files"] = {"file": ("a.png", a_png())}
    return await device.request(method, device.base + filled(path, ids), **how)


def seen(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """All that the caller can see of the answer."""
    own_id = answer.headers["x-request-id"]
    headers = {name: value for name, value in answer.headers.items() if name not in NOT_COMPARED}
    return answer.status_code, answer.text.replace(own_id, "-"), headers


def absent(ids: dict[str, str]) -> dict[str, str]:
    """Of the right form, made the same way, and nobody's."""
    made = {name: new_id() if name.endswith("_id") else value for name, value in ids.items()}
    return {**made, "uscc": a_credit_code(99)}


@pytest.fixture
async def owned(verified: OpenPhone, world: World) -> dict[str, str]:
    return await belongings(await verified("zhangsan"), await verified("wangwu"), world)


async def test_what_is_somebody_elses_looks_like_what_is_not_there(
    owned: dict[str, str], verified: OpenPhone
) -> None:
    prober = await verified("lisi")
    nothing = absent(owned)
    apart = {}
    for route, line in WITH_AN_ID.items():
        if not known(route, line, owned):
            apart[route] = "say in `belongings` where a foreign one comes from"
            continue
        for method in ("", "HEAD ") if route.startswith("GET") else ("",):
            asking = route.replace("GET ", method) if method else route
            foreign = seen(await asked(prober, asking, line, owned))
            missing = seen(await asked(prober, asking, line, nothing))
            if foreign != missing or foreign[0] != (404 if "_id}" in naming(route, line) else 403):
                apart[asking] = f"{foreign}\n{missing}"
    assert apart == {}


async def test_nor_can_it_be_told_apart_through_something_of_ones_own(
    owned: dict[str, str], verified: OpenPhone
) -> None:
    """One id of the path is the prober's own, the other a stranger's."""
    prober = await verified("lisi")
    own = await a_draft(prober)
    mixed = {**owned, "draft_id": own["id"]}
    for route, line in WITH_AN_ID.items():
        if route.count("_id}") < 2 or "{draft_id}" not in route or not known(route, line, owned):
            continue
        foreign = seen(await asked(prober, route, line, mixed))
        missing = seen(await asked(prober, route, line, {**absent(owned), "draft_id": own["id"]}))
        assert foreign == missing, route
        assert foreign[0] == 404, route


async def test_the_owner_is_told_more(owned: dict[str, str], verified: OpenPhone) -> None:
    """So that the tests above compare answers about things that are really there."""
    owner = await verified("zhangsan")
    for route, line in WITH_AN_ID.items():
        if route.startswith("GET ") and "{uscc}" not in route and known(route, line, owned):
            answer = await asked(owner, route, line, owned)
            assert answer.status_code == 200, route


def known(route: str, line: Line, ids: dict[str, str]) -> bool:
    """Whether there is an id for every place."""
    return "_id}" not in filled(naming(route, line), ids)


async def test_a_check_says_nothing_of_whether_the_number_is_known_here(
    verified: OpenPhone, signed_in: OpenPhone
) -> None:
    """Zhang San is a person of ours, Wang Wu is not yet; the prober has the name and number of both
    and the face of neither."""
    await verified("zhangsan")
    prober = await signed_in("lisi")
    shapes = []
    for persona in ("zhangsan", "wangwu"):
        begun = await prober.begin_check(persona)
        check = begun.json()
        shown = {"identity_check": check["id"], "persona": "lisi", "outcome": "pass"}
        await prober.mock("POST", "/face", json=shown)
        result = await prober.get(f"/auth/identity-checks/{check['id']}")
        shapes.append(
            (begun.status_code, check["state"], sorted(check), sorted(check["client_action"]),
             result.status_code, {**result.json(), "id": "-", "expires_at": "-"})
        )  # fmt: skip
    assert shapes[0] == shapes[1]
    assert shapes[0][-1]["state"] == "failed"
    names = {PERSONAS[persona].name.reveal() for persona in ("zhangsan", "wangwu")}
    assert not any(name in str(shapes) for name in names)
