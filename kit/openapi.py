"""The OpenAPI 3.1 document, built from what ``@describe`` says of each route."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kit.describe import Description
from kit.problems import (
    IdempotencyKeyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidRequest,
    MalformedRequest,
    Problem,
    TooManyRequests,
)

_REF = "#/components/schemas/{name}"
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document. `code` is stable.",
    "required": [
        "type",
        "title",
        "status",
        "code",
        "next",
        "errors",
        "trace_id",
        "instance",
    ],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": ["string", "null"]},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "next": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "trace_id": {"type": "string"},
    },
}


_HEADERS: dict[str, Any] = {
    "RateLimit-Policy": {
        "description": "All limits of this route: name, `q` calls at once and in `w` seconds.",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": (
            "The limit nearest to its end: `r` calls are left, one more will be after `t` seconds."
        ),
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which the call is let in.",
        "schema": {"type": "integer", "minimum": 1},
    },
}


@dataclass(frozen=True, slots=True)
class DescribedRoute:
    method: str
    path: str
    """With ``{name}`` for each part that varies."""
    description: Description


def document(routes: Iterable[DescribedRoute], *, title: str, version: str) -> dict[str, Any]:
    """The whole document; equal routes give equal text."""
    ordered = sorted(routes, key=lambda route: (route.path, route.method))
    types: list[type] = []
    for route in ordered:
        for kind in (
            route.description.body,
            route.description.query,
            route.description.returns,
        ):
            if kind is not None and kind is not bytes and kind not in types:
                types.append(kind)
    schemas, components = msgspec.json.schema_components(
        types, ref_template=_REF, schema_hook=_free
    )
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ordered:
        operation = _operation(route, by_type, components)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": {**dict(sorted(components.items())), "Problem": _PROBLEM_SCHEMA},
            "headers": _HEADERS,
            "securitySchemes": {
                "accessToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                }
            },
        },
    }


def _free(kind: type) -> dict[str, Any]:
    """An answer to a form may be anything, which in a Struct is written ``object``."""
    if kind is object:
        return {"description": "any JSON value"}
    raise NotImplementedError


def _operation(
    route: DescribedRoute, by_type: Mapping[type, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    description = route.description
    operation: dict[str, Any] = {
        "operationId": description.operation_id,
        "summary": description.summary,
        "tags": [description.tag],
        "x-access": description.access.name,
        "parameters": [*_parameters(route, by_type, components)],
        "responses": _responses(description, by_type),
    }
    if description.limits:
        operation["x-limits"] = [
            {"name": limit.name, "count": limit.count, "window_s": limit.window_s, "by": limit.by}
            for limit in description.limits
        ]
    if description.access.needs_token:
        operation["security"] = [{"accessToken": []}]
    if description.body is not None:
        content = {"application/json": {"schema": by_type[description.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    if description.streamed:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {}},
        }
    if description.multipart:
        schema = {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {
                    "type": "string",
                    "contentMediaType": "application/octet-stream",
                }
            },
        }
        operation["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": schema}},
        }
    return operation


def _parameters(
    route: DescribedRoute, by_type: Mapping[type, Any], components: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
        }
    if route.description.idempotent:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        }
    if route.description.query is not None:
        reference = by_type[route.description.query]["$ref"].rsplit("/", 1)[-1]
        schema = components[reference]
        for name, part in schema["properties"].items():
            required = name in schema.get("required", [])
            yield {"name": name, "in": "query", "required": required, "schema": part}


def _responses(description: Description, by_type: Mapping[type, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": description.summary}
    if description.returns is bytes:
        success["content"] = {"*/*": {}}
    elif description.returns is not None:
        success["content"] = {"application/json": {"schema": by_type[description.returns]}}
    responses: dict[str, Any] = {str(description.status): success}
    for status, codes in _problem_codes(description).items():
        responses[str(status)] = {
            "description": ", ".join(codes),
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
    if description.limits:
        _tell_limits(success, "RateLimit-Policy", "RateLimit")
        _tell_limits(responses["429"], "RateLimit-Policy", "RateLimit", "Retry-After")
    return responses


def _tell_limits(response: dict[str, Any], *names: str) -> None:
    response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem_codes(description: Description) -> dict[int, list[str]]:
    problems: list[type[Problem]] = list(description.problems)
    if description.body is not None or description.query is not None:
        problems += [MalformedRequest, InvalidRequest]
    if description.idempotent:
        problems += [
            IdempotencyKeyRequired,
            IdempotencyKeyInFlight,
            IdempotencyKeyReused,
        ]
    if description.limits:
        problems.append(TooManyRequests)
    problems += getattr(description.access, "problems", ())
    codes: dict[int, list[str]] = {}
    for problem in problems:
        known = codes.setdefault(problem.status, [])
        if problem.code not in known:
            known.append(problem.code)
    return dict(sorted(codes.items()))
