"""The description of the API (OpenAPI 3.1), generated from the operations and the models that they really use."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.web.api import problems
from bot.web.api.models import REFERENCE, ProblemView

Model = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address; `refuses` are the statuses of its problems besides those that every one has."""

    method: str
    path: str
    name: str
    summary: str
    scope: str
    answers: Model
    takes: Model | None = None
    query: Model | None = None
    status: HTTPStatus = HTTPStatus.OK
    refuses: tuple[HTTPStatus, ...] = ()


_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_LIMITS = {
    "RateLimit-Limit": "How many calls a minute are taken.",
    "RateLimit-Remaining": "How many are left now.",
    "RateLimit-Reset": "In how many seconds all of them are left again.",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A key of your own: the same call with the same key is done once, for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_REFERENCE = {
    "name": "reference",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": REFERENCE},
    "example": "EX-7K3M-9QPH",
}


def document(operations: Sequence[Operation], organisation: str) -> dict[str, Any]:
    """The description as JSON-like values."""
    used: set[tuple[Model, JsonSchemaMode]] = {(ProblemView, "serialization")}
    for one in operations:
        used.add((one.answers, "serialization"))
        used |= {(model, "validation") for model in (one.takes, one.query) if model}
    _, schemas = models_json_schema(sorted(used, key=str), ref_template="#/components/schemas/{model}")
    definitions = schemas["$defs"]
    paths: dict[str, Any] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, definitions)
    for one in operations:
        if one.query:
            definitions.pop(one.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Ackbot for {organisation}",
            "version": "1",
            "description": "Record contacts, read them, act on them, and follow what happens to them.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "headers": {name: {"description": d, "schema": {"type": "integer"}} for name, d in _LIMITS.items()},
        },
    }


def _operation(one: Operation, definitions: dict[str, Any]) -> dict[str, Any]:
    parameters: list[Any] = [_REFERENCE] if "{reference}" in one.path else []
    parameters += _query(definitions[one.query.__name__]) if one.query else []
    parameters += [_KEY] if one.takes else []
    refusals = (*_ALWAYS, *one.refuses, *(_WITH_BODY if one.takes else ()))
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs the scope {one.scope}.",
        "parameters": parameters,
        "responses": {
            str(one.status.value): _answer(one.status.phrase, "application/json", one.answers),
            **{str(s.value): _answer(s.phrase, problems.CONTENT_TYPE, ProblemView) for s in sorted(refusals)},
        },
    }
    if one.takes:
        schema = {"$ref": f"#/components/schemas/{one.takes.__name__}"}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def _answer(phrase: str, kind: str, model: Model) -> dict[str, Any]:
    return {
        "description": phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMITS},
        "content": {kind: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}},
    }


def _query(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name, value in schema["properties"].items():
        plain = {k: v for k, v in value.items() if k not in ("title", "description", "anyOf")}
        first: dict[str, Any] = next((one for one in value.get("anyOf", ()) if one.get("type") != "null"), {})
        schema_of = {**first, **plain}
        schema_of.pop("default", None) if schema_of.get("default", "") is None else None
        found.append({"name": name, "in": "query", "description": value.get("description", ""), "schema": schema_of})
    return found
