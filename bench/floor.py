"""The floor: bare Sanic on a raw driver, doing the least that each request needs.

``python -m bench.floor SETUP.json``. No middleware, no rules, no encryption, no history: what a
request cannot do without. The server's settings are those of the product.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncmy
import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import raw

from bench.stack import FloorSetup
from bff.app import GRACEFUL_SHUTDOWN_S, KEEP_ALIVE_S, REQUEST_TIMEOUT_S, RESPONSE_TIMEOUT_S

JSON = "application/json"

_ASCII = "CHARACTER SET ascii COLLATE ascii_bin"
TABLES = (
    f"""CREATE TABLE bench_draft (
        id CHAR(32) {_ASCII} PRIMARY KEY, revision INT NOT NULL,
        changed_at DATETIME(6) NOT NULL)""",
    f"""CREATE TABLE bench_step (
        draft_id CHAR(32) {_ASCII}, step VARCHAR(64) {_ASCII}, answers LONGBLOB NOT NULL,
        PRIMARY KEY (draft_id, step))""",
    f"""CREATE TABLE bench_login (
        id CHAR(32) {_ASCII} PRIMARY KEY, open_id VARCHAR(64) NOT NULL, at DATETIME(6) NOT NULL)""",
)
_GUARDED = (
    "UPDATE bench_draft SET revision = revision + 1, changed_at = NOW(6)"
    " WHERE id = %s AND revision = %s"
)
_UPSERT = (
    "INSERT INTO bench_step VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE answers = VALUES(answers)"
)
# The very row that the product's resumption reads: the newest of the log has the whole draft.
_RESUME = "SELECT * FROM draft_save WHERE id >= %s AND id <= %s ORDER BY id DESC LIMIT 1"
_LOGIN = "INSERT INTO bench_login VALUES (%s, %s, NOW(6))"


class SaveStep(msgspec.Struct):
    base_revision: int
    answers: msgspec.Raw


class Credential(msgspec.Struct):
    code: str


class Login(msgspec.Struct):
    platform: str
    credential: Credential


class LoggedIn(msgspec.Struct):
    openid: str


@dataclass
class Context:
    """``committing`` has transactions; ``plain`` commits each statement by itself."""

    setup: FloorSetup
    people: dict[str, int]
    answers: dict[str, bytes]
    committing: Any = None
    plain: Any = None
    http: aiohttp.ClientSession | None = None
    decode_save: Any = field(default_factory=lambda: msgspec.json.Decoder(SaveStep).decode)
    decode_login: Any = field(default_factory=lambda: msgspec.json.Decoder(Login).decode)


def _context(request: Request) -> Context:
    context: Any = request.app.ctx
    assert isinstance(context, Context)
    return context


def create_floor(setup: FloorSetup) -> Sanic[Config, Context]:
    context = Context(
        setup,
        {f"Bearer {token}": number for number, token in enumerate(setup.tokens)},
        {name: text.encode() for name, text in setup.answers.items()},
    )
    config = Config(
        {
            "ACCESS_LOG": False,
            "AUTO_EXTEND": False,
            "GRACEFUL_SHUTDOWN_TIMEOUT": GRACEFUL_SHUTDOWN_S,
            "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_S,
            "OAS": False,
            "REQUEST_TIMEOUT": REQUEST_TIMEOUT_S,
            "RESPONSE_TIMEOUT": RESPONSE_TIMEOUT_S,
        },
        env_prefix="",
    )
    app: Sanic[Config, Context] = Sanic(
        "floor", config=config, ctx=context, configure_logging=False
    )
    app.before_server_start(_open)
    app.after_server_stop(_close)
    app.add_route(_save_step, "/api/v1/drafts/<draft_id:str>/steps/<key:str>", methods=["PUT"])
    app.add_route(_resume, "/api/v1/drafts/<draft_id:str>", methods=["GET"])
    app.add_route(_login, "/api/v1/auth/login", methods=["POST"])
    app.add_route(_bare, "/bare/<name:str>", methods=["GET", "POST"])
    return app


async def _open(app: Sanic[Config, Context]) -> None:
    context, setup = app.ctx, app.ctx.setup
    where: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": setup.mariadb_port,
        "user": "root",
        "db": setup.database,
        "minsize": 1,
        "maxsize": 20,
    }
    context.committing = await asyncmy.create_pool(**where, autocommit=False)
    context.plain = await asyncmy.create_pool(**where, autocommit=True)
    context.http = aiohttp.ClientSession()


async def _close(app: Sanic[Config, Context]) -> None:
    assert app.ctx.http is not None
    await app.ctx.http.close()
    for pool in (app.ctx.committing, app.ctx.plain):
        pool.close()
        await pool.wait_closed()


async def _save_step(request: Request, draft_id: str, key: str) -> HTTPResponse:
    context = _context(request)
    if request.headers.get("authorization") not in context.people:
        return raw(b"{}", 401, content_type=JSON)
    body = context.decode_save(request.body)
    async with context.committing.acquire() as connection, connection.cursor() as cursor:
        if await cursor.execute(_GUARDED, (draft_id, body.base_revision)) != 1:
            await connection.rollback()
            return raw(b"{}", 409, content_type=JSON)
        await cursor.execute(_UPSERT, (draft_id, key, bytes(body.answers)))
        await connection.commit()
    return raw(b'{"revision":%d}' % (body.base_revision + 1), content_type=JSON)


async def _resume(request: Request, draft_id: str) -> HTTPResponse:
    context = _context(request)
    if request.headers.get("authorization") not in context.people:
        return raw(b"{}", 401, content_type=JSON)
    async with context.plain.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(_RESUME, (f"{draft_id}00000000", f"{draft_id}ffffffff"))
        await cursor.fetchall()
    if "if-none-match" in request.headers:
        return raw(b"", 304)
    return raw(context.answers["resume"], content_type=JSON)


async def _login(request: Request) -> HTTPResponse:
    context = _context(request)
    code = context.decode_login(request.body).credential.code
    asked = {**context.setup.wechat, "js_code": code, "grant_type": "authorization_code"}
    assert context.http is not None
    url = asked.pop("url")
    async with context.http.get(url, params=asked) as answer:
        user = msgspec.json.decode(await answer.read(), type=LoggedIn)
    async with context.plain.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(_LOGIN, (uuid4().hex, user.openid))
    return raw(context.answers["login"], content_type=JSON)


async def _bare(request: Request, name: str) -> HTTPResponse:
    return raw(_context(request).answers.get(name, b"{}"), content_type=JSON)


def main() -> None:
    setup = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=FloorSetup)
    create_floor(setup).run(
        host="127.0.0.1", port=setup.port, single_process=True, motd=False, access_log=False
    )


if __name__ == "__main__":
    main()
