"""The committed contract is what the routes say, it is valid, and every route says who may call."""

import json
from collections.abc import Iterator, Mapping

import pytest
from openapi_spec_validator import validate
from sanic import Sanic

from bff.app import described_routes, mount
from bff.contract import contract, fresh_files
from bff.mock.routes import bp as mock_blueprint
from bff.wiring import PRODUCT_BLUEPRINTS
from kit.lines import END

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


def patterns_in(schema: object) -> Iterator[Mapping[str, object]]:
    """Every schema with a pattern, however deep."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("pattern"), str):
            yield schema
        for member in schema.values():
            yield from patterns_in(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from patterns_in(member)


def test_no_pattern_lets_a_last_line_break_through() -> None:
    """Python's ``$`` also stands before one, and what is longer than its column is a 500: a pattern
    ends with ``END``, or every text of it has the greatest length."""
    loose = {
        str(schema["pattern"])
        for schema in patterns_in(json.loads(json.dumps(contract())))
        if not str(schema["pattern"]).endswith(END)
        and not is_as_long(str(schema["pattern"]), schema.get("maxLength"))
    }
    assert loose == set()


def is_as_long(pattern: str, longest: object) -> bool:
    """By its last repetition, ``{64}$``, after nothing but one group that is as long as it."""
    return pattern.endswith(f"{{{longest}}}$") or pattern in OF_ONE_LENGTH


OF_ONE_LENGTH = {"^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])[0-9]{4}$"}
"""With groups in front."""
