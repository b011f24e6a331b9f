"""The front end's helper merges as the server does: else it would ask in vain, or be refused."""

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from miniprogram_api.drafts.merge import apply_patch, merge
from tests.client.test_palm_drafts import HERE, NODE

CASES = 1500
PLAIN: tuple[Any, ...] = (0, 1, 2, "", "张三", "1", True, False, [1], [1, 2], 1.5)
NAMES = ("name", "phone", "a/b", "c~d")


async def test_patches_and_merges_are_those_of_the_server() -> None:
    chance = random.Random(20261122)
    cases = [_case(chance) for _ in range(CASES)]
    node = await asyncio.create_subprocess_exec(
        NODE, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        "--import", (HERE / "resolve.mjs").as_uri(), Path(HERE / "merging.ts"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env={},
    )  # fmt: skip
    out, err = await node.communicate("\n".join(map(json.dumps, cases)).encode())
    assert (node.returncode, err.decode()) == (0, "")
    conflicting = 0
    for case, line in zip(cases, out.splitlines(), strict=True):
        seen = json.loads(line)
        ours = merge(case["base"], case["mine"], case["theirs"])
        assert seen["patched"] == apply_patch(case["base"], case["patch"]), case
        assert seen["back"] == case["mine"], case
        assert seen["conflicts"] == len(ours.conflicts), case
        if not ours.conflicts:
            assert seen["merged"] == ours.answers, case
        conflicting += bool(ours.conflicts)
    assert CASES / 10 < conflicting < CASES * 9 / 10


def _case(chance: random.Random) -> dict[str, Any]:
    base = _answers(chance)
    mine, theirs = (_changed(chance, base, _whole) for _ in range(2))
    return {"base": base, "mine": mine, "theirs": theirs, "patch": _changed(chance, base, _removed)}


def _answers(chance: random.Random) -> dict[str, Any]:
    return {
        **_members(chance),
        "address": {**_members(chance), "more": _members(chance)},
        "people": _rows(chance),
    }


def _members(chance: random.Random) -> dict[str, Any]:
    return {name: chance.choice(PLAIN) for name in NAMES if chance.random() < 0.6}


def _rows(chance: random.Random) -> list[dict[str, Any]]:
    ids = chance.sample("pqrst", chance.randrange(4))
    return [{"_id": one, **_members(chance)} for one in ids]


Removing = Callable[[dict[str, Any], str], None]


def _whole(members: dict[str, Any], name: str) -> None:
    members.pop(name, None)


def _removed(members: dict[str, Any], name: str) -> None:
    members[name] = None


def _changed(chance: random.Random, before: Any, remove: Removing) -> Any:
    """Some places are others, some are gone, some rows came, went or moved."""
    if isinstance(before, dict):
        after = {
            name: _changed(chance, value, remove) if name != "_id" else value
            for name, value in before.items()
        }
        if chance.random() < 0.3:
            after[chance.choice(NAMES)] = chance.choice(PLAIN)
        if chance.random() < 0.2:
            remove(after, chance.choice((*NAMES, "more")))
        return after
    if isinstance(before, list) and all(isinstance(row, dict) for row in before):
        rows = [_changed(chance, row, remove) for row in before if chance.random() < 0.8]
        rows += [row for row in _rows(chance) if row["_id"] not in {one["_id"] for one in before}]
        if chance.random() < 0.2:
            chance.shuffle(rows)
        return rows
    return chance.choice(PLAIN) if chance.random() < 0.15 else before
