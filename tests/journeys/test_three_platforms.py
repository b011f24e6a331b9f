"""One real person starts on one platform and goes on with the same draft on the others."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from kit.ids import new_id
from tests.app import Phone
from tests.builders.applications import scanned
from tests.log_guard import LogGuard
from tests.miniprogram_api.signatures.signing import asked, sign
from tests.processes import mock_process

OPEN = {"operation": "open", "region": "370102", "theme": "restaurant", "items": []}


@pytest.mark.timeout(240)
async def test_the_same_draft_on_wechat_alipay_and_aishandong(
    tmp_path: Path,
    new_database_url: Callable[[], str],
    redis_url: str | None,
    log_guard: LogGuard,
    sensitive_values: set[str],
) -> None:
    sensitive_values |= {"张三", "370102199003071238", "13800000001"}
    async with mock_process(tmp_path, new_database_url(), redis_url) as mock:
        phones = [
            Phone(mock.base, "zhangsan", platform=platform)
            for platform in ("wechat", "alipay", "aishandong")
        ]
        try:
            await _go_on_from_phone_to_phone(phones)
        finally:
            for phone in phones:
                await phone.aclose()
        assert await mock.stop() == 0
        log_guard.examine(mock.log.read_text(), "the mock's log")


async def _go_on_from_phone_to_phone(phones: list[Phone]) -> None:
    wechat, alipay, aishandong = phones
    await wechat.login()
    assert (await wechat.verify()).json()["state"] == "passed"
    wanted = {**OPEN, "mode": "joint"}
    draft = (await wechat.once("POST", "/drafts", json=wanted)).json()
    samples = (await wechat.mock("GET", f"/drafts/{draft['id']}/sample-answers")).json()["steps"]
    steps = list(samples)
    revision = draft["revision"]
    for phone, share in zip(phones, _thirds(steps), strict=True):
        if phone is not wechat:
            await phone.login()
            assert (await phone.get("/drafts")).json()["items"] == []
            assert (await phone.get(f"/drafts/{draft['id']}")).status_code == 404
            assert (await phone.verify()).json()["state"] == "passed"
        assert (await phone.get(f"/drafts/{draft['id']}")).json()["revision"] == revision
        for step in share:
            body = {"base_revision": revision, "answers": samples[step]}
            saved = await phone.put(f"/drafts/{draft['id']}/steps/{step}", json=body)
            assert saved.json()["step"]["state"] == "complete", saved.text
            revision = saved.json()["revision"]
    await _upload(aishandong, draft["id"])
    await asked(wechat, draft)
    assert (await sign(alipay))["state"] == "signed"
    submission = {
        "draft_id": draft["id"],
        "revision": (await alipay.get(f"/drafts/{draft['id']}")).json()["revision"],
        "declaration": True,
        "delivery": {"method": "window"},
    }
    headers = {"Idempotency-Key": new_id()}
    answers: list[httpx.Response] = [
        await alipay.post("/applications", json=submission, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202] * 2, answers[0].text
    assert len({answer.json()["id"] for answer in answers}) == 1
    again = await wechat.once("POST", "/applications", json=submission)
    assert again.json()["code"] == "draft_submitted"
    seen = [(await phone.get("/applications")).json()["items"] for phone in phones]
    assert [len(items) for items in seen] == [1, 1, 1]


async def _upload(phone: Phone, draft_id: str) -> None:
    files = (await phone.mock("GET", f"/drafts/{draft_id}/sample-answers")).json()["files"]
    for code, url in files.items():
        content = (await phone.get(phone.base + url)).content
        path = f"/drafts/{draft_id}/materials/{code}"
        answer = await phone.post(path, files={"file": (url.rsplit("/", 1)[-1], content)})
        assert answer.status_code == 201, answer.text
    await scanned(phone, {"id": draft_id})


def _thirds(steps: list[str]) -> list[list[str]]:
    size = -(-len(steps) // 3)
    return [steps[:size], steps[size : 2 * size], steps[2 * size :]]
