"""The catalogue over HTTP: shapes, ETags, refusals."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from sanic import Sanic

from bff.installs import conventions, problems
from miniprogram_api.catalogue.routes import bp
from miniprogram_api.catalogue.service import CatalogueService
from tests.serving import served

WANTED = {"operation": "open", "region": "370102", "theme": "restaurant"}
LISTS = [
    "/catalogue/regions",
    "/catalogue/regions?parent=370102",
    "/catalogue/themes?operation=open&region=370102",
    "/catalogue/items?operation=open&region=370102&q=许可",
    "/catalogue/lookups/industries?q=餐",
]


@pytest.fixture(scope="module")
async def client(service: CatalogueService) -> AsyncIterator[httpx.AsyncClient]:
    provided = {CatalogueService: service}
    app = Sanic("catalogue", ctx=SimpleNamespace(provided=provided), configure_logging=False)
    problems.install(app)
    conventions.install(app, {})
    app.blueprint(bp)
    async with served(app) as address, httpx.AsyncClient(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", [*LISTS, "/catalogue/items/food_operation"])
async def test_an_unchanged_answer_is_not_sent_again(client, path):
    first = await client.get(path)
    assert first.status_code == 200
    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", LISTS)
async def test_lists_have_items_and_a_cursor(client, path):
    body = (await client.get(path)).json()
    assert body["items"]
    assert body["next_cursor"] is None


async def test_the_plan_is_made_for_a_selection(client, service):
    answer = await client.post("/catalogue/plan", json={**WANTED, "items": [], "answers": {}})
    assert answer.status_code == 200
    assert answer.json()["catalogue_version"] == service.version
    assert len(answer.json()["items"]) == 11
    assert answer.headers["ETag"]


async def test_the_plan_answers_what_if(client):
    wanted = {**WANTED, "mode": "joint", "answers": {"sells_tobacco": True}}
    items = (await client.post("/catalogue/plan", json=wanted)).json()["items"]
    assert "tobacco_retail" in {item["code"] for item in items}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**WANTED, "region": "999999"}, 422, "unknown_region"),
        ({**WANTED, "region": "370000"}, 422, "region_not_served"),
        ({**WANTED, "items": ["circus_permit"]}, 422, "unknown_item"),
        ({**WANTED, "operation": "steal"}, 422, "invalid_request"),
        ({**WANTED, "items": ["seal"] * 61}, 422, "invalid_request"),
        ({**WANTED, "extra": 1}, 422, "invalid_request"),
        ({"region": "370102"}, 422, "invalid_request"),
    ],
)
async def test_a_wrong_plan_request_is_a_problem(client, body, status, code):
    answer = await client.post("/catalogue/plan", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "circus" not in answer.text


async def test_deeply_nested_answers_are_refused(client):
    deep = b'{"a":' * 30_000 + b"1" + b"}" * 30_000
    body = (
        b'{"operation":"open","region":"370102","theme":"restaurant","answers":{"x":' + deep + b"}}"
    )
    answer = await client.post("/catalogue/plan", content=body)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/catalogue/items/circus_permit", 404, "not_found"),
        ("/catalogue/lookups/secrets", 404, "unknown_lookup"),
        ("/catalogue/lookups/banks?limit=1000", 422, "invalid_request"),
        ("/catalogue/themes?region=nowhere", 422, "unknown_region"),
        ("/catalogue/themes?operation=steal", 422, "invalid_request"),
        ("/catalogue/items?q=" + "x" * 65, 422, "invalid_request"),
    ],
)
async def test_a_wrong_address_is_a_problem(client, path, status, code):
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_many_searches_do_not_fill_the_memory(client, service):
    for number in range(100):
        await client.get(f"/catalogue/items?q={number}")
    assert len(service.serving._answers) <= 64
