"""Uploads in parts, as a phone makes them."""

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import httpx

from tests.app import Phone
from tests.miniprogram_api.drafts.builders import resumed
from tests.miniprogram_api.materials.builders import a_pdf

PROOF = "premises_use_proof"
MEGABYTE = 1024 * 1024
CONTENT = a_pdf(filling=random.Random(5).randbytes(2_300_000).replace(b"\n", b" "))


async def asked(
    phone: Phone, draft: dict[str, Any], content: bytes = CONTENT, **changes: Any
) -> httpx.Response:
    wish = {
        "material": PROOF,
        "name": "图纸.pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return await phone.once("POST", f"/drafts/{draft['id']}/uploads", json=wish | changes)


async def begun(
    phone: Phone, draft: dict[str, Any], content: bytes = CONTENT, **changes: Any
) -> dict[str, Any]:
    answer = await asked(phone, draft, content, **changes)
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()
    return upload


async def put(phone: Phone, upload: dict[str, Any], offset: int, part: bytes) -> httpx.Response:
    return await phone.put(f"/uploads/{upload['id']}?offset={offset}", content=part)


def cut(content: bytes, size: int = MEGABYTE) -> Iterator[tuple[int, bytes]]:
    return ((at, content[at : at + size]) for at in range(0, len(content), size))


async def sent(phone: Phone, upload: dict[str, Any], content: bytes = CONTENT) -> None:
    for offset, part in cut(content):
        answer = await put(phone, upload, offset, part)
        assert answer.status_code == 200, answer.text


async def completed(phone: Phone, upload: dict[str, Any]) -> httpx.Response:
    return await phone.once("POST", f"/uploads/{upload['id']}/complete")


async def files_in(phone: Phone, draft: dict[str, Any], code: str = PROOF) -> list[dict[str, Any]]:
    now = await resumed(phone, draft)
    (material,) = [material for material in now["materials"] if material["code"] == code]
    files: list[dict[str, Any]] = material["files"]
    return files


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
