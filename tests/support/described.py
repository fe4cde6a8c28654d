"""Answers of the REST interface, held against the OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import referencing
import referencing.jsonschema

import schemas

__all__ = ["OPENAPI", "checked", "example", "refused"]

OPENAPI = schemas.openapi()
REGISTRY: Any = referencing.Registry().with_resource(
    "urn:api", referencing.jsonschema.DRAFT202012.create_resource(OPENAPI)
)


def operation(request: httpx.Request) -> dict[str, Any]:
    """What the document says about this request."""
    given = request.url.path.strip("/").split("/")
    for path, operations in sorted(OPENAPI["paths"].items()):
        steps = path.strip("/").split("/")
        if len(steps) == len(given) and all(
            step == value or step.startswith("{") for step, value in zip(steps, given, strict=True)
        ):
            found = operations.get(request.method.lower())
            if found is not None:
                return dict(found)
    raise AssertionError(f"{request.method} {request.url.path} is not described")


def checked(response: httpx.Response, status: int) -> Any:
    """The answer's JSON, after a look into the OpenAPI document."""
    assert response.status_code == status, response.text
    described = operation(response.request)["responses"][str(status)]
    if "$ref" in described:
        described = OPENAPI["components"]["responses"][described["$ref"].rpartition("/")[2]]
    if "content" not in described:
        assert response.content == b""
        return None
    schema = described["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = {"$ref": f"urn:api{schema['$ref']}"}
    else:
        schema = json.loads(json.dumps(schema).replace('"#/', '"urn:api#/'))
    body = response.json()
    jsonschema.Draft202012Validator(schema, registry=REGISTRY).validate(body)
    return body


def refused(response: httpx.Response, status: int) -> str:
    return str(checked(response, status)["error"]["code"])


def example(schema: dict[str, Any]) -> Any:
    """A small value that a schema of the document takes, as a request that says little would have."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(OPENAPI["components"]["schemas"][name])
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return example(schema[key][0])
    kind = schema.get("type", "object")
    match kind if isinstance(kind, str) else kind[0]:
        case "object":
            properties = schema.get("properties", {})
            return {name: example(properties.get(name, {})) for name in schema.get("required", ())}
        case "array":
            return [example(schema.get("items", {}))] * schema.get("minItems", 0)
        case "string":
            return "x" * max(1, schema.get("minLength", 0))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return None
