"""Requests that are made to cost memory: long lists, deep nests, far too many bytes."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from kit.ids import new_id
from tests.builders.applications import WANTED

ROWS = 10_000
TEN_MEGABYTES = 10 * 1024 * 1024
BOUNDARY = "boundary"


class Hurtful(NamedTuple):
    """``statuses``: what may be said to it, all of them with a problem document."""

    name: str
    method: str
    path: str
    content: bytes
    statuses: frozenset[int]
    media_type: str = "application/json"

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": self.media_type, "Idempotency-Key": new_id()}


def requests(draft: dict[str, Any], material: str, upload: str) -> Iterator[Hurtful]:
    """Each of them by somebody who may send such a request, if it were smaller."""
    own = f"/drafts/{draft['id']}"
    too_much = frozenset({413, 422})
    rows = [{"_id": str(row), "name": "x", "share": row} for row in range(ROWS)]
    for name, answers in {
        "rows": {"shareholders": rows},
        "members": {f"field_{number}": number for number in range(ROWS)},
        "choices": {"business_items": ["x"] * ROWS},
        "rows in rows": {"shareholders": [{"_id": "1", "papers": rows}]},
    }.items():
        body = json.dumps({"base_revision": draft["revision"], "answers": answers}).encode()
        yield Hurtful(name, "PUT", f"{own}/steps/company", body, too_much)
    wanted = {key: value for key, value in WANTED.items() if key != "items"}
    many = [f"item_{number}" for number in range(ROWS)]
    selection = json.dumps({**wanted, "items": many}).encode()
    for method, path in (("POST", "/drafts"), ("POST", "/catalogue/plan")):
        yield Hurtful(f"items {path}", method, path, selection, too_much)
    change = json.dumps({**wanted, "items": many, "base_revision": 1}).encode()
    yield Hurtful("items changed", "PUT", f"{own}/selection", change, too_much)
    signing = json.dumps({"documents": [{"code": code, "sha256": "0" * 64} for code in many]})
    path = f"/signatures/{new_id()}/sign"
    yield Hurtful("documents", "POST", path, signing.encode(), too_much | {404})
    begin, end = b'{"base_revision":1,"answers":{"a":', b"}}"
    for name, value in (
        ("deep lists", b"[" * 200_000),
        ("deep objects", b'{"a":' * 80_000 + b"1" + b"}" * 80_000),
        ("ten megabytes", b'"' + b"x" * TEN_MEGABYTES + b'"'),
        ("ten megabytes of rows", b"[" + b"{}," * (TEN_MEGABYTES // 3) + b"{}]"),
    ):
        body = begin + value + end
        yield Hurtful(name, "PUT", f"{own}/steps/company", body, too_much | {400})
    form = f"multipart/form-data; boundary={BOUNDARY}"
    files = f"{own}/materials/{material}"
    yield Hurtful("fields", "POST", files, a_form(ROWS, ""), too_much | {400}, form)
    yield Hurtful(
        "files", "POST", files, a_form(ROWS, '; filename="x.pdf"'), too_much | {400}, form
    )
    yield Hurtful("header", "POST", files, a_form(1, "; x=" + "y" * 2**21), too_much | {400}, form)
    part = f"/uploads/{upload}?offset=0"
    octets = "application/octet-stream"
    yield Hurtful("part", "PUT", part, bytes(TEN_MEGABYTES), too_much, octets)


def a_form(parts: int, disposition: str) -> bytes:
    part = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"{disposition}\r\n\r\n'
        "%PDF-1.7 a file\r\n"
    )
    return (part * parts + f"--{BOUNDARY}--\r\n").encode()
