"""The committed contract is what the routes say, it is valid, and every route says who may call."""

import json

import pytest
from openapi_spec_validator import validate
from sanic import Sanic

from bff.app import described_routes, mount
from bff.contract import contract, fresh_files
from bff.mock.routes import bp as mock_blueprint
from bff.wiring import PRODUCT_BLUEPRINTS

PUBLIC_OPERATIONS = {
    "alive", "ready", "contract", "docsPage", "login", "refreshSession", "publicKeys",
    "listRegions", "listThemes", "listItems", "getItem", "lookUp", "makePlan",
    "checkName",
}  # fmt: skip
"""Whoever adds a route that needs no token adds it here, and is asked why in the review."""


def the_app() -> Sanic:
    app = Sanic("contract-test")
    mount(app, PRODUCT_BLUEPRINTS, (mock_blueprint,))
    return app


@pytest.mark.parametrize("file", sorted(fresh_files()), ids=lambda file: file.name)
def test_the_committed_files_are_what_the_code_says(file) -> None:
    assert file.read_text() == fresh_files()[file], "run `make openapi`"


def test_the_contract_is_valid_openapi_3_1() -> None:
    document = json.loads(json.dumps(contract()))
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_described() -> None:
    app = the_app()
    undescribed = {
        route.path
        for route in app.router.routes
        if getattr(route.handler, "__description__", None) is None
    }
    assert undescribed == set()


def test_operation_ids_are_unique() -> None:
    ids = [route.description.operation_id for route in described_routes(the_app())]
    assert len(ids) == len(set(ids))


def test_only_the_listed_operations_need_no_token() -> None:
    open_to_all = {
        route.description.operation_id
        for route in described_routes(the_app())
        if route.description.access.name == "public"
    }
    assert open_to_all == PUBLIC_OPERATIONS


def test_only_get_post_put_and_delete_are_used() -> None:
    """``wx.request`` has no PATCH."""
    methods = {route.method for route in described_routes(the_app())}
    assert methods <= {"GET", "POST", "PUT", "DELETE"}
