"""Whether the process lives, and whether it can serve."""

from typing import Any

import msgspec
from sanic import Blueprint

from auth.guard import PUBLIC
from bff.database import is_reachable
from kit.answers import Shown
from kit.coordination.ports import Coordination
from kit.describe import describe

bp = Blueprint("health")


class Alive(msgspec.Struct, frozen=True):
    status: str


class Ready(msgspec.Struct, frozen=True):
    status: str
    parts: dict[str, str]


@bp.get("/healthz")
@describe("alive", "进程存活", access=PUBLIC, tag="system", returns=Alive)
async def healthz() -> Shown:
    return Shown(Alive("ok"))


@bp.get("/readyz")
@describe("ready", "可以提供服务", access=PUBLIC, tag="system", returns=Ready)
async def readyz(coordination: Coordination) -> Shown:
    """The database decides. Losing Redis slows things and stops nothing, so it is only told."""
    database = await is_reachable()
    shared = await coordination.check()
    parts: dict[str, Any] = {
        "database": "ok" if database else "unreachable",
        "coordination": "ok" if shared else "degraded",
    }
    return Shown(Ready("ok" if database else "unavailable", parts), 200 if database else 503)
