"""Guards: every route says who may call it, and nobody else gets in by any verb."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sanic import Blueprint, Sanic

from auth.citizen import Citizen
from auth.guard import CITIZENS, PEERS, PUBLIC, VERIFIED_CITIZENS
from auth.problems import IdentityCheckRequired, LoginRequired
from auth.routes import bp
from bff.app import AppContext, described_routes
from bff.installs import conventions, logging, problems
from kit.answers import Shown
from kit.describe import describe
from tests.serving import served

OPEN = {"/auth/login", "/auth/refresh", "/auth/jwks"}


def routes_of_auth() -> list[tuple[str, str, str]]:
    app: Sanic = Sanic("auth-matrix")
    app.blueprint(bp)
    return [
        (route.method, route.path, route.description.access.name) for route in described_routes(app)
    ]


ROUTES = routes_of_auth()
GUARDED = [(method, path) for method, path, _ in ROUTES if path not in OPEN]


def test_only_what_must_be_open_is_open():
    assert len(ROUTES) == 13
    assert {path for _, path, access in ROUTES if access == "public"} == OPEN
    assert {access for _, path, access in ROUTES if path not in OPEN} == {"citizens"}


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_without_a_token_nobody_gets_in(phone, method, path):
    answer = await (await phone()).request(method, path.replace("{", "").replace("}", ""))
    assert (answer.status_code, answer.json()["code"]) == (401, "login_required")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), [route for route in GUARDED if route[0] == "GET"])
async def test_head_is_no_way_around(phone, signed_in, method, path):
    for device in (await phone(), await signed_in()):
        asked = path.replace("{", "").replace("}", "")
        head, got = await device.head(asked), await device.get(asked)
        assert (head.status_code, head.content) == (got.status_code, b"")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "login_required"),
        ("Bearer", "login_required"),
        ("Basic emhhbmdzYW46", "login_required"),
        ("Token abc", "login_required"),
        ("Bearer abc", "access_token_invalid"),
        ("Bearer a.b.c", "access_token_invalid"),
        ("Bearer  a.b.c", "access_token_invalid"),
        ("Bearer " + "a" * 5000, "access_token_invalid"),
    ],
)
async def test_other_credentials_are_refused_and_not_repeated(phone, header, code):
    answer = await (await phone()).get("/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert "a.b.c" not in answer.text


async def test_the_scheme_may_be_written_small(signed_in):
    device = await signed_in()
    header = {"Authorization": f"bearer {device.session['access_token']}"}
    assert (await device.get("/me", headers=header)).status_code == 200


@pytest.fixture
async def guarded(world) -> AsyncIterator[str]:
    """A route for each rule, over the world's own services."""
    routes = Blueprint("guarded")
    for rule in (PUBLIC, PEERS, CITIZENS, VERIFIED_CITIZENS):

        @routes.get(f"/{rule.name}", name=rule.name)
        @describe(rule.name, rule.name, access=rule, tag="test")
        async def show(caller: Citizen) -> Shown:
            return Shown({"key": caller.key})

    app: Sanic = Sanic("guarded", ctx=AppContext(world.services.provided), configure_logging=False)
    problems.install(app)
    conventions.install(app, {}, (logging.tell,))
    app.blueprint(routes)
    async with served(app) as address:
        yield address


async def asked(address: str, rule: str, device=None) -> httpx.Response:
    headers = {} if device is None else {"Authorization": device.headers["Authorization"]}
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        return await client.get(f"/{rule}")


async def test_each_rule_lets_in_whom_it_names(guarded, signed_in, verified):
    known, proven = await signed_in("lisi"), await verified("zhangsan")
    matrix = {
        "public": (200, 200, 200),
        "peers": (200, 200, 200),
        "citizens": (401, 200, 200),
        "verified_citizens": (401, 403, 200),
    }
    for rule, expected in matrix.items():
        answers = [await asked(guarded, rule, device) for device in (None, known, proven)]
        assert tuple(answer.status_code for answer in answers) == expected, rule


async def test_strangers_are_counted_by_address_and_citizens_by_person(guarded, signed_in):
    device = await signed_in()
    assert (await asked(guarded, "public")).json() == {"key": "address:127.0.0.1"}
    assert (await asked(guarded, "peers")).json() == {"key": "peer:127.0.0.1"}
    citizen = (await asked(guarded, "citizens", device)).json()
    assert citizen == {"key": device.session["person"]["id"]}


async def test_who_was_checked_too_long_ago_is_asked_to_prove_himself(guarded, verified, world):
    device = await verified("zhangsan")
    assert (await asked(guarded, "verified_citizens", device)).status_code == 200
    world.clock.advance(timedelta(minutes=10, seconds=1))
    refused = await asked(guarded, "verified_citizens", device)
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_check_required")
    assert refused.json()["next"] == "verify_identity"


def test_rules_say_what_they_refuse_with():
    assert LoginRequired in CITIZENS.problems
    assert IdentityCheckRequired in VERIFIED_CITIZENS.problems
    assert set(CITIZENS.problems) < set(VERIFIED_CITIZENS.problems)
    assert PUBLIC.problems == PEERS.problems == ()
